"""Where Newton's method starts: the optima depend on one number, the cost k, and are tabulated once.

In q = k^(1/3) the levels divided by q are smooth down to q = 0. A vanishing cost leaves u = (3/2)^(1/3) q for "profit",
the centre 0.612 and the half-width 1.1447 q for "sharpe". Chebyshev polynomials on three intervals of q carry seven
digits.
"""

from collections.abc import Callable
from functools import lru_cache
from itertools import pairwise

import numpy as np

from gpu_kernels.checks import Floats
from gpu_kernels.thresholds.growth import Problem, maximise
from gpu_kernels.thresholds.model import LARGEST_COST
from gpu_kernels.thresholds.special import gap_from_dawson

__all__ = ["newton_for_profit", "profit_start", "sharpe_start"]

_EDGES = (0.0, 1.0, 1.7, float(np.cbrt(LARGEST_COST)))
_NODES = 20


def newton_for_profit(kappa: Floats, u: Floats) -> Floats:
    """Return u (G,) after one step towards u - D(u) = kappa."""
    gap = gap_from_dawson(u)
    return u - (gap - kappa) / (2.0 * u * (u - gap))


def profit_start(kappa: Floats) -> Floats:
    """Return the root of u - D(u) = kappa to seven digits, (G,)."""
    q = np.cbrt(kappa)
    return np.asarray(q * _interpolate(q, _profit_tables())[0])


def sharpe_start(cost: Floats, *, fees: bool) -> tuple[Floats, Floats]:
    """Return centre and half-width of the sharpe optimum to seven digits, each (G,), for costs k (G,).

    Args:
        cost: The costs.
        fees: Whether the variance of the costs counts.
    """
    q = np.cbrt(cost)
    centre, half = _interpolate(q, _sharpe_tables(fees=fees))
    return centre, half * q


def _interpolate(q: Floats, tables: tuple[Floats, ...]) -> Floats:
    """Return the tabulated functions, (F, G)."""
    values = np.empty((tables[0].shape[1], q.size))
    interval = np.searchsorted(_EDGES[1:-1], q)
    for number, ((left, right), table) in enumerate(zip(pairwise(_EDGES), tables, strict=True)):
        chosen = np.flatnonzero(interval == number)
        if chosen.size:
            place = (2.0 * q[chosen] - left - right) / (right - left)
            values[:, chosen] = np.polynomial.chebyshev.chebval(place, table)
    return values


def _tabulate(function: Callable[[Floats], Floats]) -> tuple[Floats, ...]:
    """Return Chebyshev coefficients (_NODES, F) of functions q (Q,) -> (Q, F), for each interval between edges."""
    nodes = np.cos(np.pi * (np.arange(_NODES) + 0.5) / _NODES)
    tables = []
    for left, right in pairwise(_EDGES):
        values = function(0.5 * (left + right + (right - left) * nodes))
        fitted = np.polynomial.chebyshev.chebfit(nodes, values, _NODES - 1)
        tables.append(np.asarray(fitted, dtype=np.float64))
    return tuple(tables)


@lru_cache(maxsize=1)
def _profit_tables() -> tuple[Floats, ...]:
    def scaled(q: Floats) -> Floats:
        u = np.maximum(np.cbrt(1.5) * q, q**3)
        for _ in range(8):
            u = newton_for_profit(q**3, u)
        scaled_level: Floats = u / q
        return scaled_level[:, None]

    return _tabulate(scaled)


@lru_cache(maxsize=2)
def _sharpe_tables(*, fees: bool) -> tuple[Floats, ...]:
    def scaled(q: Floats) -> Floats:
        cost, equal = q**3, np.full_like(q, 0.5)
        # The first guess is a rough fit; Newton's steps are damped until they need not be.
        half = np.maximum(q * (1.1447 + 0.034 * q + 0.092 * q * q), 0.52 * cost)
        paid = cost**2 / 8.0 if fees else np.zeros_like(q)
        problem = Problem(cost, paid, np.zeros_like(q), equal, equal)
        centre, half = maximise(problem, 0.62 - 0.11 * np.minimum(q, 2.8), half)
        return np.stack([centre, half / q], axis=1)

    return _tabulate(scaled)
