"""Weights by a kernel that minimises quadratic forms: what it is asked, and what is made of its answer.

The NumPy twin solves what the kernel does not settle (a singular covariance, rounds that do not end, a residual above
rounding): it has the slower methods, and the words for what is wrong.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from gpu_kernels.checks import Floats
from gpu_kernels.weights import host
from gpu_kernels.weights.arguments import Problem
from gpu_kernels.weights.interior import SHARP
from gpu_kernels.weights.model import Weights

__all__ = ["Solve", "Solved", "cara", "sharpe"]

_SOLVED = 0.0
_EPSILON = float(np.finfo(np.float64).eps)


class Solved(NamedTuple):
    """What the kernel found of B problems.

    Attributes:
        x: (B, N) minima, NaN where there is none.
        answer: (B,) 0 for a minimum; 1 where S is not finite, symmetric and positive definite; 2 where the rounds did
            not end.
        residual: (B,) the largest violation of the optimality conditions, relative to their terms before any cancel.
        variance: (B,) x'Sx.
        gross: (B,) |x|'|S||x|, the terms of the variance before any cancel.
        rounds: (B,) linear systems that it took.
    """

    x: Floats
    answer: Floats
    residual: Floats
    variance: Floats
    gross: Floats
    rounds: Floats

    def settles(self, k: int) -> bool:
        """Return whether minimum k satisfies its conditions to rounding, with a variance that is more than rounding."""
        sharp = self.answer[k] == _SOLVED and self.residual[k] <= SHARP
        return bool(sharp and self.variance[k] > _EPSILON * self.x.shape[1] * self.gross[k])


Solve = Callable[[Floats, Floats, Floats, bool], Solved]
"""From q (B, N), a (B, N), S (B, N, N) and whether x >= 0 is asked to the minima of 1/2 x'Sx - q'x on a'x = 1."""


def cara(problem: Problem, solve: Solve) -> Weights:
    """Maximise the certainty equivalent without bounds or cap; see the contract.

    Args:
        problem: What was asked; it has no region.
        solve: Launches the kernel.

    Raises:
        InvalidInput: the covariance is not one.
        Degenerate: the covariance is singular and the optimum is not unique or does not exist.
    """
    found = _minimum(problem, problem.means / problem.gamma, _budget(problem), solve)
    return host.reported(found.x[0], problem, problem.covariance) if found.settles(0) else host.cara(problem)


def sharpe(problem: Problem, solve: Solve) -> Weights:
    """Maximise the Sharpe ratio without bounds or cap; as cara."""
    means, rate, mode = problem.means, problem.rate, problem.mode
    excess = means - rate
    none = np.zeros(means.size)
    best = float(excess.max() if mode == "long_only" else np.abs(excess).max())
    earning = host.earns(best, excess, means, rate)
    if not earning:
        # Without a budget nothing is held: the minimum at 0 has no variance, and is the NumPy twin's.
        linear, along = none, _budget(problem)
    elif mode == "long_only":
        linear, along = none, excess / best
    else:
        linear, along = (excess / best if mode == "budget" else excess / problem.gamma), none
    found = _minimum(problem, linear, along, solve)
    if not found.settles(0):
        return host.sharpe(problem)
    weights, reason = found.x[0], "" if earning else host.NONE_ABOVE
    if earning and mode == "long_only":
        weights = weights / weights.sum()
    elif earning and mode == "budget":
        weights, reason = host.scaled(weights)
    return host.reported(weights, problem, problem.covariance, reason)


def _budget(problem: Problem) -> Floats:
    """Return a of a'x = 1: ones where the weights sum to 1, and zeros where they need not."""
    return np.full(problem.means.size, float(problem.mode != "unconstrained"))


def _minimum(problem: Problem, linear: Floats, along: Floats, solve: Solve) -> Solved:
    return solve(linear[None], along[None], problem.covariance[None], problem.mode == "long_only")
