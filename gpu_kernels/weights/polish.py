"""Solves once more with the inequalities that hold with equality, which removes an interior point's last rounding.

Where the active set is known the optimum solves one linear system (Stellato et al. 2020, section 4). A wrong guess only
costs the attempt: the better of the two points is kept.
"""

import numpy as np
from numpy.typing import NDArray

from gpu_kernels import interruption
from gpu_kernels.checks import Floats
from gpu_kernels.weights.dense import DenseSystem
from gpu_kernels.weights.interior import SHARP, Optimum

__all__ = ["polished"]

_REFINEMENTS = 3
_REGULARISATION = 1e-13


def polished(system: DenseSystem, q: Floats, b: Floats, h: Floats, found: Optimum) -> Optimum:
    """Return the solution on the active set of `found`, or `found` where that is no better.

    Its residual is the system's error: relative to terms before they cancel.

    Args:
        system: P, A and G.
        q: (n,) linear term.
        b: (m,) right-hand side of the equalities.
        h: (k,) right-hand side of the inequalities.
        found: What the interior-point method returned.
    """
    found = found._replace(residual=system.error(q, b, h, found.x, found.equality, found.inequality))
    low, high = system.below.size, system.below.size + system.above.size
    active = found.inequality > h - system.inequalities(found.x)
    x = found.x.copy()
    x[system.below[active[:low]]] = -h[:low][active[:low]]
    x[system.above[active[low:high]]] = h[low:high][active[low:high]]
    free = np.ones(x.size, dtype=np.bool_)
    free[system.below[active[:low]]] = False
    free[system.above[active[low:high]]] = False
    rows = np.vstack([system.equality, system.general[active[high:]]])
    targets = np.concatenate([b, h[high:][active[high:]]])
    moved = _equality_constrained(system.matrix, q, rows, targets, x, free)
    if moved is None:
        return found
    x[free], multipliers = moved
    y, general = multipliers[: b.size], np.zeros(h.size - high)
    general[active[high:]] = np.maximum(multipliers[b.size :], 0.0)
    pull = system.hessian(x) + q + system.equalities_transposed(y) + general @ system.general
    z = np.zeros_like(h)
    z[high:] = general
    held_below, held_above = active[:low], active[low:high]
    z[:low][held_below] = np.maximum(pull[system.below[held_below]], 0.0)
    z[low:high][held_above] = np.maximum(-pull[system.above[held_above]], 0.0)
    reached = system.error(q, b, h, x, y, z)
    # Where both are sharp, the exact zeros and bounds of an active set are worth more than a smaller error.
    return Optimum(x, y, z, reached, found.iterations) if reached <= max(found.residual, SHARP) else found


def _equality_constrained(
    matrix: Floats, q: Floats, rows: Floats, targets: Floats, x: Floats, free: NDArray[np.bool_]
) -> tuple[Floats, Floats] | None:
    """Minimise over the free variables subject to rows x = targets; None where the system is singular.

    Dependent rows make the system singular, so that a little regularisation goes in and refinement takes it out again.
    """
    n, m = int(np.count_nonzero(free)), rows.shape[0]
    inner = rows[:, free]
    system = np.zeros((n + m, n + m))
    system[:n, :n] = matrix[np.ix_(free, free)]
    system[:n, n:] = inner.T
    system[n:, :n] = inner
    held = np.where(free, 0.0, x)
    right = np.concatenate([-(q + matrix @ held)[free], targets - rows @ held])
    shift = _REGULARISATION * max(1.0, float(np.max(np.abs(system), initial=0.0)))
    shifted = system + np.diag(np.concatenate([np.full(n, shift), np.full(m, -shift)]))
    try:
        out = np.linalg.solve(shifted, right)
        for _ in range(_REFINEMENTS):
            interruption.check()
            out += np.linalg.solve(shifted, right - system @ out)
    except np.linalg.LinAlgError:
        return None
    return out[:n], out[n:]
