"""Launches of the kernel on a GPU, a thread a series."""

from typing import Any

import numpy as np

from gpu_kernels import device, device_pipeline
from gpu_kernels.checks import Floats
from gpu_kernels.compile import LANES
from gpu_kernels.reversion import driver
from gpu_kernels.reversion.host import Figures

__all__ = ["figures"]


def figures(prices: Floats, trend: str, adf_lags: int, bandwidth: int, periods: int) -> Figures:
    """Compute every test of every row of prices (B, T), which are finite; see the contract.

    Raises:
        DeviceFault: the GPU is not there, does not answer, or has too little memory.
    """
    return driver.figures(prices, trend, adf_lags, bandwidth, periods, _measure)


def _measure(prices: Floats, *options: int) -> Floats:
    """Launch the kernel, in parts where the series are many; see driver.Measure."""
    n_series, n_prices = prices.shape

    def run(part: slice) -> Any:
        count = part.stop - part.start
        space = device.empty((driver.space(-(-count // max(LANES)), n_prices),))
        rows = device.empty((driver.n_rows(n_prices), count))
        arguments = (count, n_prices, *options, count, device.stage(prices[part]), space, rows)
        device.launch("reversion", "reversion_tests", count, arguments)
        return rows

    n_parts = device_pipeline.parts(n_series, prices.nbytes, n_series)
    return np.concatenate(device_pipeline.in_parts(n_series, n_parts, run), axis=1)
