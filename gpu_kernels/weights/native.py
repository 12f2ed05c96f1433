"""Launches of the weights kernel on the vector lanes: closed forms, and long-only programs by their active set."""

import numpy as np

from gpu_kernels.checks import Floats
from gpu_kernels.compile import library
from gpu_kernels.dispatch import current
from gpu_kernels.launch import Count, Threads, pointer
from gpu_kernels.weights import driver
from gpu_kernels.weights.arguments import Problem
from gpu_kernels.weights.driver import Solved
from gpu_kernels.weights.model import Weights

__all__ = ["cara", "sharpe", "solve"]

_FIGURES = 5
"""Numbers that the kernel returns for a problem, as in figures.h."""

_SPACES = 4
"""Working spaces per thread: several, so that threads share the work, and few, so that they stay in the cache."""


def cara(problem: Problem) -> Weights:
    """Maximise the certainty equivalent without bounds or cap; see driver.cara."""
    return driver.cara(problem, solve)


def sharpe(problem: Problem) -> Weights:
    """Maximise the Sharpe ratio without bounds or cap; see driver.sharpe."""
    return driver.sharpe(problem, solve)


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
    stride = _stride(n_assets)
    working = np.empty((n_spaces, (2 * stride + 7) * stride))
    weights, figures = np.empty((n_problems, n_assets)), np.empty((n_problems, _FIGURES))
    given = [np.ascontiguousarray(values) for values in (matrices, linear, along)]
    library("weights").optimal_weights(
        *map(Count, (n_problems, n_spaces, n_assets, int(long_only))),
        *map(pointer, (*given, working, weights, figures)),
        Threads(current().threads),
    )
    return Solved(weights, *figures.T)


def _stride(n_assets: int) -> int:
    """Return the length of the kernel's rows: N, rounded up to its panel of 4, and two right-hand sides, up to 8."""
    return ((n_assets + 3) // 4 * 4 + 2 + 7) // 8 * 8
