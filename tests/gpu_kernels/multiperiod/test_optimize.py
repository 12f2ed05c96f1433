from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gpu_kernels.errors import Degenerate, InvalidInput
from gpu_kernels.multiperiod import COST_MODELS, MODES, optimize
from tests.naive import multiperiod as naive


def market(seed, n_periods, n_assets):
    rng = np.random.default_rng(seed)
    returns = 0.01 * rng.normal(size=(n_periods, 3 * n_assets, n_assets))
    return 1e-3 * rng.normal(size=(n_periods, n_assets)), np.einsum("kti,ktj->kij", returns, returns) / (3 * n_assets)


def sides(bounds, n_assets):
    lower, upper = (-np.inf, np.inf) if bounds is None else bounds
    return np.broadcast_to(lower, n_assets).astype(float), np.broadcast_to(upper, n_assets).astype(float)


problems = {
    "seed": st.integers(0, 10**6),
    "n_periods": st.integers(1, 7),
    "n_assets": st.integers(2, 6),
    "cost": st.sampled_from([0.0, 1e-6, 2e-4, 1e-3, 5e-3]),
    "bounds": st.sampled_from([None, (0.0, 1.0), (-0.2, 0.6), (-np.inf, 0.7), (0.0, np.inf)]),
    "gamma": st.sampled_from([0.5, 5.0, 50.0]),
}


@settings(max_examples=60, deadline=None)
@given(**problems, frequency=st.integers(0, 3))
def test_plan_is_optimal_and_as_good_as_clarabels(seed, n_periods, n_assets, cost, bounds, gamma, frequency):
    means, covariances = market(seed, n_periods, n_assets)
    plan = optimize(
        means, covariances, gamma=gamma, transaction_cost=cost, bounds=bounds, rebalance_frequency=frequency
    )
    m, S, lengths = naive.blocks(means, covariances, max(1, frequency))
    held = plan.weights[plan.rebalance_times]
    initial, (lower, upper) = np.full(n_assets, 1 / n_assets), sides(bounds, n_assets)
    assert np.array_equal(plan.weights, np.repeat(held, lengths, axis=0))
    assert np.abs(plan.weights.sum(axis=1) - 1).max() <= 1e-12
    assert (held >= lower - 1e-10).all()
    assert (held <= upper + 1e-10).all()
    assert naive.stationarity(held, m, S, gamma, cost, initial, lower, upper) <= 1e-10
    theirs = naive.plan(m, S, gamma, cost, initial, lower, upper)
    best = naive.objective(theirs, m, S, gamma, cost, initial)
    size = np.abs(held).sum() * np.abs(means).max() + 1e-3 * abs(best)
    assert plan.cumulative_utility == pytest.approx(best, rel=1e-9, abs=1e-9 * size)


@settings(max_examples=25, deadline=None)
@given(**problems, frequency=st.integers(1, 3))
def test_mpc_is_a_plan_of_each_block_with_what_is_known_then(seed, n_periods, n_assets, cost, bounds, gamma, frequency):
    means, covariances = market(seed, n_periods, n_assets)
    rolled = optimize(
        means,
        covariances,
        gamma=gamma,
        transaction_cost=cost,
        bounds=bounds,
        mode="mpc",
        rebalance_frequency=frequency,
    )
    before = np.full(n_assets, 1 / n_assets)
    for start in rolled.rebalance_times:
        block = slice(start, start + frequency)
        left = n_periods - start
        plan = optimize(
            np.tile(means[block].mean(axis=0), (left, 1)),
            covariances[block].mean(axis=0),
            gamma=gamma,
            transaction_cost=cost,
            bounds=bounds,
            initial_weights=before,
            rebalance_frequency=frequency,
        )
        np.testing.assert_allclose(rolled.weights[start], plan.weights[0], atol=1e-9)
        before = rolled.weights[start]


