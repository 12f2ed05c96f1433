"""Weights without inequalities, against exact elimination."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gpu_kernels import weights
from gpu_kernels.errors import Degenerate
from tests.gpu_kernels.twins import CPU, on
from tests.naive import weights as naive

pytestmark = [pytest.mark.usefixtures("twin"), on(CPU)]


def problem(seed, n_assets, *, spread=1.0):
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(2 * n_assets + 4, n_assets)) * 0.01 * np.exp(spread * rng.normal(size=n_assets))
    return rng.normal(size=n_assets) * 1e-3, np.cov(rows, rowvar=False).reshape(n_assets, n_assets)


PROBLEMS = st.builds(problem, st.integers(0, 2**32), st.integers(1, 6))
GAMMAS = st.floats(0.01, 100.0)


@settings(max_examples=20)
@given(PROBLEMS, GAMMAS)
def test_cara_with_a_budget_is_the_exact_solution_of_its_optimality_conditions(given_problem, gamma):
    means, matrix = given_problem
    found = weights.cara(means, matrix, gamma=gamma)
    exact = naive.budget(means, matrix, gamma)
    assert np.allclose(found.weights, exact, rtol=1e-10, atol=1e-11 * np.abs(exact).max())
    assert found.status == "optimized"
    assert found.reason == ""


@settings(max_examples=20)
@given(PROBLEMS, GAMMAS)
def test_unconstrained_cara_is_the_exact_solution_of_its_optimality_conditions(given_problem, gamma):
    means, matrix = given_problem
    exact = naive.unconstrained(means, matrix, gamma)
    found = weights.cara(means, matrix, gamma=gamma, mode="unconstrained")
    assert np.allclose(found.weights, exact, rtol=1e-10, atol=1e-11 * np.abs(exact).max())


@settings(max_examples=35)
@given(PROBLEMS, st.floats(-2e-3, 2e-3))
def test_the_sharpe_ratio_takes_the_tangency_portfolio_only_where_its_sum_is_positive(given_problem, rate):
    means, matrix = given_problem
    exact, total = naive.tangency(means, matrix, rate)
    assume(np.abs(exact).sum() < 1e6)
    found = weights.sharpe(means, matrix, risk_free_rate=rate)
    if total > 0:
        assert np.allclose(found.weights, exact, rtol=1e-8, atol=1e-9 * np.abs(exact).max())
        assert found.status == "optimized"
    else:
        assert np.allclose(found.weights, -exact / np.abs(exact).sum(), rtol=1e-8, atol=1e-10)
        assert found.status == "constrained"
        assert "positive sum" in found.reason
    assert found.sharpe_ratio > 0


@settings(max_examples=20)
@given(PROBLEMS, GAMMAS, st.floats(-1e-3, 1e-3), st.sampled_from(["cara", "sharpe"]), st.sampled_from(weights.MODES))
def test_the_reported_figures_are_those_of_the_weights(given_problem, gamma, rate, method, mode):
    means, matrix = given_problem
    found = getattr(weights, method)(means, matrix, gamma=gamma, risk_free_rate=rate, mode=mode)
    w = found.weights
    size = np.abs(w) @ np.abs(means) + gamma * np.abs(w) @ np.abs(matrix) @ np.abs(w)
    assert found.expected_return == pytest.approx(w @ means, abs=1e-14 * size)
    assert found.expected_volatility == pytest.approx(np.sqrt(w @ matrix @ w), rel=1e-9)
    assert found.sharpe_ratio == pytest.approx(naive.ratio(w, means, matrix, rate), rel=1e-9, abs=1e-12)
    assert found.utility == pytest.approx(naive.utility(w, means, matrix, gamma), abs=1e-13 * size)


def test_two_uncorrelated_assets_have_weights_known_by_hand():
    means, matrix = np.array([0.1, 0.2]), np.diag([0.04, 0.09])
    assert weights.sharpe(means, matrix).weights == pytest.approx([9 / 17, 8 / 17], abs=1e-15)
    assert weights.cara(means, matrix, mode="unconstrained", gamma=2.0).weights == pytest.approx([1.25, 10 / 9])
    # eta = (1'S^-1 m - gamma)/(1'S^-1 1) = (2.5 + 20/9 - 1)/(25 + 100/9) = 67/650
    assert weights.cara(means, matrix).weights == pytest.approx([-1 / 13, 14 / 13], abs=1e-14)


def test_dividing_by_a_negative_sum_would_have_given_the_lowest_ratio():
    means, matrix = np.array([0.01, 0.02]), np.diag([0.04, 0.09])
    found = weights.sharpe(means, matrix, risk_free_rate=0.03)
    exact, total = naive.tangency(means, matrix, 0.03)
    assert total < 0
    assert naive.ratio(exact, means, matrix, 0.03) == pytest.approx(-found.sharpe_ratio)
    assert found.sharpe_ratio > 0
    assert (found.weights < 0).all()


def test_the_unconstrained_sharpe_portfolio_is_scaled_by_risk_aversion():
    means, matrix = problem(5, 4)
    found = weights.sharpe(means, matrix, gamma=3.0, risk_free_rate=1e-4, mode="unconstrained")
    assert np.allclose(found.weights, naive.unconstrained(means - 1e-4, matrix, 3.0), rtol=1e-11)


def test_without_any_excess_return_the_sharpe_portfolio_has_least_variance():
    _, matrix = problem(3, 4)
    means = np.full(4, 2e-4)
    found = weights.sharpe(means, matrix, risk_free_rate=2e-4)
    assert np.allclose(found.weights, naive.budget(np.zeros(4), matrix, 1.0))
    assert found.status == "constrained"
    assert "minimum variance" in found.reason
    free = weights.sharpe(means, matrix, risk_free_rate=2e-4, mode="unconstrained")
    assert not free.weights.any()
    assert free.sharpe_ratio == 0.0


@pytest.mark.parametrize("n_assets", [1, 2, 20, 100])
@pytest.mark.parametrize("ridge", [1e-3, 1e-6, 1e-9])
def test_near_singular_covariances_keep_the_budget_and_the_optimality_conditions(n_assets, ridge):
    rng = np.random.default_rng(n_assets)
    loadings = rng.normal(size=(n_assets, 1))
    matrix = 1e-4 * (loadings @ loadings.T + ridge * np.eye(n_assets))
    means = rng.normal(size=n_assets) * 1e-3
    w = weights.cara(means, matrix, gamma=2.0).weights
    gradient = means - 2.0 * matrix @ w
    largest = np.abs(w).max()
    assert abs(w.sum() - 1.0) <= 1e-12 * max(1.0, largest)
    assert np.ptp(gradient) <= 1e-10 * max(np.abs(means).max(), 2.0 * np.abs(matrix).max() * largest)


@pytest.mark.parametrize("method", [weights.cara, weights.sharpe])
@pytest.mark.parametrize("mode", ["budget", "unconstrained"])
def test_a_singular_covariance_has_no_only_optimum(method, mode):
    with pytest.raises(Degenerate, match="covariance is singular"):
        method([0.01, 0.02], [[0.04, 0.04], [0.04, 0.04]], mode=mode)


@pytest.mark.parametrize("method", [weights.cara, weights.sharpe])
@pytest.mark.parametrize("mode", weights.MODES)
def test_the_order_of_assets_does_not_matter(method, mode):
    means, matrix = problem(11, 8)
    order = np.random.default_rng(0).permutation(8)
    straight = method(means, matrix, gamma=4.0, mode=mode).weights
    mixed = method(means[order], matrix[np.ix_(order, order)], gamma=4.0, mode=mode).weights
    assert np.allclose(mixed, straight[order], rtol=1e-10, atol=1e-12 * np.abs(straight).max())


@pytest.mark.parametrize("kwargs", [{}, {"mode": "long_only"}, {"bounds": (-0.2, 0.5)}, {"leverage": 1.6}])
@pytest.mark.parametrize("scale", [1e-6, 1e6])
def test_units_of_return_do_not_matter(kwargs, scale):
    means, matrix = problem(12, 8)
    sharpe = weights.sharpe(means, matrix, **kwargs).weights
    assert np.allclose(
        weights.sharpe(scale * means, scale**2 * matrix, **kwargs).weights, sharpe, rtol=1e-9, atol=1e-11
    )
    cara = weights.cara(means, matrix, gamma=3.0, **kwargs).weights
    scaled = weights.cara(scale * means, scale * matrix, gamma=3.0, **kwargs).weights
    assert np.allclose(scaled, cara, rtol=1e-9, atol=1e-11)


def test_a_constant_in_all_means_leaves_cara_weights_of_a_budget_alone():
    means, matrix = problem(13, 8)
    for mode in ("budget", "long_only"):
        shifted = weights.cara(means + 0.01, matrix, gamma=3.0, mode=mode).weights
        assert np.allclose(shifted, weights.cara(means, matrix, gamma=3.0, mode=mode).weights, atol=1e-9)


def test_turnover_is_what_is_bought_and_sold():
    held, before = np.array([0.5, 0.7, -0.2]), np.array([0.5, 0.2, 0.3])
    assert weights.turnover(held, before) == pytest.approx(1.0)
    assert weights.turnover(np.stack([held, before]), np.stack([before, before])) == pytest.approx([1.0, 0.0])
