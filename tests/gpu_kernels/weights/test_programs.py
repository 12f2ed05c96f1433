"""Weights under inequalities: optimality conditions, every active set, grids, and Clarabel's objective."""

import clarabel
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from gpu_kernels import weights
from gpu_kernels.errors import Degenerate
from tests.naive import weights as naive

INFINITE = 1e20
CONSTRAINTS = {
    "long-only": {"mode": "long_only"},
    "long-only, capped each": {"mode": "long_only", "bounds": (None, 1.5)},
    "long and short": {"bounds": (-0.6, 1.3)},
    "lowest alone": {"bounds": (-0.1, None)},
    "highest alone": {"bounds": (None, 1.1)},
    "tight cap": {"leverage": 1.3},
    "loose cap": {"leverage": 40.0},
    "cap and bounds": {"bounds": (-0.8, 1.1), "leverage": 1.7},
}


def problem(seed, n_assets, condition=None):
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(3 * n_assets + 3, n_assets)) * 0.01 * np.exp(0.5 * rng.normal(size=n_assets))
    matrix = np.cov(rows, rowvar=False).reshape(n_assets, n_assets)
    if condition is not None:
        loadings = 0.01 * rng.normal(size=(n_assets, 2))
        matrix = loadings @ loadings.T + 1e-4 / condition * np.eye(n_assets)
    return rng.normal(size=n_assets) * 1e-3, matrix


def limits(n_assets, mode="budget", bounds=(None, None), leverage=None):
    low, high = (np.full(n_assets, s * INFINITE if b is None else b) for b, s in zip(bounds, (-1, 1), strict=True))
    if mode == "long_only":
        low = np.maximum(low, 0.0)
    return low, high, np.inf if leverage is None else leverage, mode != "unconstrained"


def by_clarabel(matrix, q, equality, b, inequality, h):
    """Minimise 1/2 x'Px + q'x, A x = b, G x <= h, as sharply as Clarabel can."""
    options = clarabel.DefaultSettings()
    options.verbose = False
    options.tol_gap_abs = options.tol_gap_rel = options.tol_feas = 1e-13
    rows = sparse.csc_matrix(np.vstack([equality, inequality]))
    cones = [clarabel.ZeroConeT(len(b)), clarabel.NonnegativeConeT(len(h))]
    solver = clarabel.DefaultSolver(sparse.csc_matrix(np.triu(matrix)), q, rows, np.concatenate([b, h]), cones, options)
    return np.array(solver.solve().x)


def peer_cara(means, matrix, gamma, low, high, cap, summing):
    """Variables (w, a) with |w| <= a, everything in units of the largest mean."""
    n = len(means)
    unit, zero = np.eye(n), np.zeros((n, n))
    scale = np.abs(means).max()
    quadratic = np.block([[gamma * matrix / scale, zero], [zero, zero]])
    rows = [np.hstack([unit, -unit]), np.hstack([-unit, -unit])]
    h = [np.zeros(2 * n)]
    for sign, bound in ((-1.0, low), (1.0, high)):
        finite = np.abs(bound) < INFINITE
        rows.append(np.hstack([sign * unit, zero])[finite])
        h.append(sign * bound[finite])
    rows.append(np.hstack([np.zeros(n), np.ones(n)])[None, :])
    h.append([min(cap, 1e6)])
    equality = np.hstack([np.ones(n), np.zeros(n)])[None, : 2 * n][: int(summing)]
    q = np.concatenate([-means / scale, np.zeros(n)])
    return by_clarabel(quadratic, q, equality, np.ones(int(summing)), np.vstack(rows), np.concatenate(h))[:n]


def peer_sharpe(means, matrix, low, high, cap):
    """Variables (y, a, k): minimise y'Sy, m'y = 1, 1'y = k, within the cone."""
    n = len(means)
    unit, zero, none = np.eye(n), np.zeros((n, n)), np.zeros((n, 1))
    quadratic = np.zeros((2 * n + 1, 2 * n + 1))
    quadratic[:n, :n] = matrix / np.diagonal(matrix).max()
    rows = [np.hstack([unit, -unit, none]), np.hstack([-unit, -unit, none])]
    for sign, bound in ((-1.0, low), (1.0, high)):
        finite = np.abs(bound) < INFINITE
        rows.append(np.hstack([sign * unit, zero, -sign * bound[:, None]])[finite])
    if np.isfinite(cap):
        rows.append(np.concatenate([np.zeros(n), np.ones(n), [-cap]])[None, :])
    rows.append(np.concatenate([np.zeros(2 * n), [-1.0]])[None, :])
    inequality = np.vstack(rows)
    scaled = means / np.abs(means).max()
    equality = np.vstack([np.concatenate([scaled, np.zeros(n + 1)]), np.concatenate([np.ones(n), np.zeros(n), [-1.0]])])
    y = by_clarabel(
        quadratic, np.zeros(2 * n + 1), equality, np.array([1.0, 0.0]), inequality, np.zeros(len(inequality))
    )
    return y[:n] / y[2 * n]


