"""The weights kernel on the CPU's vector lanes: closed forms, and long-only programs by their active set.

What the kernel does not settle (a singular covariance, rounds that do not end, a residual above rounding) it says, and
the caller turns to the NumPy twin, which has the slower methods and the words for what is wrong.
"""

from collections.abc import Callable, Generator
from typing import NamedTuple

import numpy as np

from gpu_kernels.checks import Floats
from gpu_kernels.compile import library
from gpu_kernels.dispatch import current
from gpu_kernels.launch import Count, Threads, pointer
from gpu_kernels.weights import host
from gpu_kernels.weights.model import Weights
from gpu_kernels.weights.program import SHARP

__all__ = ["FIGURES", "Solve", "Solved", "batch", "cara", "sharpe", "solve", "stride"]

FIGURES = 5
"""What the kernel says of a problem, as figures.h has it."""

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


Solve = Callable[[Floats, Floats, Floats, bool], Solved]
"""From q (B, N), a (B, N), S (B, N, N) and whether x >= 0 is asked: `solve`, here or on a GPU."""

_Program = Generator[tuple[Floats, Floats], Floats, Weights]
"""Asks for the minimum of one problem (q, a) and returns the weights made from it."""


def stride(n_assets: int) -> int:
    """Return the length of the kernel's rows: N, rounded up to its panel of 4, and two right-hand sides, up to 8."""
    return ((n_assets + 3) // 4 * 4 + 2 + 7) // 8 * 8


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
    working = np.empty((n_spaces, (2 * stride(n_assets) + 7) * stride(n_assets)))
    weights, figures = np.empty((n_problems, n_assets)), np.empty((n_problems, FIGURES))
    given = [np.ascontiguousarray(values) for values in (matrices, linear, along)]
    library("weights").optimal_weights(
        *map(Count, (n_problems, n_spaces, n_assets, int(long_only))),
        *map(pointer, (*given, working, weights, figures)),
        Threads(current().threads),
    )
    return Solved(weights, *figures.T)


def cara(means: Floats, matrix: Floats, gamma: float, rate: float, mode: str) -> Weights | None:
    """Maximise the certainty equivalent without bounds or cap; as batch, for one problem."""
    return _one(_utility(means, matrix, gamma, rate, mode), matrix, mode)


def sharpe(means: Floats, matrix: Floats, gamma: float, rate: float, mode: str) -> Weights | None:
    """Maximise the Sharpe ratio without bounds or cap; as batch, for one problem."""
    return _one(_ratio(means, matrix, gamma, rate, mode), matrix, mode)


def batch(
    means: Floats, matrices: Floats, objective: str, gamma: float, rate: float, mode: str, solve: Solve = solve
) -> list[Weights | None]:
    """Find the weights of B problems in one launch.

    Args:
        means: (B, N) m, finite.
        matrices: (B, N, N) S as the caller gave them: not finite, not symmetric or not positive definite gives None.
        objective: "cara" or "sharpe".
        gamma: Risk aversion, above 0.
        rate: Riskless rate.
        mode: One of MODES.
        solve: Where the minima are found.

    Returns:
        Each problem's weights; None where the NumPy twin must find them.
    """
    write = _utility if objective == "cara" else _ratio
    pairs = zip(means, matrices, strict=True)
    programs = [write(mean, matrix, gamma, rate, mode) for mean, matrix in pairs]
    asked = [next(program) for program in programs]
    linear, along = (np.array(side) for side in zip(*asked, strict=True))
    found = solve(linear, along, matrices, mode == "long_only")
    return [_finished(program, found, k) for k, program in enumerate(programs)]


def _one(program: _Program, matrix: Floats, mode: str) -> Weights | None:
    q, a = next(program)
    return _finished(program, solve(q[None], a[None], matrix[None], mode == "long_only"), 0)


def _utility(means: Floats, matrix: Floats, gamma: float, rate: float, mode: str) -> _Program:
    weights = yield means / gamma, np.full(means.size, float(mode != "unconstrained"))
    return host.reported(weights, means, matrix, gamma, rate)


def _ratio(means: Floats, matrix: Floats, gamma: float, rate: float, mode: str) -> _Program:
    excess = means - rate
    none = np.zeros(means.size)
    best = float(excess.max() if mode == "long_only" else np.abs(excess).max())
    reason = ""
    if not host.earns(best, excess, means, rate):
        # Without a budget nothing is held: the minimum at 0 has no variance, and is the NumPy twin's.
        weights = yield none, np.full(means.size, float(mode != "unconstrained"))
        reason = host.NONE_ABOVE
    elif mode == "long_only":
        weights = yield none, excess / best
        weights = weights / weights.sum()
    elif mode == "budget":
        weights = yield excess / best, none
        weights, reason = host.scaled(weights)
    else:
        weights = yield excess / gamma, none
    found = host.reported(weights, means, matrix, gamma, rate)
    return found._replace(status="constrained" if reason else "optimized", reason=reason)


def _finished(program: _Program, found: Solved, k: int) -> Weights | None:
    """Return the k-th weights; None unless solved to rounding, and with a variance that is more than rounding."""
    solved = found.answer[k] == _SOLVED and found.residual[k] <= SHARP
    if not solved or not found.variance[k] > _EPSILON * found.x.shape[1] * found.gross[k]:
        return None
    try:
        program.send(found.x[k])
    except StopIteration as end:
        weights: Weights = end.value
        return weights
    return None
