"""Launches of the weights kernel on the vector lanes: closed forms, and long-only programs by their active set."""

from functools import cache

import numpy as np

from gpu_kernels.checks import Floats
from gpu_kernels.compile import library
from gpu_kernels.constants import integer
from gpu_kernels.dispatch import current
from gpu_kernels.launch import Count, launch, pointer
from gpu_kernels.weights import driver
from gpu_kernels.weights.arguments import Problem
from gpu_kernels.weights.driver import Solved
from gpu_kernels.weights.model import Outcome, Weights

__all__ = ["batch", "cara", "sharpe", "solve", "space"]

_FIGURES = integer("FIGURES", "weights/figures.h")
"""Numbers that the kernel returns for a problem."""

_LAYOUT = ("PANEL", "SIDES", "MATRICES", "VECTORS", "ROW")
"""The constants of the kernel that determine the size of a working space."""

_SPACES = 4
"""Working spaces per thread: several, so that threads share the work, and few, so that they stay in the cache."""


def cara(problem: Problem) -> Weights:
    """Maximise the certainty equivalent without bounds or cap; see driver.cara."""
    return driver.cara(problem, solve)


def sharpe(problem: Problem) -> Weights:
    """Maximise the Sharpe ratio without bounds or cap; see driver.sharpe."""
    return driver.sharpe(problem, solve)


def batch(objective: str, asked: Problem, means: Floats, covariances: Floats) -> tuple[Outcome, ...]:
    """Solve many problems without bounds or cap in one launch; see driver.batch."""
    return driver.batch(objective, asked, means, covariances, solve)


def solve(linear: Floats, along: Floats, matrices: Floats, long_only: bool) -> Solved:
    """Minimise 1/2 x'Sx - q'x subject to a'x = 1 and, where asked, x >= 0: B problems of N assets in one launch.

    Args:
        linear: (B, N) q.
        along: (B, N) a; zeros where a'x = 1 is not asked.
        matrices: (B, N, N) S.
        long_only: Whether x >= 0 is asked.
    """
    n_problems, n_assets = linear.shape
    n_spaces = min(n_problems, _SPACES * current().threads)
    working = np.empty((n_spaces, space(n_assets)))
    weights, figures = np.empty((n_problems, n_assets)), np.empty((n_problems, _FIGURES))
    given = [np.ascontiguousarray(values) for values in (matrices, linear, along)]
    launch(
        library("weights").optimal_weights,
        *map(Count, (n_problems, n_spaces, n_assets, int(long_only))),
        *map(pointer, (*given, working, weights, figures)),
    )
    return Solved(weights, *figures.T)


@cache
def space(n_assets: int) -> int:
    """Return how many numbers the working space of a problem holds, as space_of in factor.h.

    Args:
        n_assets: Of the problem.
    """
    panel, sides, matrices, vectors, row = (integer(name, "vectors.h", "weights/factor.h") for name in _LAYOUT)
    stride = -(-(-(-n_assets // panel) * panel + sides) // row) * row
    return (matrices * stride + vectors) * stride