def assert_allowed(w, low, high, cap, summing):
    size = max(1.0, np.abs(w).max())
    assert (w >= low - 1e-12 * size).all()
    assert (w <= high + 1e-12 * size).all()
    assert np.abs(w).sum() <= cap * (1 + 1e-11)
    assert not summing or abs(w.sum() - 1.0) <= 1e-11 * size


@pytest.mark.parametrize("name", CONSTRAINTS)
@pytest.mark.parametrize("n_assets", [1, 2, 20, 100])
@pytest.mark.parametrize("condition", [None, 1e8])
def test_cara_weights_satisfy_the_optimality_conditions_and_reach_the_peers_utility(name, n_assets, condition):
    means, matrix = problem(n_assets, n_assets, condition)
    low, high, cap, summing = limits(n_assets, **CONSTRAINTS[name])
    found = weights.cara(means, matrix, gamma=2.0, **CONSTRAINTS[name])
    assert_allowed(found.weights, low, high, cap, summing)
    residual = naive.kkt_residual(
        found.weights, means - 2.0 * matrix @ found.weights, low, high, summing=summing, cap=cap
    )
    assert residual is None or residual <= 1e-10 * np.abs(means).max()
    peer = naive.utility(peer_cara(means, matrix, 2.0, low, high, cap, summing), means, matrix, 2.0)
    assert found.utility == pytest.approx(peer, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("name", CONSTRAINTS)
@pytest.mark.parametrize("n_assets", [1, 2, 20, 100])
@pytest.mark.parametrize("condition", [None, 1e4, 1e8])
def test_sharpe_weights_satisfy_the_optimality_conditions_and_reach_the_peers_ratio(name, n_assets, condition):
    means, matrix = problem(n_assets, n_assets, condition)
    means = np.abs(means) if n_assets == 1 else means
    low, high, cap, summing = limits(n_assets, **CONSTRAINTS[name])
    found = weights.sharpe(means, matrix, **CONSTRAINTS[name])
    assert found.status == "optimized"
    w = found.weights
    assert_allowed(w, low, high, cap, summing)
    slope = (w @ means) / (w @ matrix @ w)
    residual = naive.kkt_residual(w, means - slope * matrix @ w, low, high, summing=summing, cap=cap)
    # Weights are good to rounding at best, which the slope and the covariance magnify.
    magnified = 1e-14 * abs(slope) * (np.abs(matrix) @ np.abs(w)).max()
    assert residual is None or condition == 1e8 or residual <= 1e-10 * np.abs(means).max() + magnified
    peer = naive.ratio(peer_sharpe(means, matrix, low, high, cap), means, matrix, 0.0)
    # On the worse conditioned problems the peer's own ratio falls short by up to a tenth.
    assert found.sharpe_ratio >= peer * (1 - 1e-9)
    if condition is None:
        assert found.sharpe_ratio == pytest.approx(peer, rel=1e-9)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 5), st.floats(0.01, 50.0), st.booleans())
def test_cara_weights_are_the_best_of_all_active_sets(seed, n_assets, gamma, long_only):
    means, matrix = problem(seed, n_assets)
    rng = np.random.default_rng(seed)
    low, high = rng.uniform(-1.0, 1.0 / n_assets, n_assets), rng.uniform(1.0 / n_assets, 1.2, n_assets)
    options = {"mode": "long_only"} if long_only else {"bounds": (low, high)}
    if long_only:
        low, high = np.zeros(n_assets), np.full(n_assets, np.inf)
    found = weights.cara(means, matrix, gamma=gamma, **options)
    best = naive.best_of_all_active_sets(means, matrix, gamma, low, high)
    assert np.allclose(found.weights, best, atol=1e-9)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from(sorted(CONSTRAINTS)), st.floats(-1e-3, 1e-3))
def test_no_portfolio_of_a_grid_beats_the_weights_of_two_assets(seed, name, rate):
    means, matrix = problem(seed, 2)
    low, high, cap, _ = limits(2, **CONSTRAINTS[name])
    low, high = np.maximum(low, -30.0), np.minimum(high, 30.0)
    for method, objective in (
        (weights.cara, lambda w: naive.utility(w, means, matrix, 5.0)),
        (weights.sharpe, lambda w: naive.ratio(w, means, matrix, rate)),
    ):
        found = method(means, matrix, gamma=5.0, risk_free_rate=rate, **CONSTRAINTS[name])
        best, _ = naive.best_of_two_assets(objective, low, high, cap, points=501)
        if found.status == "optimized":
            assert objective(found.weights) >= best - 1e-12 * abs(best)
        else:
            assert best <= 0


