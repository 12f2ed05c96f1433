import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.tsa.ar_model import AutoReg
from statsmodels.tsa.stattools import adfuller

from gpu_kernels import ou
from gpu_kernels.errors import InvalidInput
from tests.gpu_kernels.ou.irregular_times import fit_irregular
from tests.gpu_kernels.twins import LAYOUTS
from tests.naive import ou as naive

pytestmark = pytest.mark.usefixtures("twin")

NUMBERS = [name for name in ou.OuFit._fields if name not in {"status", "reason", "bias_note"}]


def series(seed=0, n_series=1, n_prices=400, theta=0.1, level=100.0, dt=1.0):
    rng = np.random.default_rng(seed)
    times = np.arange(n_prices) * dt
    return np.array([naive.simulate(theta, level, 1.0, times, rng) for _ in range(n_series)])


@settings(max_examples=15)
@given(
    st.lists(st.integers(-1000, 1000) | st.just(None), min_size=5, max_size=40),
    st.sampled_from([1.0, 1 / 252, 7.5]),
    st.sampled_from([0.0, 1e6, -50.0]),
)
def test_a_fit_is_the_weighted_regression_of_the_papers(whole, dt, level):
    prices = [math.nan if x is None else x / 8 + level for x in whole]
    found = ou.single(ou.fit([prices], dt=dt))
    if found.status == "error" or found.reason.startswith("fewer than"):
        return
    for name, value in naive.fit(prices, dt).items():
        if name not in {"b", "se_b"}:
            # A theta near 0 is the log of a number near 1, and mu a quotient by its distance from 1.
            assert getattr(found, name) == pytest.approx(value, rel=1e-8, abs=1e-9), name


@pytest.mark.parametrize("level", [0.0, 100.0, 1e6])
def test_theta_and_its_error_agree_with_statsmodels(level):
    prices = series(level=level)[0]
    found = ou.single(ou.fit(prices[None], dt=0.5))
    peer = AutoReg(prices, lags=1).fit()
    n = len(prices) - 1
    b = math.exp(-found.theta * 0.5)
    assert b == pytest.approx(peer.params[1], rel=1e-8)
    assert found.mu * (1 - b) == pytest.approx(peer.params[0], rel=1e-8, abs=1e-8)
    assert found.log_likelihood == pytest.approx(peer.llf, rel=1e-8)
    # statsmodels divides by n where the unbiased variance divides by n - 2.
    wider = math.sqrt(n / (n - 2))
    assert found.theta_std_error * b * 0.5 == pytest.approx(peer.bse[1] * wider, rel=1e-8)


def test_the_error_of_the_mean_agrees_with_the_delta_method_on_statsmodels_covariance():
    prices = series()[0]
    found = ou.single(ou.fit(prices[None]))
    peer = AutoReg(prices, lags=1).fit()
    a, b = peer.params
    gradient = np.array([1 / (1 - b), a / (1 - b) ** 2])
    n = len(prices) - 1
    expected = math.sqrt(gradient @ peer.cov_params() @ gradient * n / (n - 2))
    assert found.mu_std_error == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("lags", range(5))
@pytest.mark.parametrize(("theta", "level"), [(0.1, 0.0), (0.002, 1e4), (0.8, -30.0)])
def test_the_dickey_fuller_test_agrees_with_statsmodels(lags, theta, level):
    prices = series(seed=lags, n_series=3, n_prices=200, theta=theta, level=level)
    found = ou.fit(prices, adf_lags=lags)
    for row, statistic, p_value in zip(prices, found.adf_statistic, found.adf_p_value, strict=True):
        peer = adfuller(row, maxlag=lags, autolag=None, result_object=False)
        assert statistic == pytest.approx(peer[0], rel=1e-8)
        assert p_value == pytest.approx(peer[1], rel=1e-8)


@pytest.mark.parametrize("n_series", [1, 2])
def test_p_values_agree_with_statsmodels_over_the_whole_line(n_series):
    from statsmodels.tsa.adfvalues import mackinnonp

    from gpu_kernels.ou.dickey_fuller import p_values

    grid = np.linspace(-25, 5, 301)
    expected = [mackinnonp(t, regression="c", N=n_series) for t in grid]
    assert p_values(grid, n_series) == pytest.approx(expected, rel=1e-8, abs=1e-15)


def test_lagged_tests_leave_out_the_equations_that_touch_a_gap():
    prices = series(n_prices=120)[0]
    prices[40] = np.nan
    found = ou.single(ou.fit(prices[None], adf_lags=2))
    rows = [
        (prices[t] - prices[t - 1], 1.0, prices[t - 1], prices[t - 1] - prices[t - 2], prices[t - 2] - prices[t - 3])
        for t in range(3, 120)
        if not np.isnan(prices[t - 3 : t + 1]).any()
    ]
    y, X = np.array(rows)[:, 0], np.array(rows)[:, 1:]
    coefficients = np.linalg.lstsq(X, y)[0]
    s2 = np.sum((y - X @ coefficients) ** 2) / (len(y) - 4)
    expected = coefficients[1] / math.sqrt(s2 * np.linalg.inv(X.T @ X)[1, 1])
    assert found.adf_statistic == pytest.approx(expected, rel=1e-7)


def test_one_broken_series_changes_no_other():
    prices = series(n_series=5, n_prices=101)
    alone = ou.fit(prices, bias="jackknife", adf_lags=1)
    prices[1], prices[2, 3], prices[3, 5:] = 7.0, np.nan, np.nan
    beside = ou.fit(prices, bias="jackknife", adf_lags=1)
    assert beside.status[1] == "error"
    for name in NUMBERS:
        for row in (0, 4):
            assert getattr(beside, name)[row] == getattr(alone, name)[row], name


