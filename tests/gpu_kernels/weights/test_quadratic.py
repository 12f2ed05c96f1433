"""The quadratic-program methods behind the weights, on programs of any shape."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gpu_kernels.weights.active import active_set
from gpu_kernels.weights.dense import DenseSystem
from gpu_kernels.weights.interior import minimise, residual
from gpu_kernels.weights.polish import polished


def program(seed, n, *, rows=0):
    """A random program that x = 0.5 satisfies strictly."""
    rng = np.random.default_rng(seed)
    factor = rng.normal(size=(n + 2, n))
    equality, general = rng.normal(size=(1, n)), rng.normal(size=(rows, n))
    system = DenseSystem(factor.T @ factor, equality, general, below=np.arange(n), above=np.arange(0, n, 2))
    inside = np.full(n, 0.5)
    h = np.concatenate([np.zeros(n), np.ones(len(system.above)), general @ inside + rng.uniform(0.01, 1.0, rows)])
    return system, rng.normal(size=n) * 5.0, equality @ inside, h


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), st.integers(2, 12), st.integers(0, 4))
def test_the_interior_point_method_reaches_the_optimality_conditions(seed, n, rows):
    system, q, b, h = program(seed, n, rows=rows)
    found = minimise(system, q, b, h)
    assert found.residual <= 1e-9
    sharp = polished(system, q, b, h, found)
    assert sharp.residual <= 1e-12
    assert residual(system, q, b, h, sharp.x, sharp.equality, sharp.inequality) <= 1e-10


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), st.integers(2, 12))
def test_the_active_set_agrees_with_the_interior_point_where_it_ends(seed, n):
    system, q, b, h = program(seed, n)
    found = minimise(system, q, b, h)
    quick = active_set(system, q, b, h, np.zeros(n, dtype=bool))
    if quick is not None:
        assert np.allclose(quick.x, found.x, atol=1e-6)
        assert (quick.inequality >= 0).all()
        assert quick.residual <= 1e-12


def test_a_program_without_inequalities_is_solved_at_once():
    system = DenseSystem(np.diag([1.0, 2.0]), np.ones((1, 2)), np.zeros((0, 2)))
    found = minimise(system, np.zeros(2), np.ones(1), np.zeros(0))
    assert found.x == pytest.approx([2 / 3, 1 / 3])
    assert found.iterations <= 1


def test_an_infeasible_program_keeps_a_large_residual():
    system = DenseSystem(np.eye(2), np.ones((1, 2)), np.zeros((0, 2)), below=np.arange(2), above=np.arange(2))
    found = minimise(system, np.zeros(2), np.ones(1), np.array([0.0, 0.0, 0.3, 0.3]))
    assert found.residual > 1e-3


def test_a_singular_matrix_with_a_compact_set_has_an_optimum():
    system = DenseSystem(np.zeros((3, 3)), np.ones((1, 3)), np.zeros((0, 3)), below=np.arange(3))
    q, b, h = np.array([-1.0, -2.0, -3.0]), np.ones(1), np.zeros(3)
    found = polished(system, q, b, h, minimise(system, q, b, h))
    assert found.x == pytest.approx([0.0, 0.0, 1.0], abs=1e-12)
