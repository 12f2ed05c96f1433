"""The kernel on the CPU's vector lanes equals the NumPy twin: counts exactly, floats to rounding."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gpu_kernels import dispatch, sweep
from gpu_kernels.sweep import native, zscore
from tests.gpu_kernels.native import needs_compiler
from tests.gpu_kernels.sweep.single import options

pytestmark = needs_compiler

COUNTS = ("num_trades", "position", "status")


def both(prices, entry, leave, cost, threads=2, **rules):
    with dispatch.using("numpy"):
        expected = sweep.backtest(prices, entry, leave, cost, sweep.Rules(**rules))
    with dispatch.using("native", threads):
        found = sweep.backtest(prices, entry, leave, cost, sweep.Rules(**rules))
    return found, expected


def lost(prices, mode, borrow, periods_per_year=252.0):
    """Return what a short position's equity may lose relative to its entry: its borrowing is a difference of two sums.

    Both sums begin at the first price, so that they lose digits where prices fall to a billionth, and none elsewhere.
    """
    if mode == "unit":
        return 0.0
    held = np.where(np.isnan(prices), np.inf, prices)
    sums = borrow / periods_per_year * np.cumsum(np.maximum.accumulate(np.nan_to_num(prices)))
    return 2 * np.finfo(np.float64).eps * (sums / held).max()


def assert_equal(found, expected, scale=1.0, lost=0.0):
    for name in expected._fields:
        ours, theirs = getattr(found, name), getattr(expected, name)
        if name in COUNTS:
            np.testing.assert_array_equal(ours, theirs, err_msg=name)
        elif name == "sharpe_ratio":
            np.testing.assert_allclose(ours, theirs, rtol=1e-9 + lost, atol=1e-9 + lost, err_msg=name)
        else:
            np.testing.assert_allclose(ours, theirs, rtol=1e-10 + lost, atol=1e-11 * scale + lost, err_msg=name)


def walks(seed, n_series, n_bars, volatility=0.02):
    rng = np.random.default_rng(seed)
    return 100 * np.exp(np.cumsum(rng.normal(0, volatility, (n_series, n_bars)), axis=1))


@settings(max_examples=60)
@given(
    seed=st.integers(0, 2**32),
    n_series=st.integers(1, 4),
    n_bars=st.sampled_from([1, 2, 3, 4, 5, 31, 32, 33, 34, 100, 257]),
    n_pairs=st.integers(1, 11),
    lookback=st.integers(2, 30),
    delay=st.integers(0, 3),
    mode=st.sampled_from(sweep.MODES),
    volatility=st.sampled_from([0.001, 0.02, 0.5]),
    gaps=st.booleans(),
    more=options(2.5),
)
@example(
    seed=139695,
    n_series=1,
    n_bars=257,
    n_pairs=1,
    lookback=7,
    delay=0,
    mode="compounding",
    volatility=0.5,
    gaps=True,
    more={"stop": np.inf, "borrow": 5.0},
)
def test_it_equals_the_numpy_twin(seed, n_series, n_bars, n_pairs, lookback, delay, mode, volatility, gaps, more):
    rng = np.random.default_rng(seed)
    prices = walks(seed, n_series, n_bars, volatility)
    if gaps:
        prices[rng.random(prices.shape) < 0.1] = np.nan
    entry = rng.uniform(0.2, 2.5, n_pairs)
    leave = -entry + rng.random(n_pairs) * 1.9 * entry
    cost = rng.choice([0.0, 1e-3, 0.05], n_pairs)
    rules = {"lookback": lookback, "execution_delay": delay, "mode": mode, "initial_capital": 3.0, **more}
    found, expected = both(prices, entry, leave, cost, **rules)
    scale = np.nanmax(np.abs(prices), initial=1.0)
    for series in range(n_series):
        ours, theirs = (sweep.SweepMetrics(*(values[series] for values in all_of)) for all_of in (found, expected))
        assert_equal(ours, theirs, scale, lost(prices[series], mode, more["borrow"]))


@pytest.mark.parametrize("mode", sweep.MODES)
def test_ties_with_the_thresholds_are_decided_alike(mode):
    """Prices of a few ticks make scores that equal thresholds taken from them."""
    prices = np.random.default_rng(3).integers(1, 4, (3, 300)).astype(float)
    scores = zscore.rolling(prices, 7)
    entry = np.unique(np.abs(scores[np.isfinite(scores) & (scores != 0)]))[:40]
    found, expected = both(prices, entry, -entry, np.zeros(entry.size), lookback=7, mode=mode)
    assert expected.num_trades.sum() > 100
    assert_equal(found, expected)


def test_ruin_is_met_alike():
    prices = np.array([[10.0, 11, 10, 11, 10, 30, 200, 150, 10, 11, 10, 11]])
    found, expected = both(prices, [0.5, 0.9, 3.0], [0.0, 0.5, 0.0], 0.01, lookback=4, execution_delay=0)
    assert (expected.status == sweep.ERROR).any()
    assert_equal(found, expected)


@pytest.mark.parametrize("level", [1.0, 1e4, 1e8])
def test_far_offsets_cost_no_digits_in_unit_mode(level):
    prices = level + np.cumsum(np.random.default_rng(1).normal(size=(2, 500)), axis=1)
    found, expected = both(prices, [1.0, 2.0], [0.0, 0.0], 0.01, mode="unit")
    assert_equal(found, expected, scale=level)


def test_series_that_cannot_be_traded_stand_apart():
    prices = walks(5, 4, 60)
    prices[1, 7] = -1.0
    prices[2] = np.nan
    found, expected = both(prices, [1.0, 1.5], [0.0, 0.0], 1e-3)
    assert_equal(found, expected)


def test_a_batch_gives_the_bits_of_its_members():
    prices, entry = walks(2, 5, 200), np.linspace(0.5, 2.5, 13)
    with dispatch.using("native", 2):
        whole = sweep.backtest(prices, entry, 0.1, 1e-3)
        for series in range(5):
            for pair in range(13):
                alone = sweep.backtest(prices[[series]], entry[[pair]], 0.1, 1e-3)
                for name in whole._fields:
                    assert getattr(whole, name)[series, pair] == getattr(alone, name)[0, 0], name


def test_the_order_of_lanes_and_the_number_of_threads_change_nothing():
    prices, entry = walks(4, 3, 200), np.linspace(0.5, 2.5, 10)
    with dispatch.using("native", 1):
        forward = sweep.backtest(prices, entry, 0.1, 1e-3)
    with dispatch.using("native", 3):
        backward = sweep.backtest(prices[::-1], entry[::-1], 0.1, 1e-3)
    for name in forward._fields:
        np.testing.assert_array_equal(getattr(forward, name), getattr(backward, name)[::-1, ::-1], err_msg=name)


@settings(max_examples=40)
@given(st.integers(0, 2**32), st.integers(1, 3), st.integers(1, 80), st.integers(2, 20))
def test_scores_have_the_bits_of_the_numpy_twin(seed, n_series, n_bars, lookback):
    rng = np.random.default_rng(seed)
    prices = rng.choice([1.0, 1e8]) + rng.integers(-2, 3, (n_series, n_bars)) * rng.choice([1.0, 0.01])
    with dispatch.using("native", 2):
        found = native.rolling(prices, lookback)
    expected = zscore.rolling(prices, lookback)
    assert found.tobytes() == expected.tobytes() or np.array_equal(found, expected, equal_nan=True)


def test_a_read_only_input_is_left_alone():
    prices = walks(1, 2, 50)
    prices.flags.writeable = False
    with dispatch.using("native"):
        assert np.isfinite(sweep.backtest(prices, 1.0, 0.0, 0.0).equity).all()


@pytest.mark.parametrize("first", np.random.default_rng(6).uniform(50, 150, 20))
def test_an_entry_without_a_cost_gains_nothing(first):
    """Whatever the price, and whichever of its digits the product of price and quantity loses."""
    prices = np.array([[first, 0.9 * first]])
    rules = {"lookback": 2, "execution_delay": 0, "initial_capital": 3.0}
    found, expected = both(prices, 0.5, 0.0, 0.0, **rules)
    assert (found.position[0, 0], expected.sharpe_ratio[0, 0]) == (1, 0.0)
    assert_equal(found, expected)
    with dispatch.using("native"):
        assert sweep.moments(prices, 0.5, 0.0, 0.0, sweep.Rules(**rules)) == (0.0, 3.0)
