"""Series cut in time equal the dense kernel and the NumPy twin: counts exactly, floats to rounding."""

from contextlib import contextmanager

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gpu_kernels import dispatch, sweep
from gpu_kernels.sweep import long_series, zscore
from tests.gpu_kernels.native import needs_compiler
from tests.gpu_kernels.sweep.test_native import assert_equal, both, walks

pytestmark = needs_compiler


@contextmanager
def chunks(number, bars=1):
    """Cut every series of so many bars or more into chunks."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(long_series, "CHUNKS", number)
        patch.setattr(long_series, "LEAST_BARS", bars)
        yield


def check(prices, entry, leave, cost, number, **rules):
    """Hold the chunks to both; return their figures."""
    with chunks(number):
        cut, twin = both(prices, entry, leave, cost, **rules)
    with chunks(number, bars=10**9), dispatch.using("native", 2):
        dense = sweep.backtest(prices, entry, leave, cost, sweep.Rules(**rules))
    scale = np.nanmax(np.abs(prices))
    assert_equal(cut, dense, scale=scale)
    assert_equal(cut, twin, scale=scale)
    return cut


@settings(max_examples=100)
@given(
    seed=st.integers(0, 2**32),
    n_bars=st.sampled_from([1, 2, 3, 31, 34, 100, 257]),
    n_pairs=st.integers(1, 9),
    number=st.integers(1, 40),
    lookback=st.integers(2, 20),
    delay=st.integers(0, 3),
    mode=st.sampled_from(sweep.MODES),
    ticks=st.booleans(),
    gaps=st.booleans(),
)
def test_they_equal_the_dense_kernel_and_the_numpy_twin(
    seed, n_bars, n_pairs, number, lookback, delay, mode, ticks, gaps
):
    rng = np.random.default_rng(seed)
    # Some prices are twice others, at which a short position leaves nothing but rounding.
    drawn = rng.choice([5.0, 6.0, 7.0, 10.0], (2, n_bars), p=[0.3, 0.3, 0.3, 0.1])
    prices = drawn if ticks else walks(seed, 2, n_bars, rng.choice([0.01, 0.3]))
    scores = np.abs(zscore.rolling(prices, lookback))
    tied = scores[np.isfinite(scores) & (scores > 0)]
    entry = np.where(rng.random(n_pairs) < 0.3, rng.choice(np.r_[1.0, tied]), rng.uniform(0.2, 2.5, n_pairs))
    leave = np.where(rng.random(n_pairs) < 0.3, -entry, -entry + rng.random(n_pairs) * 1.9 * entry)
    if gaps:
        prices[rng.random(prices.shape) < 0.1] = np.nan
        prices[:, 0] = 5.5
    rules = {"lookback": lookback, "execution_delay": delay, "mode": mode, "initial_capital": 3.0}
    check(prices, entry, leave, rng.choice([0.0, 1e-3, 0.05], n_pairs), number, **rules)


@pytest.mark.parametrize("mode", sweep.MODES)
@pytest.mark.parametrize("number", [1, 2, 7, 64, 300])
def test_trades_that_last_over_many_chunks_are_joined(mode, number):
    """Slow waves: a position is held for most of a period, and the highest level is never reached."""
    prices = 100 + 10 * np.sin(np.arange(600) / 40)[None] + walks(3, 1, 600, 0.0005) / 100
    found = check(prices, [0.5, 1.0, 1.6, 50.0], [-0.5, -0.9, -1.5, 0.0], 1e-3, number, mode=mode, lookback=100)
    assert found.num_trades[0, 0] >= 3
    assert found.num_trades[0, 3] == 0


def test_lanes_that_are_ruined_are_redone():
    prices = np.array([[10.0, 11, 10, 11, 10, 30, 200, 150, 10, 11, 10, 11]])
    found = check(prices, [0.5, 0.9, 3.0], [0.0, 0.5, 0.0], 0.01, 4, lookback=4, execution_delay=0)
    assert (found.status == sweep.ERROR).any()


@pytest.mark.parametrize("cost", [0.0, 0.4])
def test_an_equity_beyond_the_numbers_is_left_to_the_dense_kernel(cost):
    prices = np.tile([10.0, 13.0, 11.0, 8.0], 1500)[None]
    arguments = (prices, [0.8, 0.9, 1.0], 0.1, cost)
    with dispatch.using("native"), chunks(10):
        cut = sweep.backtest(*arguments, sweep.Rules(lookback=6))
        with chunks(10, bars=10**9):
            assert_equal(cut, sweep.backtest(*arguments, sweep.Rules(lookback=6)))
    assert not ((cut.equity > 1e-300) & (cut.equity < 1e300)).all()


@pytest.mark.parametrize("gaps", [False, True])
@pytest.mark.parametrize("mode", sweep.MODES)
def test_threads_and_companions_change_no_bit(mode, gaps):
    prices, entry = walks(2, 3, 400), np.linspace(0.5, 2.5, 7)
    if gaps:
        prices[np.random.default_rng(2).random(prices.shape) < [[0.05], [0.2], [0.3]]] = np.nan
    with chunks(16):
        with dispatch.using("native", 3):
            whole = sweep.backtest(prices, entry, 0.1, 1e-3, sweep.Rules(mode=mode))
        with dispatch.using("native", 1):
            alone = [
                sweep.backtest(prices[[series]], entry[[2]], 0.1, 1e-3, sweep.Rules(mode=mode)) for series in range(3)
            ]
    for name in whole._fields:
        for series in range(3):
            assert getattr(whole, name)[series, 2] == getattr(alone[series], name)[0, 0], name


def test_only_long_series_of_few_pairs_are_cut():
    assert long_series.gains(1_000_000, 8)
    assert not long_series.gains(2_500, 8)
    assert not long_series.gains(1_000_000, 1_000)
