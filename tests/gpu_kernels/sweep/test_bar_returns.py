"""The returns of all bars of one series' backtests: the oracle's, those of accounts, and no bit by companions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gpu_kernels import dispatch, sweep
from gpu_kernels.errors import InvalidInput
from tests.gpu_kernels.native import needs_compiler
from tests.gpu_kernels.sweep.single import options
from tests.gpu_kernels.sweep.test_native import walks
from tests.gpu_kernels.twins import CPU, on
from tests.naive import sweep as naive


def pairs_of(seed, n_pairs):
    rng = np.random.default_rng(seed)
    entry = rng.uniform(0.2, 2.5, n_pairs)
    return entry, -entry + rng.random(n_pairs) * 1.9 * entry, rng.choice([0.0, 1e-3, 0.05], n_pairs)


def with_gaps(prices, seed):
    """Return the prices without their first bars, their last ones and some between."""
    found = prices.copy()
    found[np.random.default_rng(seed).random(found.size) < 0.15] = np.nan
    found[:5] = found[-3:] = np.nan
    return found


def of_accounts(prices, pairs, rules):
    copies = np.tile(prices, (pairs[0].size, 1))
    if rules.score == "fixed":
        rules = rules._replace(mean=float(rules.mean), deviation=float(rules.deviation))
    with dispatch.using("numpy"):
        return sweep.accounts(copies, *pairs, rules, path=True).paths.returns


@on(CPU)
@pytest.mark.parametrize("gaps", [False, True])
@pytest.mark.parametrize("mode", sweep.MODES)
@pytest.mark.parametrize(
    "more",
    [{}, {"stop": 3.0, "borrow": 0.1}, {"execution_delay": 3}, {"score": "fixed", "mean": 100.0, "deviation": 4.0}],
    ids=["plain", "stop", "delay", "fixed"],
)
def test_they_are_those_of_accounts(twin, mode, gaps, more):
    prices, pairs = walks(3, 1, 257)[0], pairs_of(1, 13)
    if gaps:
        prices = with_gaps(prices, 2)
    rules = sweep.Rules(lookback=10, mode=mode, initial_capital=3.0, **more)
    found = sweep.bar_returns(prices, *pairs, rules)
    np.testing.assert_allclose(found, of_accounts(prices, pairs, rules), rtol=1e-12, atol=1e-15)
    assert np.count_nonzero(np.nan_to_num(found)) > 50


@on(CPU)
@pytest.mark.parametrize("mode", sweep.MODES)
def test_they_are_those_of_the_oracle(twin, mode):
    prices, pairs = with_gaps(walks(5, 1, 60)[0], 4), pairs_of(6, 5)
    rules = {"lookback": 8, "mode": mode, "initial_capital": 2.0, "stop": 4.0, "borrow": 0.2}
    found = sweep.bar_returns(prices, *pairs, sweep.Rules(**rules))
    for row, pair in zip(found, zip(*pairs, strict=True), strict=True):
        expected = naive.run(prices.tolist(), *map(float, pair), **rules)["returns"]
        np.testing.assert_allclose(row, expected, rtol=1e-9, atol=1e-12)


@needs_compiler
@settings(max_examples=60)
@given(
    seed=st.integers(0, 2**32),
    n_bars=st.sampled_from([1, 2, 3, 31, 33, 100]),
    n_pairs=st.integers(1, 11),
    lookback=st.integers(2, 30),
    delay=st.integers(0, 3),
    mode=st.sampled_from(sweep.MODES),
    volatility=st.sampled_from([0.001, 0.02, 0.5]),
    gaps=st.booleans(),
    more=options(2.5),
)
def test_the_kernel_equals_the_numpy_twin(seed, n_bars, n_pairs, lookback, delay, mode, volatility, gaps, more):
    prices, pairs = walks(seed, 1, n_bars, volatility)[0], pairs_of(seed, n_pairs)
    if gaps and n_bars > 10:
        prices = with_gaps(prices, seed)
    rules = sweep.Rules(lookback, delay, mode, 3.0, **more)
    with dispatch.using("native", 2):
        found = sweep.bar_returns(prices, *pairs, rules)
    expected = sweep.bar_returns(prices, *pairs, rules)
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12)
    if mode == "compounding":
        np.testing.assert_array_equal(found, expected)


@needs_compiler
@pytest.mark.parametrize("mode", sweep.MODES)
def test_companions_and_threads_change_no_bit(mode):
    prices, pairs, rules = walks(2, 1, 300)[0], pairs_of(7, 13), sweep.Rules(mode=mode)
    with dispatch.using("native", 3):
        whole = sweep.bar_returns(prices, *pairs, rules)
    with dispatch.using("native", 1):
        for place in range(13):
            alone = sweep.bar_returns(prices, *(column[place : place + 1] for column in pairs), rules)
            np.testing.assert_array_equal(whole[place], alone[0])


@on(CPU)
def test_a_ruined_account_returns_nothing_more(twin):
    prices = np.array([10.0, 11, 10, 11, 10, 30, 200, 150, 10, 11, 10, 11] * 2)
    pairs = np.array([0.5, 0.9, 3.0]), np.array([0.0, 0.5, 0.0]), np.full(3, 0.01)
    rules = sweep.Rules(lookback=4, execution_delay=0)
    found = sweep.bar_returns(prices, *pairs, rules)
    np.testing.assert_array_equal(found, of_accounts(prices, pairs, rules))
    assert found[0].min() == -1.0 or found[0].min() < -1.0
    assert not found[0, int(found[0].argmin()) + 1 :].any()


@pytest.mark.parametrize("price", [0.0, -1.0, np.inf])
def test_a_series_that_cannot_be_traded_has_none(price):
    prices = walks(2, 1, 40)[0]
    prices[7] = price
    assert np.isnan(sweep.bar_returns(prices, [1.0, 2.0], 0.0, 1e-3)).all()
    assert np.isnan(sweep.bar_returns(np.full(40, np.nan), [1.0, 2.0], 0.0, 1e-3)).all()


def test_it_refuses_what_a_backtest_refuses():
    with pytest.raises(InvalidInput, match=r"prices must have shape \(T,\)"):
        sweep.bar_returns(walks(1, 2, 9), 1.0, 0.0, 0.0)
    with pytest.raises(InvalidInput, match="at least one bar"):
        sweep.bar_returns([], 1.0, 0.0, 0.0)
    with pytest.raises(InvalidInput, match="stop must be above every entry level"):
        sweep.bar_returns([1.0, 2.0], 1.0, 0.0, 0.0, sweep.Rules(stop=0.5))
    with pytest.raises(InvalidInput, match="mean must be given"):
        sweep.bar_returns([1.0, 2.0], 1.0, 0.0, 0.0, sweep.Rules(score="fixed"))
