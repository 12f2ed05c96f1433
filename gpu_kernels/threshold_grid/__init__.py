"""Grids of thresholds, costs and lookbacks: backtests, the best cell and how far chance explains it, walk-forward."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gpu_kernels.checks import Floats, all_finite, array, at_least, non_negative, one_of, positive
from gpu_kernels.errors import InvalidInput
from gpu_kernels.sweep import MODES, Rules, survey
from gpu_kernels.sweep.arguments import checked_rules, stops_above
from gpu_kernels.threshold_grid import axes, blocks, cell_errors, chosen, deflated, host, reasons, walk
from gpu_kernels.threshold_grid.model import (
    CRITERIA,
    ERROR,
    MAX_CELLS,
    OK,
    Cells,
    Choice,
    GridMetrics,
    PooledWalk,
    Progress,
    Spans,
    WalkStep,
)
from gpu_kernels.threshold_grid.pooled import pool
from gpu_kernels.threshold_grid.ranges import grid, grid_size

__all__ = [
    "CRITERIA",
    "ERROR",
    "MAX_CELLS",
    "MODES",
    "OK",
    "Cells",
    "Choice",
    "GridMetrics",
    "PooledWalk",
    "Progress",
    "WalkStep",
    "cell_reasons",
    "choose",
    "deflated_sharpe",
    "expand",
    "grid",
    "grid_size",
    "pool",
    "sharpe_errors",
    "sweep",
    "walk_forward",
]


_DEFAULT = Rules()


def expand(
    entry_z: ArrayLike, exit_z: ArrayLike, cost: ArrayLike, lookback: Sequence[int] | NDArray[np.int64]
) -> Cells:
    """Return all combinations of thresholds, costs and lookbacks.

    Args:
        entry_z: (E,) ascending, above 0.
        exit_z: (X,) ascending; a cell with exit_z >= entry_z or exit_z < -entry_z is marked invalid, not refused.
        cost: (C,) distinct costs per side, at least 0: fractions, or units of the price in mode "unit".
        lookback: (L,) distinct windows in prices, at least 2.

    Returns:
        Cells of E X C L entries: lookback outermost, then cost, entry, and exit innermost.

    Raises:
        InvalidInput: a list is empty, out of order or repeats itself, a value is NaN, infinite or out of its range, or
            there are more than MAX_CELLS cells (found before any is made).
    """
    entries, exits = axes.ascending("entry_z", entry_z, "(E,)"), axes.ascending("exit_z", exit_z, "(X,)")
    costs, lookbacks = axes.distinct("cost", cost, "(C,)"), axes.lookbacks(lookback)
    positive("entry_z", float(entries[0]))
    non_negative("cost", float(costs.min()))
    n_cells = math.prod(axis.size for axis in (entries, exits, costs, lookbacks))
    if n_cells > MAX_CELLS:
        raise InvalidInput("cells", f"must be at most {MAX_CELLS}", value=n_cells)
    return host.expand(entries, exits, costs, lookbacks)


def sweep(
    prices: ArrayLike,
    cells: Cells,
    rules: Rules = _DEFAULT,
    *,
    progress: Progress | None = None,
) -> GridMetrics:
    """Backtest every series in every valid cell, in blocks of bounded memory.

    Args:
        prices: (B, T), oldest first; NaN bars as in gpu_kernels.sweep.backtest, which runs every block.
        cells: What expand gave.
        rules: What all cells share. Their lookback is that of each cell, and not looked at here.
        progress: Called with the backtests done and their number after every block; what it raises ends the sweep.

    Returns:
        GridMetrics of (B, G) arrays: NaN, and counts 0, in invalid cells, in those whose lookback is longer than a
        series has prices, and for series that cannot be traded.

    Raises:
        InvalidInput: there is no bar, the cells' columns differ in length, a rule is out of its range, or the stop is
            not above the entry_z of every valid cell.
    """
    return blocks.run(_prices(prices), _checked(cells), _rules(rules, cells), progress)


def choose(
    metrics: GridMetrics,
    cells: Cells,
    shape: tuple[int, int, int, int],
    n_bars: int,
    rules: Rules = _DEFAULT,
    *,
    by: str = "sharpe_ratio",
    prices: ArrayLike | None = None,
    progress: Progress | None = None,
) -> Choice:
    """Choose each series' best cell and best plateau, and deflate the best cell's Sharpe ratio.

    Figures within 1e-9 of each other, relative to the series' largest, are equal, and the first such cell wins.

    Args:
        metrics: (B, G) figures.
        cells: The G cells.
        shape: (E, X, C, L): entries, exits, costs and lookbacks of the grid.
        n_bars: T; the returns behind each Sharpe ratio are as many where prices are not given.
        rules: As in the sweep.
        by: One of CRITERIA, by which cells are compared.
        prices: (B, T) of the sweep, for the bars that each series has, the skewness and kurtosis of its best cell's
            returns, and the reason where it has none; without them the moments are 0 and 3, those of a normal.
        progress: Called with the series deflated and their number; what it raises ends the work.

    Returns:
        Choice of (B,) arrays: -1, NaN, status ERROR and a reason where a series has no cell with a figure.

    Raises:
        InvalidInput: shapes do not fit, or an option is out of its range.
    """
    one_of("by", by, CRITERIA)
    rules = _rules(rules, cells)
    n_series, n_cells = metrics.sharpe_ratio.shape
    if math.prod(shape) != n_cells or _checked(cells).valid.size != n_cells:
        raise InvalidInput("shape", f"must have a product of {n_cells}, the number of cells", value=tuple(shape))
    at_least("n_bars", n_bars, 1)
    held = None if prices is None else _prices(prices)
    if held is not None and held.shape != (n_series, n_bars):
        raise InvalidInput("prices", f"must have shape {(n_series, n_bars)}", value=held.shape)
    bars = np.full(n_series, n_bars, dtype=np.int64) if held is None else survey(held, rules.mode).n_bars
    choice = chosen.choose(metrics, cells, shape, by, bars, held, rules.mode)
    return chosen.deflate(metrics.sharpe_ratio, choice, cells, rules, held, progress)


def sharpe_errors(prices: ArrayLike, cells: Cells, sharpe_ratio: ArrayLike, rules: Rules = _DEFAULT) -> Floats:
    """Return the standard error of each cell's Sharpe ratio, for independent returns of any skewness and kurtosis.

    It takes one more backtest of each cell, bar by bar, which a sweep by excursions does not need.

    Args:
        prices: (B, T) of the sweep.
        cells: The G cells.
        sharpe_ratio: (B, G) that the sweep gave, annualised.
        rules: As in the sweep.

    Returns:
        (B, G), annualised like the ratios; NaN where a ratio is NaN, or 0 because the returns do not vary.

    Raises:
        InvalidInput: as sweep, or the ratios have another shape.
    """
    held, ratios = _prices(prices), array("sharpe_ratio", sharpe_ratio, ndim=2, shape="(B, G)")
    if ratios.shape != (len(held), _checked(cells).valid.size):
        wanted = (len(held), cells.valid.size)
        raise InvalidInput("sharpe_ratio", f"must have shape {wanted}", value=ratios.shape)
    return cell_errors.of_cells(held, cells, _rules(rules, cells), ratios)


def cell_reasons(cells: Cells, n_prices: ArrayLike) -> tuple[NDArray[np.int32], list[str]]:
    """Return for each cell why no series has a figure in it.

    Args:
        cells: The G cells.
        n_prices: (B,) prices that each series of the sweep has.

    Returns:
        (G,) places in the list of reasons, 0 for a cell that can have figures, and the list, the first of which is "".

    Raises:
        InvalidInput: the cells are not those of expand, or n_prices has another shape.
    """
    known = array("n_prices", n_prices, ndim=1, shape="(B,)").astype(np.int64)
    return reasons.of_cells(_checked(cells), known)


def deflated_sharpe(
    sharpe: float, n_bars: int, skewness: float, kurtosis: float, n_tries: int, variance: float
) -> float:
    """Return the probability that a best Sharpe ratio is above what as many tries find without skill.

    Args:
        sharpe: Best ratio, per bar, not annualised.
        n_bars: Returns behind it, at least 2.
        skewness: Of the returns.
        kurtosis: Of the returns, 3 for a normal; at least 1 + skewness^2.
        n_tries: Independent tries, at least 1.
        variance: Of the tried ratios, per bar.

    Returns:
        A probability, 0 to 1.

    Raises:
        InvalidInput: a value is NaN, infinite or out of its range.

    References:
        Bailey and Lopez de Prado (2014), The deflated Sharpe ratio, equations 1 and 2.
    """
    for name, value in (("sharpe", sharpe), ("skewness", skewness), ("kurtosis", kurtosis)):
        all_finite(name, np.asarray(value, dtype=np.float64))
    if kurtosis < (1.0 + skewness**2) * (1.0 - 1e-12):
        raise InvalidInput("kurtosis", "must be at least 1 + skewness^2", value=kurtosis)
    benchmark = deflated.expected_maximum(at_least("n_tries", n_tries, 1), non_negative("variance", variance))
    return deflated.probability(sharpe, benchmark, at_least("n_bars", n_bars, 2), skewness, kurtosis)


def walk_forward(
    prices: ArrayLike,
    cells: Cells,
    rules: Rules = _DEFAULT,
    *,
    train: int,
    test: int,
    purge: int = 0,
    progress: Progress | None = None,
) -> list[WalkStep]:
    """Choose a cell by Sharpe ratio on train bars, trade it on the test bars behind them, and move on by a test part.

    A test is a backtest of its own: earlier bars only fill the window of its first scores, no decision is made before
    the first test bar, the position starts flat and the equity at rules.initial_capital. A position open at the last
    test bar is marked there. Bars that do not fill a last step are not used.

    Args:
        prices: (B, T), oldest first; T >= train + purge + test.
        cells: What expand gave.
        rules: As in sweep.
        train: Bars a cell is chosen on, at least 2.
        test: Bars it is traded on, at least 1.
        purge: Bars between them that neither choose nor earn, at least 0; from lookback - 1 on, no score of the test
            part contains a train price.
        progress: Called with the train backtests done and their number; what it raises ends the work.

    Returns:
        Every step of every series, in the order of series and then time; status and reason state of each whether it has
        figures, and why not. Bars behind a test part's last price count in none of them.

    Raises:
        InvalidInput: there are too few bars for one step, or as sweep.

    References:
        Lopez de Prado (2018), Advances in financial machine learning, sections 7.4 (purging) and 12.2 (walk-forward).
    """
    spans = Spans(at_least("train", train, 2), at_least("test", test, 1), at_least("purge", purge, 0))
    held = _prices(prices)
    if held.shape[1] < sum(spans):
        rule = f"must have at least train + purge + test = {sum(spans)} bars"
        raise InvalidInput("prices", rule, value=held.shape)
    return walk.forward(held, _checked(cells), spans, _rules(rules, cells), progress)


def _prices(prices: ArrayLike) -> Floats:
    checked = array("prices", prices, ndim=2, shape="(B, T)")
    if checked.shape[1] == 0:
        raise InvalidInput("prices", "must have at least one bar", value=checked.shape)
    return checked


def _rules(rules: Rules, cells: Cells) -> Rules:
    checked = checked_rules(rules)
    stops_above(cells.entry_z[cells.valid], checked)
    return checked


def _checked(cells: Cells) -> Cells:
    sizes = tuple(np.size(column) for column in cells)
    if len(set(sizes)) > 1:
        raise InvalidInput("cells", "must have columns of one length", value=sizes)
    return cells
