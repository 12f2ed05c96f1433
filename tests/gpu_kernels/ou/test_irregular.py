import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gpu_kernels import ou
from gpu_kernels.ou import likelihood
from tests.gpu_kernels.ou.irregular_times import fit_irregular
from tests.naive import ou as naive


def drawn(seed=0, n_prices=300, theta=0.5, mu=20.0, sigma=2.0):
    rng = np.random.default_rng(seed)
    times = np.cumsum(rng.exponential(size=n_prices) + 0.01)
    return naive.simulate(theta, mu, sigma, times, rng), times


@pytest.mark.parametrize("gap", [1.0, 1 / 252, 30.0])
@pytest.mark.parametrize("bias", ["none", "tang_chen"])
def test_equal_gaps_give_the_regular_estimate(gap, bias):
    rng = np.random.default_rng(7)
    times = np.arange(400) * gap
    prices = np.array([naive.simulate(0.2 / gap, 5.0, 1.0, times, rng) for _ in range(6)])
    regular, irregular = ou.fit(prices, dt=gap, bias=bias), fit_irregular(prices, times, bias=bias)
    for name in set(regular._fields) - {"status", "reason", "bias_note"}:
        periods = 1 / gap if name.startswith("half_life") else 1.0
        assert getattr(irregular, name) * periods == pytest.approx(getattr(regular, name), rel=1e-7), name
    assert (irregular.status, irregular.reason, irregular.bias_note) == (
        regular.status,
        regular.reason,
        regular.bias_note,
    )


def test_a_batch_is_its_series_one_by_one():
    rows = [drawn(seed, theta=10.0 ** (seed - 2)) for seed in range(5)]
    prices, times = np.array([row[0] for row in rows]), np.array([row[1] for row in rows])
    prices[3, 5:9] = np.nan
    batch = fit_irregular(prices, times)
    for row in range(5):
        alone = ou.single(fit_irregular(prices[row : row + 1], times[row]))
        for a, b in zip(alone, ou.single(batch, row), strict=True):
            assert a == b or a == pytest.approx(b, rel=1e-10)


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 1000))
def test_the_estimate_maximises_the_likelihood_of_the_exact_transitions(seed):
    prices, times = drawn(seed, n_prices=40)
    found = ou.single(fit_irregular(prices[None], times))
    theta, mu, sigma, value = naive.fit_irregular(prices, times)
    if found.status == "error":
        return
    assert found.log_likelihood == pytest.approx(
        naive.log_likelihood(prices, times, found.theta, found.mu, found.sigma), rel=1e-9
    )
    assert found.log_likelihood >= value - 1e-8
    assert (found.theta, found.mu, found.sigma) == pytest.approx((theta, mu, sigma), rel=1e-4)


def test_heavy_tailed_gaps_do_not_hide_the_highest_maximum():
    # With gaps of many lengths the profile likelihood has several maxima. In two of these draws, a climb from the
    # least-squares estimate ends where theta is largest, beside a higher one.
    rng = np.random.default_rng(1)
    for _ in range(150):
        gaps = rng.pareto(0.6, size=int(rng.integers(20, 120))) + 1e-3
        times = np.concatenate([[0], np.cumsum(gaps)])
        prices = naive.simulate(np.exp(rng.uniform(-5, 3)), 5.0, 1.0, times, rng)
        found = ou.single(fit_irregular(prices[None], times))
        grid, heights = naive.profile(prices, times, 400)
        top = int(np.argmax(heights))
        if found.status == "error":
            assert top in {0, 399} or heights[top] - max(heights[0], heights[-1]) < 1e-6
        else:
            assert found.log_likelihood >= heights[top] - 1e-9
            assert abs(np.log(found.theta / grid[top])) < 0.5


def test_a_nan_is_bridged_by_the_longer_gap():
    prices, times = drawn()
    gone = [0, 10, 11, 50, 299]
    holes = prices.copy()
    holes[gone] = np.nan
    with_holes = ou.single(fit_irregular(holes[None], times, adf_lags=1))
    without = ou.single(fit_irregular(np.delete(prices, gone)[None], np.delete(times, gone), adf_lags=1))
    assert with_holes.n_samples == 295
    assert with_holes[:6] == pytest.approx(without[:6], rel=1e-10)


def test_errors_come_from_the_curvature_of_the_likelihood():
    prices, times = drawn(n_prices=400)
    found = ou.single(fit_irregular(prices[None], times))
    best = np.array([found.theta, found.mu, found.sigma])

    def value(place):
        return naive.log_likelihood(prices, times, *place)

    steps = best * 1e-4
    hessian = np.empty((3, 3))
    for i in range(3):
        for j in range(3):
            corners = [
                (a * b, value(best + a * steps * np.eye(3)[i] + b * steps * np.eye(3)[j]))
                for a in (-1, 1)
                for b in (-1, 1)
            ]
            hessian[i, j] = sum(sign * v for sign, v in corners) / (4 * steps[i] * steps[j])
    covariance = np.linalg.inv(-hessian) * 399 / 397
    expected = np.sqrt(np.diagonal(covariance))
    assert found.theta_std_error == pytest.approx(expected[0], rel=1e-3)
    assert found.mu_std_error == pytest.approx(expected[1], rel=1e-3)
    assert found.sigma_std_error == pytest.approx(expected[2], rel=5e-3)


