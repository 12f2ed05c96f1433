"""SweepThresholds: every column against a grid of thresholds, costs and lookbacks."""

import math
from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Any

import numpy as np
from google.protobuf.message import Message
from msgspec import Meta

from gpu_kernels import threshold_grid
from gpu_kernels.checks import one_of
from gpu_kernels.errors import InvalidInput
from gpu_kernels.performance.sharpe_error import few
from gpu_kernels.sweep.arguments import stops_above
from meanrev_server.matrix_upload import UploadedMatrix
from meanrev_server.outline import Outline
from meanrev_server.research import message_bytes
from meanrev_server.research.answer import PART_BYTES, Answer
from meanrev_server.research.estimate import Estimate, list_bytes, names_bytes, parts_bytes
from meanrev_server.research.grid_axes import Axis, GridAxes, axis, axis_size
from meanrev_server.research.grid_sweep import ERRORS, GridSweep, group_bytes, swept
from meanrev_server.research.scored import LONGEST_NOTE, SCORE_NAMES, rolling_notes, scored
from meanrev_server.research.searches import GridCheck, GridCheckOptions, check_demand
from meanrev_server.research.task import Progress, Task, TradingResearchOptions
from meanrev_server.rpc.naming import option_names, wire_names
from meanrev_server.rpc.trading_options import Lookback
from meanrev_server.state.parts import Parts
from meanrev_wire.research_pb2 import CellChoice, PooledWalk, SweepReply, WalkStep

__all__ = ["TASK", "SweepOptions"]

_FIGURES = (
    "sharpe_ratio",
    "cumulative_return",
    "max_drawdown",
    "num_trades",
    "win_rate",
    "avg_profit_per_trade",
    "total_costs",
    ERRORS,
)


class SweepOptions(TradingResearchOptions, frozen=True, kw_only=True, dict=True):
    """Options of SweepThresholds, beside those of every trading rule.

    Attributes:
        entry: Entry levels; a cell whose exit does not fit its entry is invalid.
        exit: Exit levels.
        cost: Costs per side, as in BacktestWithCosts.
        lookback: Bars of the rolling z-score.
        figures: Figures of every cell that the reply carries.
        train: Bars of a walk-forward's train part; 0 for no walk-forward.
        test: Bars of its test part.
        purge: Bars between the two.
        reality_check: How the search among the cells is tested; not at all by default.
    """

    entry: Axis = "0.5:3:0.25"
    exit: Axis = "-0.5:1.5:0.25"
    cost: Axis = (0.0005,)
    lookback: Annotated[tuple[Lookback, ...], Meta(min_length=1)] = (20,)
    figures: tuple[str, ...] = ("sharpe_ratio", "cumulative_return", "max_drawdown", "num_trades")
    train: Annotated[int, Meta(ge=0)] = 0
    test: Annotated[int, Meta(ge=0)] = 0
    purge: Annotated[int, Meta(ge=0)] = 0
    reality_check: GridCheckOptions = GridCheckOptions()

    @cached_property
    def axes(self) -> GridAxes:
        """The axes as arrays.

        Raises:
            InvalidInput: a range is not "from:to:step".
        """
        return GridAxes(
            entry=axis(self.entry, "entry"),
            exit=axis(self.exit, "exit"),
            cost_per_side=axis(self.cost, "cost"),
            lookback=np.array(self.lookback, dtype=np.int64),
        )

    @property
    def spans(self) -> Mapping[str, Any]:
        """Parts of the walk-forward; empty where none is asked for."""
        if not self.train and not self.test:
            return {}
        return {"train": self.train, "test": self.test, "purge": self.purge}


_NAMES = (
    {name: f"metadata.reality_check.{name}" for name in GridCheckOptions.__struct_fields__}
    | option_names(SweepOptions, prices="block", entry_z="metadata.entry", exit_z="metadata.exit")
    | SCORE_NAMES
)


