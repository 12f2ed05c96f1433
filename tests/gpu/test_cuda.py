"""On a machine with a GPU: cuda equals the NumPy twin. `make gpu` runs it; elsewhere it is skipped, aloud."""

import numpy as np
import pytest

from gpu_kernels import backend, cointegration, device, device_pipeline, dispatch, ou, pca, sweep
from gpu_kernels.errors import DeviceFault
from meanrev_worker import Fleet, Orders, WorkerLost
from tests.worker import mischief


def _missing():
    try:
        device.describe()
    except DeviceFault as fault:
        return str(fault)
    return ""


pytestmark = [pytest.mark.gpu, pytest.mark.skipif(bool(_missing()), reason=f"needs a GPU: {_missing()}")]


def walks(n_series, n_bars, seed=0):
    return 100 * np.exp(np.cumsum(np.random.default_rng(seed).normal(0, 0.02, (n_series, n_bars)), axis=1))


def assert_close(found, expected, exact=()):
    for name in expected._fields:
        ours, theirs = getattr(found, name), getattr(expected, name)
        if isinstance(theirs, tuple) or name in exact:
            assert np.array_equal(ours, theirs), name
        else:
            np.testing.assert_allclose(ours, theirs, rtol=1e-8, atol=1e-9, err_msg=name)


def test_it_is_chosen():
    assert backend.choose("cuda").name == "cuda"


@pytest.mark.parametrize("mode", sweep.MODES)
@pytest.mark.parametrize("delay", [0, 1, 3])
@pytest.mark.parametrize("shape", [(1, 1), (3, 33), (17, 257), (64, 1000)])
@pytest.mark.parametrize("options", [{}, {"stop": 2.7, "borrow": 0.1}])
def test_sweeps(mode, delay, shape, options):
    prices = walks(*shape)
    entry, leave = (grid.ravel() for grid in np.meshgrid(np.linspace(0.5, 2.5, 9), np.linspace(-0.4, 0.4, 7)))
    rules = {"mode": mode, "execution_delay": delay, **options}
    expected = sweep.backtest(prices, entry, leave, 1e-3, sweep.Rules(**rules))
    with dispatch.using("cuda"):
        found = sweep.backtest(prices, entry, leave, 1e-3, sweep.Rules(**rules))
    assert_close(found, expected, exact=("num_trades", "position", "status"))


@pytest.mark.parametrize("mode", sweep.MODES)
@pytest.mark.parametrize("volatility", [0.001, 1.0])
def test_long_series_of_few_pairs(mode, volatility):
    """Those that move much ruin every lane, which is run again."""
    prices = 100 * np.exp(np.cumsum(np.random.default_rng(4).normal(0, volatility / 30, (2, 60_000)), axis=1))
    entry, rules = np.linspace(1.0, 2.5, 5), {"mode": mode, "lookback": 50}
    expected = sweep.backtest(prices, entry, 0.1, 1e-5, sweep.Rules(**rules))
    with dispatch.using("cuda"):
        found = sweep.backtest(prices, entry, 0.1, 1e-5, sweep.Rules(**rules))
        alone = sweep.backtest(prices[[1]], entry[[2]], 0.1, 1e-5, sweep.Rules(**rules))
    assert_close(found, expected, exact=("num_trades", "position", "status"))
    assert [values[1, 2] for values in found] == [values[0, 0] for values in alone]


@pytest.mark.parametrize("mode", sweep.MODES)
@pytest.mark.parametrize("shape", [(1, 1), (3, 33), (100, 700)])
@pytest.mark.parametrize("options", [{}, {"stop": 2.7, "borrow": 0.1}])
def test_moments_of_backtests(mode, shape, options):
    prices, entry, rules = walks(*shape, seed=6), np.linspace(0.5, 2.5, shape[0]), sweep.Rules(mode=mode, **options)
    expected = sweep.moments(prices, entry, 0.1, 1e-3, rules)
    with dispatch.using("cuda"):
        found = sweep.moments(prices, entry, 0.1, 1e-3, rules)
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)