@pytest.mark.parametrize("kwargs", [{"mode": "long_only"}, {"bounds": (0.1, 0.4)}, {"leverage": 1.0}])
def test_without_excess_return_the_allowed_portfolio_of_least_variance_is_taken(kwargs):
    means, matrix = problem(8, 4)
    means = -np.abs(means)
    found = weights.sharpe(means, matrix, **kwargs)
    low, high, _, _ = limits(4, **kwargs)
    if "leverage" in kwargs:
        low = np.zeros(4)
    best = naive.best_of_all_active_sets(np.zeros(4), matrix, 1.0, low, high)
    assert np.allclose(found.weights, best, atol=1e-10)
    assert found.status == "constrained"
    assert "minimum variance" in found.reason


def test_a_cap_lets_a_falling_market_be_shorted():
    found = weights.sharpe([-0.02, -0.001], np.diag([0.01, 0.01]), leverage=2.0)
    assert found.weights == pytest.approx([-0.5, 1.5])
    assert found.status == "optimized"


def test_a_cap_of_one_is_long_only():
    means, matrix = problem(2, 12)
    for method in (weights.cara, weights.sharpe):
        assert np.allclose(
            method(means, matrix, leverage=1.0).weights, method(means, matrix, mode="long_only").weights, atol=1e-12
        )


def test_a_cap_that_does_not_bind_changes_nothing():
    means, matrix = problem(2, 12)
    for method in (weights.cara, weights.sharpe):
        free = method(means, matrix, gamma=30.0)
        capped = method(means, matrix, gamma=30.0, leverage=1e4)
        np.testing.assert_allclose(capped.weights, free.weights, rtol=1e-11)  # BLAS sums by the alignment of its arrays


def test_bounds_that_meet_leave_one_portfolio():
    means, matrix = problem(4, 7)
    for method in (weights.cara, weights.sharpe):
        assert method(means, matrix, bounds=(None, 1 / 7)).weights == pytest.approx(np.full(7, 1 / 7))
        assert method(means, matrix, bounds=(1 / 7, None)).weights == pytest.approx(np.full(7, 1 / 7))
        share = np.arange(7) / 21
        assert method(means, matrix, bounds=(share, share)).weights == pytest.approx(share)


def test_a_weight_held_by_its_bounds_stays():
    means, matrix = problem(6, 6)
    low, high = np.full(6, -0.5), np.full(6, 0.8)
    low[2] = high[2] = 0.25
    low[4] = high[4] = 0.0
    for method in (weights.cara, weights.sharpe):
        for cap in (None, 1.2, 2.0):
            w = method(means, matrix, bounds=(low, high), leverage=cap).weights
            assert w[[2, 4]] == pytest.approx([0.25, 0.0], abs=1e-12)
            assert w.sum() == pytest.approx(1.0, abs=1e-12)
            assert np.abs(w).sum() <= (cap or 10.0) + 1e-10


def test_without_a_budget_bounds_and_cap_still_hold():
    means, matrix = problem(9, 5)
    boxed = weights.cara(means, matrix, mode="unconstrained", bounds=(-0.4, 0.3)).weights
    assert boxed.min() >= -0.4
    assert boxed.max() <= 0.3
    gradient = means - matrix @ boxed
    assert naive.kkt_residual(
        boxed, gradient, np.full(5, -0.4), np.full(5, 0.3), summing=False, cap=np.inf
    ) == pytest.approx(0.0, abs=1e-10)
    capped = weights.cara(means, matrix, mode="unconstrained", leverage=0.5).weights
    assert np.abs(capped).sum() == pytest.approx(0.5, abs=1e-12)


@pytest.mark.parametrize("n_rows", [2, 5, 19])
def test_a_singular_covariance_still_has_an_optimum_within_bounds(n_rows):
    rng = np.random.default_rng(n_rows)
    matrix = np.cov(rng.normal(size=(n_rows, 20)) * 0.01, rowvar=False)
    means = rng.normal(size=20) * 1e-3
    low, high, cap, summing = limits(20, mode="long_only")
    found = weights.cara(means, matrix, gamma=8.0, mode="long_only")
    peer = naive.utility(peer_cara(means, matrix, 8.0, low, high, cap, summing), means, matrix, 8.0)
    assert found.utility == pytest.approx(peer, rel=1e-9, abs=1e-12)
    least = weights.sharpe(-np.abs(means), matrix, mode="long_only")
    assert_allowed(least.weights, low, high, cap, summing)


def test_profit_without_variance_has_no_largest_sharpe_ratio():
    with pytest.raises(Degenerate, match="without variance"):
        weights.sharpe([0.01, 0.02], [[0.0, 0.0], [0.0, 0.04]], mode="long_only")


def test_a_singular_covariance_without_bounds_has_no_optimum():
    with pytest.raises(Degenerate, match="do not bound the weights"):
        weights.cara([0.01, 0.02], [[0.0, 0.0], [0.0, 0.04]], mode="unconstrained", bounds=(0.0, None))
