"""SweepThresholds: every column against a grid of thresholds, costs and lookbacks."""

import math
from typing import Annotated, Any, Literal

import numpy as np
from google.protobuf.message import Message
from msgspec import Meta
from numpy.typing import NDArray

from gpu_kernels import threshold_grid
from gpu_kernels.checks import Floats, one_of
from gpu_kernels.errors import InvalidInput
from gpu_kernels.sweep import Rules
from meanrev_server.chunks import Table
from meanrev_server.outline import Outline
from meanrev_server.research import sizes
from meanrev_server.research.answer import PART_BYTES, Answer
from meanrev_server.research.cost import Cost, list_bytes, names_bytes, parts_bytes
from meanrev_server.research.swept import Plan, group_bytes, swept
from meanrev_server.research.task import Progress, ResearchOptions, Task
from meanrev_server.rpc import options
from meanrev_server.rpc.naming import wire_names
from meanrev_wire.research_pb2 import CellChoice, SweepReply, WalkStep

__all__ = ["SWEEP_THRESHOLDS", "SweepOptions"]

Axis = str | Annotated[tuple[float, ...], Meta(min_length=1)]
"""Numbers, or "from:to:step" with both ends."""

_FIGURES = (
    "sharpe_ratio",
    "cumulative_return",
    "max_drawdown",
    "num_trades",
    "win_rate",
    "avg_profit_per_trade",
    "total_costs",
)
_NAMES = {
    "prices": "block",
    "entry_z": "metadata.entry",
    "exit_z": "metadata.exit",
    **{name: f"metadata.{name}" for name in ("cost", "lookback", "mode", "train", "test", "purge")},
    **{name: f"metadata.{name}" for name in ("execution_delay", "initial_capital", "periods_per_year")},
}


class SweepOptions(ResearchOptions, frozen=True, kw_only=True):
    """Options of SweepThresholds.

    Attributes:
        entry: Entry levels; a cell whose exit does not fit its entry is invalid.
        exit: Exit levels.
        cost: Costs per side, as in BacktestWithCosts.
        lookback: Bars of the rolling z-score.
        execution_delay: Bars between a signal and its fill.
        mode: "compounding", or "unit" for spreads.
        initial_capital: Equity before the first bar.
        periods_per_year: For the annualised Sharpe ratio.
        figures: Figures of every cell that the reply carries.
        train: Bars of a walk-forward's train part; 0 for no walk-forward.
        test: Bars of its test part.
        purge: Bars between the two.
    """

    entry: Axis = "0.5:3:0.25"
    exit: Axis = "-0.5:1.5:0.25"
    cost: Axis = (0.0005,)
    lookback: Annotated[tuple[Annotated[int, Meta(ge=2, le=1_000_000)], ...], Meta(min_length=1)] = (20,)
    execution_delay: Annotated[int, Meta(ge=0, le=10_000)] = 1
    mode: Literal["compounding", "unit"] = "compounding"
    initial_capital: Annotated[float, Meta(gt=0)] = 1.0
    periods_per_year: Annotated[float, Meta(gt=0)] = 252.0
    figures: tuple[str, ...] = ("sharpe_ratio", "cumulative_return", "max_drawdown", "num_trades")
    train: Annotated[int, Meta(ge=0)] = 0
    test: Annotated[int, Meta(ge=0)] = 0
    purge: Annotated[int, Meta(ge=0)] = 0


def _axis(values: Axis, name: str) -> Floats:
    with wire_names({"grid": f"metadata.{name}"}):
        return threshold_grid.grid(values) if isinstance(values, str) else np.array(values, dtype=np.float64)


def _axes(chosen: SweepOptions) -> tuple[Floats, Floats, Floats, NDArray[np.int64]]:
    lookback = np.array(chosen.lookback, dtype=np.int64)
    return _axis(chosen.entry, "entry"), _axis(chosen.exit, "exit"), _axis(chosen.cost, "cost"), lookback


def _check(chosen: SweepOptions) -> None:
    """Check what can be known before there are prices: figures and axes, each axis beside one point of the others.

    Raises:
        InvalidInput: a figure is unknown, an axis breaks its rule, or there are too many cells.
    """
    for name in chosen.figures:
        one_of("metadata.figures", name, _FIGURES)
    axes = _axes(chosen)
    with wire_names(_NAMES):
        for place in range(len(axes)):
            alone: Any = [axis if i == place else axis[:1] for i, axis in enumerate(axes)]
            threshold_grid.expand(*alone)
        n_cells = math.prod(axis.size for axis in axes)
        if n_cells > threshold_grid.MAX_CELLS:
            raise InvalidInput("cells", f"must be at most {threshold_grid.MAX_CELLS}", value=n_cells)


def _n_valid(chosen: SweepOptions) -> int:
    entry, leave, cost, lookback = _axes(chosen)
    valid = int(np.count_nonzero((leave < entry[:, None]) & (leave >= -entry[:, None])))
    return valid * cost.size * lookback.size


def _total(outline: Outline, chosen: SweepOptions) -> int:
    return outline.n_columns * _n_valid(chosen)


