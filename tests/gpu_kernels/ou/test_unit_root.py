"""The estimate near a unit root: its table against exact probabilities, and what fits make of it."""

import math
from pathlib import Path

import numpy as np
import pytest

from gpu_kernels import ou
from gpu_kernels.ou import unit_root
from tests.naive import unit_root as oracle

HONEST = ("b_median_unbiased", "b_lower", "b_upper", "mu_lower", "mu_upper")


def series(theta, n_prices, n_series, seed=0):
    """Draw series (n_series, n_prices), stationary where theta is above 0."""
    rng = np.random.default_rng(seed)
    b = math.exp(-theta)
    steps = rng.normal(size=(n_series, n_prices))
    if theta:
        steps[:, 0] /= math.sqrt(1 - b * b)
    for t in range(1, n_prices):
        steps[:, t] += b * steps[:, t - 1]
    return steps


@pytest.mark.parametrize("n_pairs", [10, 13, 50, 99])
@pytest.mark.parametrize("slope", [-0.02, -0.1, -0.25, -0.5])
def test_the_probabilities_of_the_estimate_at_the_tabulated_decays_are_those_promised(slope, n_pairs):
    far = unit_root.decays(np.array([slope]), np.array([float(n_pairs)]))
    middle, slowest, fastest = (1.0 - float(each[0]) / n_pairs for each in far[:3])
    if far.middle[0] > 0:
        assert oracle.probability_below(1 + slope, middle, n_pairs) == pytest.approx(0.5, abs=0.01)
    if far.slowest[0] > 0:
        share = 0.025 * (1 - math.exp(-far.slowest[0] / 4))
        assert oracle.probability_below(1 + slope, slowest, n_pairs) == pytest.approx(0.05 - share, abs=0.003)
    if far.fastest[0] < n_pairs:
        share = 0.025 * (1 - math.exp(-far.fastest[0] / 4))
        assert oracle.probability_below(1 + slope, fastest, n_pairs) == pytest.approx(1 - share, abs=0.003)


def test_far_from_a_unit_root_the_interval_is_the_normal_one():
    slope, n_pairs = np.array([-0.4]), np.array([1e6])
    far = unit_root.decays(slope, n_pairs)
    spread = math.sqrt((1 - 0.6**2) / 1e6)
    assert 1 - far.middle[0] / 1e6 == pytest.approx(0.6, abs=0.02 * spread)
    assert 1 - far.fastest[0] / 1e6 == pytest.approx(0.6 - 1.96 * spread, abs=0.02 * spread)
    assert 1 - far.slowest[0] / 1e6 == pytest.approx(0.6 + 1.96 * spread, abs=0.02 * spread)
    assert far.reach[0] == pytest.approx(1.96, abs=0.02)


@pytest.mark.parametrize("n_pairs", [10.0, 10.5, 40.0, 1000.0, 1e5])
def test_distances_rise_with_the_estimate_and_keep_their_order(n_pairs):
    slope = -np.linspace(-3.9 / n_pairs, 0.99, 2000)
    far = unit_root.decays(slope, np.full(2000, n_pairs))
    for each in far[:3]:
        assert (np.diff(each) >= -1e-3).all()  # the table has four decimals
    assert (far.slowest <= far.middle).all()
    assert (far.middle <= far.fastest).all()
    assert (np.diff(far.reach) <= 1e-3).all()


def test_one_estimate_has_the_numbers_of_many():
    rng = np.random.default_rng(3)
    slope, n_pairs = rng.uniform(-1.0, 0.2, 300), 10.0 + rng.exponential(300.0, 300)
    many = unit_root.decays(slope, n_pairs)
    for place, (one, n) in enumerate(zip(slope.tolist(), n_pairs.tolist(), strict=True)):
        found = unit_root.decays_of_one(one, n)
        assert found == pytest.approx([column[place] for column in many], rel=1e-12, abs=1e-12)


def test_the_table_has_a_number_for_each_place():
    text = Path(unit_root.__file__).with_name("unit_root_table.csv").read_text(encoding="utf-8")
    assert len(text.splitlines()) * 97 == len(text.replace("\n", " ").split(",")) == 4 * 21 * 97


@pytest.mark.parametrize("theta", [0.0, 0.02, 0.2])
def test_intervals_cover_the_truth_about_as_often_as_they_say(twin, theta):
    fit = ou.fit(series(theta, 100, 1000), bias="median_unbiased")
    assert 0.92 <= np.mean((fit.theta_lower <= theta) & (theta <= fit.theta_upper)) <= 0.98
    assert np.mean((fit.mu_lower <= 0) & (fit.mu_upper >= 0)) >= 0.89
    assert np.mean(fit.b_lower <= math.exp(-theta)) <= 1.0
    if theta:
        assert 0.43 <= np.mean(fit.b_median_unbiased < math.exp(-theta)) <= 0.57
        wald = ou.fit(series(theta, 100, 1000))
        assert np.mean((wald.theta_lower <= theta) & (theta <= wald.theta_upper)) <= 0.96


