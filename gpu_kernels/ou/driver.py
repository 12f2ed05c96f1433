"""The fit by kernels: what they measure and judge, and the series that the NumPy twin completes."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpu_kernels.checks import Floats
from gpu_kernels.ou import dickey_fuller, host, verdicts
from gpu_kernels.ou.infinities import fitted_without, having
from gpu_kernels.ou.model import OuFit
from gpu_kernels.ou.sums import Sums, of_rows

__all__ = ["MOST_LAGS", "ROWS", "Judge", "Measure", "Measured", "fit", "middles"]

MOST_LAGS = 4
"""Most lags of the kernel's Dickey-Fuller test; with more the NumPy twin runs."""

ROWS = len(Sums._fields)
"""Rows of the sums that the kernel writes."""


class Measured(NamedTuple):
    """What the kernels measure of the prices.

    Attributes:
        rows: (ROWS, B) sums of each series.
        halves: (2, ROWS, B) sums of its halves; None where they are not asked for.
        statistic: (B,) Dickey-Fuller t, +inf where the NumPy twin must find it; None where it is not asked for.
    """

    rows: Floats
    halves: Floats | None
    statistic: Floats | None


Measure = Callable[[Floats, int, bool], Measured]
"""Takes the sums of every row of contiguous prices (B, T).

The other arguments are the lags of the Dickey-Fuller test, 0 where none is asked for and at most MOST_LAGS, and whether
the halves' sums are asked for.
"""

Judge = Callable[[Floats, float, str, Floats | None, Floats | None], Floats]
"""Returns the verdicts (verdicts.ROWS, B) on sums (ROWS, B); the arguments are those of host.from_sums."""


def middles(n_prices: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return where the halves of a series begin and stop."""
    middle = n_prices // 2
    return (0, middle), (middle, n_prices)


def fit(prices: Floats, dt: float, bias: str, adf_lags: int, measure: Measure, judge: Judge) -> OuFit:
    """Estimate every row of prices (B, T); see the contract.

    Args:
        prices: As in the contract.
        dt: As in the contract.
        bias: As in the contract.
        adf_lags: As in the contract.
        measure: Launches the kernel of the sums.
        judge: Launches the kernel of the verdicts.
    """
    held = np.ascontiguousarray(prices)
    found = measure(held, adf_lags if adf_lags <= MOST_LAGS else 0, bias == "jackknife")
    # A search of every price for an infinity costs as much as the sums, which show where one may be.
    infinite = _infinite(held, of_rows(found.rows))
    if infinite.any():
        return fitted_without(held, infinite, lambda rest: fit(rest, dt, bias, adf_lags, measure, judge))
    statistic = _settled(held, adf_lags, found.statistic) if adf_lags else None
    halves = None
    if found.halves is not None:
        halves = np.stack([host.speeds(of_rows(half), dt) for half in found.halves], axis=1)
    return verdicts.of_rows(judge(found.rows, dt, bias, statistic, halves), bias)


def _settled(prices: Floats, lags: int, statistic: Floats | None) -> Floats:
    """Complete the Dickey-Fuller t by the NumPy twin.

    It computes the rows whose columns are nearly dependent, because normal equations would lose their digits, and tests
    with more lags than the kernel's.
    """
    if statistic is None:
        return dickey_fuller.statistics(prices, lags)
    unsure = np.isposinf(statistic)
    if not unsure.any():
        return statistic
    settled = statistic.copy()
    settled[unsure] = dickey_fuller.statistics(prices[unsure], lags)
    return settled


def _infinite(prices: Floats, found: Sums) -> NDArray[np.bool_]:
    """Return which series have an infinite price: it is in the means of its series, or has gaps on both sides."""
    gapless = found.weight >= prices.shape[1] - 1
    with np.errstate(invalid="ignore"):
        unsure = ~(gapless & np.isfinite(found.lag_mean + found.step_mean))
    infinite = np.zeros(len(prices), dtype=np.bool_)
    infinite[unsure] = having(prices[unsure])
    return infinite
