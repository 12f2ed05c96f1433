"""Launches of the kernels on the CPU's vector lanes."""

import numpy as np

from gpu_kernels.checks import Floats
from gpu_kernels.compile import library
from gpu_kernels.launch import Count, Number, launch, pointer
from gpu_kernels.ou import driver, verdicts
from gpu_kernels.ou.driver import ROWS, Measured, middles
from gpu_kernels.ou.model import BIASES, OuFit
from gpu_kernels.ou.sums import CANCELLED, ROUNDING

__all__ = ["fit", "judge", "measure", "statistics", "sums"]


def fit(prices: Floats, dt: float, bias: str, adf_lags: int) -> OuFit:
    """Estimate every row of prices (B, T); see the contract."""
    return driver.fit(prices, dt, bias, adf_lags, measure, judge)


def sums(prices: Floats, first: int = 0, stop: int | None = None) -> Floats:
    """Sum every row of contiguous prices (B, T) from price `first` on, up to `stop`; returns the fields of Sums."""
    n_series, stride = prices.shape
    rows = np.empty((ROWS, n_series))
    launch(
        library("ou").ou_sums,
        Count(n_series),
        Count(stride),
        Count(first),
        Count((stride if stop is None else stop) - first),
        pointer(prices),
        Number(CANCELLED),
        Number(ROUNDING),
        pointer(rows),
    )
    return rows


def statistics(prices: Floats, lags: int) -> Floats:
    """Return the Dickey-Fuller t of every row of contiguous prices (B, T), with 1 to driver.MOST_LAGS lags.

    It is +inf where columns are nearly dependent.
    """
    n_series, n_prices = prices.shape
    found = np.empty(n_series)
    launch(library("ou").dickey_fuller, *map(Count, (n_series, n_prices, lags)), pointer(prices), pointer(found))
    return found


def judge(rows: Floats, dt: float, bias: str, statistic: Floats | None, halves: Floats | None) -> Floats:
    """Return the verdicts (verdicts.ROWS, B) on sums (ROWS, B); the arguments are those of host.from_sums."""
    found = np.empty((verdicts.ROWS, rows.shape[1]))
    launch(
        library("ou").ou_verdicts,
        Count(rows.shape[1]),
        pointer(rows),
        Number(dt),
        Count(BIASES.index(bias)),
        Count(statistic is not None),
        None if statistic is None else pointer(statistic),
        None if halves is None else pointer(halves),
        pointer(found),
    )
    return found


def measure(prices: Floats, lags: int, halved: bool) -> Measured:
    """Take the sums of every row of contiguous prices (B, T); see driver.Measure."""
    halves = np.stack([sums(prices, *half) for half in middles(prices.shape[1])]) if halved else None
    return Measured(sums(prices), halves, statistics(prices, lags) if lags else None)
