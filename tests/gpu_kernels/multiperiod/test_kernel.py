"""The plan kernel finds the NumPy twin's plans, at every width of its vectors, and says where it does not."""

from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gpu_kernels import dispatch
from gpu_kernels.errors import Degenerate, InvalidInput
from gpu_kernels.multiperiod import MODES, driver, host, native, optimize
from tests.gpu_kernels.multiperiod.test_optimize import SIZES, market, problems, sides
from tests.gpu_kernels.native import needs_compiler
from tests.gpu_kernels.twins import CPU, OWN, WIDTHS, by_numpy, lanes, on
from tests.naive import multiperiod as naive

pytestmark = [needs_compiler, pytest.mark.usefixtures("twin")]

ENDS = [WIDTHS[0], WIDTHS[-1]]


@pytest.fixture
def left(monkeypatch):
    """Note the programs that the kernel leaves to the NumPy twin."""
    programs = []
    solve = host.solve

    def watched(program):
        programs.append(program)
        return solve(program)

    monkeypatch.setattr(host, "solve", watched)
    return programs


@on(ENDS)
@settings(max_examples=60)
@given(**problems, frequency=st.integers(0, 3), mode=st.sampled_from(MODES))
def test_it_equals_the_numpy_twin(seed, n_periods, n_assets, cost, bounds, gamma, frequency, mode):
    means, covariances = market(seed, n_periods, n_assets)
    options = {
        "gamma": gamma,
        "transaction_cost": cost,
        "bounds": bounds,
        "rebalance_frequency": frequency,
        "mode": mode,
    }
    found, expected = optimize(means, covariances, **options), by_numpy(optimize, means, covariances, **options)
    size = np.abs(expected.weights).max()
    np.testing.assert_allclose(found.weights, expected.weights, rtol=0, atol=1e-9 * size)
    assert found.cumulative_utility == pytest.approx(expected.cumulative_utility, rel=1e-10, abs=1e-12 * size)


@on(ENDS)
@pytest.mark.parametrize("n_periods", [1, 3, 12])
@pytest.mark.parametrize("n_assets", [1, 2, 7, 8, 9, 16, 17, 33])
def test_its_plans_satisfy_the_optimality_conditions_at_every_size(n_periods, n_assets, left):
    means, covariances = market(n_assets, n_periods, n_assets)
    initial, (lower, upper) = np.full(n_assets, 1 / n_assets), sides((0.0, 1.0), n_assets)
    plan = optimize(means, covariances, gamma=5.0, transaction_cost=1e-3, bounds=(0, 1))
    assert not left
    assert np.abs(plan.weights.sum(axis=1) - 1).max() <= 1e-12
    assert plan.weights.min() >= -1e-12
    if n_periods * n_assets <= 60:  # the check is a dense least-squares problem
        assert naive.stationarity(plan.weights, means, covariances, 5.0, 1e-3, initial, lower, upper) <= 1e-10
    theirs = naive.plan(means, covariances, 5.0, 1e-3, initial, lower, upper)
    best = naive.objective(theirs, means, covariances, 5.0, 1e-3, initial)
    assert plan.cumulative_utility == pytest.approx(best, rel=1e-9, abs=1e-12)


@on(ENDS)
def test_it_settles_what_is_asked_of_it_every_day(left):
    for seed in range(40):
        means, covariances = market(seed, 5, 10)
        optimize(means, covariances, gamma=5.0, transaction_cost=1e-3, bounds=(0, 1))
    assert not left


@on(ENDS)
def test_it_says_where_there_is_no_optimum(left):
    with pytest.raises(Degenerate, match="no optimum was found"):
        optimize([[0.01, 0.03]], np.ones((2, 2)), transaction_cost=1e-3)
    assert len(left) == 1
    assert not native.solve(left[0]).residual <= driver.TOLERANCE


@on(ENDS)
def test_numbers_that_are_not_finite_give_no_plan():
    program = driver.Program(
        np.full((2, 3, 3), np.nan), np.zeros((2, 3)), 1e-3, 1.0, np.zeros(3), np.ones(3), np.full(3, 1 / 3)
    )
    found = native.solve(program)
    assert not np.isfinite(found.residual)
    assert np.isnan(found.weights).all()


EXTREME = st.sampled_from([0.0, -0.0, 1.0, -1.0, 0.02, 5e-324, 1e-200, 1e-50, 1e-25, 1e14, 1e50, -1e50])