@pytest.mark.parametrize(("seed", "n_periods"), [(0, 6), (1, 3), (57, 6)])
def test_a_plan_in_which_predictors_took_turns_is_solved(seed, n_periods):
    """From uncentred points, predictor and corrector went round in a circle of four."""
    means, covariances = market(seed, n_periods, 2)
    mean, covariance = means[0], covariances[0]
    plan = optimize(np.tile(mean, (n_periods, 1)), covariance, gamma=0.5, transaction_cost=1e-6)
    initial, (lower, upper) = np.full(2, 0.5), sides(None, 2)
    covariances = np.broadcast_to(covariance, (n_periods, 2, 2))
    found = naive.stationarity(
        plan.weights, np.tile(mean, (n_periods, 1)), covariances, 0.5, 1e-6, initial, lower, upper
    )
    assert found <= 1e-10
    optimize(means, market(seed, n_periods, 2)[1], gamma=0.5, transaction_cost=1e-6, mode="mpc")


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), n_periods=st.integers(1, 6), n_assets=st.integers(1, 5))
def test_without_costs_each_period_stands_alone_in_closed_form(seed, n_periods, n_assets):
    means, covariances = market(seed, n_periods, n_assets)
    plan = optimize(means, covariances, gamma=4.0)
    for w, m, S in zip(plan.weights, means, covariances, strict=True):
        inverse = np.linalg.inv(S)
        eta = (inverse @ m).sum() - 4.0
        expected = inverse @ (m - eta / inverse.sum()) / 4.0
        np.testing.assert_allclose(w, expected, rtol=1e-9, atol=1e-9)
    assert np.array_equal(plan.weights, optimize(means, covariances, gamma=4.0, mode="mpc").weights) or np.allclose(
        plan.weights, optimize(means, covariances, gamma=4.0, mode="mpc").weights, atol=1e-10
    )


def test_high_costs_leave_the_weights_where_they_are():
    means, covariances = market(4, 5, 4)
    initial = np.array([0.4, 0.3, 0.2, 0.1])
    plan = optimize(means, covariances, transaction_cost=1.0, initial_weights=initial)
    np.testing.assert_allclose(plan.weights, np.tile(initial, (5, 1)), atol=1e-12)
    assert plan.avg_turnover < 1e-12


def test_weights_without_variance_have_a_ratio_of_0():
    plan = optimize([[0.01, 0.0]], np.diag([0.0, 1.0]), gamma=1.0, bounds=([1.0, 0.0], [1.0, 0.0]))
    assert plan.weights.tolist() == [[1.0, 0.0]]
    assert plan.sharpe_ratio.tolist() == [0.0]


def test_the_figures_are_those_of_the_weights():
    means, covariances = market(5, 7, 3)
    plan = optimize(means, covariances, gamma=3.0, transaction_cost=1e-3, rebalance_frequency=3)
    before = np.full(3, 1 / 3)
    for k, w in enumerate(plan.weights):
        turnover = np.abs(w - before).sum()
        variance = w @ covariances[k] @ w
        assert plan.expected_return[k] == pytest.approx(w @ means[k], rel=1e-12)
        assert plan.expected_volatility[k] == pytest.approx(np.sqrt(variance), rel=1e-12)
        assert plan.sharpe_ratio[k] == pytest.approx(w @ means[k] / np.sqrt(variance), rel=1e-12)
        assert plan.turnover[k] == pytest.approx(turnover, abs=1e-15)
        assert plan.utility[k] == pytest.approx(w @ means[k] - 1.5 * variance - 1e-3 * turnover, rel=1e-11)
        before = w
    assert plan.rebalance_times.tolist() == [0, 3, 6]
    assert plan.turnover[[1, 2, 4, 5]].tolist() == [0.0] * 4
    assert plan.avg_turnover == pytest.approx(plan.turnover.sum() / 3)
    assert plan.cumulative_utility == pytest.approx(plan.utility.sum())
    assert plan.status == "optimized"


def test_golden_two_assets_trade_until_the_gain_of_one_more_unit_is_its_cost():
    # w = (x, 1 - x), S = I: slope 0.02 - gamma (2 x - 1) of x, and a unit of x costs 2 c to move.
    plan = optimize([[0.02, 0.0]], np.eye(2), gamma=0.1, transaction_cost=0.005)
    assert plan.weights[0] == pytest.approx([0.55, 0.45], abs=1e-13)
    assert plan.turnover[0] == pytest.approx(0.1, abs=1e-13)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10**6), scale=st.sampled_from([1e-6, 1e-2, 1e3, 1e8]))
def test_weights_do_not_depend_on_the_unit_of_utility(seed, scale):
    means, covariances = market(seed, 4, 4)
    small = optimize(means, covariances, gamma=5.0, transaction_cost=5e-4, bounds=(0, 1))
    large = optimize(scale * means, scale * covariances, gamma=5.0, transaction_cost=scale * 5e-4, bounds=(0, 1))
    np.testing.assert_allclose(small.weights, large.weights, atol=1e-9)


