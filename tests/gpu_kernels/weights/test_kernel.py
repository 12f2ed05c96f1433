"""The kernel satisfies the optimality conditions and equals the NumPy twin, at every width of its vectors."""

from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gpu_kernels import dispatch, weights
from gpu_kernels.errors import Degenerate, InvalidInput
from gpu_kernels.weights import native
from tests.gpu_kernels.native import needs_compiler
from tests.gpu_kernels.twins import WIDTHS, by_numpy, lanes, on
from tests.naive import weights as naive

pytestmark = [needs_compiler, pytest.mark.usefixtures("twin"), on([WIDTHS[0], WIDTHS[-1]])]

METHODS = pytest.mark.parametrize("method", [weights.cara, weights.sharpe])
SIZES = [1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 31, 32, 33, 60, 100, 130]


def problem(seed, n_assets, spread=0.5):
    rng = np.random.default_rng(seed)
    scale = 0.01 * np.exp(spread * rng.normal(size=n_assets))
    rows = (rng.normal(size=(3 * n_assets + 3, n_assets)) + rng.normal(size=(3 * n_assets + 3, 1))) * scale
    return rng.normal(size=n_assets) * 1e-3 + 2e-4, np.cov(rows, rowvar=False).reshape(n_assets, n_assets)


@pytest.fixture
def settled(monkeypatch):
    """Note what the kernel settled: False where it left a problem to the NumPy twin."""
    seen = []
    solve = native.solve

    def watched(*arguments):
        found = solve(*arguments)
        seen.append(found.settles(0))
        return found

    monkeypatch.setattr(native, "solve", watched)
    return seen


def both(method, means, matrix, **options):
    return method(means, matrix, **options), by_numpy(method, means, matrix, **options)


def assert_equal(found, expected):
    size = max(1.0, np.abs(expected.weights).max())
    np.testing.assert_allclose(found.weights, expected.weights, rtol=0, atol=1e-10 * size)
    for name in ("expected_return", "expected_volatility", "sharpe_ratio", "utility"):
        assert getattr(found, name) == pytest.approx(getattr(expected, name), rel=1e-9, abs=1e-12), name
    assert (found.status, found.reason) == (expected.status, expected.reason)


@METHODS
@pytest.mark.parametrize("mode", weights.MODES)
@pytest.mark.parametrize("n_assets", SIZES)
def test_it_equals_the_numpy_twin_at_every_size(method, mode, n_assets, settled):
    means, matrix = problem(n_assets, n_assets)
    assert_equal(*both(method, means, matrix, gamma=3.0, mode=mode))
    assert settled == [True]


@settings(max_examples=40)
@given(
    seed=st.integers(0, 2**32),
    n_assets=st.integers(1, 25),
    spread=st.sampled_from([0.0, 0.5, 1.5]),
    gamma=st.floats(0.01, 100.0),
    rate=st.floats(-2e-3, 2e-3),
    mode=st.sampled_from(weights.MODES),
    ratio=st.booleans(),
)
def test_it_equals_the_numpy_twin_on_any_problem(seed, n_assets, spread, gamma, rate, mode, ratio):
    means, matrix = problem(seed, n_assets, spread)
    method = weights.sharpe if ratio else weights.cara
    assert_equal(*both(method, means, matrix, gamma=gamma, risk_free_rate=rate, mode=mode))


@pytest.mark.parametrize("n_assets", [2, 20, 100])
def test_long_only_weights_satisfy_the_optimality_conditions(n_assets, settled):
    low, high = np.zeros(n_assets), np.full(n_assets, np.inf)
    for seed in range(12):
        means, matrix = problem(seed, n_assets)
        means[0] = abs(means[0])
        w = weights.cara(means, matrix, gamma=2.0, mode="long_only").weights
        gradient = means - 2.0 * matrix @ w
        cara = naive.kkt_residual(w, gradient, low, high, summing=True, cap=np.inf)
        v = weights.sharpe(means, matrix, mode="long_only").weights
        gradient = means - (v @ means) / (v @ matrix @ v) * matrix @ v
        sharpe = naive.kkt_residual(v, gradient, low, high, summing=True, cap=np.inf)
        for found, residual in ((w, cara), (v, sharpe)):
            assert found.min() >= 0.0
            assert found.sum() == pytest.approx(1.0, abs=1e-13)
            assert residual is None or residual <= 1e-12 * np.abs(means).max()
    assert len(settled) == 24
    assert all(settled)


@settings(max_examples=20)
@given(st.integers(0, 2**32), st.integers(1, 6), st.floats(0.01, 50.0))
def test_long_only_weights_are_the_best_of_all_active_sets(seed, n_assets, gamma):
    means, matrix = problem(seed, n_assets)
    best = naive.best_of_all_active_sets(means, matrix, gamma, np.zeros(n_assets), np.full(n_assets, np.inf))
    found = weights.cara(means, matrix, gamma=gamma, mode="long_only")
    assert np.allclose(found.weights, best, atol=1e-9)


@METHODS
@pytest.mark.parametrize("options", [{}, {"mode": "long_only"}, {"mode": "unconstrained"}])
def test_a_singular_covariance_is_left_to_the_numpy_twin(method, options, settled):
    returns = np.random.default_rng(0).normal(size=(9, 20)) * 0.01
    means, matrix = np.linspace(1e-4, 1e-3, 20), np.cov(returns, rowvar=False)
    results = []
    for answer in (partial(by_numpy, method), method):
        try:
            results.append(answer(means, matrix, **options))
        except Degenerate as error:
            results.append(str(error))
    if isinstance(results[0], str):
        assert results[0] == results[1]
    else:
        assert_equal(results[1], results[0])
    assert settled == [False]


