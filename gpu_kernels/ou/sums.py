"""Centred sums over the pairs of neighbouring prices: all that least squares needs of a series."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpu_kernels import interruption
from gpu_kernels.checks import Floats

__all__ = [
    "BLOCK",
    "CANCELLED",
    "CONSTANT",
    "DETERMINISTIC",
    "ROUNDING",
    "SLOPE_ROUNDING",
    "Sums",
    "of_batch",
    "of_rows",
    "of_series",
]

CANCELLED = 1e-6
"""Residual sums below this share of sdd have lost digits, and are summed again from the residuals."""

ROUNDING = 1e-28
"""Share of sdd that the residuals of an exact line keep: their rounding, squared, with room."""

CONSTANT = 1e-12
"""Share of the size of prices up to which their deviation is rounding."""

DETERMINISTIC = 1e-24
"""Share of the variance of prices up to which the residuals' is no noise."""

SLOPE_ROUNDING = 8.0 * 2.0**-52
"""How far from 0, or from -1, rounding moves the slope b - 1: times the number of prices, whose sums are rounded, plus
their size over their deviation, because they are rounded themselves."""

BLOCK = 32_768
"""Doubles a block of rows may hold: the passes over it stay in the second-level cache, and its memory is reused."""


class Sums(NamedTuple):
    """Sums over pairs (l, l + d) of B series, every field (B,).

    Attributes:
        n_samples: Finite prices, integers.
        weight: Sum of the pairs' weights; their number where nothing is forgotten.
        weight_squares: Sum of the squared weights; likewise.
        origin: Subtracted from every price before summing: the first price that is in a pair, 0 where none is.
        lag_mean: Weighted mean of l, from the origin.
        step_mean: Weighted mean of d.
        sxx: Centred sum of l^2.
        sxd: Centred sum of l d.
        sdd: Centred sum of d^2.
        sse: Squared residuals of the regression of d on l.
        rounding: Share of sdd below which sse is rounding.
    """

    n_samples: NDArray[np.int64]
    weight: Floats
    weight_squares: Floats
    origin: Floats
    lag_mean: Floats
    step_mean: Floats
    sxx: Floats
    sxd: Floats
    sdd: Floats
    sse: Floats
    rounding: Floats


def of_batch(prices: Floats) -> Sums:
    """Sum every row of prices (B, T); pairs with a NaN are left out."""
    n_series, n_prices = prices.shape
    rows = max(1, BLOCK // max(1, n_prices))
    blocks = [_of_block(prices[start : start + rows]) for start in range(0, n_series, rows)]
    if not blocks:
        return Sums(np.zeros(0, dtype=np.int64), *(np.zeros(0) for _ in Sums._fields[1:]))
    return Sums._make(np.concatenate(parts) for parts in zip(*blocks, strict=True))


def of_rows(rows: Floats) -> Sums:
    """Name the rows (11, B) of a kernel."""
    n_samples, *fields = rows
    return Sums._make([n_samples.astype(np.int64), *fields])


def of_series(prices: Floats) -> Sums:
    """Sum one series (T,), as a batch of one."""
    interruption.check()
    finite = ~np.isnan(prices)
    both = finite[:-1] & finite[1:]
    # A price that is in no pair must not be the origin: if it is far from the others, they lose their digits.
    origin = prices[np.argmax(both)] if both.any() else 0.0
    with np.errstate(all="ignore"):
        shifted = prices - origin
        lags, steps = shifted[:-1][both], (shifted[1:] - shifted[:-1])[both]
    return _of_pairs(lags[None, :], steps[None, :], np.array([origin]), np.array([finite.sum()]))


def _of_block(prices: Floats) -> Sums:
    interruption.check()
    broken = np.asarray(np.isnan(prices).any(axis=1)) | (prices.shape[1] < 2)
    if not broken.any():
        with np.errstate(all="ignore"):
            shifted = prices - prices[:, :1]
            steps = np.diff(shifted)
        n_samples = np.full(len(prices), prices.shape[1])
        return _of_pairs(shifted[:, :-1], steps, prices[:, 0], n_samples)
    # Rows with a NaN one by one: the sum of a row must not depend on the other rows.
    parts = [_of_block(prices[~broken])] if not broken.all() else []
    parts += [of_series(row) for row in prices[broken]]
    back = np.argsort(np.concatenate([np.flatnonzero(~broken), np.flatnonzero(broken)]))
    return Sums._make(np.concatenate(fields)[back] for fields in zip(*parts, strict=True))


def _of_pairs(lags: Floats, steps: Floats, origin: Floats, n_samples: NDArray[np.int64]) -> Sums:
    n_series, n_pairs = lags.shape
    weight = np.full(n_series, float(n_pairs))
    with np.errstate(all="ignore"):
        lag_mean, step_mean = lags.sum(axis=1) / weight, steps.sum(axis=1) / weight
        x, d = lags - lag_mean[:, None], steps - step_mean[:, None]
        sxx, sxd, sdd = _dot(x, x), _dot(x, d), _dot(d, d)
        slope = sxd / sxx
        sse = sdd - slope * sxd
        small = sse < CANCELLED * sdd
        if small.any():
            residual = d[small] - slope[small, None] * x[small]
            sse[small] = _dot(residual, residual)
    n = n_samples.astype(np.int64)
    rounding = np.full(n_series, ROUNDING)
    return Sums(n, weight, weight, origin, lag_mean, step_mean, sxx, sxd, sdd, sse, rounding)


def _dot(left: Floats, right: Floats) -> Floats:
    product: Floats = np.einsum("bt,bt->b", left, right)
    return product
