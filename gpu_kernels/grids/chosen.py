"""The choice among a grid's cells, and how far chance explains it."""

import numpy as np
from numpy.typing import NDArray

from gpu_kernels import sweep
from gpu_kernels.checks import Floats
from gpu_kernels.grids import deflated, host
from gpu_kernels.grids.blocks import rows_of
from gpu_kernels.grids.model import Cells, Choice, GridMetrics, Progress, Terms

__all__ = ["choose", "deflate"]


def choose(metrics: GridMetrics, shape: tuple[int, int, int, int], by: str) -> Choice:
    """Find best cells and plateaus; the deflated Sharpe ratios are NaN until deflate has filled them in."""
    values: Floats = getattr(metrics, by)
    n_series, n_cells = values.shape
    best, plateau = (np.full(n_series, -1, dtype=np.int64) for _ in range(2))
    means = np.full(n_series, np.nan)
    for rows in rows_of(n_series, n_cells):
        best[rows] = host.best(values[rows])
        around = host.neighbour_means(values[rows], shape)
        plateau[rows] = host.best(around)
        means[rows] = host.taken(around, plateau[rows])
    return Choice(best, host.taken(values, best), np.full(n_series, np.nan), plateau, means)


def deflate(
    sharpe_ratio: Floats,
    best: NDArray[np.int64],
    cells: Cells,
    n_bars: int,
    terms: Terms,
    prices: Floats | None,
    progress: Progress | None,
) -> Floats:
    """Return the deflated Sharpe ratio of each series' cell, NaN where it has none.

    Args:
        sharpe_ratio: (B, G), annualised.
        best: (B,), -1 for none.
        cells: What the columns stand for.
        n_bars: Returns behind each ratio, at least 2.
        terms: Of the backtests.
        prices: (B, T) for the skewness and kurtosis of the best cells; None takes a normal's.
        progress: Called with the series done and their number.
    """
    found = np.full(best.size, np.nan)
    shapes = _shapes(prices, best, cells, terms) if prices is not None else np.tile([0.0, 3.0], (best.size, 1))
    for series, cell in enumerate(best.tolist()):
        if cell >= 0:
            tried = sharpe_ratio[series] / np.sqrt(terms.periods_per_year)
            tries = tried[np.isfinite(tried)]
            benchmark = deflated.expected_maximum(tries.size, float(np.var(tries, ddof=1)) if tries.size > 1 else 0.0)
            skewness, kurtosis = shapes[series].tolist()
            found[series] = deflated.probability(float(tried[cell]), benchmark, n_bars, skewness, kurtosis)
        if progress is not None:
            progress(series + 1, best.size)
    return found


def _shapes(prices: Floats, best: NDArray[np.int64], cells: Cells, terms: Terms) -> Floats:
    """Return skewness and kurtosis of each series' best cell, (B, 2); NaN where it has none."""
    shapes = np.full((best.size, 2), np.nan)
    lookbacks = np.where(best >= 0, cells.lookback[best], 0)
    for lookback in np.unique(lookbacks[best >= 0]).tolist():
        rows = np.flatnonzero(lookbacks == lookback)
        chosen = best[rows]
        returns = sweep.returns(
            prices[rows],
            cells.entry_z[chosen],
            cells.exit_z[chosen],
            cells.cost[chosen],
            lookback=lookback,
            **terms._asdict(),
        )
        shapes[rows] = [deflated.moments(each) for each in returns]
    return shapes
