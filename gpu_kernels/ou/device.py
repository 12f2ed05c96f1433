"""Launches of the kernels on a GPU, a block of threads a series for its sums, a thread for its verdict."""

from typing import Any

import numpy as np

from gpu_kernels import device
from gpu_kernels.checks import Floats
from gpu_kernels.ou import dickey_fuller, native, verdicts
from gpu_kernels.ou.model import BIASES, OuFit
from gpu_kernels.ou.sums import CANCELLED, ROUNDING

__all__ = ["fit", "judge", "statistics", "sums"]


def fit(prices: Floats, dt: float, bias: str, adf_lags: int) -> OuFit:
    """Estimate every row of prices (B, T); see the contract.

    Raises:
        DeviceFault: the GPU is not there, does not answer, or has too little memory.
    """
    return native.fit(prices, dt, bias, adf_lags, native.Launches(sums, statistics, judge, device.fetch))


def sums(prices: Floats, first: int = 0, stop: int | None = None) -> Any:
    """Sum every row of prices (B, T) from price `first` on, up to `stop`; the rows stay on the device."""
    n_series, stride = prices.shape
    rows = device.empty((native.ROWS, n_series))
    length = (stride if stop is None else stop) - first
    arguments = (n_series, stride, first, length, device.stage(prices), CANCELLED, ROUNDING, rows)
    device.launch("ou", "ou_sums", n_series * device.BLOCK, arguments)
    return rows


def statistics(prices: Floats, lags: int) -> Floats:
    """Return the Dickey-Fuller t of every row of prices (B, T), with lags >= 1; as native.statistics."""
    if lags > native.MOST_LAGS:
        return dickey_fuller.statistics(prices, lags)
    n_series, n_prices = prices.shape
    rows = device.empty((n_series,))
    arguments = (n_series, n_prices, lags, device.stage(prices), rows)
    device.launch("ou", "dickey_fuller", n_series * device.BLOCK, arguments)
    found = np.array(device.fetch(rows))
    unsure = np.isposinf(found)
    found[unsure] = dickey_fuller.statistics(prices[unsure], lags)
    return found


def judge(rows: Any, dt: float, bias: str, statistic: Floats | None, halves: Floats | None) -> Floats:
    """Return the verdicts on sums that lie on the device; as native.judge."""
    n_series = rows.shape[1]
    found = device.empty((verdicts.ROWS, n_series))
    # The sums stand for an array that is not read.
    tests = rows if statistic is None else device.stage(statistic)
    parts = rows if halves is None else device.stage(halves)
    arguments = (n_series, rows, dt, BIASES.index(bias), int(statistic is not None), tests, parts, found)
    device.launch("ou", "ou_verdicts", n_series, arguments)
    return device.fetch(found)