@METHODS
@pytest.mark.parametrize("kwargs", [{"bounds": (-0.1, 0.4)}, {"leverage": 1.3}, {"mode": "long_only", "leverage": 2.0}])
def test_bounds_and_caps_are_left_to_the_numpy_twin(method, kwargs, settled):
    means, matrix = problem(5, 9)
    found, expected = both(method, means, matrix, **kwargs)
    assert np.array_equal(found.weights, expected.weights)
    assert not settled


@pytest.mark.parametrize("mode", weights.MODES)
@pytest.mark.parametrize("change", ["fall", "equal the rate"])
def test_without_excess_return_status_and_reason_are_those_of_the_numpy_twin(mode, change):
    means, matrix = problem(8, 10)
    means = -np.abs(means) if change == "fall" else np.full(10, 0.01)
    rate = 0.0 if change == "fall" else 0.01
    assert_equal(*both(weights.sharpe, means, matrix, mode=mode, risk_free_rate=rate))


@pytest.mark.parametrize("level", [0.0, 1.0, 1e3])
def test_a_constant_in_all_means_costs_no_digits_under_a_budget(level, settled):
    means, matrix = problem(3, 40)
    for mode in ("budget", "long_only"):
        plain = weights.cara(means, matrix, mode=mode).weights
        moved = weights.cara(means + level, matrix, mode=mode).weights
        # The sum means + level has lost these digits before any solver sees it.
        lost = 1e-15 * level * np.abs(np.linalg.inv(matrix)).sum()
        np.testing.assert_allclose(moved, plain, rtol=0, atol=lost + 1e-12 * np.abs(plain).max())
    assert all(settled)


@METHODS
@pytest.mark.parametrize("scale", [1e-40, 1e-9, 1e6, 1e45])
def test_the_unit_of_returns_is_free(method, scale, settled):
    means, matrix = problem(4, 15)
    options = {"mode": "long_only"}
    plain = method(means, matrix, **options).weights
    scaled = method(means * scale, matrix * scale, **options).weights
    np.testing.assert_allclose(scaled, plain, atol=1e-12)
    assert all(settled)


def test_a_slightly_asymmetric_covariance_is_taken_as_its_symmetric_part(settled):
    means, matrix = problem(6, 11)
    uneven = matrix + 2e-11 * np.abs(matrix).max() * np.triu(np.ones((11, 11)), 1)
    for mode in weights.MODES:
        assert_equal(*both(weights.sharpe, means, uneven, mode=mode))
    assert all(settled)


@METHODS
@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        ((1, 2), np.nan, r"covariance\[1, 2\] must be finite, got nan"),
        ((3, 3), np.inf, r"covariance\[3, 3\] must be finite, got inf"),
        ((0, 1), 0.5, r"covariance\[0, 1\] must be symmetric"),
        ((2, 2), -1.0, "covariance must be positive semi-definite"),
    ],
)
def test_a_broken_covariance_is_named_as_by_the_numpy_twin(method, place, value, message):
    means, matrix = problem(1, 6)
    matrix[place] = value
    with pytest.raises(InvalidInput, match=message):
        method(means, matrix, mode="long_only")


def batch(n_problems, n_assets):
    drawn = [problem(seed, n_assets) for seed in range(n_problems)]
    return np.stack([means for means, _ in drawn]), np.stack([matrix for _, matrix in drawn])


@pytest.mark.parametrize("long_only", [False, True])
@pytest.mark.parametrize("n_assets", [3, 21, 50])
def test_a_batch_gives_the_bits_of_its_members_on_any_number_of_threads_at_any_width(n_assets, long_only):
    means, matrices = batch(9, n_assets)
    ones = np.ones_like(means)
    whole = native.solve(means, ones, matrices, long_only)
    for k in range(9):
        with lanes(4), dispatch.using("native", 1 + k % 3):
            alone = native.solve(means[[k]], ones[[k]], matrices[[k]], long_only)
        for name in whole._fields:
            np.testing.assert_array_equal(getattr(whole, name)[k], getattr(alone, name)[0], err_msg=name)


def test_a_broken_problem_of_a_batch_stands_apart():
    means, matrices = batch(5, 8)
    matrices[1, 2, 3] = np.nan
    matrices[3] = 0.0
    found = native.solve(means, np.ones_like(means), matrices, True)
    assert found.answer.tolist() == [0.0, 1.0, 0.0, 1.0, 0.0]
    assert np.isnan(found.x[[1, 3]]).all()
    assert found.x[[0, 2, 4]].sum(axis=1) == pytest.approx(np.ones(3))
    assert [found.settles(k) for k in range(5)] == [True, False, True, False, True]


def test_no_problems_give_no_weights():
    found = native.solve(np.empty((0, 4)), np.empty((0, 4)), np.empty((0, 4, 4)), True)
    assert found.x.shape == (0, 4)


def test_the_rounds_end_on_all_but_a_few_problems():
    """Correlated assets of unlike variance are the hardest met; the interior-point method takes the rest."""
    drawn = []
    for seed in range(300):
        rng = np.random.default_rng(seed)
        loadings = rng.normal(size=(30, 2))
        drawn.append(0.01 * (loadings @ loadings.T + np.diag(np.exp(2.0 * rng.normal(size=30)) * 1e-2)))
    means = np.random.default_rng(0).normal(size=(300, 30))
    found = native.solve(means, np.ones((300, 30)), np.stack(drawn), True)
    assert np.count_nonzero(found.answer) <= 3