def _check(chosen: SweepOptions) -> None:
    """Check what can be known before there are prices: figures and axes, each axis beside one point of the others.

    Raises:
        InvalidInput: a figure is unknown, an axis breaks its rule, there are too many cells, or the stop is not above
            every entry level that an exit level fits.
    """
    for name in chosen.figures:
        one_of("metadata.figures", name, _FIGURES)
    # A range of a million points takes a few bytes of the request, so its size is known before the points are made.
    sizes = [axis_size(getattr(chosen, name), name) for name in ("entry", "exit", "cost")]
    n_cells = math.prod(sizes) * len(chosen.lookback)
    if n_cells > threshold_grid.MAX_CELLS:
        raise InvalidInput("cells", f"must be at most {threshold_grid.MAX_CELLS}", value=n_cells)
    axes = chosen.axes
    with wire_names(_NAMES):
        for place in range(len(axes)):
            alone: Any = [axis if i == place else axis[:1] for i, axis in enumerate(axes)]
            threshold_grid.expand(*alone)
        stops_above(axes.entry[axes.fits.any(axis=1)], chosen.rules())


def _total(outline: Outline, chosen: SweepOptions) -> int:
    return _column_cells(outline, chosen) * (1 + (chosen.reality_check.family != "none"))


def _column_cells(outline: Outline, chosen: SweepOptions) -> int:
    return outline.n_columns * chosen.axes.n_valid


def _run(table: UploadedMatrix, chosen: SweepOptions, progress: Progress) -> Answer:
    return _run_in_parts(table, chosen, progress, Parts())


def _run_in_parts(table: UploadedMatrix, chosen: SweepOptions, progress: Progress, parts: Parts) -> Answer:
    with wire_names(_NAMES):
        cells = threshold_grid.expand(*chosen.axes)
        figures = tuple(dict.fromkeys(chosen.figures))
        rules, prices = scored(chosen, chosen.rules(), table.values)
        check = GridCheck(chosen.reality_check, cells, rules)
        check.refuse_impossible(*prices.shape)
        grid = GridSweep(cells, chosen.axes.shape, figures, chosen.spans, rules)
        found = swept(prices, grid, check.beside(progress), parts)
        checks, superior = check.run(prices, table.columns, progress, parts)
        cell_reason, cell_reasons = threshold_grid.cell_reasons(cells, found.n_prices)
    n_cells = int(np.count_nonzero(cells.valid))
    best = found.choice.best
    notes = rolling_notes(prices, chosen, np.where(best >= 0, cells.lookback[best], 0).tolist())
    result = {
        "columns": list(table.columns),
        "entry_zscore": cells.entry_z,
        "exit_zscore": cells.exit_z,
        "cost": cells.cost,
        "lookback": cells.lookback,
        "cell_reason": cell_reason,
        "cell_reasons": cell_reasons,
        "best": _best(found.choice, notes, table.columns),
        "n_cells": n_cells,
        "walk_forward": [_step(step, table) for step in found.steps],
        "pooled": [_pooled(walk, table.columns) for walk in threshold_grid.pool(found.steps)],
        "figures": [{"name": name, "values": values} for name, values in (found.figures | superior).items()],
        "reality_checks": checks,
    }
    return Answer(result, extras={"n_cells": n_cells})


def _step(step: threshold_grid.WalkStep, table: UploadedMatrix) -> WalkStep:
    values = step._asdict()
    if table.timestamps_ms is not None:
        for part in ("train", "test"):
            values[f"{part}_first_ms"] = int(table.timestamps_ms[values[f"{part}_start"]])
            values[f"{part}_last_ms"] = int(table.timestamps_ms[values[f"{part}_stop"] - 1])
    return WalkStep(column=table.columns[values.pop("series")], **values)


def _pooled(walk: threshold_grid.PooledWalk, columns: tuple[str, ...]) -> PooledWalk:
    values = walk._asdict()
    return PooledWalk(column=columns[values.pop("series")], **values)