def test_the_order_of_assets_does_not_matter():
    means, covariances = market(6, 5, 5)
    order = [3, 1, 4, 0, 2]
    plan = optimize(means, covariances, transaction_cost=5e-4, bounds=(0, 1))
    turned = optimize(means[:, order], covariances[:, order][:, :, order], transaction_cost=5e-4, bounds=(0, 1))
    np.testing.assert_allclose(plan.weights[:, order], turned.weights, atol=1e-9)


@pytest.mark.parametrize(
    ("n_periods", "n_assets", "size", "bounds"), [(6, 8, 30.0, None), (25, 8, 1.0, (0, 1)), (5, 4, 1e6, None)]
)
def test_many_periods_and_weights_far_above_one_are_solved_as_well(n_periods, n_assets, size, bounds):
    means, covariances = market(11, n_periods, n_assets)
    initial, (lower, upper) = np.full(n_assets, 1 / n_assets), sides(bounds, n_assets)
    plan = optimize(size * means, covariances, gamma=0.25, transaction_cost=size * 5e-4, bounds=bounds)
    violation = naive.stationarity(
        plan.weights, size * means, covariances, 0.25, size * 5e-4, initial, lower, upper, 1e-8 * size
    )
    assert violation <= 1e-10


def test_a_gain_common_to_all_assets_changes_nothing():
    means, covariances = market(12, 4, 5)
    plan = optimize(means, covariances, transaction_cost=5e-4, bounds=(0, 1))
    lifted = optimize(means + 2.0**10, covariances, transaction_cost=5e-4, bounds=(0, 1))
    np.testing.assert_allclose(plan.weights, lifted.weights, atol=1e-6)


def test_a_singular_covariance_and_no_risk_aversion_are_solved_where_bounds_hold_the_weights():
    means = np.array([[0.01, 0.03, 0.02], [0.03, 0.01, 0.02]])
    plan = optimize(means, np.zeros((3, 3)), gamma=0.0, transaction_cost=1e-3, bounds=(0, 1))
    np.testing.assert_allclose(plan.weights, [[0, 1, 0], [1, 0, 0]], atol=1e-9)
    plan = optimize(means, np.ones((3, 3)), gamma=2.0, transaction_cost=1e-3, bounds=(0, 1))
    np.testing.assert_allclose(plan.weights, [[0, 1, 0], [1, 0, 0]], atol=1e-9)


def test_a_gain_without_risk_that_costs_do_not_outweigh_is_degenerate():
    with pytest.raises(Degenerate, match="no optimum was found"):
        optimize([[0.01, 0.03]], np.ones((2, 2)), transaction_cost=1e-3)
    kept = optimize([[0.01, 0.03]], np.ones((2, 2)), transaction_cost=0.02)
    np.testing.assert_allclose(kept.weights, [[0.5, 0.5]], atol=1e-9)


@settings(max_examples=30, deadline=None)
@given(
    gamma=st.floats(0.1, 20),
    cost=st.floats(0.01, 50),
    rho=st.floats(0.0, 0.3),
    before=st.floats(-3, 3),
    mean=st.floats(-0.05, 0.05),
)
def test_quadratic_costs_take_the_first_step_of_the_infinite_problem(gamma, cost, rho, before, mean):
    plan = optimize(
        [[mean]],
        [[0.04]],
        gamma=gamma,
        transaction_cost=cost,
        rho=rho,
        cost_model="quadratic",
        initial_weights=[before],
    )
    expected = naive.first_trade(mean, 0.04, gamma, cost, rho, before)
    assert plan.weights[0, 0] == pytest.approx(expected, rel=1e-8, abs=1e-8)


def test_quadratic_without_costs_goes_to_the_aim_and_with_them_part_of_the_way():
    means, covariances = market(7, 6, 3)
    aims = [np.linalg.solve(2.0 * S, m) for m, S in zip(means, covariances, strict=True)]
    free = optimize(means, covariances, gamma=2.0, cost_model="quadratic")
    np.testing.assert_allclose(free.weights, aims, rtol=1e-9)
    lam, before = 3.0, np.full(3, 1 / 3)
    paid = optimize(means, covariances, gamma=2.0, cost_model="quadratic", transaction_cost=lam, rho=0.1, mode="mpc")
    mixed = 2.0 * 0.9 + lam * 0.1
    a = (-mixed + np.sqrt(mixed**2 + 4 * 2.0 * lam * 0.9**2)) / (2 * 0.9)
    for k, aim in enumerate(aims):
        w = (1 - a / lam) * before + a / lam * aim
        np.testing.assert_allclose(paid.weights[k], w, rtol=1e-9)
        S, d = covariances[k], w - before
        assert paid.utility[k] == pytest.approx(w @ means[k] - w @ S @ w - lam / 2 * d @ S @ d, rel=1e-9)
        before = w


