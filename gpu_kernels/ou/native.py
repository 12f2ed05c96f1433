"""Launches of the kernels on the CPU's vector lanes."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpu_kernels.checks import Floats
from gpu_kernels.compile import library
from gpu_kernels.dispatch import current
from gpu_kernels.launch import Count, Number, Threads, pointer
from gpu_kernels.ou import dickey_fuller, host, verdicts
from gpu_kernels.ou.infinities import fitted_without, having
from gpu_kernels.ou.model import BIASES, OuFit
from gpu_kernels.ou.sums import CANCELLED, ROUNDING, Sums, of_rows

__all__ = ["MOST_LAGS", "ROWS", "Measured", "fit", "judge", "measure", "middles", "statistics", "sums"]

MOST_LAGS = 4
"""Lags of the Dickey-Fuller test that the kernel knows; with more the NumPy twin runs."""

ROWS = len(Sums._fields)
"""Rows of the sums that the kernel writes."""


def sums(prices: Floats, first: int = 0, stop: int | None = None) -> Floats:
    """Sum every row of contiguous prices (B, T) from price `first` on, up to `stop`; returns the fields of Sums."""
    n_series, stride = prices.shape
    rows = np.empty((ROWS, n_series))
    library("ou").ou_sums(
        Count(n_series),
        Count(stride),
        Count(first),
        Count((stride if stop is None else stop) - first),
        pointer(prices),
        Number(CANCELLED),
        Number(ROUNDING),
        pointer(rows),
        Threads(current().threads),
    )
    return rows


def statistics(prices: Floats, lags: int) -> Floats:
    """Return the Dickey-Fuller t of every row of contiguous prices (B, T), with 1 to MOST_LAGS lags.

    It is +inf where columns are nearly dependent.
    """
    n_series, n_prices = prices.shape
    found = np.empty(n_series)
    library("ou").dickey_fuller(
        Count(n_series), Count(n_prices), Count(lags), pointer(prices), pointer(found), Threads(current().threads)
    )
    return found


def judge(rows: Floats, dt: float, bias: str, statistic: Floats | None, halves: Floats | None) -> Floats:
    """Return the verdicts (verdicts.ROWS, B) on sums (ROWS, B); the arguments are those of host.from_sums."""
    found = np.empty((verdicts.ROWS, rows.shape[1]))
    library("ou").ou_verdicts(
        Count(rows.shape[1]),
        pointer(rows),
        Number(dt),
        Count(BIASES.index(bias)),
        Count(statistic is not None),
        None if statistic is None else pointer(statistic),
        None if halves is None else pointer(halves),
        pointer(found),
        Threads(current().threads),
    )
    return found


class Measured(NamedTuple):
    """What the kernels say of the prices.

    Attributes:
        rows: (ROWS, B) sums of each series.
        halves: (2, ROWS, B) sums of its halves; None where they are not asked for.
        statistic: (B,) Dickey-Fuller t, +inf where the NumPy twin must find it; None where it is not asked for.
    """

    rows: Floats
    halves: Floats | None
    statistic: Floats | None


def middles(n_prices: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return where the halves of a series begin and stop."""
    middle = n_prices // 2
    return (0, middle), (middle, n_prices)


def measure(prices: Floats, lags: int, halved: bool) -> Measured:
    """Take the sums of every row of contiguous prices (B, T).

    Args:
        prices: As above.
        lags: Of the Dickey-Fuller test, 0 where none is asked for, at most MOST_LAGS.
        halved: Whether the halves' sums are asked for.
    """
    halves = np.stack([sums(prices, *half) for half in middles(prices.shape[1])]) if halved else None
    return Measured(sums(prices), halves, statistics(prices, lags) if lags else None)


def fit(
    prices: Floats,
    dt: float,
    bias: str,
    adf_lags: int,
    measure: Callable[[Floats, int, bool], Measured] = measure,
    judge: Callable[[Floats, float, str, Floats | None, Floats | None], Floats] = judge,
) -> OuFit:
    """Estimate every row of prices (B, T); see the contract.

    Args:
        prices: As in the contract.
        dt: As in the contract.
        bias: As in the contract.
        adf_lags: As in the contract.
        measure: As measure here, or on a GPU.
        judge: As judge here, or on a GPU.
    """
    held = np.ascontiguousarray(prices)
    found = measure(held, adf_lags if adf_lags <= MOST_LAGS else 0, bias == "jackknife")
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

    Its are the rows whose columns are nearly dependent, as normal equations would lose their digits, and many lags.
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
    """Say which series have an infinite price: it is in the means of its series, or stands between gaps."""
    gapless = found.weight >= prices.shape[1] - 1
    with np.errstate(invalid="ignore"):
        unsure = ~(gapless & np.isfinite(found.lag_mean + found.step_mean))
    infinite = np.zeros(len(prices), dtype=np.bool_)
    infinite[unsure] = having(prices[unsure])
    return infinite
