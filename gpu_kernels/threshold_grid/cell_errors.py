"""Standard errors of the Sharpe ratios of all cells: one more backtest of each, for the shape of its returns."""

import numpy as np
from numpy.typing import NDArray

from gpu_kernels import interruption, sweep
from gpu_kernels.checks import Floats
from gpu_kernels.sweep import Rules
from gpu_kernels.threshold_grid.model import Cells

__all__ = ["independent", "of_cells"]

_AT_ONCE = 2**19
"""Bars of a group of cells, some 4 MB of prices."""


def of_cells(prices: Floats, cells: Cells, rules: Rules, sharpe_ratio: Floats) -> Floats:
    """Return the errors of annualised ratios, annualised, (B, G); see the contract's sharpe_errors."""
    found = np.full(sharpe_ratio.shape, np.nan)
    year, n_bars = np.sqrt(rules.periods_per_year), sweep.survey(prices, rules.mode).n_bars
    size = max(1, _AT_ONCE // prices.shape[1])
    for series, ratios in enumerate(sharpe_ratio / year):
        known = np.isfinite(ratios)
        for lookback in np.unique(cells.lookback[known]).tolist():
            places = np.flatnonzero(known & (cells.lookback == lookback))
            for part in interruption.pieces(places.size, size):
                some = places[part]
                skewness, kurtosis = sweep.moments(
                    np.broadcast_to(prices[series], (some.size, prices.shape[1])),
                    cells.entry_z[some],
                    cells.exit_z[some],
                    cells.cost[some],
                    rules.of(np.full(some.size, series))._replace(lookback=lookback),
                )
                errors = independent(ratios[some], skewness, kurtosis, n_bars[[series]])
                found[series, some] = errors * year
    return found


def independent(ratio: Floats, skewness: Floats, kurtosis: Floats, n_bars: NDArray[np.int64]) -> Floats:
    """Return the errors of ratios a bar, for independent returns; NaN where a ratio is 0 or NaN.

    Args:
        ratio: (K,) a bar.
        skewness: (K,) of the returns.
        kurtosis: (K,) of the returns.
        n_bars: (K,) or (1,) returns behind each.
    """
    spread = 1.0 - ratio * skewness + 0.25 * ratio * ratio * (kurtosis - 1.0)
    error = np.sqrt(np.maximum(spread, 0.0) / np.maximum(n_bars, 1))
    error[~np.isfinite(ratio) | (ratio == 0.0)] = np.nan
    return np.asarray(error)