def test_sweeps_in_parts_have_the_bits_of_one(monkeypatch):
    prices, entry = walks(40, 500, seed=7), np.linspace(0.5, 2.5, 9)
    with dispatch.using("cuda"):
        whole = sweep.backtest(prices, entry, 0.1, 1e-3)
        monkeypatch.setattr(device_pipeline, "parts", lambda *_: 7)
        parts = sweep.backtest(prices, entry, 0.1, 1e-3)
    for one, other in zip(whole, parts, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("lags", [0, 1, 4])
@pytest.mark.parametrize("shape", [(1, 4), (5, 31), (100, 257), (1000, 500)])
def test_fits(lags, shape):
    prices = walks(*shape, seed=3)
    expected = ou.fit(prices, adf_lags=lags)
    with dispatch.using("cuda"):
        found = ou.fit(prices, adf_lags=lags)
    assert_close(found, expected)


@pytest.mark.parametrize("shape", [(300, 40), (40, 300)])
def test_components(shape):
    returns = np.random.default_rng(1).normal(size=shape) * np.linspace(1, 3, shape[1])
    expected = pca.fit(returns, n_components=5)
    with dispatch.using("cuda"):
        found = pca.fit(returns, n_components=5)
    assert_close(found, expected)


@pytest.mark.parametrize("options", [{"lags": 0}, {"lags": 1}, {"lags": 5}, {"autolag": "aic", "max_lags": 4}])
@pytest.mark.parametrize("shape", [(2, 60), (33, 100), (257, 600)])
def test_pairs(options, shape):
    prices = walks(*shape, seed=5).T
    expected = cointegration.scan(prices, **options)
    with dispatch.using("cuda"):
        found = cointegration.scan(prices, **options)
    np.testing.assert_array_equal(found.status, expected.status)
    np.testing.assert_array_equal(found.lags, expected.lags)
    for name in ("hedge_ratio", "adf_statistic", "adf_p_value", "half_life", "residual_std"):
        ours, theirs = getattr(found, name), getattr(expected, name)
        np.testing.assert_allclose(ours, theirs, rtol=1e-7, atol=1e-9, err_msg=name)


@pytest.mark.parametrize("n_parts", [1, 2, 7])
def test_parts_on_two_streams_come_back_complete(n_parts):
    values = np.random.default_rng(2).normal(size=(700, 10_000))
    found = device_pipeline.in_parts(700, n_parts, lambda part: device.stage(values[part]) * 2.0)
    np.testing.assert_array_equal(np.concatenate(found), 2.0 * values)


def test_what_was_staged_before_is_there_in_every_part():
    weights = np.random.default_rng(3).normal(size=(2_000, 2_000))
    held = device.stage(weights)
    held = held @ held
    found = device_pipeline.in_parts(2_000, 4, lambda part: held[part] * 1.0)
    np.testing.assert_array_equal(np.concatenate(found), device.fetch(held))


def test_memory_that_is_short_halves_a_batch():
    limit, used = device.arrays().get_default_memory_pool(), []
    device.release()
    limit.set_limit(size=64 * 2**20)
    try:

        def run(part):
            held = device.stage(np.ones((part.stop - part.start, 2**20)))  # 8 MiB a row
            used.append(part.stop - part.start)
            return held.sum(axis=1)

        found = device_pipeline.in_parts(16, 1, run)
    finally:
        limit.set_limit(size=0)
        device.release()
    np.testing.assert_array_equal(np.concatenate(found), np.full(16, 2.0**20))
    assert max(used) < 16


def test_a_worker_computes_the_same_and_an_error_that_stays_ends_it():
    prices = walks(20, 300)
    with dispatch.using("cuda"):
        here = ou.fit(prices)
    fleet = Fleet(Orders("cuda"), 2)
    try:
        with dispatch.using("cuda", 1, fleet.run):
            assert_close(ou.fit(prices), here, exact=("theta", "adf_statistic"))
            with pytest.raises(WorkerLost):
                fleet.run(mischief.break_gpu, ())
            assert_close(ou.fit(prices), here, exact=("theta", "adf_statistic"))
        assert fleet.restarts == 1
    finally:
        fleet.close()