def test_quadratic_with_blocks_aims_at_the_block_and_a_singular_one_is_degenerate():
    means, covariances = market(8, 4, 3)
    plan = optimize(means, covariances, cost_model="quadratic", rebalance_frequency=2)
    aim = np.linalg.solve(covariances[2] + covariances[3], means[2] + means[3])
    np.testing.assert_allclose(plan.weights[2:], [aim, aim], rtol=1e-9)
    covariances[2:] = 1.0
    with pytest.raises(Degenerate, match="block that starts at period 2 is singular"):
        optimize(means, covariances, cost_model="quadratic", rebalance_frequency=2)


def test_one_asset_holds_all_there_is():
    plan = optimize([[0.1], [-0.1]], [[0.04]], transaction_cost=0.1, initial_weights=[0.5])
    assert plan.weights == pytest.approx(np.ones((2, 1)), abs=1e-13)
    assert plan.turnover == pytest.approx([0.5, 0.0], abs=1e-13)


def test_bounds_that_leave_one_point_are_met():
    for n_assets in (4, 6, 7):  # six sixths add up to less than 1
        means, covariances = market(9, 3, n_assets)
        plan = optimize(means, covariances, transaction_cost=1e-3, bounds=(1 / n_assets, 1 / n_assets))
        np.testing.assert_allclose(plan.weights, 1 / n_assets, atol=1e-9)


def test_arguments_are_read_only_and_left_alone():
    means, covariances = market(10, 3, 3)
    initial, lower = np.array([0.2, 0.3, 0.5]), np.zeros(3)
    for values in (means, covariances, initial, lower):
        values.setflags(write=False)
    given_means, given_covariances = means.copy(), covariances.copy()
    for mode in MODES:
        optimize(
            means, covariances, transaction_cost=1e-3, mode=mode, initial_weights=initial, bounds=(lower, lower + 1)
        )
    assert np.array_equal(means, given_means)
    assert np.array_equal(covariances, given_covariances)
    assert COST_MODELS == ("proportional", "quadratic")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"means": [0.1, 0.2]}, r"means must have shape \(K, N\), got \(2,\)"),
        ({"means": np.empty((0, 2))}, r"means must have at least one period and one asset, got \(0, 2\)"),
        ({"means": [[0.1, np.nan]]}, r"means\[0, 1\] must be finite, got nan"),
        ({"means": [[0.1, 1e51]]}, r"means\[0, 1\] must be at most 1e\+50 in magnitude, got 1e\+51"),
        ({"covariances": np.eye(3)}, r"covariances must have shape \(K, N, N\) or \(N, N\) with K = 1 and N = 2"),
        ({"covariances": np.full((2, 2), np.inf)}, r"covariances\[0, 0\] must be finite, got inf"),
        ({"covariances": [[[1.0, 0.5], [0.4, 1.0]]]}, r"covariances\[0\] must be symmetric"),
        ({"covariances": [[1.0, 2.0], [2.0, 1.0]]}, "covariances must have no negative eigenvalue, got -1"),
        (
            {"covariances": [[[1.0, 0.0], [0.0, 1e-60]]]},
            r"covariances\[0, 1, 1\] must be 0 or at least 1e-50 in magnitude",
        ),
        ({"covariances": [[1.0, 0.0], [0.0, 1e60]]}, r"covariances\[1, 1\] must be at most 1e\+50 in magnitude"),
        ({"gamma": 5e-324}, r"gamma must be between 1e-50 and 1e\+50, got 5e-324"),
        ({"gamma": 1e308}, r"gamma must be between 1e-50 and 1e\+50, got 1e\+308"),
        ({"transaction_cost": 1e308}, r"transaction_cost must be at most 1e\+50 in magnitude, got 1e\+308"),
        ({"bounds": (-np.inf, 1e60)}, r"bounds must be at most 1e\+50 in magnitude, got 1e\+60"),
        ({"gamma": -1.0}, "gamma must be finite and >= 0, got -1.0"),
        ({"gamma": 0.0}, "gamma must be > 0 unless every weight is bounded on both sides, got 0.0"),
        ({"transaction_cost": np.nan}, "transaction_cost must be finite and >= 0, got nan"),
        ({"rebalance_frequency": -1}, "rebalance_frequency must be >= 0, got -1"),
        ({"initial_weights": [1.0]}, "initial_weights must hold one weight for each of the 2 assets, got 1"),
        ({"initial_weights": [1.0, np.nan]}, r"initial_weights\[1\] must be finite, got nan"),
        ({"cost_model": "cubic"}, "cost_model must be one of 'proportional', 'quadratic', got 'cubic'"),
        ({"mode": "greedy"}, "mode must be one of 'plan', 'mpc', got 'greedy'"),
        ({"rho": 0.1}, "rho applies to cost_model 'quadratic' only, got 0.1"),
        ({"rho": 1.0, "cost_model": "quadratic"}, "rho must be at least 0 and below 1, got 1.0"),
        ({"bounds": (0, 1), "cost_model": "quadratic"}, "bounds apply to cost_model 'proportional' only"),
        ({"bounds": (0, 1, 2)}, r"bounds must be \(lower, upper\), got 3"),
        ({"bounds": ([0.0] * 3, 1)}, "bounds must be numbers or hold one for each of the 2 assets, got 3"),
        ({"bounds": (1, [0.5, 1.0])}, r"bounds\[0\] must have lower <= upper, got \(1.0, 0.5\)"),
        ({"bounds": (np.nan, 1)}, r"bounds\[0\] must have lower <= upper, got \(nan, 1.0\)"),
        ({"bounds": (0, 0.4)}, r"bounds must allow weights that sum to 1, .*, got \(0.0, 0.8\)"),
    ],
)
def test_bad_input_names_field_rule_and_value(changes, message):
    arguments = {"means": [[0.1, 0.2]], "covariances": np.eye(2)} | changes
    with pytest.raises(InvalidInput, match=f"^{message}"):
        optimize(**arguments)


