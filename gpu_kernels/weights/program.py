"""The quadratic programs over a region of portfolios.

Without a cap on sum|w| the variables are the weights. With one they are purchases and sales, w = u - v with u, v >= 0,
of those assets whose bounds allow one, and 1'u + 1'v <= L is a cap on sum|w|.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpu_kernels.checks import Floats
from gpu_kernels.errors import Degenerate
from gpu_kernels.weights.active import active_set
from gpu_kernels.weights.dense import DenseSystem
from gpu_kernels.weights.interior import Optimum, minimise
from gpu_kernels.weights.polish import polished
from gpu_kernels.weights.region import Region

__all__ = ["ratio", "utility"]

_SOLVED = 1e-9
"""Largest residual of the optimality conditions that passes for an optimum."""

_SHARP = 1e-13
"""Residual above which the active-set method's answer is not taken without trying the interior-point method."""

_UNSOLVED = "covariance is singular, and the constraints do not bound the weights"
_RISKLESS = (
    "covariance is singular: an allowed portfolio earns more than the riskless rate without variance, and no Sharpe "
    "ratio is the largest"
)


class _Parts(NamedTuple):
    """Variables x with low <= x <= high; an asset's weight is the sum of sign * x over its variables."""

    asset: NDArray[np.intp]
    sign: Floats
    low: Floats
    high: Floats


def utility(means: Floats, matrix: Floats, region: Region) -> Floats:
    """Maximise w'm - 1/2 w'Pw over the region.

    Args:
        means: (N,) m.
        matrix: (N, N) P, positive semi-definite.
        region: Where w must lie.

    Raises:
        Degenerate: P is singular and the region unbounded.
    """
    only = _only_portfolio(region)
    if only is not None:
        return only
    parts = _parts(region)
    fixed = parts.low == parts.high
    below = np.flatnonzero(np.isfinite(parts.low) & ~fixed)
    above = np.flatnonzero(np.isfinite(parts.high) & ~fixed)
    budget = [parts.sign] if region.budget else []
    capped = region.capped
    size = parts.sign.size
    scale = max(float(np.max(np.abs(means))), float(np.max(np.diagonal(matrix))), 1e-300)
    system = DenseSystem(
        matrix=_spread(matrix, parts) / scale,
        equality=np.vstack([*budget, np.eye(size)[fixed]]) if budget else np.eye(size)[fixed],
        general=np.ones((int(capped), size)),
        below=below,
        above=above,
    )
    # A constant in all means changes nothing under a budget, and keeps the residual's terms from vanishing.
    q = -parts.sign * (means[parts.asset] / scale + float(region.budget))
    b = np.concatenate([np.ones(len(budget)), parts.low[fixed]])
    h = np.concatenate([-parts.low[below], parts.high[above], [region.leverage][: int(capped)]])
    found = _solved(system, q, b, h)
    if found.residual > _SOLVED:
        raise Degenerate("covariance", _UNSOLVED)
    return _weights(parts, found.x, means.size)


def ratio(excess: Floats, matrix: Floats, region: Region) -> Floats:
    """Maximise w'm / sqrt(w'Sw) over the region.

    The variables are y = k w with k = 1'y and m'y = 1, so that the ratio is largest where y'Sy is least.

    Args:
        excess: (N,) m, scaled so that the region's largest w'm is 1.
        matrix: (N, N) S, positive semi-definite.
        region: Where w must lie; it has a budget and is bounded.

    Raises:
        Degenerate: a portfolio without variance has w'm > 0.
    """
    only = _only_portfolio(region)
    if only is not None:
        return only
    parts = _parts(region)
    fixed = parts.low == parts.high
    signs = parts.low == 0.0
    floors = np.isfinite(parts.low) & ~fixed & ~signs
    ceilings = np.isfinite(parts.high) & ~fixed
    unit, total = np.eye(parts.sign.size), parts.sign
    rows = [np.outer(parts.low[floors], total) - unit[floors], unit[ceilings] - np.outer(parts.high[ceilings], total)]
    if region.capped:
        rows.append(1.0 - region.leverage * total[None, :])
    below = np.flatnonzero(signs & ~fixed)
    system = DenseSystem(
        matrix=_spread(matrix, parts) / max(float(np.max(np.diagonal(matrix))), 1e-300),
        equality=np.vstack([total * excess[parts.asset], unit[fixed] - np.outer(parts.low[fixed], total)]),
        general=np.vstack(rows),
        below=below,
    )
    b = np.zeros(len(system.equality))
    b[0] = 1.0
    found = _solved(system, np.zeros(total.size), b, np.zeros(below.size + len(system.general)))
    # Where the variance is rounding, so is every term of the optimality conditions, and the residual says nothing.
    if found.residual > _SOLVED or found.x @ system.matrix @ found.x <= _rounding(system.matrix, found.x):
        raise Degenerate("covariance", _RISKLESS)
    return _weights(parts, found.x / float(total @ found.x), excess.size)


def _only_portfolio(region: Region) -> Floats | None:
    """Return the portfolio where a budget and fixed weights leave no choice."""
    free = region.low < region.high
    if int(np.count_nonzero(free)) > int(region.budget):
        return None
    weights = np.where(free, 0.0, region.high)
    weights[free] = 1.0 - weights.sum()
    return weights


def _parts(region: Region) -> _Parts:
    if not region.capped:
        n_assets = region.low.size
        return _Parts(np.arange(n_assets), np.ones(n_assets), region.low, region.high)
    bought, sold = np.flatnonzero(region.high > 0), np.flatnonzero(region.low < 0)
    held = np.flatnonzero((region.high == 0) & (region.low == 0))
    bought = np.concatenate([bought, held])
    return _Parts(
        np.concatenate([bought, sold]),
        np.concatenate([np.ones(bought.size), -np.ones(sold.size)]),
        np.concatenate([np.maximum(region.low[bought], 0.0), np.maximum(-region.high[sold], 0.0)]),
        np.concatenate([region.high[bought], -region.low[sold]]),
    )


def _spread(matrix: Floats, parts: _Parts) -> Floats:
    return matrix[np.ix_(parts.asset, parts.asset)] * np.outer(parts.sign, parts.sign)


def _weights(parts: _Parts, x: Floats, n_assets: int) -> Floats:
    weights = np.zeros(n_assets)
    np.add.at(weights, parts.asset, parts.sign * x)
    return weights


def _solved(system: DenseSystem, q: Floats, b: Floats, h: Floats) -> Optimum:
    quick = active_set(system, q, b, h) if system.general.size == 0 else None
    if quick is not None and quick.residual <= _SHARP:
        return quick
    return polished(system, q, b, h, minimise(system, q, b, h))


def _rounding(matrix: Floats, x: Floats) -> float:
    size = np.abs(x)
    return float(np.finfo(np.float64).eps * x.size * (size @ np.abs(matrix) @ size))
