"""A sweep in groups of columns, of which only what the answer carries is kept.

A group's figures, all of them, are held while its best cells are chosen, and are let go then: beside the answer, memory
stays at that of one group however large the sweep is. No column's figures depend on its group.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from gpu_kernels import grids
from gpu_kernels.checks import Floats

__all__ = ["GROUP_BYTES", "Plan", "Swept", "group_columns", "swept"]

_BACKTESTS = 1 << 18
"""At once, at least one column: some 15 MB of figures."""

_PRICE_BYTES = 1 << 24
"""Of a group's prices, at least one column."""

GROUP_BYTES = 3 * (7 * 8 * _BACKTESTS + 2 * _PRICE_BYTES)
"""About what is held while a group is computed."""

Progress = Callable[[int, int], None]


class Plan(NamedTuple):
    """What is computed.

    Attributes:
        cells: Of the grid.
        shape: (E, X, C, L) of the grid.
        figures: Names of the figures that are kept.
        spans: train, test and purge of a walk-forward, or none.
        rules: What all backtests share.
    """

    cells: grids.Cells
    shape: tuple[int, int, int, int]
    figures: Sequence[str]
    spans: dict[str, Any]
    rules: dict[str, Any]


class Swept(NamedTuple):
    """What is kept.

    Attributes:
        figures: (N, G) each, by name; NaN in invalid cells.
        choice: Of each column.
        steps: Of the walk-forward, in the order of columns.
    """

    figures: dict[str, Floats]
    choice: grids.Choice
    steps: list[grids.WalkStep]


def swept(values: Floats, plan: Plan, progress: Progress) -> Swept:
    """Sweep the columns of a matrix.

    Args:
        values: (T, N).
        plan: What is computed.
        progress: Called with the column-cells done and their number.

    Raises:
        InvalidInput: as grids.sweep, grids.choose and grids.walk_forward.
    """
    n_columns, n_valid = values.shape[1], int(np.count_nonzero(plan.cells.valid))
    total = n_columns * n_valid
    kept = {name: np.empty((n_columns, plan.cells.valid.size)) for name in plan.figures}
    choices, steps = [], []
    for columns in _groups(n_columns, plan.cells.valid.size, len(values)):
        done = columns.start * n_valid

        def report(swept: int, _: int, before: int = done) -> None:
            progress(before + swept, total)

        def go_on(_: int, __: int, after: int = columns.stop * n_valid) -> None:
            progress(after, total)

        prices = np.ascontiguousarray(values[:, columns].T)
        metrics = grids.sweep(prices, plan.cells, progress=report, **plan.rules)
        _keep(kept, columns, metrics, plan.cells)
        choices.append(
            grids.choose(metrics, plan.cells, plan.shape, len(values), prices=prices, progress=go_on, **plan.rules)
        )
        if plan.spans:
            walked = grids.walk_forward(prices, plan.cells, progress=go_on, **plan.spans, **plan.rules)
            steps += [step._replace(series=columns.start + step.series) for step in walked]
    return Swept(kept, _joined(choices), steps)


def _groups(n_columns: int, n_cells: int, n_rows: int) -> Iterator[slice]:
    """Cut columns into groups of bounded memory."""
    size = group_columns(n_cells, n_rows)
    for first in range(0, n_columns, size):
        yield slice(first, min(first + size, n_columns))


def group_columns(n_cells: int, n_rows: int) -> int:
    """Return the columns of a group."""
    return max(1, min(_BACKTESTS // n_cells, _PRICE_BYTES // (8 * n_rows)))


def _keep(kept: dict[str, Floats], columns: slice, metrics: grids.GridMetrics, cells: grids.Cells) -> None:
    invalid = np.flatnonzero(~cells.valid)
    for name, values in kept.items():
        values[columns] = getattr(metrics, name)
        values[columns][:, invalid] = math.nan  # counts have no NaN of their own


def _joined(choices: list[grids.Choice]) -> grids.Choice:
    if len(choices) == 1:
        return choices[0]
    return grids.Choice._make(np.concatenate(parts) for parts in zip(*choices, strict=True))
