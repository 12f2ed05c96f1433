"""A sweep of thresholds in groups of columns, which keeps only what the answer carries.

The figures of a group are held until its best cells are chosen, and freed then. So the memory beside the answer is that
of one group, however large the sweep is. No column's figures depend on its group.
"""

import math
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpu_kernels import threshold_grid
from gpu_kernels.checks import Floats
from gpu_kernels.sweep import Rules
from meanrev_server.research.columns import column_groups
from meanrev_server.research.task import Progress
from meanrev_server.state.parts import Arrays, Parts

__all__ = ["ERRORS", "GridSweep", "Swept", "group_bytes", "group_columns", "swept"]

_BACKTESTS = 1 << 17
"""Most backtests of one lookback in a group: enough for all threads of a GPU."""

_OF_A_BACKTEST = 7 * 8
"""Bytes of the figures of a backtest."""

_FIGURE_BYTES = 1 << 25
"""Most bytes of a group's figures, where it has more than one column."""

_PRICE_BYTES = 1 << 24
"""Most bytes of a group's prices, where it has more than one column."""

ERRORS = "sharpe_std_error"
"""The figure that takes a further backtest of each cell."""

_ERROR_BYTES = 1 << 26
"""Bytes of the further backtests at a time."""

_STEP_FIELDS = threshold_grid.WalkStep._fields

_COPIES = 4
"""Arrays of the size of a group's figures and prices that are held while it is computed."""


class GridSweep(NamedTuple):
    """What is computed of each column.

    Attributes:
        cells: Cells of the grid.
        shape: (E, X, C, L) of the grid.
        figures: Names of the figures that are kept.
        spans: train, test and purge of a walk-forward; empty where there is none.
        rules: What all backtests share.
    """

    cells: threshold_grid.Cells
    shape: tuple[int, int, int, int]
    figures: Sequence[str]
    spans: Mapping[str, Any]
    rules: Rules


class Swept(NamedTuple):
    """What is kept.

    Attributes:
        figures: (N, G) each, by name; NaN where nothing was run: in invalid cells, and where a column has no figures.
        choice: The best cells of each column.
        steps: Steps of the walk-forward, in the order of columns.
        n_prices: (N,) prices of each column.
    """

    figures: dict[str, Floats]
    choice: threshold_grid.Choice
    steps: list[threshold_grid.WalkStep]
    n_prices: NDArray[np.int64]


def swept(values: Floats, grid: GridSweep, progress: Progress, parts: Parts) -> Swept:
    """Sweep the columns of a matrix.

    Args:
        values: (T, N).
        grid: What is computed.
        progress: Called with the column-cells done and their number.
        parts: Keeps each group's part of the result, under the number of its first column.

    Raises:
        InvalidInput: as sweep, choose and walk_forward of gpu_kernels.threshold_grid.
    """
    n_columns, n_valid = values.shape[1], int(np.count_nonzero(grid.cells.valid))
    figures = {name: np.empty((n_columns, grid.cells.valid.size)) for name in grid.figures}
    n_prices = np.empty(n_columns, dtype=np.int64)
    choices, steps = [], []
    size = group_columns(grid.cells.valid.size, grid.shape[-1], len(values))
    for columns, prices in column_groups(values, size):
        report = _reporter(progress, columns, n_valid, n_columns * n_valid)
        part = parts.part(columns.start, partial(_group, prices, grid._replace(rules=grid.rules.of(columns)), report))
        for name, kept in figures.items():
            kept[columns] = part[f"figures.{name}"]
        n_prices[columns] = part["n_prices"]
        choices.append(_choice(part))
        steps += [step._replace(series=columns.start + step.series) for step in _steps(part)]
        progress(columns.stop * n_valid, n_columns * n_valid)
    return Swept(figures, _joined(choices), steps, n_prices)


def _reporter(progress: Progress, columns: slice, n_valid: int, total: int) -> Progress:
    """Return a progress that takes the column-cells done in a group, and reports those of the groups before it too."""
    return lambda done, _: progress(columns.start * n_valid + done, total)


def _group(prices: Floats, grid: GridSweep, report: Progress) -> Arrays:
    """Return what is kept of a group of series, (columns, T), as arrays."""
    total = len(prices) * int(np.count_nonzero(grid.cells.valid))

    def go_on(_: int, __: int) -> None:
        report(total, total)

    metrics = threshold_grid.sweep(prices, grid.cells, grid.rules, progress=report)
    choice = threshold_grid.choose(
        metrics, grid.cells, grid.shape, prices.shape[1], grid.rules, prices=prices, progress=go_on
    )
    walked: list[threshold_grid.WalkStep] = []
    if grid.spans:
        walked = threshold_grid.walk_forward(prices, grid.cells, grid.rules, progress=go_on, **grid.spans)
    return {
        "n_prices": np.count_nonzero(~np.isnan(prices), axis=1),
        **{f"figures.{name}": _kept(metrics, name) for name in grid.figures if name != ERRORS},
        **{f"figures.{name}": _errors(prices, grid, metrics) for name in grid.figures if name == ERRORS},
        **{f"choice.{name}": values for name, values in choice._asdict().items()},
        **{f"step.{name}": np.array([getattr(step, name) for step in walked]) for name in _STEP_FIELDS},
    }


def _choice(part: Arrays) -> threshold_grid.Choice:
    return threshold_grid.Choice(*(part[f"choice.{name}"] for name in threshold_grid.Choice._fields))


def _steps(part: Arrays) -> list[threshold_grid.WalkStep]:
    columns = [part[f"step.{name}"].tolist() for name in _STEP_FIELDS]
    return [threshold_grid.WalkStep(*row) for row in zip(*columns, strict=True)]


def group_columns(n_cells: int, n_lookbacks: int, n_rows: int) -> int:
    """Return the columns of a group, of bounded memory and enough work at once."""
    backtests = min(_BACKTESTS * n_lookbacks, _FIGURE_BYTES // _OF_A_BACKTEST)
    return max(1, min(backtests // n_cells, _PRICE_BYTES // (8 * n_rows)))


def group_bytes(n_columns: int, n_cells: int, n_lookbacks: int, n_rows: int, figures: Sequence[str]) -> int:
    """Return about the most that is held, beside what is kept, while a group is computed."""
    at_once = min(n_columns, group_columns(n_cells, n_lookbacks, n_rows))
    errors = _ERROR_BYTES + 64 * n_rows if ERRORS in figures else 0
    return _COPIES * at_once * (_OF_A_BACKTEST * n_cells + 8 * n_rows) + errors


def _kept(metrics: threshold_grid.GridMetrics, name: str) -> Floats:
    """Return a figure of all cells, NaN where nothing was run; counts are 0 there."""
    return np.where(np.isnan(metrics.max_drawdown), math.nan, getattr(metrics, name))


def _errors(prices: Floats, grid: GridSweep, metrics: threshold_grid.GridMetrics) -> Floats:
    return threshold_grid.sharpe_errors(prices, grid.cells, metrics.sharpe_ratio, grid.rules)


def _joined(choices: list[threshold_grid.Choice]) -> threshold_grid.Choice:
    if len(choices) == 1:
        return choices[0]
    return threshold_grid.Choice._make(np.concatenate(parts) for parts in zip(*choices, strict=True))
