"""What the estimates do on drawn paths; seeds are fixed, tolerances are several standard errors of the mean."""

import math

import numpy as np
import pytest

from gpu_kernels import ou
from tests.gpu_kernels.ou.irregular_times import fit_irregular


def paths(n_series, n_prices, theta, dt, seed):
    rng = np.random.default_rng(seed)
    b = math.exp(-theta * dt)
    out = np.empty((n_series, n_prices))
    out[:, 0] = rng.normal(size=n_series)
    for t in range(1, n_prices):
        out[:, t] = b * out[:, t - 1] + math.sqrt(1 - b * b) * rng.normal(size=n_series)
    return out


@pytest.mark.parametrize(("theta", "n_prices"), [(0.2, 500), (0.5, 300), (1.0, 1000)])
def test_theta_is_off_by_the_bias_of_tang_and_chen(theta, n_prices):
    found = ou.fit(paths(4000, n_prices, theta, 1.0, seed=1))
    expected = (2.5 + math.exp(theta) + 0.5 * math.exp(2 * theta)) / (n_prices - 1)
    bias = found.theta.mean() - theta
    noise = found.theta.std() / math.sqrt(4000)
    assert bias == pytest.approx(expected, abs=4 * noise + 0.1 * expected)
    assert found.theta_bias_corrected.mean() == pytest.approx(theta, abs=4 * noise + 0.1 * expected)


def test_both_corrections_bring_theta_nearer_the_truth():
    prices = paths(3000, 250, 0.1, 1.0, seed=2)
    plain = abs(ou.fit(prices).theta.mean() - 0.1)
    for bias in ("tang_chen", "jackknife"):
        assert abs(ou.fit(prices, bias=bias).theta.mean() - 0.1) < 0.4 * plain


@pytest.mark.parametrize(("theta", "dt"), [(0.5, 1.0), (40.0, 1 / 252)])
def test_nineteen_intervals_in_twenty_hold_the_truth_away_from_a_unit_root(theta, dt):
    found = ou.fit(paths(4000, 1000, theta, dt, seed=3), dt=dt)
    holds = (found.theta_lower <= theta) & (theta <= found.theta_upper)
    assert 0.92 < holds.mean() < 0.97
    half_life = math.log(2) / (theta * dt)
    also = (found.half_life_lower <= half_life) & (half_life <= found.half_life_upper)
    assert np.array_equal(holds, also)


def test_standard_errors_are_the_spread_of_the_estimates():
    found = ou.fit(paths(4000, 1000, 0.3, 1.0, seed=4))
    assert found.theta_std_error.mean() == pytest.approx(found.theta.std(), rel=0.06)
    assert found.mu_std_error.mean() == pytest.approx(found.mu.std(), rel=0.06)
    assert found.sigma_std_error.mean() == pytest.approx(found.sigma.std(), rel=0.06)
    assert found.sigma.mean() == pytest.approx(math.sqrt(0.6), rel=0.02)


def test_a_random_walk_is_called_converged_one_time_in_twenty():
    walks = np.random.default_rng(5).normal(size=(4000, 400)).cumsum(axis=1)
    rate = np.mean([status == "converged" for status in ou.fit(walks).status])
    assert 0.035 < rate < 0.065


def test_irregular_times_recover_theta():
    rng = np.random.default_rng(6)
    gaps = rng.exponential(size=(60, 399)) + 0.01
    prices = np.empty((60, 400))
    prices[:, 0] = rng.normal(size=60)
    for t in range(399):
        b = np.exp(-0.5 * gaps[:, t])
        prices[:, t + 1] = b * prices[:, t] + np.sqrt(1 - b * b) * rng.normal(size=60)
    times = np.concatenate([np.zeros((60, 1)), gaps.cumsum(axis=1)], axis=1)
    found = fit_irregular(prices, times, bias="tang_chen")
    assert found.theta.mean() == pytest.approx(0.5, abs=4 * found.theta.std() / math.sqrt(60))
    assert found.theta_std_error.mean() == pytest.approx(found.theta.std(), rel=0.3)
