"""The tests by a kernel: what it covers, how it lays out its rows, and the series that the NumPy twin completes."""

from collections.abc import Callable

import numpy as np

from gpu_kernels.checks import Floats
from gpu_kernels.compile import LANES
from gpu_kernels.constants import constants, integer
from gpu_kernels.reversion import host
from gpu_kernels.reversion.host import Figures
from gpu_kernels.reversion.model import TRENDS

__all__ = ["MOST_LAGS", "Measure", "covers", "figures", "n_rows", "space"]

MOST_LAGS = 4
"""Most lags of the kernel's regressions; with more the NumPy twin runs."""

_SOURCE = "reversion/reversion.cu"
_ROWS = {name: int(row) for name, row in constants(_SOURCE).items()}
_FIRST_BLOCK = integer("FIRST_BLOCK", "reversion/increments.h")

Measure = Callable[[Floats, int, int, int, int], Floats]
"""Launches the kernel on contiguous prices (B, T), and returns its rows (n_rows(T), B).

The other arguments are the trend's place in model.TRENDS, the lags, the bandwidth and the periods.
"""


def covers(prices: Floats, _trend: str, adf_lags: int, _bandwidth: int, _periods: int) -> bool:
    """Return whether the kernel tests such series; the arguments are those of host.figures."""
    return len(prices) > 0 and adf_lags <= MOST_LAGS


def n_rows(n_prices: int) -> int:
    """Return the rows that the kernel writes."""
    return _ROWS["NAMED"] + len(host.block_sizes(n_prices)) + len(host.increment_spans(n_prices))


def space(n_groups: int, n_prices: int) -> int:
    """Return the doubles of working space for so many groups of max(LANES) series at once."""
    return n_groups * max(LANES) * (n_prices + n_prices // _FIRST_BLOCK)


def figures(prices: Floats, trend: str, adf_lags: int, bandwidth: int, periods: int, measure: Measure) -> Figures:
    """Compute every test of every row of prices (B, T), which are finite; see the contract.

    The NumPy twin computes a series again where rounding may touch one of the kernel's figures.

    Args:
        prices: Those of the contract.
        trend: One of model.TRENDS.
        adf_lags: At most MOST_LAGS.
        bandwidth: Lags in the long-run variances.
        periods: Steps of the variance ratio.
        measure: Launches the kernel.
    """
    held, n_prices = np.ascontiguousarray(prices), prices.shape[1]
    rows = measure(held, TRENDS.index(trend), adf_lags, bandwidth, periods)
    spans = _ROWS["NAMED"] + len(host.block_sizes(n_prices))
    found = Figures(
        adf_statistic=rows[_ROWS["DICKEY_FULLER"]],
        pp_statistic=rows[_ROWS["PHILLIPS_PERRON"]],
        kpss_statistic=rows[_ROWS["KPSS"]],
        dfgls_statistic=rows[_ROWS["DFGLS"]],
        variance_ratio=rows[_ROWS["RATIO"]],
        variance_ratio_statistic=rows[_ROWS["RATIO_STATISTIC"]],
        hurst_rescaled_range=host.rescaled_range_exponents(rows[_ROWS["NAMED"] : spans], n_prices),
        hurst_increments=host.increment_exponents(rows[spans:], n_prices),
    )
    unsure = np.flatnonzero(rows[_ROWS["UNSURE"]])
    if unsure.size:
        for column, again in zip(found, host.figures(held[unsure], trend, adf_lags, bandwidth, periods), strict=True):
            column[unsure] = again
    return found