def _best(choice: threshold_grid.Choice, notes: list[str], columns: tuple[str, ...]) -> list[CellChoice]:
    rows = zip(columns, notes, *(values.tolist() for values in choice), strict=True)
    return [
        CellChoice(
            column=column,
            cell=cell,
            value=value,
            deflated_sharpe=deflated,
            plateau_cell=plateau,
            plateau_value=mean,
            status=status,
            reason=reason,
            n_bars=n_bars,
            sharpe_std_error=error,
            probability_sharpe_positive=positive,
            note=note,
        )
        for column, note, cell, value, deflated, plateau, mean, status, reason, n_bars, error, positive in rows
    ]


def _estimate(outline: Outline, chosen: SweepOptions) -> Estimate:
    n_rows, n_columns, n_cells = outline.n_rows, outline.n_columns, chosen.axes.n_cells
    n_steps = _n_steps(n_rows, chosen)
    names = names_bytes(outline)
    check = check_demand(outline, chosen.axes.n_valid, chosen.reality_check)
    figures = 8 * (len(set(chosen.figures)) + check.n_figures) * n_columns * n_cells
    lists = list_bytes(n_cells, doubles=3, varints=(max(chosen.lookback), 1))
    choices = n_columns * _CHOICE_BYTES + names
    steps = (n_steps + bool(n_steps)) * (n_columns * _STEP_BYTES + names)
    reply_bytes = parts_bytes(figures + lists + names + choices + steps + check.reply_bytes, len(_FIGURES) + 9)
    messages = n_columns * (1 + n_steps) * _MESSAGE_BYTES + 2 * check.reply_bytes
    group = max(group_bytes(n_columns, n_cells, len(chosen.lookback), max(1, n_rows), chosen.figures), check.nbytes)
    n_swept = 1 + (ERRORS in chosen.figures)
    work = _column_cells(outline, chosen) * (n_swept * n_rows + n_steps * chosen.train) + check.work
    more = check.n_figures * 8 * n_columns * n_cells
    return Estimate(work, outline.nbytes + figures + more + messages + 12 * lists + group + _PART_BYTES, reply_bytes)


def _n_steps(n_rows: int, chosen: SweepOptions) -> int:
    """Return the steps of a walk-forward; none where its parts break a rule, which the work refuses."""
    if not chosen.train or not chosen.test:
        return 0
    return max(0, (n_rows - chosen.train - chosen.purge - chosen.test) // chosen.test + 1)


def _most_bytes(message: Message) -> int:
    return message_bytes.ends([message])[-1]


_LARGE = 1 << 20
_CHOICE_BYTES = _most_bytes(
    CellChoice(
        cell=_LARGE,
        value=1,
        deflated_sharpe=1,
        plateau_cell=_LARGE,
        plateau_value=1,
        status="ok",
        n_bars=_LARGE,
        sharpe_std_error=1,
        probability_sharpe_positive=1,
        note=LONGEST_NOTE,
    )
)
_STEP: dict[str, Any] = {
    **dict.fromkeys(("train_start", "train_stop", "test_start", "test_stop", "cell", "test_trades"), _LARGE),
    **dict.fromkeys(("train_sharpe", "test_sharpe", "test_return", "test_max_drawdown"), 1.0),
    **dict.fromkeys(("train_sharpe_std_error", "test_sharpe_std_error", "probability_sharpe_positive"), 1.0),
    "note": f"train part: {few(0, 0)}; {few(0, 0)}",
    **dict.fromkeys(("train_first_ms", "train_last_ms", "test_first_ms", "test_last_ms"), 1 << 40),
    "status": "ok",
}
_STEP_BYTES = _most_bytes(WalkStep(**_STEP))
_MESSAGE_BYTES = 1024
"""Bytes of memory of a choice or a step until it is written."""
_PART_BYTES = 2 * PART_BYTES
"""Bytes of memory of a reply while it is written."""


TASK = Task(
    method="SweepThresholds",
    options_type=SweepOptions,
    reply=SweepReply,
    check=_check,
    total=_total,
    estimate=_estimate,
    run=_run,
    run_in_parts=_run_in_parts,
)