@pytest.mark.usefixtures("twin")
def test_theta_and_its_interval_transform_those_of_b():
    fit = ou.fit(series(0.05, 200, 30), dt=0.5, bias="median_unbiased")
    some = fit.b_median_unbiased < 1
    assert fit.theta[some] == pytest.approx(-np.log(fit.b_median_unbiased[some]) / 0.5, rel=1e-9)
    bounded = (fit.b_upper < 1) & some
    assert fit.theta_lower[bounded] == pytest.approx(-np.log(fit.b_upper[bounded]) / 0.5, rel=1e-9)
    assert fit.half_life_upper[bounded] == pytest.approx(math.log(2) / (fit.theta_lower[bounded] * 0.5), rel=1e-12)
    assert (fit.half_life_upper[fit.b_upper == 1] == np.inf).all()
    assert (fit.theta < ou.fit(series(0.05, 200, 30), dt=0.5).theta).all()


@pytest.mark.usefixtures("twin")
def test_the_new_figures_are_there_whatever_correction_was_asked_for():
    prices = series(0.1, 150, 20)
    fits = [ou.fit(prices, bias=bias) for bias in ou.BIASES]
    for name in HONEST:
        columns = [getattr(fit, name) for fit in fits]
        assert all(np.array_equal(column, columns[0]) for column in columns), name


@pytest.mark.usefixtures("twin")
def test_the_interval_reaches_a_unit_root_where_a_test_at_5_percent_does_not_reject_it():
    prices = np.concatenate([series(theta, 400, 100, seed) for seed, theta in enumerate((0.01, 0.03))])
    fit = ou.fit(prices, bias="median_unbiased")
    rejects = 400 * (np.exp(-ou.fit(prices).theta) - 1) < -13.96  # Fuller (1976), table 8.5.1: n (b - 1) at 5 %
    assert np.mean(rejects == (fit.b_upper < 1)) > 0.97


@pytest.mark.usefixtures("twin")
def test_the_interval_of_the_mean_is_where_a_t_test_does_not_reject():
    (prices,) = series(0.3, 300, 1, seed=4) + 70.0
    fit = ou.single(ou.fit([prices]))
    slope = math.exp(-fit.theta) - 1
    reach = float(unit_root.decays(np.array([slope]), np.array([299.0])).reach[0])
    kept = oracle.fieller(prices, reach)
    assert (fit.mu_lower, fit.mu_upper) == pytest.approx((kept.min(), kept.max()), abs=1e-3)
    assert fit.mu_lower < fit.mu < fit.mu_upper


@pytest.mark.usefixtures("twin")
def test_a_random_walk_has_an_interval_without_an_upper_end_and_no_mean():
    prices = series(0.0, 200, 50)
    fit = ou.fit(prices, bias="median_unbiased")
    walks = fit.theta == 0
    assert walks.sum() > 10
    assert {fit.status[i] for i in np.flatnonzero(walks)} == {"error"}
    assert (fit.half_life[walks] == np.inf).all()
    assert (fit.half_life_upper[walks] == np.inf).all()
    assert np.isfinite(fit.half_life_lower[walks]).all()
    assert (fit.theta_upper[walks] > 0).mean() > 0.9
    assert (fit.mu_upper[walks] == np.inf).mean() > 0.9


@pytest.mark.usefixtures("twin")
@pytest.mark.parametrize("n_prices", [4, 10])
def test_too_few_pairs_for_a_claim_have_no_number_and_the_reason(n_prices):
    (prices,) = series(0.5, n_prices, 1, seed=2)
    found = ou.single(ou.fit([prices], bias="median_unbiased"))
    assert (found.status, found.reason) == ("updating", "fewer than 10 pairs, too few for a median-unbiased estimate")
    assert found.theta == found.half_life == found.b_median_unbiased == 0
    plain = ou.single(ou.fit([prices]))
    assert plain.sigma > 0
    assert (plain.mu_lower, plain.mu_upper, plain.b_median_unbiased) == (-math.inf, math.inf, 0)


@pytest.mark.usefixtures("twin")
def test_the_figures_do_not_depend_on_the_unit_of_the_prices():
    prices = series(0.05, 120, 10)
    one, other = ou.fit(prices, bias="median_unbiased"), ou.fit(prices * 2.0**40, bias="median_unbiased")
    for name in ("theta", "theta_lower", "theta_upper", "half_life_upper", "b_median_unbiased", "b_lower"):
        assert np.array_equal(getattr(one, name), getattr(other, name)), name
    assert np.array_equal(one.mu_upper * 2.0**40, other.mu_upper)


def test_equal_gaps_give_the_regular_answer():
    prices = series(0.2, 150, 3)
    times = np.broadcast_to(np.arange(150.0), prices.shape)
    irregular = ou.online.IRREGULAR_TWINS.run(prices, times, "median_unbiased", 0)
    regular = ou.fit(prices, bias="median_unbiased")
    for name in ("theta", "theta_lower", "theta_upper", "b_median_unbiased"):
        assert getattr(irregular, name) == pytest.approx(getattr(regular, name), rel=1e-6), name
    assert irregular.mu_lower == pytest.approx(regular.mu_lower, rel=0.05, abs=0.05)
