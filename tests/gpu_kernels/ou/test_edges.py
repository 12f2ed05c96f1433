import itertools
import math

import numpy as np
import pytest

from gpu_kernels import ou

pytestmark = pytest.mark.usefixtures("twin")

NAN = math.nan
FEW_PRICES, FEW_PAIRS = "fewer than 4 prices", "fewer than 3 pairs of neighbouring prices"
UNIT_ROOT = "unit root: the estimate does not revert to a mean"
ZERO_IN_ERROR = ("theta_std_error", "mu_std_error", "sigma_std_error", "r_squared", "adf_statistic", "log_likelihood")


def fit(prices, **options):
    return ou.single(ou.fit([prices], **options))


def reverting(n_prices, theta=0.1, seed=0):
    rng = np.random.default_rng(seed)
    out = np.zeros(n_prices)
    for t in range(1, n_prices):
        out[t] = math.exp(-theta) * out[t - 1] + rng.normal()
    return out


def assert_error(found, reason):
    assert (found.status, found.reason) == ("error", reason)
    assert all(getattr(found, name) == 0 for name in ZERO_IN_ERROR)
    assert found.adf_p_value == 1
    assert found.theta_lower == found.theta_upper == found.theta
    assert found.half_life_lower == found.half_life_upper == found.half_life


@pytest.mark.parametrize(
    ("prices", "count", "reason"),
    [
        ([], 0, FEW_PRICES),
        ([1.0], 1, FEW_PRICES),
        ([1.0, 2.0, 1.0], 3, FEW_PRICES),
        ([1.0, NAN, 2.0, NAN, 1.0], 3, FEW_PRICES),
        ([1.0, 2.0, NAN, 3.0, 1.0], 4, FEW_PAIRS),
        ([1.0, NAN, 2.0, NAN, 1.0, NAN, 4.0], 4, FEW_PAIRS),
    ],
)
@pytest.mark.parametrize("bias", ou.BIASES)
def test_too_few_prices_are_updating_with_numbers_at_zero(prices, count, reason, bias):
    found = fit(prices, bias=bias, adf_lags=1)
    assert (found.status, found.reason, found.n_samples) == ("updating", reason, count)
    assert found.adf_p_value == 1
    names = set(found._fields) - {"status", "reason", "bias_note", "adf_p_value", "n_samples"}
    assert all(getattr(found, name) == 0 for name in names)


def test_a_series_of_nan_is_updating():
    assert fit([NAN] * 50).status == "updating"


@pytest.mark.parametrize("level", [0.0, 0.1, -3.7, 1e6, 1e300])
def test_a_constant_series_has_its_level_and_no_speed(level):
    found = fit([level] * 40, adf_lags=2)
    assert_error(found, "constant series")
    assert (found.theta, found.mu, found.sigma, found.half_life) == (0, level, 0, math.inf)


def test_a_constant_series_with_rounding_is_constant_all_the_same():
    prices = 1e6 * (1 + 2e-16 * np.arange(40) * (-1.0) ** np.arange(40) / 40)
    assert_error(fit(prices), "constant series")


def test_a_decay_without_noise_is_deterministic_and_keeps_its_speed():
    found = fit(5 + 8 * 0.5 ** np.arange(12))
    assert_error(found, "deterministic series: no noise is left to estimate")
    assert found.theta == pytest.approx(math.log(2))
    assert found.mu == pytest.approx(5)
    assert found.sigma == 0


@pytest.mark.parametrize("alone", [[1e6, NAN], [NAN, -1e9, NAN], [1e3, NAN, 1e6, NAN]])
def test_prices_in_no_pair_leave_a_decay_deterministic(alone):
    found = fit([*alone, *5 * 0.5 ** np.arange(12)])
    assert_error(found, "deterministic series: no noise is left to estimate")
    assert found.theta == pytest.approx(math.log(2), rel=1e-12)


def test_a_straight_line_is_deterministic():
    found = fit(np.arange(20.0))
    assert_error(found, "deterministic series: no noise is left to estimate")
    assert (found.theta, found.half_life) == (0, math.inf)