EXTREME = [0.0, -0.0, 1.0, -1.0, 0.02, 5e-324, 1e-200, 1e-50, 1e-25, 1e14, 1e50, -1e50]
NUMBERS = st.one_of(st.sampled_from(EXTREME), st.floats(-1e50, 1e50))
SIZES = st.sampled_from([0.0, 5e-324, 1e-50, 1e-14, 1e-3, 1.0, 1e50])


@settings(max_examples=150, deadline=None)
@given(
    st.tuples(NUMBERS, NUMBERS, NUMBERS, NUMBERS),
    st.tuples(NUMBERS, NUMBERS),
    st.floats(-0.99, 0.99),
    st.fixed_dictionaries(
        {"mode": st.sampled_from(MODES), "transaction_cost": SIZES},
        optional={
            "gamma": st.sampled_from([0.0, 1e-50, 1e-14, 1e14, 1e50]),
            "initial_weights": st.tuples(NUMBERS, NUMBERS),
        },
    ),
    st.one_of(
        st.fixed_dictionaries(
            {"bounds": st.sampled_from([(0.0, 1.0), (-np.inf, np.inf), (-1e50, 1e50), (1e-9, np.inf)])}
        ),
        st.fixed_dictionaries({"cost_model": st.just("quadratic"), "rho": st.sampled_from([0.0, 0.5, 1 - 1e-16])}),
    ),
)
def test_numbers_of_any_legal_size_give_finite_weights_or_a_rule(means, variances, correlation, options, model):
    widths = np.sqrt(np.abs(variances))
    covariance = np.array([[1.0, correlation], [correlation, 1.0]]) * np.outer(widths, widths)
    with np.errstate(over="raise", divide="raise", invalid="raise"), suppress(InvalidInput, Degenerate):
        plan = optimize(np.reshape(means, (2, 2)), covariance, **options, **model)
        for figures in plan[:-2]:
            assert np.isfinite(figures).all()


@pytest.mark.parametrize("size", [0.0, 5e-324, 1e-308])
def test_large_weights_before_a_period_without_gain_or_risk_overflow_nothing(size):
    with np.errstate(over="raise", divide="raise", invalid="raise"):
        plan = optimize([[size]], [[0.0]], gamma=1e14, bounds=(0, 1), initial_weights=[1e30])
    assert plan.weights == pytest.approx(np.ones((1, 1)))
