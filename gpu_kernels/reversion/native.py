"""Launches of the kernel on the CPU's vector lanes."""

import numpy as np

from gpu_kernels.checks import Floats
from gpu_kernels.compile import library
from gpu_kernels.dispatch import current
from gpu_kernels.launch import Count, launch, pointer
from gpu_kernels.reversion import driver
from gpu_kernels.reversion.host import Figures

__all__ = ["figures"]

_ITEMS_A_THREAD = 4


def figures(prices: Floats, trend: str, adf_lags: int, bandwidth: int, periods: int) -> Figures:
    """Compute every test of every row of prices (B, T), which are finite; see the contract."""
    return driver.figures(prices, trend, adf_lags, bandwidth, periods, _measure)


def _measure(prices: Floats, *options: int) -> Floats:
    """Launch the kernel; see driver.Measure."""
    n_series, n_prices = prices.shape
    n_items = min(n_series, _ITEMS_A_THREAD * current().threads)
    space, rows = np.empty(driver.space(n_items, n_prices)), np.empty((driver.n_rows(n_prices), n_series))
    launch(
        library("reversion").reversion_tests,
        *map(Count, (n_series, n_prices, *options, n_items)),
        *map(pointer, (prices, space, rows)),
    )
    return rows
