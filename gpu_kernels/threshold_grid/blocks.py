"""A grid's backtests in blocks of series and cells, so that memory stays bounded and progress is seen."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from gpu_kernels import interruption, sweep
from gpu_kernels.checks import Floats
from gpu_kernels.sweep import Rules
from gpu_kernels.threshold_grid.model import Cells, GridMetrics, Progress

__all__ = ["rows_of", "run"]

_LANES = 1 << 17
"""Backtests at once: some 25 MB of figures, and enough for all threads of a GPU."""

_BAR_STEPS = 1 << 28
"""Lanes times bars at once: a fraction of a second of compiled work between two reports."""


def run(prices: Floats, cells: Cells, rules: Rules, progress: Progress | None = None) -> GridMetrics:
    """Backtest every series in every valid cell; see the contract's sweep."""
    n_series, n_bars = prices.shape
    n_prices = sweep.survey(prices, rules.mode).n_prices
    found = _empty((n_series, cells.valid.size))
    done, total = 0, n_series * int(np.count_nonzero(cells.valid))
    for columns in _parts(cells):
        for rows in rows_of(n_series, columns.size, n_bars):
            interruption.check()
            thresholds = (cells.entry_z[columns], cells.exit_z[columns], cells.cost[columns])
            lookback = int(cells.lookback[columns[0]])
            filled = n_prices[rows] >= lookback
            held = prices[rows] if filled.all() else prices[rows][filled]
            members = np.arange(n_series)[rows][filled]
            figures = sweep.backtest(held, *thresholds, rules.of(members)._replace(lookback=lookback))
            for name, values in found._asdict().items():
                values[np.ix_(members, columns)] = getattr(figures, name)
            done += filled.size * columns.size
            if progress is not None:
                progress(done, total)
    return found


def rows_of(n_series: int, n_cells: int, n_bars: int = 1) -> Iterator[slice]:
    """Cut series into blocks whose lanes and bar-steps stay bounded; at least one series a block."""
    size = max(1, min(_LANES, _BAR_STEPS // n_bars) // max(1, n_cells))
    for first in range(0, n_series, size):
        yield slice(first, min(first + size, n_series))


def _empty(shape: tuple[int, int]) -> GridMetrics:
    sharpe, gained, drawdown, win_rate, average, fees = (np.full(shape, np.nan) for _ in range(6))
    return GridMetrics(sharpe, gained, drawdown, np.zeros(shape, dtype=np.int64), win_rate, average, fees)


def _parts(cells: Cells) -> Iterator[NDArray[np.intp]]:
    """Yield the valid cells of each lookback together, or of each cost where they are many.

    A plane of entries and exits stays whole, because the sweep runs it by excursions.
    """
    for lookback in np.unique(cells.lookback):
        columns = np.flatnonzero(cells.valid & (cells.lookback == lookback))
        if columns.size <= _LANES:
            yield from [columns] if columns.size else []
            continue
        cost = cells.cost[columns]
        yield from (columns[cost == one] for one in np.unique(cost))
