"""The tests for reversion against their oracle, and what they say of series that they cannot test."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.tsa.stattools import kpss

from gpu_kernels import ou, reversion
from gpu_kernels.errors import InvalidInput
from tests.naive import reversion as naive

NUMBERS = [name for name in reversion.ReversionTests._fields if name not in {"status", "reason", "n_samples"}]


def reverting(n_prices):
    rng, out = np.random.default_rng(2), np.zeros(n_prices)
    for t in range(1, n_prices):
        out[t] = 0.5 * out[t - 1] + rng.normal()
    return out


def series(n_series, n_prices, seed=0):
    """Draw series with b from 0.3 to 1, levels and slopes."""
    rng = np.random.default_rng(seed)
    decays = np.linspace(0.3, 1.0, n_series)
    out = rng.normal(size=(n_series, n_prices))
    for t in range(1, n_prices):
        out[:, t] += decays * out[:, t - 1]
    return (
        out
        + rng.choice([0.0, 100.0, -3.0], (n_series, 1))
        + rng.choice([0.0, 0.02], (n_series, 1)) * np.arange(n_prices)
    )


@settings(max_examples=8, deadline=None)
@given(
    st.integers(0, 2**32),
    st.integers(40, 120),
    st.sampled_from(reversion.TRENDS),
    st.integers(0, 4),
    st.integers(0, 9),
    st.integers(2, 6),
)
def test_every_figure_is_that_of_the_oracle(seed, n_prices, trend, lags, bandwidth, periods):
    prices = series(3, n_prices, seed)
    found = reversion.run_tests(prices, trend=trend, adf_lags=lags, bandwidth=bandwidth, periods=periods)
    for row, each in enumerate(prices):
        statistic, p, critical = naive.dickey_fuller(each, trend, lags)
        ratio, ratio_statistic = naive.variance_ratio(each, periods)
        expected = {
            "adf_statistic": statistic,
            "adf_p_value": p,
            "adf_critical_1": critical[0],
            "adf_critical_5": critical[1],
            "adf_critical_10": critical[2],
            "pp_statistic": naive.phillips_perron(each, trend, bandwidth),
            "kpss_statistic": naive.kpss(each, trend, bandwidth),
            "dfgls_statistic": naive.dfgls(each, trend, lags),
            "variance_ratio": ratio,
            "variance_ratio_statistic": ratio_statistic,
            "hurst_rescaled_range": naive.hurst_rescaled_range(each),
            "hurst_increments": naive.hurst_increments(each),
        }
        ours = {name: getattr(found, name)[row] for name in expected}
        assert ours == pytest.approx(expected, rel=1e-7, abs=1e-9)


@pytest.mark.filterwarnings("ignore:.*outside of the range of p-values:UserWarning")
@pytest.mark.filterwarnings("ignore::statsmodels.tools.sm_exceptions.InterpolationWarning")
@pytest.mark.parametrize("trend", ["c", "ct"])
def test_kpss_has_the_p_value_of_statsmodels(trend):
    prices = series(6, 200)
    found = reversion.run_tests(prices, trend=trend, bandwidth=5)
    for row, each in enumerate(prices):
        statistic, p = kpss(each, regression=trend, nlags=5, result_object=False)[:2]
        assert (found.kpss_statistic[row], found.kpss_p_value[row]) == pytest.approx((statistic, p), rel=1e-8)


def test_half_lives_are_those_of_the_median_unbiased_fit():
    prices = series(5, 150)
    found, fit = reversion.run_tests(prices), ou.fit(prices, bias="median_unbiased")
    for name in ("half_life", "half_life_lower", "half_life_upper"):
        np.testing.assert_array_equal(getattr(found, name), getattr(fit, name))


def test_random_walks_are_rejected_about_as_often_as_promised():
    walks = np.cumsum(np.random.default_rng(4).normal(size=(500, 250)), axis=1)
    found = reversion.run_tests(walks, bandwidth=4)
    assert 0.03 <= np.mean(found.adf_statistic < found.adf_critical_5) <= 0.075
    assert 0.02 <= np.mean(found.pp_p_value < 0.05) <= 0.08
    assert 0.03 <= np.mean(found.variance_ratio_p_value < 0.05) <= 0.075
    assert found.hurst_rescaled_range.mean() == pytest.approx(0.5, abs=0.03)
    assert found.hurst_increments.mean() == pytest.approx(0.5, abs=0.06)
    assert np.mean(found.kpss_p_value < 0.05) > 0.8


def test_a_reverting_series_looks_like_one():
    found = reversion.run_tests([reverting(500)])
    assert max(found.adf_p_value, found.pp_p_value, found.dfgls_p_value, found.variance_ratio_p_value) < 0.001
    assert found.variance_ratio < 0.8
    assert max(found.hurst_rescaled_range, found.hurst_increments) < 0.4


def test_the_default_bandwidth_is_12_times_the_fourth_root_of_the_hundreds():
    prices = series(2, 300)
    by_default, given_one = reversion.run_tests(prices), reversion.run_tests(prices, bandwidth=16)
    np.testing.assert_array_equal(by_default.kpss_statistic, given_one.kpss_statistic)


def test_a_series_that_cannot_be_tested_says_why_and_leaves_the_others():
    prices = series(4, 100)
    alone = reversion.run_tests(prices[[3]])
    prices[0, 7], prices[1, 3], prices[2] = math.nan, math.inf, 5.0
    found = reversion.run_tests(prices)
    assert found.status == ("error", "error", "error", "ok")
    assert found.reason == (
        "the price at row 7 is nan: fill it, or leave its row out",
        "the price at row 3 is inf: fill it, or leave its row out",
        "constant series",
        "",
    )
    assert found.n_samples.tolist() == [0, 0, 0, 100]
    for name in NUMBERS:
        column = getattr(found, name)
        assert np.isnan(column[:3]).all(), name
        assert column[3] == pytest.approx(getattr(alone, name)[0], rel=1e-12, nan_ok=True), name


@pytest.mark.parametrize("trend", ["n", "c", "ct"])
@pytest.mark.parametrize("size", [1e308, 1e200, 1e155, 1e-300, 5e-324])
def test_prices_at_the_ends_of_the_doubles_are_answered(size, trend):
    turning, one = np.where(np.arange(40) % 2, size, -size), reverting(40) + 100.0
    one[7], one[0] = size, -size
    found = reversion.run_tests(np.stack([turning, one]), trend=trend, adf_lags=2)
    assert found.adf_statistic.shape == (2,)


def test_no_series_have_empty_arrays():
    assert reversion.run_tests(np.zeros((0, 50))).adf_statistic.shape == (0,)


def test_the_unit_of_the_prices_does_not_matter():
    prices = series(3, 128)
    prices.flags.writeable = False
    one, other = reversion.run_tests(prices), reversion.run_tests(prices * 2.0**30)
    for name in NUMBERS:
        assert getattr(other, name) == pytest.approx(getattr(one, name), rel=1e-12, nan_ok=True), name


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"prices": np.ones(50)}, r"prices must have shape \(B, T\), got \(50,\)"),
        ({"prices": np.ones((2, 31))}, r"prices must be \(B, T\) with T >= 32, for these lags"),
        ({"prices": np.ones((2, 60)), "adf_lags": 27}, r"with T >= 62"),
        ({"prices": np.ones((2, 60)), "bandwidth": 58}, r"with T >= 61"),
        ({"prices": np.ones((2, 60)), "periods": 30}, r"with T >= 62"),
        ({"prices": np.ones((2, 60)), "trend": "line"}, r"trend must be one of 'n', 'c', 'ct', got 'line'"),
        ({"prices": np.ones((2, 60)), "adf_lags": -1}, r"adf_lags must be >= 0, got -1"),
        ({"prices": np.ones((2, 60)), "periods": 1}, r"periods must be >= 2, got 1"),
    ],
)
def test_a_broken_rule_is_named_with_its_value(arguments, message):
    with pytest.raises(InvalidInput, match=message):
        reversion.run_tests(**arguments)


@pytest.mark.parametrize("options", [{}, {"trend": "ct", "bandwidth": 3, "periods": 4}])
def test_a_fit_with_tests_has_the_numbers_of_both(options):
    prices = series(4, 60)
    prices[1, 7], prices[2] = np.nan, 5.0
    found = reversion.fit_and_test(prices, dt=0.5, bias="jackknife", adf_lags=2, **options)
    np.testing.assert_equal(found.fit, ou.fit(prices, dt=0.5, bias="jackknife", adf_lags=2))
    np.testing.assert_equal(found.tests, reversion.run_tests(prices, adf_lags=2, **options))
    with pytest.raises(InvalidInput, match="T >= 32"):
        reversion.fit_and_test(prices[:, :20])
