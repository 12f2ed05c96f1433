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
from gpu_kernels.weights.interior import SHARP, Optimum, minimise
from gpu_kernels.weights.polish import polished
from gpu_kernels.weights.region import Region

__all__ = ["ratio", "utility"]

_SOLVED = 1e-9
"""Largest residual of the optimality conditions that passes for an optimum."""

_UNSOLVED = (
    "no optimum was found: covariance is singular and the constraints do not bound the weights, or numbers of very "
    "unlike size leave no digits"
)
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


def utility(means: Floats, matrix: Floats, region: Region, beyond: Floats | None = None) -> Floats:
    """Maximise w'm - 1/2 w'Pw over the region.

    Args:
        means: (N,) m.
        matrix: (N, N) P, positive semi-definite.
        region: Where w must lie.
        beyond: (N,) the optimum without the cap where that breaks the cap, None where it is not known to.

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
    size = parts.sign.size
    cap = np.ones((int(region.capped), size))
    binding, slack = (cap, cap[:0]) if beyond is not None else (cap[:0], cap)
    scale = max(float(np.max(np.abs(means))), float(np.max(np.diagonal(matrix))), 1e-300)
    system = DenseSystem(
        matrix=_spread(matrix, parts) / scale,
        equality=np.vstack([*budget, binding, np.eye(size)[fixed]]),
        general=slack,
        below=below,
        above=above,
    )
    # A constant in all means changes nothing under a budget, and keeps the residual's terms from vanishing.
    q = -parts.sign * (means[parts.asset] / scale + float(region.budget))
    b = np.concatenate([np.ones(len(budget)), np.full(len(binding), region.leverage), parts.low[fixed]])
    h = np.concatenate([-parts.low[below], parts.high[above], np.full(len(slack), region.leverage)])
    found = _solved(system, q, b, h, _held_at_zero(parts, beyond))
    if not found.residual <= _SOLVED:
        raise Degenerate("covariance", _UNSOLVED)
    return _weights(parts, found.x, means.size)


def ratio(excess: Floats, matrix: Floats, region: Region, beyond: Floats | None = None) -> Floats:
    """Maximise w'm / sqrt(w'Sw) over the region.

    The variables are y = k w with k = 1'y and m'y = 1, so that the ratio is largest where y'Sy is least.

    Args:
        excess: (N,) m, scaled so that the region's largest w'm is 1.
        matrix: (N, N) S, positive semi-definite.
        region: Where w must lie; it has a budget and is bounded.
        beyond: As in utility.

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
    cap = (1.0 - region.leverage * total[None, :]) if region.capped else unit[:0]
    binding, slack = (cap, cap[:0]) if beyond is not None else (cap[:0], cap)
    below = np.flatnonzero(signs & ~fixed)
    system = DenseSystem(
        matrix=_spread(matrix, parts) / max(float(np.max(np.diagonal(matrix))), 1e-300),
        equality=np.vstack([total * excess[parts.asset], binding, unit[fixed] - np.outer(parts.low[fixed], total)]),
        general=np.vstack([*rows, slack]),
        below=below,
    )
    b = np.zeros(len(system.equality))
    b[0] = 1.0
    q, h = np.zeros(total.size), np.zeros(below.size + len(system.general))
    found = _solved(system, q, b, h, _held_at_zero(parts, beyond))
    variance = float(found.x @ system.matrix @ found.x)
    if variance <= _rounding(system.matrix, found.x):
        raise Degenerate("covariance", _RISKLESS)
    if not found.residual <= _SOLVED:
        raise Degenerate("covariance", _UNSOLVED)
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


def _held_at_zero(parts: _Parts, beyond: Floats | None) -> NDArray[np.bool_]:
    """Guess that no asset is bought where it was sold without the cap, nor sold where it was bought."""
    if beyond is None:
        return np.zeros(parts.sign.size, dtype=np.bool_)
    return np.asarray((parts.low == 0.0) & (parts.high > 0.0) & (parts.sign * beyond[parts.asset] <= 0.0))


def _spread(matrix: Floats, parts: _Parts) -> Floats:
    if np.array_equal(parts.asset, np.arange(len(matrix))) and (parts.sign > 0).all():
        return matrix
    return matrix[np.ix_(parts.asset, parts.asset)] * np.outer(parts.sign, parts.sign)


def _weights(parts: _Parts, x: Floats, n_assets: int) -> Floats:
    weights = np.zeros(n_assets)
    np.add.at(weights, parts.asset, parts.sign * x)
    return weights


def _solved(system: DenseSystem, q: Floats, b: Floats, h: Floats, at_low: NDArray[np.bool_]) -> Optimum:
    # A program without an optimum drives its iterates out of the doubles' range, which the residual shows.
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        # What is not sharp is not taken without trying the interior-point method.
        quick = active_set(system, q, b, h, at_low) if system.general.size == 0 else None
        if quick is not None and quick.residual <= SHARP:
            return quick
        try:
            return polished(system, q, b, h, minimise(system, q, b, h))
        except np.linalg.LinAlgError:
            raise Degenerate("covariance", _UNSOLVED) from None


def _rounding(matrix: Floats, x: Floats) -> float:
    size = np.abs(x)
    return float(np.finfo(np.float64).eps * x.size * (size @ np.abs(matrix) @ size))
