"""Where Newton's method starts: the optimum of "sharpe" depends on the cost k alone, so it is tabulated once.

In q = k^(1/3) the centre and h/q are smooth down to q = 0, where a vanishing cost leaves c = 0.612 and h = 1.1447 q.
"""

from functools import lru_cache
from itertools import pairwise

import numpy as np

from gpu_kernels.checks import Floats
from gpu_kernels.thresholds.growth import Problem, maximise
from gpu_kernels.thresholds.model import LARGEST_COST

__all__ = ["sharpe_start"]

_EDGES = (0.0, 1.5, float(np.cbrt(LARGEST_COST)))
_DEGREE = 19


def sharpe_start(cost: Floats) -> tuple[Floats, Floats]:
    """Return centre and half-width of the sharpe optimum to about six digits, each (G,), for costs k (G,)."""
    q = np.cbrt(cost)
    low = q <= _EDGES[1]
    centre, half = np.empty_like(q), np.empty_like(q)
    for chosen, left, right, table in zip((low, ~low), _EDGES[:-1], _EDGES[1:], _tables(), strict=True):
        if chosen.any():
            place = (2.0 * q[chosen] - left - right) / (right - left)
            centre[chosen], half[chosen] = np.polynomial.chebyshev.chebval(place, table)
    return centre, half * q


@lru_cache(maxsize=1)
def _tables() -> tuple[Floats, ...]:
    """Return Chebyshev coefficients (degree + 1, 2) of c and h/q on either side of the middle edge."""
    nodes = np.cos(np.pi * (np.arange(_DEGREE + 1) + 0.5) / (_DEGREE + 1))
    tables = []
    for left, right in pairwise(_EDGES):
        q = 0.5 * (left + right + (right - left) * nodes)
        cost = q**3
        equal = np.full_like(q, 0.5)
        # The first guess is a rough fit; Newton's steps are damped until they need not be.
        half = np.maximum(q * (1.1447 + 0.034 * q + 0.092 * q * q), 0.52 * cost)
        problem = Problem(cost, np.zeros_like(q), equal, equal)
        centre, half = maximise(problem, 0.62 - 0.11 * np.minimum(q, 2.8), half)
        fitted = np.polynomial.chebyshev.chebfit(nodes, np.stack([centre, half / q], axis=1), _DEGREE)
        tables.append(np.asarray(fitted, dtype=np.float64))
    return tuple(tables)
