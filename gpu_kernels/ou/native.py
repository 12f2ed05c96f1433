"""Launches of the kernels on the CPU's vector lanes."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from gpu_kernels.checks import Floats, no_infinity
from gpu_kernels.compile import library
from gpu_kernels.launch import Count, Number, Threads, pointer
from gpu_kernels.ou import dickey_fuller, host, verdicts
from gpu_kernels.ou.model import BIASES, OuFit
from gpu_kernels.ou.sums import CANCELLED, ROUNDING, Sums, of_rows
from gpu_kernels.selection import current

__all__ = ["MOST_LAGS", "ROWS", "Launches", "fit", "judge", "statistics", "sums"]

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
    """Return the Dickey-Fuller t of every row of contiguous prices (B, T), with lags >= 1.

    Rows whose columns are nearly dependent go to the NumPy twin: normal equations would lose their digits.
    """
    if lags > MOST_LAGS:
        return dickey_fuller.statistics(prices, lags)
    n_series, n_prices = prices.shape
    found = np.empty(n_series)
    library("ou").dickey_fuller(
        Count(n_series), Count(n_prices), Count(lags), pointer(prices), pointer(found), Threads(current().threads)
    )
    unsure = np.isposinf(found)
    found[unsure] = dickey_fuller.statistics(prices[unsure], lags)
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


class Launches(NamedTuple):
    """Where the kernels run.

    Attributes:
        sums: As sums here; the rows lie where judge reads them.
        statistics: As statistics here.
        judge: As judge here.
        fetch: Brings rows to host memory.
    """

    sums: Callable[..., Any] = sums
    statistics: Callable[[Floats, int], Floats] = statistics
    judge: Callable[[Any, float, str, Floats | None, Floats | None], Floats] = judge
    fetch: Callable[[Any], Floats] = np.asarray


_HERE = Launches()


def fit(prices: Floats, dt: float, bias: str, adf_lags: int, launches: Launches = _HERE) -> OuFit:
    """Estimate every row of prices (B, T); see the contract.

    Raises:
        InvalidInput: a price is infinite.
    """
    held = np.ascontiguousarray(prices)
    whole = launches.sums(held)
    _no_infinity(held, of_rows(launches.fetch(whole)))
    statistic = launches.statistics(held, adf_lags) if adf_lags else None
    halves = None
    if bias == "jackknife":
        n_prices = held.shape[1]
        middle = n_prices // 2
        parts = [launches.fetch(launches.sums(held, *half)) for half in ((0, middle), (middle, n_prices))]
        halves = np.stack([host.speeds(of_rows(part), dt) for part in parts], axis=1)
    return verdicts.of_rows(launches.judge(whole, dt, bias, statistic, halves), bias)


def _no_infinity(prices: Floats, found: Sums) -> None:
    """Refuse an infinite price: it is in the means of its series, or stands between gaps."""
    gapless = found.weight >= prices.shape[1] - 1
    with np.errstate(invalid="ignore"):
        known_finite = gapless & np.isfinite(found.lag_mean + found.step_mean)
    if not known_finite.all():
        no_infinity("prices", prices)