def test_an_explosive_series_is_a_unit_root():
    prices = 1.2 ** np.arange(40) + np.random.default_rng(0).normal(size=40) * 0.01
    found = fit(prices, dt=0.25)
    assert_error(found, UNIT_ROOT)
    assert (found.theta, found.half_life) == (0, math.inf)
    residuals = np.polyfit(prices[:-1], prices[1:], 1, full=True)[1][0]
    assert found.sigma == pytest.approx(math.sqrt(residuals / 39 / 0.25), rel=1e-6)


def test_rounding_does_not_decide_whether_a_series_reverts():
    # b is 1 exactly, and to either side of it by rounding once scaled.
    scales = np.random.default_rng(0).uniform(0.1, 10, size=500)
    found = ou.fit(scales[:, None] * np.array([0.0, -1.0, 0.0, 1.0, 2.0]))
    assert set(found.reason) == {UNIT_ROOT}


def test_alternating_prices_fit_no_process():
    found = fit([1.0, -1.2, 1.1, -0.9, 1.0, -1.1, 0.8])
    assert_error(found, "no OU process has b <= 0: neighbouring prices are unrelated, or alternate about the mean")
    assert (found.theta, found.half_life) == (0, 0)


def test_prices_whose_squares_overflow_are_refused_for_that_series_alone():
    both = ou.fit([[1e200, -1e200, 2e200, 0.0, 1e200], [3.0, 2.0, 1.4, 1.2, 1.15]])
    assert_error(ou.single(both, 0), "the prices are too large: their squares overflow")
    assert both.theta[1] > 0


@pytest.mark.parametrize("bias", ["tang_chen", "jackknife"])
def test_a_correction_that_leaves_no_reversion_is_an_error(bias):
    walks = np.random.default_rng(0).normal(size=(200, 60)).cumsum(axis=1)
    plain, corrected = ou.fit(walks), ou.fit(walks, bias=bias)
    reason = "the bias correction leaves no reversion (theta <= 0)"
    lost = [row for row, why in enumerate(corrected.reason) if why == reason]
    assert lost
    for row in lost:
        found = ou.single(corrected, row)
        assert_error(found, reason)
        assert (found.theta, found.half_life) == (0, math.inf)
        assert (found.mu, found.sigma) == (plain.mu[row], plain.sigma[row])


def test_thirty_pairs_and_a_rejected_unit_root_converge():
    prices = reverting(2000, theta=0.5)
    assert (fit(prices).status, fit(prices).reason) == ("converged", "")
    short = fit(prices[:30])
    assert (short.status, short.reason) == ("updating", "fewer than 30 pairs")
    assert fit(prices[:31]).reason != "fewer than 30 pairs"


def test_a_walk_stays_updating():
    found = fit(reverting(200, theta=1e-4, seed=4))
    assert found.status == "updating"
    assert found.reason == "the Dickey-Fuller test does not reject a unit root at 5 %"


def test_lags_that_leave_no_equations_are_said():
    found = fit(reverting(40), adf_lags=19)
    assert found.reason == "too few pairs for the lags of the Dickey-Fuller test"
    assert (found.adf_statistic, found.adf_p_value) == (0, 1)
    assert fit(reverting(40), adf_lags=10**6).reason == found.reason


def test_intervals_open_where_b_leaves_the_unit_interval():
    slow, fast = fit(reverting(60, theta=0.02, seed=2)), fit(reverting(60, theta=3.0, seed=1))
    assert (slow.theta_lower, slow.half_life_upper) == (0, math.inf)
    assert slow.theta_upper > slow.theta
    assert (fast.theta_upper, fast.half_life_lower) == (math.inf, 0)
    assert 0 < fast.theta_lower < fast.theta


def test_the_two_pairs_that_touch_a_nan_are_dropped():
    prices = reverting(80)
    prices[[20, 50]] = NAN
    kept = [(a, b) for a, b in itertools.pairwise(prices) if not math.isnan(a + b)]
    slope = np.polyfit(*np.array(kept).T, 1)[0]
    found = fit(prices)
    assert (found.n_samples, len(kept)) == (78, 75)
    assert math.exp(-found.theta) == pytest.approx(slope, rel=1e-9)


def test_nan_at_the_ends_is_the_series_without_them():
    prices = reverting(80)
    padded = np.concatenate([[NAN, NAN], prices, [NAN]])
    whole, part = fit(padded), fit(prices)
    assert whole == part
