"""Solves by Cholesky factors."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import cho_solve, hilbert

from gpu_kernels import cholesky


def positive_definite(seed, size):
    rows = np.random.default_rng(seed).normal(size=(2 * size + 2, size))
    return rows.T @ rows / len(rows)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from([1, 2, 5, 63, 64, 65, 130]), st.sampled_from([None, 1, 3]))
def test_substitution_agrees_with_scipy_across_block_edges(seed, size, columns):
    matrix = positive_definite(seed, size)
    right = np.random.default_rng(seed).normal(size=size if columns is None else (size, columns))
    lower = cholesky.factor(matrix)
    found = cholesky.substitute(lower, right)
    assert found.shape == right.shape
    assert np.allclose(found, cho_solve((lower, True), right), rtol=1e-10, atol=1e-12)
    assert np.allclose(matrix @ found, right, atol=1e-10)


def test_the_factor_is_lower_triangular_and_squares_to_the_matrix():
    matrix = positive_definite(0, 40)
    lower = cholesky.factor(matrix)
    assert np.allclose(lower @ lower.T, matrix, rtol=1e-13, atol=1e-14)
    assert np.array_equal(lower, np.tril(lower))


@pytest.mark.parametrize(
    "matrix",
    [
        np.zeros((2, 2)),
        -np.eye(3),
        np.ones((4, 4)),
        np.array([[1.0, 2.0], [2.0, 1.0]]),
        np.outer([1.0, 1 / 3, 0.1], [1.0, 1 / 3, 0.1]),
        hilbert(14),
    ],
    ids=["zero", "negative", "ones", "indefinite", "rank one", "Hilbert"],
)
def test_a_matrix_that_is_not_numerically_positive_definite_has_no_factor(matrix):
    assert cholesky.factor(matrix) is None


@pytest.mark.parametrize("scale", [1e-200, 1e-8, 1e8, 1e200])
def test_units_do_not_decide_whether_there_is_a_factor(scale):
    matrix = positive_definite(3, 6)
    assert cholesky.factor(scale * matrix) is not None
    uneven = np.diag(np.logspace(-12, 12, 6)) @ matrix @ np.diag(np.logspace(-12, 12, 6))
    assert cholesky.factor(uneven) is not None


def test_arguments_stay_as_they_were():
    matrix, right = positive_definite(1, 70), np.ones(70)
    matrix.flags.writeable = right.flags.writeable = False
    cholesky.substitute(cholesky.factor(matrix), right)
    assert (right == 1.0).all()
