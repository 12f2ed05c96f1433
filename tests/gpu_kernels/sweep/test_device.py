"""The GPU's launches give what the NumPy twin gives, as far as a stand-in for CuPy can show."""

import numpy as np
import pytest

from gpu_kernels import device, device_pipeline, dispatch, sweep
from gpu_kernels.errors import OutOfMemory
from gpu_kernels.sweep import device as sweep_device
from gpu_kernels.sweep import long_series
from tests.gpu_kernels.native import needs_compiler
from tests.gpu_kernels.stand_in import stand
from tests.gpu_kernels.sweep.test_native import assert_equal, walks

__all__ = ["stand"]

pytestmark = needs_compiler


@pytest.mark.parametrize("mode", sweep.MODES)
@pytest.mark.parametrize(("delay", "gaps"), [(0, False), (1, False), (3, False), (1, True), (3, True)])
def test_it_equals_the_numpy_twin(stand, mode, delay, gaps):
    prices = walks(11, 3, 150)
    if gaps:
        prices[np.random.default_rng(1).random(prices.shape) < 0.1] = np.nan
    arguments = (prices, np.linspace(0.5, 2.5, 9), 0.1, 1e-3)
    rules = {"mode": mode, "execution_delay": delay, "lookback": 12}
    expected = sweep.backtest(*arguments, sweep.Rules(**rules))
    with dispatch.using("cuda"):
        found = sweep.backtest(*arguments, sweep.Rules(**rules))
    assert_equal(found, expected, scale=200.0)
    if not gaps:
        assert [entry for entry, _ in stand.launches] == ["rolling_z", f"sweep_{mode}"]


SCORES = {"fixed": {"mean": np.linspace(95.0, 105.0, 5), "deviation": np.linspace(1.0, 5.0, 5)}, "online": {}}


@pytest.mark.parametrize("score", SCORES)
@pytest.mark.parametrize("delay", [0, 2, 200])
def test_scores_of_every_kind_are_made_on_the_device_part_by_part(stand, monkeypatch, score, delay):
    prices = walks(13, 5, 150)
    rules = sweep.Rules(score=score, execution_delay=delay, **SCORES[score])
    expected = sweep.backtest(prices, [0.8, 1.2], 0.0, 1e-3, rules)
    monkeypatch.setattr(device_pipeline, "_PART_BYTES", 2_000)
    monkeypatch.setattr(device_pipeline, "_PART_LANES", 1)
    with dispatch.using("cuda"):
        found = sweep.backtest(prices, [0.8, 1.2], 0.0, 1e-3, rules)
    assert_equal(found, expected, scale=200.0)
    launched = [entry for entry, _ in stand.launches]
    assert launched.count(f"{score}_z") == launched.count("sweep_compounding") > 1
    assert "rolling_z" not in launched


def test_a_batch_that_does_not_fit_is_run_in_parts(stand):
    prices = walks(3, 5, 100)
    expected = sweep.backtest(prices, 1.0, 0.0, 1e-3)
    stand.room = 2 * (2 * 20 * 16) * 8  # the working space of two series
    with dispatch.using("cuda"):
        found = sweep.backtest(prices, 1.0, 0.0, 1e-3)
    assert_equal(found, expected, scale=200.0)
    assert stand.released
    assert sum(entry == "sweep_compounding" for entry, _ in stand.launches) == 3


def test_too_little_memory_is_a_device_fault(stand):
    stand.room = 700
    with dispatch.using("cuda"), pytest.raises(OutOfMemory):
        sweep.backtest(walks(1, 2, 100), 1.0, 0.0, 0.0)


@pytest.fixture
def cut(monkeypatch):
    """Cut every series of few pairs in time, a chunk every seven bars."""
    monkeypatch.setattr(long_series, "LEAST_BARS", 1)
    monkeypatch.setattr(sweep_device, "_BARS_A_CHUNK", 7)


