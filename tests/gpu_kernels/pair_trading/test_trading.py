"""Residuals with thresholds of their own trade exactly as the sweep trades them in mode "unit"."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gpu_kernels import dispatch, return_moments
from gpu_kernels.pair_trading import host, native
from gpu_kernels.sweep import Rules, settle
from gpu_kernels.sweep.model import ThresholdPairs
from tests.gpu_kernels.native import needs_compiler
from tests.naive import sweep as naive


def residuals(seed, n_pairs=6, n_bars=150):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(n_pairs, n_bars))
    for bar in range(1, n_bars):
        values[:, bar] += 0.8 * values[:, bar - 1]
    entry = rng.uniform(0.3, 2.0, n_pairs)
    leave = entry * rng.uniform(-1.0, 1.0, n_pairs)
    leave[0] = -entry[0]  # always in the market
    return values, entry, leave


def trade(values, entry, leave, cost, lookback):
    pairs = ThresholdPairs(entry, leave, np.full(len(entry), cost))
    return host.trade(values, pairs, Rules(lookback=lookback, mode="unit"))


@settings(max_examples=10)
@given(st.integers(0, 2**32), st.sampled_from([0.0, 0.05]), st.integers(2, 30))
def test_each_is_the_oracle_s_backtest(seed, cost, lookback):
    values, entry, leave = residuals(seed)
    run = trade(values, entry, leave, cost, lookback)
    for row in range(len(values)):
        expected = naive.run(values[row].tolist(), entry[row], leave[row], cost, lookback=lookback, mode="unit")
        if expected["closeness"] < 1e-9:
            continue
        np.testing.assert_allclose(run.returns[row], expected["returns"], atol=1e-13)
        assert run.trades[row] == expected["final"]["num_trades"]
        assert run.max_drawdown[row] == pytest.approx(expected["final"]["max_drawdown"], abs=1e-12)
        annual = host.sharpe(run.returns)[row] * 252**0.5
        assert annual == pytest.approx(expected["final"]["sharpe_ratio"], abs=1e-10)


@needs_compiler
@pytest.mark.parametrize("lookback", [2, 20, 400])
def test_the_lanes_give_the_same_bits(lookback):
    values, entry, leave = residuals(5)
    expected = trade(values, entry, leave, 0.05, lookback)
    pairs = ThresholdPairs(entry, leave, np.full(6, 0.05))
    with dispatch.using("native", 2):
        found = native.trade(values, pairs, Rules(lookback=lookback, mode="unit"))
    for mine, theirs in zip(found, expected, strict=True):
        np.testing.assert_array_equal(mine, theirs)


@pytest.mark.parametrize("borrow", [0.0, 0.05])
@pytest.mark.parametrize("delay", [0, 1, 3, 400])
def test_all_bars_at_once_give_the_bits_of_bar_by_bar(delay, borrow):
    values, entry, leave = residuals(3)
    rules = Rules(lookback=5, execution_delay=delay, mode="unit", initial_capital=3.0, borrow=borrow)
    pairs = ThresholdPairs(entry, leave, np.full(len(entry), 0.05))
    found = host.trade(values, pairs, rules)
    # Behind a stop, which no score reaches here, one bar is taken after the other.
    expected = host.trade(values, pairs, rules._replace(stop=1e300))
    assert found.returns.tobytes() == expected.returns.tobytes()
    np.testing.assert_array_equal(found.trades, expected.trades)


@settings(max_examples=50)
@given(
    st.lists(st.sampled_from([-3.0, -2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0, 3.0, np.nan]), min_size=2, max_size=40),
    st.sampled_from([(1.0, -1.0), (1.0, 0.5), (1.0, 0.0), (1.0, -0.5), (2.0, 1.0)]),
    st.sampled_from([math.inf, 3.0]),
)
def test_scores_on_the_very_thresholds_decide_as_the_oracle_does(scores, levels, stop):
    side, halted, wanted, waits = 0, False, 0, False
    for score in scores:
        side, halted = settle.decide(side, halted, score, *levels, stop)
        if not math.isnan(score):
            wanted, waits = naive.decision(wanted, score, *levels, stop, waits)
        assert (side, halted) == (wanted, waits)


def test_a_residual_that_never_trades_has_a_sharpe_ratio_of_zero():
    values, entry, leave = residuals(2)
    run = trade(values, entry, leave, 0.1, 400)
    assert not run.returns.any()
    assert host.sharpe(run.returns).tolist() == [0.0] * 6
    assert return_moments.moments(run.returns)[1].tolist() == [3.0] * 6
