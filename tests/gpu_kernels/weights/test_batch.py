"""Many problems at once have the answers that each has alone, on every twin; a stand-in shows the GPU's launches."""

import numpy as np
import pytest

from gpu_kernels import device, device_pipeline, dispatch, weights
from gpu_kernels.errors import Degenerate, InvalidInput
from tests.gpu_kernels.native import needs_compiler
from tests.gpu_kernels.stand_in import stand

__all__ = ["stand"]

METHODS = {"cara": weights.cara, "sharpe": weights.sharpe}


def problems(n_problems, n_assets, seed=0):
    source = np.random.default_rng(seed)
    rows = 0.01 * (source.normal(size=(n_problems, 3 * n_assets, n_assets)) + source.normal(size=(n_problems, 1, 1)))
    centred = rows - rows.mean(axis=1, keepdims=True)
    covariances = np.einsum("bti,btj->bij", centred, centred) / (3 * n_assets - 1)
    return 1e-3 * source.normal(size=(n_problems, n_assets)), covariances


def assert_same(found, expected):
    np.testing.assert_allclose(found.weights, expected.weights, atol=1e-9 * max(1.0, np.abs(expected.weights).max()))
    for name in ("expected_return", "expected_volatility", "sharpe_ratio", "utility"):
        assert getattr(found, name) == pytest.approx(getattr(expected, name), rel=1e-9, abs=1e-12)
    assert (found.status, found.reason) == (expected.status, expected.reason)


@pytest.mark.parametrize("mode", weights.MODES)
@pytest.mark.parametrize("objective", weights.OBJECTIVES)
@pytest.mark.parametrize("shape", [(1, 1), (7, 5), (5, 33)])
def test_each_has_the_answer_that_it_has_alone(twin, mode, objective, shape):
    means, matrices = problems(*shape)
    options = {"gamma": 3.0, "risk_free_rate": 1e-4, "mode": mode}
    found = weights.batch(means, matrices, objective=objective, **options)
    assert len(found) == len(means)
    for each, mean, matrix in zip(found, means, matrices, strict=True):
        assert_same(each, METHODS[objective](mean, matrix, **options))


def test_one_without_an_answer_says_why_and_spoils_no_other(twin):
    means, matrices = problems(6, 4)
    matrices[0] = 0.0
    matrices[1, 2, 3] += 1.0
    matrices[2, 1, 1] = np.nan
    means[3, 2] = np.inf
    means[4] = 0.0
    found = weights.batch(means, matrices)
    assert isinstance(found[0], Degenerate)
    for k, field in ((1, "covariance"), (2, "covariance"), (3, "expected_returns")):
        assert isinstance(found[k], InvalidInput)
        assert found[k].field == field
    assert found[4].status == "constrained"
    assert_same(found[5], weights.sharpe(means[5], matrices[5]))


@needs_compiler
@pytest.mark.parametrize("mode", weights.MODES)
def test_what_does_not_fit_a_device_goes_in_halves(stand, mode):
    means, matrices = problems(8, 6, seed=3)
    stand.room = 3 * 8 * (2 * 16 + 7) * 16  # the working spaces of three problems
    with dispatch.using("cuda"):
        found = weights.batch(means, matrices, mode=mode)
    for each, mean, matrix in zip(found, means, matrices, strict=True):
        assert_same(each, weights.sharpe(mean, matrix, mode=mode))
    assert {entry for entry, _ in stand.launches} == {"optimal_weights"}
    assert len(stand.launches) == 4
    assert stand.released > 0


@needs_compiler
def test_problems_may_go_in_parts(stand, monkeypatch):
    monkeypatch.setattr(device_pipeline, "parts", lambda *_: 3)
    means, matrices = problems(8, 6, seed=4)
    with dispatch.using("cuda"):
        found = weights.batch(means, matrices)
    for each, mean, matrix in zip(found, means, matrices, strict=True):
        assert_same(each, weights.sharpe(mean, matrix))
    assert len(stand.launches) == 3


@needs_compiler
def test_a_device_too_small_for_one_problem_is_a_fault(stand):
    stand.room = 100
    with dispatch.using("cuda"), pytest.raises(device.OutOfMemory):
        weights.batch(*problems(4, 6))


@pytest.mark.parametrize(
    ("shapes", "options", "message"),
    [
        (((3,), (3, 3)), {}, r"expected_returns must have shape \(B, N\), got \(3,\)"),
        (((2, 3), (3, 3)), {}, r"covariances must have shape \(B, N, N\), got \(3, 3\)"),
        (((2, 3), (1, 3, 3)), {}, r"covariances must have shape \(2, 3, 3\), got \(1, 3, 3\)"),
        (((0, 3), (0, 3, 3)), {}, "expected_returns must hold at least one problem and one asset"),
        (((2, 3), (2, 3, 3)), {"objective": "sortino"}, "objective must be one of 'cara', 'sharpe', got 'sortino'"),
        (((2, 3), (2, 3, 3)), {"mode": "short"}, "mode must be one of"),
        (((2, 3), (2, 3, 3)), {"gamma": 0.0}, "gamma must be finite and > 0"),
        (((2, 3), (2, 3, 3)), {"risk_free_rate": np.nan}, "risk_free_rate must be finite"),
    ],
)
def test_a_broken_rule_is_named(shapes, options, message):
    means, matrices = map(np.ones, shapes)
    with pytest.raises(InvalidInput, match=message):
        weights.batch(means, matrices, **options)
