"""SweepThresholds: every column against a grid of thresholds, costs and lookbacks."""

import math
from typing import Annotated, Any, Literal

import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from gpu_kernels import grids
from gpu_kernels.checks import Floats, no_infinity, one_of
from meanrev_server.chunks import Table
from meanrev_server.research.task import Progress, Task
from meanrev_server.rpc import options
from meanrev_server.rpc.naming import wire_names
from meanrev_wire import codec
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


class SweepOptions(options.Options, frozen=True, kw_only=True):
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
        return grids.grid(values) if isinstance(values, str) else np.array(values, dtype=np.float64)


def _axes(chosen: SweepOptions) -> tuple[Floats, Floats, Floats, NDArray[np.int64]]:
    lookback = np.array(chosen.lookback, dtype=np.int64)
    return _axis(chosen.entry, "entry"), _axis(chosen.exit, "exit"), _axis(chosen.cost, "cost"), lookback


def _total(table: Table, chosen: SweepOptions) -> int:
    n_columns: int = table.values.shape[1]
    axes = entry, leave, cost, lookback = _axes(chosen)
    if math.prod(axis.size for axis in axes) > grids.MAX_CELLS:
        return n_columns * grids.MAX_CELLS  # expand refuses it
    valid = int(np.count_nonzero((leave < entry[:, None]) & (leave >= -entry[:, None])))
    return n_columns * valid * cost.size * lookback.size


def _run(table: Table, chosen: SweepOptions, ignored: list[str], progress: Progress) -> bytes:
    for name in chosen.figures:
        one_of("metadata.figures", name, _FIGURES)
    no_infinity("block", table.values)  # here, where an index is (row, column)
    with wire_names(_NAMES):
        result, n_cells = _swept(table, chosen, progress)
    total = _total(table, chosen)
    return codec.encode(
        SweepReply, done=total, total=total, result=result, metadata=options.reply_metadata(ignored, n_cells=n_cells)
    )


def _swept(table: Table, chosen: SweepOptions, progress: Progress) -> tuple[dict[str, Any], int]:
    prices = np.ascontiguousarray(table.values.T)
    rules: Any = {
        "execution_delay": chosen.execution_delay,
        "mode": chosen.mode,
        "initial_capital": chosen.initial_capital,
        "periods_per_year": chosen.periods_per_year,
    }
    entry, leave, cost, lookback = _axes(chosen)
    cells = grids.expand(entry, leave, cost, lookback)
    metrics = grids.sweep(prices, cells, progress=progress, **rules)
    shape = entry.size, leave.size, cost.size, lookback.size
    choice = grids.choose(metrics, cells, shape, prices.shape[1], prices=prices, **rules)
    steps = []
    if chosen.train or chosen.test:
        spans: Any = {"train": chosen.train, "test": chosen.test, "purge": chosen.purge}
        steps = grids.walk_forward(prices, cells, **spans, **rules)
    n_cells = int(np.count_nonzero(cells.valid))
    result = {
        "columns": list(table.columns),
        "entry_zscore": cells.entry_z,
        "exit_zscore": cells.exit_z,
        "cost": cells.cost,
        "lookback": cells.lookback,
        "figures": [{"name": name, "values": _figure(metrics, cells, name)} for name in chosen.figures],
        "best": _best(choice, table.columns),
        "n_cells": n_cells,
        "walk_forward": [_step(step, table.columns) for step in steps],
    }
    return result, n_cells


def _step(step: grids.WalkStep, columns: tuple[str, ...]) -> WalkStep:
    values = step._asdict()
    return WalkStep(column=columns[values.pop("series")], **values)


def _figure(metrics: grids.GridMetrics, cells: grids.Cells, name: str) -> Floats:
    values = np.asarray(getattr(metrics, name), dtype=np.float64)
    return np.where(cells.valid, values, np.nan)


def _best(choice: grids.Choice, columns: tuple[str, ...]) -> list[CellChoice]:
    rows = zip(columns, *(values.tolist() for values in choice), strict=True)
    return [
        CellChoice(
            column=column,
            cell=cell,
            value=value,
            deflated_sharpe=deflated,
            plateau_cell=plateau,
            plateau_value=mean,
        )
        for column, cell, value, deflated, plateau, mean in rows
    ]


SWEEP_THRESHOLDS = Task(
    method="SweepThresholds",
    options_type=SweepOptions,
    total=_total,
    run=_run,
    reply=lambda done, total: codec.encode(SweepReply, done=done, total=total),
)
"""The task."""
