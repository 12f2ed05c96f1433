"""Statistics of one portfolio against plain sums, NumPy and SciPy."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from gpu_kernels import moments, performance
from gpu_kernels.errors import InvalidInput
from tests.naive import moments as naive

RETURNS = np.random.default_rng(5).standard_t(4, size=(400, 6)) * 0.01
WEIGHTS = np.array([0.4, -0.2, 0.3, 0.1, 0.5, -0.1])
TABLE = arrays(np.float64, (11, 3), elements=st.floats(-1, 1, width=32))
HELD = arrays(np.float64, (3,), elements=st.floats(-2, 2, width=32))


@settings(max_examples=60, deadline=None)
@given(TABLE, HELD, st.sampled_from([0.5, 0.9, 0.95, 0.99, 0.3]))
def test_statistics_agree_with_plain_sums(returns, weights, level):
    computed = moments.portfolio_stats(returns, weights, levels=[level])
    earned = naive.portfolio(returns, weights)
    assert computed.mean_return == pytest.approx(naive.mean(earned), abs=1e-14)
    np.testing.assert_allclose(computed.covariance, naive.sample(returns), rtol=1e-12, atol=1e-15)
    assert computed.value_at_risk[0] == pytest.approx(naive.value_at_risk(earned, level), abs=1e-14)
    assert computed.expected_shortfall[0] == pytest.approx(naive.expected_shortfall(earned, level), abs=1e-13)
    if np.ptp(earned) > 1e-3:
        assert computed.skewness == pytest.approx(naive.skewness(earned), abs=1e-9)
        assert computed.kurtosis == pytest.approx(naive.kurtosis(earned), rel=1e-9)
        np.testing.assert_allclose(computed.marginal_contrib, naive.contributions(returns, weights), atol=1e-11)


def test_moments_agree_with_numpy_and_scipy():
    computed, earned = moments.portfolio_stats(RETURNS, WEIGHTS), RETURNS @ WEIGHTS
    assert computed.mean_return == pytest.approx(earned.mean(), rel=1e-12)
    assert computed.std_return == pytest.approx(np.std(earned, ddof=1), rel=1e-12)
    assert computed.skewness == pytest.approx(stats.skew(earned), rel=1e-9)
    assert computed.kurtosis == pytest.approx(stats.kurtosis(earned, fisher=False), rel=1e-9)
    np.testing.assert_allclose(computed.correlation, np.corrcoef(RETURNS.T), atol=1e-14)
    np.testing.assert_allclose(computed.covariance, np.cov(RETURNS.T), rtol=1e-12)


def test_value_at_risk_is_numpys_inverted_distribution():
    levels = [0.5, 0.9, 0.95, 0.975, 0.99, 0.999]
    computed = moments.portfolio_stats(RETURNS, WEIGHTS, levels=levels)
    np.testing.assert_array_equal(computed.levels, levels)
    expected = np.quantile(-(RETURNS @ WEIGHTS), levels, method="inverted_cdf")
    np.testing.assert_allclose(computed.value_at_risk, expected, rtol=1e-12)


def test_expected_shortfall_of_whole_tails_is_the_mean_of_the_worst():
    computed = moments.portfolio_stats(RETURNS, WEIGHTS, levels=[0.95, 0.99])
    worst = np.sort(-(RETURNS @ WEIGHTS))
    np.testing.assert_allclose(computed.expected_shortfall, [worst[-20:].mean(), worst[-4:].mean()], rtol=1e-12)


def test_contributions_sum_to_the_standard_deviation():
    computed = moments.portfolio_stats(RETURNS, WEIGHTS)
    assert computed.marginal_contrib.sum() == pytest.approx(computed.std_return, rel=1e-12)


def test_no_weights_mean_equal_weights():
    equal = moments.portfolio_stats(RETURNS, np.full(6, 1 / 6))
    assert repr(moments.portfolio_stats(RETURNS)) == repr(equal)


def test_annual_figures_follow_from_the_periods_in_a_year():
    computed = moments.portfolio_stats(RETURNS, WEIGHTS, periods_per_year=12)
    assert computed.annual_return == pytest.approx(12 * computed.mean_return)
    assert computed.annual_volatility == pytest.approx(np.sqrt(12) * computed.std_return)
    assert computed.sharpe_ratio == pytest.approx(computed.annual_return / computed.annual_volatility)


@pytest.mark.parametrize("returns_power", [-900, 0, 160])
@pytest.mark.parametrize("weights_power", [-900, -160, 0, 160])
def test_contributions_scale_with_the_returns_and_the_weights(returns_power, weights_power):
    """Powers of two change no digit, as long as nothing leaves the range of numbers."""
    returns = np.random.default_rng(8).normal(0.0, 0.01, (80, 4))
    weights = np.array([0.4, -0.1, 0.5, 0.2])
    expected = moments.portfolio_stats(returns, weights).marginal_contrib
    found = moments.portfolio_stats(np.ldexp(returns, returns_power), np.ldexp(weights, weights_power)).marginal_contrib
    # In steps, because 2^-1800 is no number; what leaves the range of normal numbers keeps no digits.
    whole = np.ldexp(np.ldexp(expected, returns_power), weights_power)
    np.testing.assert_allclose(found, whole, rtol=1e-13, atol=1e-300)


def test_tiny_and_huge_returns_keep_their_shape():
    usual = moments.portfolio_stats(RETURNS, WEIGHTS)
    for scale in (1e-8, 1e40):
        scaled = moments.portfolio_stats(RETURNS * scale, WEIGHTS)
        assert scaled.skewness == pytest.approx(usual.skewness, rel=1e-9)
        assert scaled.kurtosis == pytest.approx(usual.kurtosis, rel=1e-9)
        assert scaled.sharpe_ratio == pytest.approx(usual.sharpe_ratio, rel=1e-9)


def test_a_shift_moves_the_mean_alone():
    usual, shifted = (moments.portfolio_stats(RETURNS + by, WEIGHTS) for by in (0.0, 2.0))
    assert shifted.mean_return == pytest.approx(usual.mean_return + 2.0 * WEIGHTS.sum(), rel=1e-12)
    assert shifted.std_return == pytest.approx(usual.std_return, rel=1e-10)
    assert shifted.skewness == pytest.approx(usual.skewness, rel=1e-8)


def test_a_still_asset_is_correlated_with_itself_alone():
    returns = RETURNS.copy()
    returns[:, 2] = 0.1
    correlation = moments.portfolio_stats(returns).correlation
    np.testing.assert_array_equal(correlation[2], [0, 0, 1, 0, 0, 0])
    np.testing.assert_array_equal(correlation[:, 2], [0, 0, 1, 0, 0, 0])


def test_a_still_portfolio_has_no_risk_and_no_shape():
    computed = moments.portfolio_stats(np.full((9, 2), 0.01))
    assert computed.mean_return == pytest.approx(0.01)
    assert (computed.std_return, computed.skewness, computed.kurtosis, computed.sharpe_ratio) == (0, 0, 0, 0)
    np.testing.assert_array_equal(computed.marginal_contrib, [0, 0])
    np.testing.assert_allclose(computed.value_at_risk, [-0.01])
    np.testing.assert_allclose(computed.expected_shortfall, [-0.01])


def test_the_error_of_the_sharpe_ratio_is_that_of_the_portfolios_returns():
    computed = moments.portfolio_stats(RETURNS, WEIGHTS)
    expected = performance.figures((RETURNS @ np.asarray(WEIGHTS))[None]).figures
    assert computed.sharpe_ratio == pytest.approx(expected.sharpe_ratio[0], rel=1e-12)
    assert computed.sharpe_std_error == pytest.approx(expected.sharpe_std_error[0], rel=1e-12)
    assert computed.probability_sharpe_positive == pytest.approx(expected.probability_sharpe_positive[0], rel=1e-12)


@pytest.mark.parametrize("returns", [np.full((9, 2), 0.01), RETURNS[:2]], ids=["still", "two rows"])
def test_without_variation_or_of_two_rows_there_is_no_error(returns):
    computed = moments.portfolio_stats(returns)
    assert np.isnan([computed.sharpe_std_error, computed.probability_sharpe_positive]).all()


def test_rows_with_nan_are_dropped_and_counted():
    holed = np.insert(RETURNS, 7, np.nan, axis=0)
    computed = moments.portfolio_stats(holed, WEIGHTS)
    assert (computed.dropped_rows, computed.n_periods) == (1, 400)
    assert computed.std_return == moments.portfolio_stats(RETURNS, WEIGHTS).std_return


def test_a_read_only_array_is_left_alone():
    returns, weights = RETURNS.copy(), WEIGHTS.copy()
    returns.flags.writeable = weights.flags.writeable = False
    moments.portfolio_stats(returns, weights)
    np.testing.assert_array_equal(returns, RETURNS)


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        (([[0.1, 0.2]],), {}, "returns must have at least 2 rows without NaN, got 1"),
        ((RETURNS, [1.0]), {}, "weights must hold one weight for each of the 6 assets, got 1"),
        ((RETURNS, [1, 0, 0, 0, 0, np.nan]), {}, r"weights\[5\] must be finite, got nan"),
        ((RETURNS, [1e51, 0, 0, 0, 0, 0]), {}, r"weights\[0\] must be at most 1e\+50 in magnitude, got 1e\+51"),
        ((RETURNS, np.eye(6)), {}, r"weights must have shape \(N,\), got \(6, 6\)"),
        ((RETURNS,), {"levels": [0.9, 1.0]}, r"levels\[1\] must be between 0 and 1, both excluded, got 1.0"),
        ((RETURNS,), {"periods_per_year": 0.0}, "periods_per_year must be finite and > 0, got 0.0"),
        ((RETURNS,), {"periods_per_year": 1e308}, r"periods_per_year must be between 1e-50 and 1e\+50, got 1e\+308"),
    ],
)
def test_bad_input_is_named(arguments, options, message):
    with pytest.raises(InvalidInput, match=message):
        moments.portfolio_stats(*arguments, **options)