@on(ENDS)
@settings(max_examples=100)
@given(
    st.tuples(EXTREME, EXTREME, EXTREME, EXTREME),
    st.tuples(EXTREME, EXTREME),
    st.floats(-0.99, 0.99),
    SIZES,
    st.sampled_from([1e-50, 1e-14, 1.0, 1e14, 1e50]),
    st.sampled_from([(0.0, 1.0), (-np.inf, np.inf), (-1e50, 1e50), (1e-9, np.inf)]),
)
def test_numbers_of_any_legal_size_give_finite_weights_or_a_rule(means, variances, correlation, cost, gamma, bounds):
    widths = np.sqrt(np.abs(variances))
    covariance = np.array([[1.0, correlation], [correlation, 1.0]]) * np.outer(widths, widths)
    with suppress(InvalidInput, Degenerate):
        plan = optimize(np.reshape(means, (2, 2)), covariance, transaction_cost=cost, gamma=gamma, bounds=bounds)
        for figures in plan[:-2]:
            assert np.isfinite(figures).all()
        assert plan.weights.sum(axis=1) == pytest.approx(1.0, abs=1e-9 * np.abs(plan.weights).max())


@on(CPU)
@pytest.mark.parametrize("cost", [1.0, 5.0, 10.0])
def test_weights_that_are_fixed_stay_so_whatever_the_others_cost(cost):
    """A program in which bounds are equal has no inside for an interior point."""
    plan = optimize(
        [[0.0009, 0.0004, 0.0002]],
        np.diag([1.9e-4, 1.8e-4, 2.7e-4]),
        gamma=0.5,
        transaction_cost=cost,
        bounds=([0.41, 0.38, 0.01], [0.41, 0.58, 0.21]),
        initial_weights=np.zeros(3),
    )
    np.testing.assert_allclose(plan.weights, [[0.41, 0.58, 0.01]], atol=1e-9)


@on(CPU)
@settings(max_examples=20)
@given(**(problems | {"cost": st.sampled_from([0.0, 1e-4, 1e-2, 0.1])}), share=st.sampled_from([0.3, 0.7, 1.0]))
def test_fixed_weights_are_as_in_clarabels_plan(seed, n_periods, n_assets, cost, bounds, gamma, share):
    means, covariances = market(seed, n_periods, n_assets)
    rng, initial = np.random.default_rng(seed), np.full(n_assets, 1 / n_assets)
    held = initial + 0.2 * rng.normal(size=n_assets)
    held += (1 - held.sum()) / n_assets
    fixed = rng.random(n_assets) < share
    lower, upper = np.where(fixed, held, held - 0.3), np.where(fixed, held, held + 0.3)
    theirs = naive.plan(means, covariances, gamma, cost, initial, lower, upper)
    best = naive.objective(theirs, means, covariances, gamma, cost, initial)
    plan = optimize(means, covariances, gamma=gamma, transaction_cost=cost, bounds=(lower, upper))
    assert np.array_equal(plan.weights[:, fixed], np.tile(held[fixed], (n_periods, 1)))
    assert plan.cumulative_utility == pytest.approx(best, rel=1e-8, abs=1e-8 * (np.abs(means).max() + cost))


@on(CPU)
@pytest.mark.parametrize("gamma", [1e-3, 1e-7, 1e-10])
@pytest.mark.parametrize("bounds", [(0, np.inf), (0, 1)])
def test_hardly_any_risk_aversion_holds_what_gains_most_within_bounds_that_the_budget_implies(gamma, bounds):
    means = [[0.01, 0.03, 0.02], [0.02, 0.01, 0.03]]
    plan = optimize(means, np.diag([1e-4, 2e-4, 1.5e-4]), gamma=gamma, transaction_cost=1e-3, bounds=bounds)
    np.testing.assert_allclose(plan.weights, [[0, 1, 0], [0, 0, 1]], atol=1e-7)


@on(CPU)
def test_a_portfolio_without_risk_or_gain_is_an_optimum_like_any_other():
    plan = optimize(np.zeros((2, 2)), np.outer([0.01, -0.03], [0.01, -0.03]), gamma=5.0, bounds=(0, 1))
    np.testing.assert_allclose(plan.weights, [[0.75, 0.25]] * 2, atol=1e-6)
    free = optimize(np.full((1, 2), 0.001), np.outer([0.01, 0.03], [0.01, 0.03]), gamma=5.0)
    np.testing.assert_allclose(free.weights, [[1.5, -0.5]], atol=1e-6)


@pytest.mark.parametrize("options", [{}, {"transaction_cost": 1e-3}, {"transaction_cost": 1e-3, "bounds": (0, 0.4)}])
@on(OWN)
def test_the_width_changes_no_bit(options):
    found = set()
    means, covariances = market(3, 5, 11)
    for width in (2, 4, 8):
        with lanes(width):
            found.add(optimize(means, covariances, gamma=5.0, **options).weights.tobytes())
    assert len(found) == 1


@on(OWN)
def test_beside_a_gpu_a_plan_is_the_kernels():
    means, covariances = market(3, 3, 10)
    found = []
    for backend, beside in (("native", False), ("cuda", True), ("cuda", False)):
        with dispatch.using(backend, lanes=beside):
            found.append(optimize(means, covariances, transaction_cost=1e-3).weights.tobytes())
    assert found[0] == found[1]
    assert found[2] == by_numpy(optimize, means, covariances, transaction_cost=1e-3).weights.tobytes()
