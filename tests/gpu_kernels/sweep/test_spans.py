"""Bars before a series' first price and behind its last count in none of its figures."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gpu_kernels import sweep
from tests.gpu_kernels.stand_in import stand
from tests.gpu_kernels.sweep.single import paths
from tests.gpu_kernels.sweep.test_native import walks
from tests.gpu_kernels.sweep.ways import EVERY_TWIN, EVERY_WAY, assert_same_bits, way
from tests.naive import sweep as naive

__all__ = ["stand"]

SPANS = ((0, 200), (40, 200), (0, 130), (25, 171))
ENTRY, EXIT = (axis.ravel() for axis in np.meshgrid([0.7, 1.1, 1.6], [-0.5, 0.0, 0.4]))


def listed(seed, inner_gaps):
    """Series of which some begin later than others, and some end before."""
    prices = walks(seed, len(SPANS), 200)
    if inner_gaps:
        prices[np.random.default_rng(seed).random(prices.shape) < 0.1] = np.nan
    for series, (first, stop) in enumerate(SPANS):
        prices[series, [first, stop - 1]] = 100.0
        prices[series, :first] = prices[series, stop:] = np.nan
    return prices


@EVERY_WAY
@pytest.mark.parametrize("mode", sweep.MODES)
@pytest.mark.parametrize(("inner_gaps", "delay"), [(False, 1), (True, 1), (True, 3)])
def test_a_series_has_the_bits_of_its_span_alone(stand, name, mode, inner_gaps, delay):
    prices, rules = listed(3, inner_gaps), {"mode": mode, "lookback": 12, "execution_delay": delay}
    with way(name):
        whole = sweep.backtest(prices, ENTRY, EXIT, 1e-3, sweep.Rules(**rules))
        for series, (first, stop) in enumerate(SPANS):
            alone = sweep.backtest(prices[[series], first:stop], ENTRY, EXIT, 1e-3, sweep.Rules(**rules))
            assert alone.num_trades.min() > 0
            assert_same_bits(whole, alone, [series])


@EVERY_TWIN
@pytest.mark.parametrize("mode", sweep.MODES)
@pytest.mark.parametrize(("inner_gaps", "delay"), [(False, 1), (True, 3)])
def test_moments_are_those_of_the_span_alone(stand, name, mode, inner_gaps, delay):
    prices, rules = listed(4, inner_gaps), {"mode": mode, "lookback": 12, "execution_delay": delay}
    with way(name):
        whole = sweep.moments(prices, 1.0, 0.0, 1e-3, sweep.Rules(**rules))
        for series, (first, stop) in enumerate(SPANS):
            assert_same_bits(
                whole, sweep.moments(prices[[series], first:stop], 1.0, 0.0, 1e-3, sweep.Rules(**rules)), [series]
            )


@EVERY_WAY
@pytest.mark.parametrize("mode", sweep.MODES)
def test_the_figures_are_the_oracle_s(stand, name, mode):
    prices = listed(5, inner_gaps=True)
    with way(name):
        found = sweep.backtest(prices, 1.0, 0.1, 1e-3, sweep.Rules(lookback=10, mode=mode))
    for series, row in enumerate(prices.tolist()):
        final = naive.run(row, 1.0, 0.1, 1e-3, lookback=10, mode=mode)["final"]
        for field, value in final.items():
            assert getattr(found, field)[series, 0] == pytest.approx(value, rel=1e-9, abs=1e-11), field


def test_the_path_of_one_series_says_nan_outside_its_span():
    prices = listed(6, inner_gaps=True)[3]
    first, stop = SPANS[3]
    run = paths(prices, 1.0, 0.0, 1e-3)
    alone = paths(prices[first:stop], 1.0, 0.0, 1e-3)
    assert run.final == alone.final
    assert np.isnan(run.returns[:first]).all()
    assert np.isnan(run.returns[stop:]).all()
    for field in ("equity", "returns", "position", "zscore", "pnl", "drawdown", "fees"):
        np.testing.assert_array_equal(getattr(run, field)[first:stop], getattr(alone, field), err_msg=field)
    assert (run.pnl[:first] == 0).all()
    assert (run.pnl[stop:] == 0).all()
    counted = run.returns[~np.isnan(run.returns)]
    ratio = counted.mean() / counted.std(ddof=1) * math.sqrt(252)
    assert run.final.sharpe_ratio == pytest.approx(ratio, rel=1e-12)


@settings(max_examples=100)
@given(st.lists(st.sampled_from([math.nan, 1.0, -1.0]), min_size=1, max_size=12))
def test_a_survey_says_what_a_loop_would(prices):
    seen = sweep.survey(np.array([prices]), "compounding")
    present = [bar for bar, price in enumerate(prices) if not math.isnan(price)]
    span = present[-1] - present[0] + 1 if present else 0
    assert (seen.n_prices[0], seen.n_bars[0]) == (len(present), span)
    assert seen.first[0] == (present[0] if present else 0)
    assert seen.tradable[0] == (bool(present) and -1.0 not in prices)
    assert seen.whole(len(prices)) == (len(present) == len(prices))
