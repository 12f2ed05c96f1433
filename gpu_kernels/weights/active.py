"""A primal-dual active-set method for quadratic programs whose only inequalities are bounds on single variables.

Each round solves with the bound variables held, then holds every variable beyond its bound and releases every one
whose multiplier has the wrong sign, all at once (Hintermueller, Ito and Kunisch 2002; Kunisch and Rendl 2003).
Portfolio programs take three to eight rounds of one small linear system. Nothing guarantees an end in general: the
caller then turns to the interior-point method.
"""

import numpy as np
from numpy.typing import NDArray

from gpu_kernels import cholesky, interruption
from gpu_kernels.checks import Floats
from gpu_kernels.weights.dense import DenseSystem, with_equalities
from gpu_kernels.weights.interior import Optimum

__all__ = ["active_set"]

_MOST_ROUNDS = 20


def active_set(system: DenseSystem, q: Floats, b: Floats, h: Floats, at_low: NDArray[np.bool_]) -> Optimum | None:
    """Solve a program without general rows; None where the rounds do not end or a system is singular.

    Args:
        system: P, A and the variables with bounds.
        q: (n,) linear term.
        b: (m,) right-hand side of the equalities.
        h: (k,) the bounds as right-hand sides of G.
        at_low: (n,) which variables start at their lower bound; the others start free.
    """
    n_below = system.below.size
    low, high = np.full(q.size, -np.inf), np.full(q.size, np.inf)
    low[system.below], high[system.above] = -h[:n_below], h[n_below:]
    at_high = np.zeros(q.size, dtype=np.bool_)
    for taken in range(1, _MOST_ROUNDS + 1):
        interruption.check()
        free = ~(at_low | at_high)
        x = np.where(at_low, low, np.where(at_high, high, 0.0))
        solved = _held(system, q, b, x, free)
        if solved is None:
            return None
        x[free], y = solved
        pull = system.hessian(x) + q + system.equalities_transposed(y)
        next_low = (free & (x < low)) | (at_low & (pull > 0))
        next_high = (free & (x > high)) | (at_high & (pull < 0))
        if not ((next_low ^ at_low) | (next_high ^ at_high)).any():
            z = np.concatenate([np.where(at_low, pull, 0.0)[system.below], np.where(at_high, -pull, 0.0)[system.above]])
            return Optimum(x, y, z, system.error(q, b, h, x, y, z), taken)
        at_low, at_high = next_low, next_high
    return None


def _held(
    system: DenseSystem, q: Floats, b: Floats, x: Floats, free: NDArray[np.bool_]
) -> tuple[Floats, Floats] | None:
    """Minimise over the free variables and return them with the equalities' multipliers."""
    inside = np.flatnonzero(free)
    n, m = inside.size, b.size
    rows = system.equality.take(inside, axis=1)
    inner = system.matrix.take(inside, axis=0).take(inside, axis=1)
    linear, target = -q[inside], b
    if x.any():
        linear, target = linear - system.hessian(x)[inside], b - system.equalities(x)
    try:
        # LAPACK solves a small system fastest in one call, and a large one would keep an interrupt waiting.
        lower = cholesky.factor(inner) if n > cholesky.AT_ONCE else None
        if lower is not None:
            return with_equalities(lower, rows)(linear, target)
        matrix = np.zeros((n + m, n + m))
        matrix[:n, :n], matrix[:n, n:], matrix[n:, :n] = inner, rows.T, rows
        out = np.asarray(np.linalg.solve(matrix, np.concatenate([linear, target])), dtype=np.float64)
    except np.linalg.LinAlgError:
        return None
    return out[:n], out[n:]
