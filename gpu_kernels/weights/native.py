"""The weights kernel on the CPU's vector lanes: closed forms, and long-only programs by their active set.

What the kernel does not settle (a singular covariance, rounds that do not end, a residual above rounding) it says, and
the caller turns to the NumPy twin, which has the slower methods and the words for what is wrong.
"""

from typing import NamedTuple

import numpy as np

from gpu_kernels.checks import Floats
from gpu_kernels.compile import library
from gpu_kernels.launch import Count, Threads, pointer
from gpu_kernels.selection import current
from gpu_kernels.weights import host
from gpu_kernels.weights.model import Weights
from gpu_kernels.weights.program import SHARP

__all__ = ["Solved", "cara", "sharpe", "solve"]

_FIGURES = 5
_SPACES = 4
"""Working spaces a thread: some, that a thread may help another, but few, that they stay in its cache."""

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

    @property
    def sharp(self) -> bool:
        """Whether every problem has a minimum that satisfies its conditions to rounding."""
        return bool((self.answer == _SOLVED).all() and (self.residual <= SHARP).all())


def solve(linear: Floats, along: Floats, matrices: Floats, *, long_only: bool) -> Solved:
    """Minimise 1/2 x'Sx - q'x subject to a'x = 1 and, where asked, x >= 0: B problems of N assets in one launch.

    Args:
        linear: (B, N) q.
        along: (B, N) a; zeros where a'x = 1 is not asked.
        matrices: (B, N, N) S.
        long_only: Whether x >= 0 is asked.
    """
    n_problems, n_assets = linear.shape
    # The kernel's rows hold N assets, rounded up to its panel of 4, and two right-hand sides, rounded up to 8.
    stride = (n_assets + 3) // 4 * 4 + 2
    stride = (stride + 7) // 8 * 8
    n_spaces = min(n_problems, _SPACES * current().threads)
    working = np.empty((n_spaces, (2 * stride + 7) * stride))
    weights, figures = np.empty((n_problems, n_assets)), np.empty((n_problems, _FIGURES))
    given = [np.ascontiguousarray(values) for values in (matrices, linear, along)]
    library("weights").optimal_weights(
        *map(Count, (n_problems, n_spaces, n_assets, int(long_only))),
        *map(pointer, (*given, working, weights, figures)),
        Threads(current().threads),
    )
    return Solved(weights, *figures.T)


def cara(means: Floats, matrix: Floats, gamma: float, rate: float, mode: str) -> Weights | None:
    """Maximise the certainty equivalent without bounds or cap; None where the NumPy twin must.

    Args:
        means: (N,) m, finite.
        matrix: (N, N) S as the caller gave it: not finite, not symmetric or not positive definite gives None.
        gamma: Risk aversion, above 0.
        rate: Riskless rate, for the reported Sharpe ratio.
        mode: One of MODES.
    """
    weights = _least(means / gamma, np.full(means.size, float(mode != "unconstrained")), matrix, mode)
    return None if weights is None else host.reported(weights, means, matrix, gamma, rate)


def sharpe(means: Floats, matrix: Floats, gamma: float, rate: float, mode: str) -> Weights | None:
    """Maximise the Sharpe ratio without bounds or cap; None where the NumPy twin must.

    Args:
        means: (N,) m, finite.
        matrix: (N, N) S as in cara.
        gamma: Risk aversion, above 0.
        rate: Riskless rate.
        mode: One of MODES.
    """
    excess = means - rate
    none = np.zeros(means.size)
    best = float(excess.max() if mode == "long_only" else np.abs(excess).max())
    reason = ""
    if not host.earns(best, excess, means, rate):
        weights = None if mode == "unconstrained" else _least(none, np.ones(means.size), matrix, mode)
        reason = host.NONE_ABOVE
    elif mode == "long_only":
        weights = _least(none, excess / best, matrix, mode)
        weights = None if weights is None else weights / weights.sum()
    elif mode == "budget":
        weights = _least(excess / best, none, matrix, mode)
        if weights is not None:
            weights, reason = host.scaled(weights)
    else:
        weights = _least(excess / gamma, none, matrix, mode)
    if weights is None:
        return None
    found = host.reported(weights, means, matrix, gamma, rate)
    return found._replace(status="constrained" if reason else "optimized", reason=reason)


def _least(linear: Floats, along: Floats, matrix: Floats, mode: str) -> Floats | None:
    """Solve one problem; None unless to rounding, and with a variance that is more than rounding."""
    found = solve(linear[None], along[None], matrix[None], long_only=mode == "long_only")
    solved = found.answer[0] == _SOLVED and found.residual[0] <= SHARP
    if not solved or not found.variance[0] > _EPSILON * linear.size * found.gross[0]:
        return None
    weights: Floats = found.x[0]
    return weights