def test_a_unit_of_time_scales_theta_and_half_life():
    prices, times = drawn()
    second, minute = (ou.single(fit_irregular(prices[None], times / unit, bias="tang_chen")) for unit in (1.0, 60.0))
    assert minute.theta == pytest.approx(60 * second.theta, rel=1e-9)
    assert minute.half_life == pytest.approx(second.half_life / 60, rel=1e-9)
    assert minute.mu == pytest.approx(second.mu, rel=1e-9)


def test_shift_and_scale_move_mu_and_scale_sigma_alone():
    prices, times = drawn()
    base = ou.single(fit_irregular(prices[None], times))
    moved = ou.single(fit_irregular(1000 * prices[None] - 1e6, times + 1e4))
    assert moved.theta == pytest.approx(base.theta, rel=1e-7)
    assert moved.mu == pytest.approx(1000 * base.mu - 1e6, rel=1e-7)
    assert moved.sigma == pytest.approx(1000 * base.sigma, rel=1e-7)


@pytest.mark.parametrize("gap", [1.0, 1e-9, 1e9])
@pytest.mark.parametrize(
    ("prices", "status", "reason"),
    [
        ([1, 2, 3], "updating", "fewer than 4 prices"),
        ([math.nan] * 6, "updating", "fewer than 4 prices"),
        ([3, 3, 3, 3, 3], "error", "constant series"),
        ([16, 8, 4, 2, 1, 0.5], "error", "deterministic series"),
        ([1, 2, 4, 8, 17, 33], "error", "unit root"),
        ([1, -1.2, 1.1, -0.9, 1, -1.1], "error", "no OU process has b <= 0"),
        ([1, 1e200, 2, -1e200, 4], "error", "the prices are too large"),
    ],
)
def test_every_edge_has_its_status_and_reason_and_touches_no_other(prices, status, reason, gap):
    good, _ = drawn(n_prices=len(prices))
    times = np.arange(len(prices)) * gap
    both = fit_irregular([prices, good], times, bias="jackknife")
    found = ou.single(both, 0)
    assert (found.status, found.reason[: len(reason)]) == (status, reason)
    assert not any(isinstance(value, float) and math.isnan(value) for value in found)
    alone = ou.single(fit_irregular([good], times, bias="jackknife"))
    assert ou.single(both, 1)[:4] == pytest.approx(alone[:4], rel=1e-10)


def test_series_without_noise_keep_their_speed_over_uneven_gaps():
    times = np.array([0.0, 0.3, 1.0, 1.1, 2.5, 4.0, 4.2])
    found = ou.single(fit_irregular([3 + 5 * np.exp(-0.7 * times)], times))
    assert found.reason.startswith("deterministic")
    assert found.theta == pytest.approx(0.7, rel=1e-6)
    assert (found.sigma, found.mu) == (0, pytest.approx(3.0))


def test_the_jackknife_takes_both_halves():
    prices, times = drawn(n_prices=500)
    whole, first, second = (
        ou.single(fit_irregular(prices[None, part], times[part])).theta
        for part in (slice(None), slice(250), slice(250, None))
    )
    found = ou.single(fit_irregular(prices[None], times, bias="jackknife"))
    assert found.theta == pytest.approx(2 * whole - (first + second) / 2, rel=1e-9)


def test_inputs_may_be_read_only():
    prices, times = drawn()
    prices.flags.writeable = times.flags.writeable = False
    assert fit_irregular(prices[None], times).theta[0] > 0


def test_the_height_of_the_profile_is_that_of_the_oracle():
    prices, times = drawn(5, n_prices=60)
    grid, expected = naive.profile(prices, times, 40)
    pairs = likelihood.bridged(np.tile(prices, (40, 1)), np.tile(times, (40, 1)))
    # Without the constant -n/2 (ln 2 pi + 1).
    moved = expected + 0.5 * 59 * (math.log(2 * math.pi) + 1)
    np.testing.assert_allclose(likelihood.height(pairs, grid), moved, rtol=1e-9, atol=1e-6)
    np.testing.assert_allclose(likelihood.profile(pairs, grid).log_likelihood, moved, rtol=1e-9, atol=1e-6)


@pytest.mark.parametrize("bias", ou.BIASES)
def test_an_infinite_price_is_told_of_its_series_alone(bias):
    prices, times = drawn()
    spoilt = prices.copy()
    spoilt[9] = -math.inf
    found, alone = (fit_irregular(batch, times, bias=bias) for batch in ([prices, spoilt], [prices]))
    assert (found.status[1], found.reason[1]) == ("error", "the price -inf at row 9 is infinite")
    assert ou.single(found) == ou.single(alone)
