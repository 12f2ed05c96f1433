"""On every twin, the scan equals its oracle, and itself under changes of scale and origin."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gpu_kernels import cointegration, ou
from tests.gpu_kernels.cointegration.series import assert_matches_oracle, assert_same, directed, market
from tests.naive import cointegration as naive

pytestmark = pytest.mark.usefixtures("twin")


@settings(max_examples=10)
@given(st.integers(0, 2**32), st.sampled_from([12, 31, 60]), st.integers(2, 4), st.integers(0, 3), st.booleans())
def test_it_equals_the_oracle(seed, n_samples, n_series, lags, log):
    prices = market(seed, n_samples, n_series)
    assert_matches_oracle(cointegration.scan(prices, lags=lags, log=log), prices, lags=lags, log=log)


@settings(max_examples=6)
@given(st.integers(0, 2**32), st.integers(0, 4))
def test_lags_chosen_by_aic_equal_the_oracles(seed, most):
    prices = market(seed, 50, 3)
    fit = cointegration.scan(prices, autolag="aic", max_lags=most)
    assert_matches_oracle(fit, prices, lags=most, by_aic=True)


def test_by_default_aic_may_choose_as_many_lags_as_schwert_allows():
    assert cointegration.scan(market(1, 1_258, 2), autolag="aic").lag_rule == (23, True)
    assert cointegration.scan(market(1, 10, 2), autolag="aic").lag_rule == (3, True)


@pytest.mark.parametrize("level", [0.0, 1e4, 1e8])
@pytest.mark.parametrize("options", [{"lags": 1}, {"autolag": "aic", "max_lags": 3}])
def test_a_far_offset_costs_no_more_digits_than_the_prices_have_lost(level, options):
    # Sixteenths, so that the offset prices are exact.
    prices = np.round(market(3, 60, 3) * 16) / 16 + level
    fit = cointegration.scan(prices, **options)
    assert_matches_oracle(fit, prices, lags=options.get("max_lags", 1), by_aic="autolag" in options)


def test_units_change_only_what_has_them():
    prices = market(7, 200)
    plain, scaled = cointegration.scan(prices, lags=2), cointegration.scan(prices * [4.0, 1.0, 0.5, -8.0], lags=2)
    units = np.array([4.0, 1.0, 0.5, -8.0])
    expected = plain._replace(
        hedge_ratio=plain.hedge_ratio * units[:, None] / units,
        intercept=plain.intercept * units[:, None],
        residual_std=plain.residual_std * np.abs(units)[:, None],
    )
    assert_same(scaled, expected)


@pytest.mark.parametrize("gap", [1e-2, 1e-4, 1e-6])
def test_nearly_identical_series_keep_their_digits(gap):
    """The sums alone would have lost them: their share of the level's is the gap squared."""
    rng = np.random.default_rng(11)
    prices = market(5, 60, 3)
    prices[:, 1] = 3 * prices[:, 0] + gap * rng.normal(size=60)
    prices[:, 2] = prices[:, 0] + gap * np.cumsum(rng.normal(size=60))
    # What is left is rounding of the prices themselves: 1e-14 of a level of 300, over the gap.
    assert_matches_oracle(cointegration.scan(prices), prices, rtol=1e-8, atol=1e-12 / gap, lags=1)
    fit = cointegration.scan(prices, autolag="aic", max_lags=2)
    assert_matches_oracle(fit, prices, rtol=1e-8, atol=1e-12 / gap, lags=2, by_aic=True)


def test_a_residual_with_smooth_steps_keeps_its_digits():
    """Lagged steps that nearly coincide leave little of one another."""
    rng = np.random.default_rng(2)
    walk = np.cumsum(rng.normal(size=60))
    smooth = 100 * np.sin(np.arange(60) / 15) + 1e-3 * rng.normal(size=60)
    prices = np.stack([walk + smooth, walk], axis=1)
    prices[:, 1] += 0.1 * np.cumsum(np.cumsum(rng.normal(size=60)))
    assert_matches_oracle(cointegration.scan(prices, lags=3), prices, lags=3, rtol=1e-8)
    assert_matches_oracle(cointegration.scan(prices, autolag="aic", max_lags=3), prices, lags=3, by_aic=True, rtol=1e-8)


def test_a_jump_at_the_end_keeps_its_digits():
    prices = market(8, 60, 2)
    prices[:, 1] = prices[:, 0] + 1e-3 * np.random.default_rng(8).normal(size=60)
    prices[-1, 1] += 1e3
    assert_matches_oracle(cointegration.scan(prices), prices, lags=1, rtol=1e-7)


def test_the_residual_is_the_ornstein_uhlenbeck_process_that_ou_fits():
    prices = market(4, 300)
    fit = cointegration.scan(prices)
    for i, j in directed(4):
        spread = prices[:, i] - fit.intercept[i, j] - fit.hedge_ratio[i, j] * prices[:, j]
        alone = ou.fit(spread[None])
        if fit.ar1[i, j] <= 0:
            assert "b <= 0" in alone.reason[0]
            continue
        assert fit.theta[i, j] == pytest.approx(alone.theta[0], rel=1e-9)
        assert fit.half_life[i, j] == pytest.approx(alone.half_life[0], rel=1e-9)


def test_the_order_of_series_only_moves_the_figures():
    prices, order = market(6, 90, 4), np.array([2, 0, 3, 1])
    fit = cointegration.scan(prices)
    moved = cointegration.scan(prices[:, order])
    places = np.ix_(order, order)
    expected = fit._replace(**{name: getattr(fit, name)[places] for name in cointegration.PairFigures._fields})
    assert_same(moved, expected)


def test_many_series_are_worked_in_blocks_of_rows():
    prices = market(9, 40, 130)
    few = cointegration.scan(prices[:, :5])
    many = cointegration.scan(prices)
    cut = many._replace(**{name: getattr(many, name)[:5, :5] for name in cointegration.PairFigures._fields})
    assert_same(cut, few)
    expected = naive.fit(prices[:, 129], prices[:, 64], lags=1)
    assert many.adf_statistic[129, 64] == pytest.approx(expected["adf_statistic"], rel=1e-10)
