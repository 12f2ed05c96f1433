"""Means and covariances of many windows of the same returns, by sums that windows share.

Windows that follow each other have most rows in common. The windows k .. k + B - 1 share the rows from the last one's
first to the first one's last, the core. The sums of a window are, in this order, those of the rows before the core,
step by step from the core back to its first row; those of the core; and those of the rows behind it, step by step
onwards. Nothing is ever subtracted from a sum, so that no window has rounding of rows that are not its own. Returns are
centred by the mean of all rows of the B windows before they are multiplied.

A window takes sums only if that costs no digits that weights would miss; else it is computed by itself, as
host.covariance does. So a window's mean and matrix differ from those of host.covariance by rounding alone.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpu_kernels import cholesky, interruption
from gpu_kernels.bounds import LARGEST_MAGNITUDE
from gpu_kernels.checks import Floats
from gpu_kernels.errors import Degenerate, InvalidInput
from gpu_kernels.moments import host
from gpu_kernels.moments.model import WindowCovariances

__all__ = ["covariances"]

_FEWEST_STEPS = 4
"""Steps of a window below which the sums that windows share save nothing."""

_CONDITION = 1e3
"""Largest condition number of the correlations of a window that takes sums: weights magnify rounding by it."""

_SPREAD = 1e6
"""Largest ratio of two variances of such a window."""


class _Sums(NamedTuple):
    """Sums of B windows.

    Attributes:
        centre: (N,) what was subtracted from the returns.
        total: (B, N) sums of the centred returns.
        n_complete: (B,) complete rows.
        strange: (B,) whether a row has an infinity.
    """

    centre: Floats
    total: Floats
    n_complete: NDArray[np.int64]
    strange: NDArray[np.bool_]


def covariances(returns: Floats, window: int, step: int, method: str, halflife: float) -> WindowCovariances:
    """Estimate the covariance of each window of returns (T, N) of any content; see the contract."""
    n_rows, n_assets = returns.shape
    n_windows = max(0, (n_rows - window) // step + 1)
    found = WindowCovariances(
        mean=np.full((n_windows, n_assets), np.nan),
        matrix=np.empty((n_windows, n_assets, n_assets)),
        shrinkage=np.zeros(n_windows),
        fallback=[""] * n_windows,
        dropped_rows=np.zeros(n_windows, dtype=np.int64),
        errors=[None] * n_windows,
    )
    done = np.zeros(n_windows, dtype=np.bool_)
    at_once = window // step
    if method == "sample" and at_once >= _FEWEST_STEPS and n_assets:
        for group in interruption.pieces(n_windows, at_once):
            starts = np.arange(group.start, group.stop) * step
            done[group] = _by_sums(returns, starts, window, found, group)
    for k in np.flatnonzero(~done).tolist():
        interruption.check()
        _by_itself(returns[k * step : k * step + window], method, halflife, found, k)
    return found


def _by_itself(rows: Floats, method: str, halflife: float, found: WindowCovariances, k: int) -> None:
    try:
        alone = host.covariance(rows, method, halflife)
    except (InvalidInput, Degenerate) as error:
        found.errors[k], found.mean[k], found.matrix[k] = error, np.nan, np.nan
        return
    found.mean[k], found.matrix[k], found.shrinkage[k] = alone.mean, alone.matrix, alone.shrinkage
    found.fallback[k], found.dropped_rows[k] = alone.fallback, alone.dropped_rows


def _by_sums(
    returns: Floats, starts: NDArray[np.int64], window: int, found: WindowCovariances, group: slice
) -> NDArray[np.bool_]:
    """Write means and matrices of windows that overlap; return (B,) which of them are as good as by themselves."""
    products = found.matrix[group]
    sums = _summed(returns, starts, window, products)
    good = np.zeros(starts.size, dtype=np.bool_)
    with np.errstate(all="ignore"):  # what is not finite is not good, and is computed again
        for k in range(starts.size):
            interruption.check()
            count, mean = int(sums.n_complete[k]), sums.total[k] / sums.n_complete[k]
            level = count * np.multiply.outer(mean, mean)
            products[k] -= level
            clean = bool((products[k].diagonal() >= level.diagonal()).all())
            products[k] /= count - 1
            mean += sums.centre
            good[k] = clean and count > mean.size and not sums.strange[k] and _sound(mean, products[k], count)
            found.mean[group.start + k] = mean
    found.dropped_rows[group] = np.where(good, window - sums.n_complete, 0)
    return good


def _summed(returns: Floats, starts: NDArray[np.int64], window: int, products: Floats) -> _Sums:
    """Write the sums of products of the centred rows of each window, and return the other sums.

    Args:
        returns: (T, N).
        starts: (B,) first rows of the windows, ascending; the last one is in the first window.
        window: Rows of a window.
        products: (B, N, N), which is written.
    """
    base, n_windows = int(starts[0]), starts.size
    rows = returns[base : int(starts[-1]) + window]
    whole, strange = np.asarray(~np.isnan(rows).any(axis=1)), np.asarray(np.isinf(rows).any(axis=1))
    clean = whole & ~strange
    centre = rows[clean].mean(axis=0) if clean.any() else np.zeros(rows.shape[1])
    centred = rows - centre
    centred[~clean] = 0.0
    edges = np.append(starts - base, starts - base + window).tolist()
    core = centred[edges[n_windows - 1] : edges[n_windows]]
    first = np.empty((n_windows, rows.shape[1]))
    products[-1], first[-1] = 0.0, 0.0
    for k in range(n_windows - 2, -1, -1):
        before = centred[edges[k] : edges[k + 1]]
        np.add(products[k + 1], before.T @ before, out=products[k])
        first[k] = first[k + 1] + before.sum(axis=0)
    growing, total = core.T @ core, core.sum(axis=0)
    for k in range(n_windows):
        if k:
            behind = centred[edges[n_windows + k - 1] : edges[n_windows + k]]
            growing += behind.T @ behind
            total = total + behind.sum(axis=0)
        products[k] += growing
        first[k] += total
    places = starts - base
    return _Sums(centre, first, _within(whole, places, window), _within(strange, places, window) > 0)


def _within(rows: NDArray[np.bool_], places: NDArray[np.int64], window: int) -> NDArray[np.int64]:
    """Return how many of the marked rows each window has."""
    before = np.concatenate([[0], np.cumsum(rows)])
    return np.asarray(before[places + window] - before[places])


def _sound(mean: Floats, matrix: Floats, count: int) -> bool:
    """Return whether a sample covariance is one that host.covariance would return, and weights keep its digits.

    It is as moderate as the checks of returns ask for, varies in every asset, and its correlations are
    well-conditioned.
    """
    variances, levels = matrix.diagonal(), mean**2
    most, least = float(variances.max()), float(variances.min())
    if not (host.varies(variances, levels) and most <= _SPREAD * least):
        return False
    if not max(count * most, float(levels.max())) < 0.25 * LARGEST_MAGNITUDE**2:
        return False
    scale = 1.0 / np.sqrt(variances)
    correlations = matrix * scale
    correlations *= scale[:, None]
    correlations.reshape(-1)[:: mean.size + 1] -= float(np.linalg.norm(correlations)) / _CONDITION
    return cholesky.triangle(correlations) is not None
