"""Scans of all pairs of a set of series for one that reverts to the other: the Engle-Granger test, both ways round."""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gpu_kernels.bounds import within_reach
from gpu_kernels.checks import Floats, all_finite, array, at_least
from gpu_kernels.cointegration import device, driver, host, listed_native, native, residual, tiles
from gpu_kernels.cointegration.blocks import Block
from gpu_kernels.cointegration.driver import CheckedSeries
from gpu_kernels.cointegration.levels import constant_series, make_levels, reach_of, refuse_constant
from gpu_kernels.cointegration.model import (
    COLLINEAR,
    CONSTANT,
    FITTED,
    ITSELF,
    STATUSES,
    LagRule,
    PairFigures,
    PairsFit,
)
from gpu_kernels.cointegration.ranking import best_direction
from gpu_kernels.cointegration.tiles import SignificantPairs
from gpu_kernels.dispatch import Twins
from gpu_kernels.errors import InvalidInput

__all__ = [
    "COLLINEAR",
    "CONSTANT",
    "FITTED",
    "ITSELF",
    "STATUSES",
    "Block",
    "LagRule",
    "PairFigures",
    "PairsFit",
    "SignificantPairs",
    "best_direction",
    "constant_series",
    "listed",
    "make_levels",
    "reach_of",
    "refuse_constant",
    "scan",
    "significant",
]


def _steps(levels: CheckedSeries, _: LagRule) -> int:
    return levels.values.size * levels.reach.size


TWINS = Twins(host=host.scan, native=native.scan, device=device.scan, covers=driver.covers, steps=_steps)

TILE_TWINS = Twins(host=host.tests, native=native.tests, device=device.tests, covers=tiles.covers, steps=tiles.steps)

LISTED_TWINS = Twins(host=residual.listed, native=listed_native.listed, covers=listed_native.covers)


def significant(rows: Block, columns: Block | None, lags: int, alpha: float) -> SignificantPairs:
    """Test all pairs between two blocks of series, each in its better direction, and list those that pass.

    Args:
        rows: The first block, checked: finite levels that vary, 2 lags + 4 bars at least.
        columns: The second one; None for the first with itself.
        lags: Lagged steps in the test.
        alpha: p-value below which a pair is listed, above 0 and at most 1, which lists every pair with a statistic.

    References: those of scan.
    """
    rule = LagRule(lags, by_aic=False)
    found = TILE_TWINS.run(rows, columns, rule, alpha)
    return tiles.settled(rows, columns, rule, alpha, found, LISTED_TWINS.run)


def listed(
    series: Floats, bars: slice, reach: Floats, y: NDArray[np.int64], x: NDArray[np.int64], lags: int
) -> PairFigures:
    """Regress and test listed pairs of series from their residuals, in the direction given.

    Args:
        series: (N, T) levels, checked.
        bars: Those that are regressed, 2 lags + 4 at least.
        reach: (N,) magnitude whose rounding the levels carry.
        y: (P,) rows regressed, which vary over these bars.
        x: (P,) rows they are regressed on, likewise.
        lags: Lagged steps in the test.

    References: those of scan.
    """
    return LISTED_TWINS.run(series, bars.start, bars.stop, reach, y, x, LagRule(lags, by_aic=False))


def scan(
    prices: ArrayLike,
    *,
    lags: int = 1,
    autolag: str | None = None,
    max_lags: int | None = None,
    log: bool = False,
) -> PairsFit:
    """Regress every series on every other and test the residuals for a unit root.

    Args:
        prices: (T, N), oldest first, N >= 2, complete: a NaN is refused. T >= 2 k + 4 for the most lags k.
        lags: Lagged steps in the test, unless AIC chooses them.
        autolag: None, or "aic" to choose the lags of each pair among 0 .. max_lags.
        max_lags: The most that AIC may choose; by default ceil(12 (T / 100)^(1/4)), at most T // 2 - 2.
        log: Regress the logarithms of the prices, which must be positive.

    Returns:
        PairsFit of (N, N) matrices; [i, j] is series i regressed on series j. A series of prices whose range is at most
        1e-12 of their magnitude is constant: its pairs, and they alone, are NaN.

    Raises:
        InvalidInput: a price is NaN, infinite, above 1e50 in magnitude, or not positive with log; there are too few of
            them or too few series; or an option is out of its range.

    References:
        Engle and Granger (1987), Co-integration and error correction, section 5.
        MacKinnon (1994), Approximate asymptotic distribution functions for unit-root and cointegration tests.
        Schwert (1989), Tests for unit roots: a Monte Carlo investigation, section 3, for the default of max_lags.
    """
    checked = array("prices", prices, ndim=2, shape="(T, N)")
    if checked.shape[1] < 2:
        raise InvalidInput("prices", "must be (T, N) with N >= 2", value=checked.shape)
    all_finite("prices", checked)
    within_reach("prices", checked)
    rule = _rule(checked.shape[0], lags, autolag, max_lags)
    needed = 2 * rule.most + 4
    if checked.shape[0] < needed:
        raise InvalidInput("prices", f"must have T >= {needed} rows for {rule.most} lags", value=checked.shape[0])
    return TWINS.run(make_levels(checked, log=log), rule)


def _rule(n_samples: int, lags: int, autolag: str | None, max_lags: int | None) -> LagRule:
    if autolag is None:
        if max_lags is not None:
            raise InvalidInput("max_lags", "must be None unless autolag is 'aic'", value=max_lags)
        return LagRule(at_least("lags", lags, 0), by_aic=False)
    if autolag != "aic":
        raise InvalidInput("autolag", "must be None or 'aic'", value=autolag)
    if max_lags is None:
        return LagRule(max(0, min(n_samples // 2 - 2, math.ceil(12.0 * (n_samples / 100.0) ** 0.25))), by_aic=True)
    return LagRule(at_least("max_lags", max_lags, 0), by_aic=True)
