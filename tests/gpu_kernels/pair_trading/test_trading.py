"""Residuals with thresholds of their own trade exactly as the sweep trades them in mode "unit"."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gpu_kernels import return_moments, sweep
from gpu_kernels.pair_trading import host
from gpu_kernels.sweep import zscore
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


@settings(max_examples=10)
@given(st.integers(0, 2**32), st.sampled_from([0.0, 0.05]), st.integers(2, 30))
def test_each_is_the_sweeps_backtest(seed, cost, lookback):
    values, entry, leave = residuals(seed)
    run = host.trade(values, zscore.rolling(values, lookback), entry, leave, cost)
    for row in range(len(values)):
        expected = sweep.paths(values[row], entry[row], leave[row], cost, lookback=lookback, mode="unit")
        np.testing.assert_allclose(run.returns[row], expected.returns, atol=1e-13)
        assert run.trades[row] == expected.final.num_trades
        assert run.max_drawdown[row] == pytest.approx(expected.final.max_drawdown, abs=1e-12)
        annual = host.sharpe(run.returns)[row] * 252**0.5
        assert annual == pytest.approx(expected.final.sharpe_ratio, abs=1e-10)


@settings(max_examples=50)
@given(
    st.lists(st.sampled_from([-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0, np.nan]), min_size=2, max_size=40),
    st.sampled_from([(1.0, -1.0), (1.0, 0.5), (1.0, 0.0), (1.0, -0.5), (2.0, 1.0)]),
)
def test_scores_on_the_very_thresholds_decide_as_the_oracle_does(scores, levels):
    entry, leave = levels
    held, wanted = [], 0
    for score in scores:
        held.append(wanted)
        wanted = naive.decision(wanted, score, entry, leave)
    found = host.positions(np.array([scores]), np.array([entry]), np.array([leave]))
    assert found[0].tolist() == held


def test_a_residual_that_never_trades_has_a_sharpe_ratio_of_zero():
    values, entry, leave = residuals(2)
    run = host.trade(values, np.full(values.shape, np.nan), entry, leave, 0.1)
    assert not run.returns.any()
    assert host.sharpe(run.returns).tolist() == [0.0] * 6
    assert return_moments.moments(run.returns)[1].tolist() == [3.0] * 6