@pytest.mark.parametrize("mode", sweep.MODES)
@pytest.mark.parametrize("gaps", [False, True])
def test_long_series_of_few_pairs_are_cut_in_time(stand, cut, mode, gaps):
    prices = walks(5, 3, 300)
    if gaps:
        prices[np.random.default_rng(2).random(prices.shape) < 0.1] = np.nan
    arguments = (prices, np.linspace(0.5, 2.5, 5), 0.1, 1e-3)
    expected = sweep.backtest(*arguments, sweep.Rules(mode=mode))
    with dispatch.using("cuda"):
        found = sweep.backtest(*arguments, sweep.Rules(mode=mode))
    assert_equal(found, expected, scale=200.0)
    entries = [entry for entry, _ in stand.launches if entry != "rolling_z"]
    assert entries == ["long_series_ends", f"long_series_{mode}", f"long_series_join_{mode}"]


@pytest.mark.parametrize("gaps", [False, True])
def test_chunks_know_nothing_of_companions(stand, cut, gaps):
    prices, entry = walks(6, 4, 200), np.linspace(0.5, 2.5, 6)
    if gaps:
        prices[np.random.default_rng(2).random(prices.shape) < [[0.05], [0.1], [0.2], [0.3]]] = np.nan
    with dispatch.using("cuda"):
        whole = sweep.backtest(prices, entry, 0.1, 1e-3)
        alone = [sweep.backtest(prices[[series]], entry[[3]], 0.1, 1e-3) for series in range(4)]
    for series in range(4):
        assert [values[series, 3] for values in whole] == [values[0, 0] for values in alone[series]]


def test_ruined_lanes_of_long_series_are_redone(stand, cut):
    prices = np.array(
        [[10.0, 11, 10, 11, 10, 9, 10, 11, 9, 10, 11, 10], [10, 11, 10, 11, 10, 30, 200, 150, 10, 11, 10, 11]]
    )
    arguments = (prices, [0.5, 0.9, 3.0], [0.0, 0.5, 0.0], 0.01)
    rules = {"lookback": 4, "execution_delay": 0}
    expected = sweep.backtest(*arguments, sweep.Rules(**rules))
    assert (expected.status[1] == sweep.ERROR).any()
    with dispatch.using("cuda"):
        found = sweep.backtest(*arguments, sweep.Rules(**rules))
    assert_equal(found, expected)
    assert stand.launches[-1] == ("sweep_compounding", device.BLOCK)


def test_the_length_alone_says_how_many_chunks_there_are():
    assert [sweep_device.chunks(n_bars) for n_bars in (1, 256, 50_000, 2_000_000)] == [1, 1, 195, 4096]


@pytest.mark.parametrize("mode", sweep.MODES)
@pytest.mark.parametrize("gaps", [False, True])
def test_moments_equal_the_numpy_twin(stand, mode, gaps):
    prices, entry = walks(8, 5, 150), np.linspace(0.5, 2.5, 5)
    if gaps:
        prices[np.random.default_rng(1).random(prices.shape) < 0.1] = np.nan
    expected = sweep.moments(prices, entry, 0.1, 1e-3, sweep.Rules(mode=mode))
    with dispatch.using("cuda"):
        found = sweep.moments(prices, entry, 0.1, 1e-3, sweep.Rules(mode=mode))
    np.testing.assert_allclose(found, expected, rtol=1e-10)
    assert stand.launches[-1] == (f"moments_{mode}", device.BLOCK)


def test_parts_on_two_streams_change_no_bit(stand, monkeypatch):
    arguments = (walks(9, 6, 100), np.linspace(0.5, 2.5, 6), 0.1, 1e-3)
    with dispatch.using("cuda"):
        whole, moments = sweep.backtest(*arguments), sweep.moments(*arguments)
        monkeypatch.setattr(device_pipeline, "_PART_BYTES", 1000)
        monkeypatch.setattr(device_pipeline, "_PART_LANES", 2)
        stand.launches.clear()
        parts, moments_of_parts = sweep.backtest(*arguments), sweep.moments(*arguments)
    for one, other in zip((*whole, *moments), (*parts, *moments_of_parts), strict=True):
        np.testing.assert_array_equal(one, other)
    entries = [entry for entry, _ in stand.launches]
    assert (entries.count("sweep_compounding"), entries.count("moments_compounding")) == (6, 3)