@pytest.mark.parametrize("n_prices", [4, 37, 1000])
def test_a_batch_is_its_series_one_by_one(n_prices):
    prices = series(n_series=150, n_prices=n_prices, theta=0.4)
    prices[7, 2] = np.nan
    batch = ou.fit(prices, bias="tang_chen")
    for row in (0, 6, 7, 8, 149):
        assert ou.single(ou.fit(prices[row : row + 1], bias="tang_chen")) == ou.single(batch, row)


def test_an_empty_batch_gives_empty_results():
    found = ou.fit(np.zeros((0, 10)), bias="jackknife", adf_lags=1)
    assert found.theta.shape == (0,)
    assert found.status == ()
    assert fit_irregular(np.zeros((0, 3)), np.arange(3.0), adf_lags=1).theta.shape == (0,)


@LAYOUTS
def test_any_layout_gives_the_same_and_is_left_alone(twin, layout):
    prices = series(n_series=3)
    given, expected = layout(prices), ou.fit(prices, adf_lags=1)
    found = ou.fit(given, adf_lags=1)
    rel = 1e-12 if twin.backend == "numpy" else 0.0  # NumPy adds along the memory, and so in another order
    for name in NUMBERS:
        np.testing.assert_allclose(getattr(found, name), getattr(expected, name), rtol=rel, err_msg=name)
    np.testing.assert_array_equal(given, prices)
    assert ou.fit(prices.tolist(), adf_lags=1).sigma == pytest.approx(expected.sigma, rel=1e-12)


@settings(max_examples=10)
@given(st.integers(0, 10_000), st.sampled_from([2.0**-20, 1024.0, -4.0]), st.sampled_from([0.0, 3.0, -1e5]))
def test_scale_and_shift_move_mu_and_scale_sigma_alone(seed, scale, shift):
    prices = series(seed=seed, n_prices=60, level=2.0)
    base, moved = ou.single(ou.fit(prices)), ou.single(ou.fit(scale * prices + shift))
    if base.status == "error":
        return
    for name in ("theta", "half_life", "theta_std_error", "r_squared", "adf_statistic", "adf_p_value"):
        assert getattr(moved, name) == pytest.approx(getattr(base, name), rel=1e-4 if shift else 1e-9), name
    assert moved.mu == pytest.approx(scale * base.mu + shift, rel=1e-5)
    assert moved.sigma == pytest.approx(abs(scale) * base.sigma, rel=1e-4)


def test_another_unit_of_time_scales_theta_and_leaves_the_half_life_in_periods():
    prices = series()
    day, year = ou.single(ou.fit(prices)), ou.single(ou.fit(prices, dt=1 / 252))
    assert year.theta == pytest.approx(252 * day.theta, rel=1e-12)
    assert year.sigma == pytest.approx(math.sqrt(252) * day.sigma, rel=1e-12)
    assert year.theta_bias_corrected == pytest.approx(252 * day.theta_bias_corrected, rel=1e-12)
    assert year.half_life == pytest.approx(day.half_life, rel=1e-12)
    assert year.status == day.status


def test_a_correction_changes_theta_and_half_life_alone():
    prices = series()
    base = ou.single(ou.fit(prices))
    for bias in ("tang_chen", "jackknife"):
        found = ou.single(ou.fit(prices, bias=bias))
        changed = {name for name, a, b in zip(base._fields, base, found, strict=True) if a != b}
        assert changed == {"theta", "half_life", "bias_note"}
        assert found.bias_note == f"{bias} applied"
        assert found.half_life == pytest.approx(math.log(2) / found.theta)
    assert ou.single(ou.fit(prices, bias="tang_chen")).theta == base.theta_bias_corrected


def test_the_jackknife_takes_halves_that_share_no_price():
    prices = series(n_prices=301, dt=0.1, theta=3.0)
    found = ou.single(ou.fit(prices, dt=0.1, bias="jackknife"))
    assert found.theta == pytest.approx(naive.jackknife(prices[0], 0.1), rel=1e-9)


def test_a_step_too_long_for_the_expansion_is_left_uncorrected():
    prices = series(theta=3.0, n_prices=2000, seed=3)
    found = ou.single(ou.fit(prices, bias="tang_chen"))
    assert found.theta > 2
    assert found.bias_note == "tang_chen not applied: theta dt > 2"
    assert found.theta_bias_corrected == found.theta


def test_a_half_without_a_theta_leaves_the_jackknife_out():
    prices = np.concatenate([[3.0, -3.0, 3.0, -3.1, 2.9], series(n_prices=5)[0]])
    found = ou.single(ou.fit(np.concatenate([prices, prices + 0.1])[None, :10], bias="jackknife"))
    assert "not applied" in found.bias_note


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"prices": [1.0, 2.0]}, r"prices must have shape \(B, T\), got \(2,\)"),
        ({"prices": [["a"]]}, r"prices must be numbers of shape \(B, T\)"),
        ({"dt": 0.0}, r"dt must be finite and > 0, got 0.0"),
        ({"bias": "boot"}, r"bias must be one of 'none', 'tang_chen', 'jackknife', 'median_unbiased', got 'boot'"),
        ({"adf_lags": -1}, r"adf_lags must be >= 0, got -1"),
    ],
)
def test_a_broken_rule_is_named_with_its_value(arguments, message):
    with pytest.raises(InvalidInput, match=message):
        ou.fit(**{"prices": series(n_prices=10), **arguments})


def test_the_names_of_results_are_the_same_for_one_series_and_for_many():
    assert ou.OuFit._fields == ou.OuEstimate._fields
    assert all(a != b for a, b in itertools.combinations(ou.OuFit._fields, 2))
