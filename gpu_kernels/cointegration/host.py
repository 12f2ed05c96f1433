"""The NumPy twin of the scan for cointegrated pairs, and of one tile of it."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpu_kernels import interruption
from gpu_kernels.checks import Floats
from gpu_kernels.cointegration import driver, tiles
from gpu_kernels.cointegration.blocks import Block, OwnSums, Products, multiply
from gpu_kernels.cointegration.driver import NAMES, CheckedSeries
from gpu_kernels.cointegration.grams import Grams, gather
from gpu_kernels.cointegration.model import LOSSY, LagRule, PairsFit
from gpu_kernels.cointegration.sums import Sums, autoregression, dickey_fuller_t, penalties, reversion
from gpu_kernels.ou.dickey_fuller import p_values

__all__ = ["fit", "scan", "tests", "tile"]

_CACHED = 8192


def scan(levels: CheckedSeries, rule: LagRule) -> PairsFit:
    """Compute all directed pairs; see the contract."""
    return driver.scan(levels, rule, lambda varying, rule: fit(gather(varying, rule.most), rule))


def fit(grams: Grams, rule: LagRule) -> Floats:
    """Compute every directed pair.

    Args:
        grams: Of N series, none of them constant.
        rule: Lags.

    Returns:
        (10, N, N), rows as NAMES orders them; the last is 1 where digits were lost, and 0 elsewhere. The diagonal
        means nothing.
    """
    n_series = grams.mean.size
    out = np.empty((len(NAMES), n_series, n_series))
    # Few enough rows at a time for the intermediate matrices to stay in cache.
    height = max(1, _CACHED // n_series)
    with np.errstate(all="ignore"):
        for start in range(0, n_series, height):
            interruption.check()
            rows = slice(start, min(start + height, n_series))
            _fit_rows(grams, rule, rows, out[:, rows])
    statistic = out[NAMES.index("adf_statistic")]
    out[NAMES.index("adf_p_value")] = p_values(statistic.ravel(), 2).reshape(statistic.shape)
    return out


def tile(rows: Block, columns: Block | None, rule: LagRule) -> Floats:
    """Compute all pairs between two blocks, each in its better direction.

    Args:
        rows: The first block.
        columns: The second one; None for the first with itself, of which only pairs above the diagonal mean anything.
        rule: Lags, not by AIC.

    Returns:
        (6, R, C), rows as tiles.NAMES orders them.
    """
    products = multiply(rows, columns, rule.most)
    n_columns = products.columns.mean.size
    out = np.empty((6, products.rows.mean.size, n_columns))
    height = max(1, _CACHED // n_columns)
    with np.errstate(all="ignore"):
        for start in range(0, out.shape[1], height):
            interruption.check()
            _tile_rows(products, rule, slice(start, start + height), out[:, start : start + height])
    out[3] = p_values(out[2].ravel(), 2).reshape(out[2].shape)
    return out


def tests(rows: Block, columns: Block | None, rule: LagRule, alpha: float) -> tiles.Tests:
    """Test all pairs between two blocks, and list those with p < alpha; see tiles.Tests and tiles.passing."""
    return tiles.tests_of(tile(rows, columns, rule), alpha, triangle=columns is None)


def _tile_rows(products: Products, rule: LagRule, rows: slice, out: Floats) -> None:
    own, levels, steps = _rows_of(products.rows, rows), products.levels[rows], products.steps[:, rows]
    there = _directed(own, products.columns, levels, steps, products.n_samples, rule)
    turned_steps = np.ascontiguousarray(steps.transpose(0, 2, 1))
    back = _directed(products.columns, own, levels.T, turned_steps, products.n_samples, rule)
    slope, intercept, statistic = back.slope.T, back.intercept.T, back.statistic.T
    lower = products.columns.numbers < own.numbers[:, None]
    turned = (statistic < there.statistic) | ((statistic == there.statistic) & lower)
    out[0], out[1] = np.where(turned, slope, there.slope), np.where(turned, intercept, there.intercept)
    out[2], out[4] = np.where(turned, statistic, there.statistic), turned
    out[5] = ~(back.kept.T & there.kept)


class _Directed(NamedTuple):
    """Series of one block regressed on those of another, all (R, C)."""

    slope: Floats
    intercept: Floats
    statistic: Floats
    lags: Floats
    change: Floats
    total: Floats
    kept: NDArray[np.bool_]


def _directed(y: OwnSums, x: OwnSums, levels: Floats, steps: Floats, n_samples: int, rule: LagRule) -> _Directed:
    slope = levels / x.squares[0]
    total = _form(y.squares[0], x.squares[0], levels, slope)
    formed = np.stack([_form(*each, slope) for each in zip(y.squares[1:], x.squares[1:], steps, strict=True)])
    head = np.stack([own[:, None] - slope * other for own, other in zip(y.head, x.head, strict=True)])
    tail = np.stack([own[:, None] - slope * other for own, other in zip(y.tail, x.tail, strict=True)])
    sums = Sums(n_samples, total, formed, head, tail)
    scale = y.squares[1][:, None] + slope**2 * x.squares[1]
    kept = (total >= LOSSY * y.squares[0][:, None]) & (formed[0] >= LOSSY * scale)
    statistic, lags, tested = dickey_fuller_t(sums, rule, penalties(n_samples, rule.most))
    change, moved = autoregression(sums)
    intercept = y.mean[:, None] - slope * x.mean
    return _Directed(slope, intercept, statistic, lags, change, total, kept & tested & moved)


def _fit_rows(grams: Grams, rule: LagRule, rows: slice, out: Floats) -> None:
    squares = np.stack([grams.levels.diagonal(), *(gram.diagonal() for gram in grams.steps)])
    every = OwnSums(np.zeros(0), grams.mean, squares, grams.head, grams.tail)
    levels, steps = grams.levels[rows], grams.steps[:, rows]
    found = _directed(_rows_of(every, rows), every, levels, steps, grams.n_samples, rule)
    figures = (
        found.slope,
        found.intercept,
        found.statistic,
        np.nan,  # the p-values follow, all at once
        found.lags,
        1.0 + found.change,
        *reversion(found.change, grams.n_samples),
        np.sqrt(found.total / (grams.n_samples - 2)),
    )
    for row, values in zip(out, (*figures, ~found.kept), strict=True):
        row[...] = values


def _rows_of(sums: OwnSums, rows: slice) -> OwnSums:
    return OwnSums._make(each[..., rows] for each in sums)


def _form(own: Floats, other: Floats, products: Floats, slope: Floats) -> Floats:
    """Return y'y - 2 b y'x + b^2 x'x for y in rows and x in columns."""
    value: Floats = own[:, None] - 2.0 * slope * products + slope**2 * other
    return value