def _run(table: Table, chosen: SweepOptions, ignored: list[str], progress: Progress) -> Answer:
    with wire_names(_NAMES):
        result = _swept(table, chosen, progress)
    total = _total(table.outline, chosen)
    metadata = options.reply_metadata(ignored, n_cells=result["n_cells"])
    return Answer.of(SweepReply, result, done=total, total=total, metadata=metadata)


def _rules(chosen: SweepOptions) -> Rules:
    return Rules(
        execution_delay=chosen.execution_delay,
        mode=chosen.mode,
        initial_capital=chosen.initial_capital,
        periods_per_year=chosen.periods_per_year,
    )


def _spans(chosen: SweepOptions) -> dict[str, Any]:
    if not chosen.train and not chosen.test:
        return {}
    return {"train": chosen.train, "test": chosen.test, "purge": chosen.purge}


def _swept(table: Table, chosen: SweepOptions, progress: Progress) -> dict[str, Any]:
    entry, leave, cost, lookback = _axes(chosen)
    cells = threshold_grid.expand(entry, leave, cost, lookback)
    shape = entry.size, leave.size, cost.size, lookback.size
    figures = dict.fromkeys(chosen.figures)
    found = swept(table.values, Plan(cells, shape, tuple(figures), _spans(chosen), _rules(chosen)), progress)
    cell_reason, cell_reasons = threshold_grid.cell_reasons(cells, found.n_prices)
    return {
        "columns": list(table.columns),
        "entry_zscore": cells.entry_z,
        "exit_zscore": cells.exit_z,
        "cost": cells.cost,
        "lookback": cells.lookback,
        "cell_reason": cell_reason,
        "cell_reasons": cell_reasons,
        "best": _best(found.choice, table.columns),
        "n_cells": int(np.count_nonzero(cells.valid)),
        "walk_forward": [_step(step, table) for step in found.steps],
        "figures": [{"name": name, "values": values} for name, values in found.figures.items()],
    }


def _step(step: threshold_grid.WalkStep, table: Table) -> WalkStep:
    values = step._asdict()
    if table.timestamps_ms is not None:
        for part in ("train", "test"):
            values[f"{part}_first_ms"] = int(table.timestamps_ms[values[f"{part}_start"]])
            values[f"{part}_last_ms"] = int(table.timestamps_ms[values[f"{part}_stop"] - 1])
    return WalkStep(column=table.columns[values.pop("series")], **values)


def _best(choice: threshold_grid.Choice, columns: tuple[str, ...]) -> list[CellChoice]:
    rows = zip(columns, *(values.tolist() for values in choice), strict=True)
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
        )
        for column, cell, value, deflated, plateau, mean, status, reason, n_bars in rows
    ]


def _cost(outline: Outline, chosen: SweepOptions) -> Cost:
    n_rows, n_columns = outline.n_rows, outline.n_columns
    n_cells = math.prod(axis.size for axis in _axes(chosen))
    n_steps = _n_steps(n_rows, chosen)
    names = names_bytes(outline)
    figures = 8 * len(set(chosen.figures)) * n_columns * n_cells
    lists = list_bytes(n_cells, doubles=3, varints=(max(chosen.lookback), 1))
    choices = n_columns * _CHOICE_BYTES + names
    steps = n_steps * (n_columns * _STEP_BYTES + names)
    reply_bytes = parts_bytes(figures + lists + names + choices + steps, len(_FIGURES) + 8)
    messages = n_columns * (1 + n_steps) * _MESSAGE_BYTES
    group = group_bytes(n_columns, n_cells, len(chosen.lookback), max(1, n_rows))
    work = _total(outline, chosen) * (n_rows + n_steps * chosen.train)
    return Cost(work, outline.nbytes + figures + messages + 12 * lists + group + _PART_BYTES, reply_bytes)


def _n_steps(n_rows: int, chosen: SweepOptions) -> int:
    """Return the steps of a walk-forward; none where its parts break a rule, which the work will tell."""
    if not chosen.train or not chosen.test:
        return 0
    return max(0, (n_rows - chosen.train - chosen.purge - chosen.test) // chosen.test + 1)


def _most_bytes(message: Message) -> int:
    return sizes.ends([message])[-1]


_LARGE = 1 << 20
_CHOICE_BYTES = _most_bytes(
    CellChoice(
        cell=_LARGE, value=1, deflated_sharpe=1, plateau_cell=_LARGE, plateau_value=1, status="ok", n_bars=_LARGE
    )
)
_STEP: dict[str, Any] = {
    **dict.fromkeys(("train_start", "train_stop", "test_start", "test_stop", "cell", "test_trades"), _LARGE),
    **dict.fromkeys(("train_sharpe", "test_sharpe", "test_return", "test_max_drawdown"), 1.0),
    **dict.fromkeys(("train_first_ms", "train_last_ms", "test_first_ms", "test_last_ms"), 1 << 40),
    "status": "ok",
}
_STEP_BYTES = _most_bytes(WalkStep(**_STEP))
_MESSAGE_BYTES = 1024
"""Of memory that a choice or a step takes until it is written."""
_PART_BYTES = 2 * PART_BYTES
"""Of memory that a reply takes while it is written."""


SWEEP_THRESHOLDS = Task(
    method="SweepThresholds",
    options_type=SweepOptions,
    reply=SweepReply,
    check=_check,
    total=_total,
    cost=_cost,
    run=_run,
)
"""The task."""
