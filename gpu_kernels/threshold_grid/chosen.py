"""The choice among a grid's cells, and how far chance explains it."""

import numpy as np
from numpy.typing import NDArray

from gpu_kernels import interruption, sweep
from gpu_kernels.checks import Floats
from gpu_kernels.performance.sharpe_error import probability_positive
from gpu_kernels.sweep import Rules
from gpu_kernels.threshold_grid import deflated, host
from gpu_kernels.threshold_grid.blocks import rows_of
from gpu_kernels.threshold_grid.cell_errors import independent
from gpu_kernels.threshold_grid.model import ERROR, OK, Cells, Choice, GridMetrics, Progress
from gpu_kernels.threshold_grid.reasons import of_metrics, of_series

__all__ = ["choose", "deflate", "shapes"]


def choose(
    metrics: GridMetrics,
    cells: Cells,
    shape: tuple[int, int, int, int],
    by: str,
    n_bars: NDArray[np.int64],
    prices: Floats | None,
    mode: str,
) -> Choice:
    """Find best cells and plateaus; the deflated Sharpe ratios are NaN until deflate has filled them in.

    Args:
        metrics: (B, G) figures.
        cells: The G cells.
        shape: Entries, exits, costs and lookbacks.
        by: Name of the figure that decides.
        n_bars: (B,) bars of each series' span.
        prices: (B, T) of the sweep, for reasons; None where they are not known.
        mode: Of the sweep.
    """
    values: Floats = getattr(metrics, by)
    n_series, n_cells = values.shape
    best, plateau = (np.full(n_series, -1, dtype=np.int64) for _ in range(2))
    means = np.full(n_series, np.nan)
    for rows in rows_of(n_series, n_cells):
        interruption.check()
        best[rows] = host.best(values[rows])
        around = host.neighbour_means(values[rows], shape)
        plateau[rows] = host.best(around)
        means[rows] = host.taken(around, plateau[rows])
    without = best < 0
    reason = np.full(n_series, "", dtype=object)
    if without.any():
        why = of_metrics(cells, int(without.sum())) if prices is None else of_series(prices[without], cells, mode)
        reason[without] = why
    return Choice(
        best=best,
        best_value=host.taken(values, best),
        deflated_sharpe=np.full(n_series, np.nan),
        plateau=plateau,
        plateau_value=means,
        status=np.where(without, ERROR, OK),
        reason=reason.astype(np.str_),
        n_bars=n_bars,
        sharpe_std_error=np.full(n_series, np.nan),
        probability_sharpe_positive=np.full(n_series, np.nan),
    )


def deflate(
    sharpe_ratio: Floats,
    choice: Choice,
    cells: Cells,
    rules: Rules,
    prices: Floats | None,
    progress: Progress | None,
) -> Choice:
    """Return the choice with the deflated Sharpe ratio of each series' cell and its error, NaN where it has none.

    Args:
        sharpe_ratio: (B, G), annualised.
        choice: The cells, and the bars behind each series' ratios.
        cells: The cells of the columns.
        rules: Of the backtests.
        prices: (B, T) for the skewness and kurtosis of the best cells; None takes a normal's.
        progress: Called with the series done and their number.
    """
    best, n_bars = choice.best, choice.n_bars
    found = np.full(best.size, np.nan)
    moments = shapes(prices, best, cells, rules) if prices is not None else np.tile([0.0, 3.0], (best.size, 1))
    for rows in rows_of(*sharpe_ratio.shape):
        interruption.check()
        tried = sharpe_ratio[rows] / np.sqrt(rules.periods_per_year)
        counts, variances = _spread(tried)
        benchmarks = map(deflated.expected_maximum, counts.tolist(), variances.tolist())
        ratios, lengths = host.taken(tried, best[rows]).tolist(), np.maximum(n_bars[rows], 1).tolist()
        each = zip(ratios, benchmarks, lengths, moments[rows].tolist(), strict=True)
        found[rows] = [deflated.probability(ratio, chance, length, *shape) for ratio, chance, length, shape in each]
        if progress is not None:
            progress(rows.stop, best.size)
    ratio = host.taken(sharpe_ratio, best) / np.sqrt(rules.periods_per_year)
    error = independent(ratio, moments[:, 0], moments[:, 1], n_bars)
    return choice._replace(
        deflated_sharpe=found,
        sharpe_std_error=error * np.sqrt(rules.periods_per_year),
        probability_sharpe_positive=probability_positive(ratio, error),
    )


def _spread(tried: Floats) -> tuple[NDArray[np.int64], Floats]:
    """Return how many figures each row of (B, G) has, 1 for none, and their variance (ddof 1); 0 of fewer than two."""
    usable = np.isfinite(tried)
    counts = np.maximum(np.count_nonzero(usable, axis=1), 1)
    apart = np.where(usable, tried, 0.0)
    apart -= (apart.sum(axis=1) / counts)[:, None]
    apart[~usable] = 0.0
    return counts, np.einsum("bg,bg->b", apart, apart) / np.maximum(counts - 1, 1)


def shapes(prices: Floats, best: NDArray[np.int64], cells: Cells, rules: Rules) -> Floats:
    """Return skewness and kurtosis of the returns of each series' best cell, (B, 2); NaN where it has none.

    Args:
        prices: (B, T) of the sweep.
        best: (B,) cells, -1 where there is none.
        cells: The cells of the grid.
        rules: Of the backtests.
    """
    moments = np.full((best.size, 2), np.nan)
    lookbacks = np.where(best >= 0, cells.lookback[best], 0)
    for lookback in np.unique(lookbacks[best >= 0]).tolist():
        rows = np.flatnonzero(lookbacks == lookback)
        chosen = best[rows]
        found = sweep.moments(
            prices if rows.size == best.size else prices[rows],
            cells.entry_z[chosen],
            cells.exit_z[chosen],
            cells.cost[chosen],
            rules.of(rows)._replace(lookback=lookback),
        )
        moments[rows] = np.stack(found, axis=1)
    return moments
