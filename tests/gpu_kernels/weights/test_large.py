"""Large programs, which are factored some columns at a time, solve like small ones, and end between two steps."""

import numpy as np
import pytest

from gpu_kernels import cholesky, interruption, moments, multiperiod, weights
from gpu_kernels.dispatch import using
from gpu_kernels.errors import Interrupted, InvalidInput
from gpu_kernels.interruption import Interrupt
from gpu_kernels.weights import arguments, dense, program

N_ASSETS = 12
RNG = np.random.default_rng(5)
LOADS = RNG.normal(size=(N_ASSETS, 4))
MEANS, MATRIX = RNG.normal(size=N_ASSETS) * 0.01, LOADS @ LOADS.T + np.eye(N_ASSETS)
SINGULAR = LOADS @ LOADS.T
CONSTRAINTS = [
    {"mode": "long_only"},
    {"bounds": (-0.1, 0.3)},
    {"leverage": 1.5},
    {"bounds": (-0.2, 0.4), "leverage": 2.0},
]


@pytest.fixture
def large(monkeypatch):
    """Take every matrix for a large one."""
    monkeypatch.setattr(cholesky, "AT_ONCE", 3)
    monkeypatch.setattr(cholesky, "_COLUMNS", 2)
    monkeypatch.setattr(dense, "_ROWS", 2)
    monkeypatch.setattr(arguments, "_ENTRIES_AT_ONCE", 2 * N_ASSETS)


def both(options, matrix):
    with using("numpy"):
        return [method(MEANS, matrix, **options).weights for method in (weights.cara, weights.sharpe)]


@pytest.fixture(params=CONSTRAINTS, ids=", ".join)
def solved(request):
    """Return constraints, and the weights under them of both methods, found as a small program."""
    return request.param, both(request.param, MATRIX)


def test_a_large_program_has_the_solution_of_a_small_one(solved, large):
    options, expected = solved
    np.testing.assert_allclose(both(options, MATRIX), expected, rtol=0, atol=1e-12)


@pytest.mark.usefixtures("large")
def test_the_active_set_of_a_large_program_is_as_sharp_as_that_of_a_small_one(monkeypatch):
    monkeypatch.setattr(program, "minimise", lambda *_: pytest.fail("no interior point is needed"))
    for options in CONSTRAINTS[:2]:
        with using("numpy"):
            weights.cara(MEANS, MATRIX, **options)


@pytest.mark.parametrize("size", [513, 700])
def test_a_large_factor_is_that_of_lapack(size):
    rows = np.random.default_rng(size).normal(size=(2 * size, size))
    matrix = rows.T @ rows / len(rows)
    lower = cholesky.factor(matrix)
    np.testing.assert_allclose(lower, np.linalg.cholesky(matrix), rtol=0, atol=1e-13)
    np.testing.assert_array_equal(lower, np.tril(lower))
    matrix[size - 1, size - 1] = 0.1 * (matrix[size - 1] @ np.linalg.solve(matrix, matrix[size - 1]))
    assert cholesky.triangle(matrix) is None


@pytest.mark.usefixtures("large")
def test_a_singular_covariance_that_rounding_made_indefinite_is_none_that_is_indefinite():
    rounded = SINGULAR + 1e-14 * np.diag(np.tile([1.0, -1.0], N_ASSETS // 2))
    assert np.linalg.eigvalsh(rounded)[0] < 0
    with using("numpy"):
        found, expected, none = [
            weights.cara(MEANS, matrix, mode="long_only").weights for matrix in (rounded, SINGULAR, 0.0 * SINGULAR)
        ]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-9)
    assert none.sum() == pytest.approx(1.0)


@pytest.mark.usefixtures("large")
@pytest.mark.parametrize("share", [1e-8, 1e-3, 0.5])
def test_an_indefinite_covariance_is_refused(share):
    values, vectors = np.linalg.eigh(MATRIX)
    matrix = MATRIX - (values[0] + share * values[-1]) * np.multiply.outer(vectors[:, 0], vectors[:, 0])
    message = r"must be positive semi-definite: it has an eigenvalue below -[1-9][.0-9]*e-(10|09)$"
    with using("numpy"), pytest.raises(InvalidInput, match=f"covariance {message}"):
        weights.cara(MEANS, matrix, mode="long_only")
    message = r"covariances\[1\] must have no negative eigenvalue, and has one below -[1-9][.0-9]*e-(10|09|08)$"
    with using("numpy"), pytest.raises(InvalidInput, match=message):
        multiperiod.optimize([MEANS] * 3, [MATRIX, matrix, MATRIX])


@pytest.mark.usefixtures("large")
def test_the_first_entry_that_differs_most_from_its_mirror_image_is_named():
    matrix = MATRIX.copy()
    matrix[3, 9] += 0.25
    matrix[10, 7] += 0.5
    with using("numpy"), pytest.raises(InvalidInput, match=r"covariance\[7, 10\] must be symmetric: entry \[10, 7\]"):
        weights.cara(MEANS, matrix)


@pytest.mark.parametrize("method", ["ledoit_wolf", "oas"])
def test_a_large_covariance_is_that_of_a_small_one(method, monkeypatch):
    returns = RNG.normal(size=(9, N_ASSETS)) * 0.01
    expected = moments.covariance(returns, method=method)
    monkeypatch.setattr(cholesky, "AT_ONCE", 3)
    monkeypatch.setattr(moments.host, "_COLUMNS_AT_ONCE", 5)
    monkeypatch.setattr(moments.host, "_ENTRIES_AT_ONCE", 2 * N_ASSETS)
    found = moments.covariance(returns, method=method)
    np.testing.assert_allclose(found.matrix, expected.matrix, rtol=1e-12, atol=1e-18)
    np.testing.assert_array_equal(found.matrix, found.matrix.T)
    assert found.shrinkage == pytest.approx(expected.shrinkage, rel=1e-12)


@pytest.mark.usefixtures("large")
def test_every_step_of_a_large_factor_looks_at_the_interrupt(monkeypatch):
    looks = []
    monkeypatch.setattr(interruption, "check", lambda: looks.append(1))
    cholesky.factor(MATRIX)
    assert len(looks) == N_ASSETS // 2


def test_pieces_cover_a_range_until_they_are_interrupted():
    assert [(piece.start, piece.stop) for piece in interruption.pieces(7, 3)] == [(0, 3), (3, 6), (6, 7)]
    assert not [*interruption.pieces(0, 3)]
    flag, seen = Interrupt(), []

    def walk():
        for piece in interruption.pieces(7, 3):
            seen.append(piece.start)
            flag.set()

    with interruption.using(flag), pytest.raises(Interrupted):
        walk()
    assert seen == [0]
