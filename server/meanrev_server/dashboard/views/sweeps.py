"""The sweep explorer: a grid of thresholds for one column, and the equity of one cell."""

import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import numpy as np

from gpu_kernels.checks import Floats
from gpu_kernels.errors import InvalidInput
from meanrev_server.dashboard.gate import Gate
from meanrev_server.dashboard.requests import RuleRequest, SweepRequest
from meanrev_server.dashboard.thinning import drawn_bars, numbers
from meanrev_server.matrix_choice import check_id
from meanrev_server.records import Caller
from meanrev_server.research.grid_axes import axis_size
from meanrev_wire import codec
from meanrev_wire import research_pb2 as wire

__all__ = ["FIGURES", "MOST_CELLS", "drawn_account", "equity", "sweep"]

FIGURES = ("sharpe_ratio", "cumulative_return", "max_drawdown", "num_trades")
"""Figures of a cell that a page shows."""

MOST_CELLS = 10_000
"""Most cells of a grid that a page draws."""

_SWEEP, _BACKTEST = "SweepThresholds", "Backtest"
_ACCOUNT = ("equity", "drawdown", "position")


async def sweep(gate: Gate, caller: Caller, asked: SweepRequest) -> AsyncGenerator[tuple[str, Any], None]:
    """Yield ("progress", (done, total)) while the sweep runs, and ("result", the grid) at its end.

    Raises:
        InvalidInput: the grid has more cells than a page draws.
        Refused: the method refused the request.
    """
    options = {name: getattr(asked, name) for name in ("entry", "exit", "mode", "periods_per_year")}
    options |= {"cost": [asked.cost], "lookback": [asked.lookback], "figures": FIGURES, "strict": True}
    chunk = _chunk(asked, options)
    whole = wire.SweepReply()
    with gate.visit(caller, _SWEEP, len(chunk), streaming=True) as visit:
        _check_cells(asked)
        async with aclosing(visit.replies(_SWEEP, chunk)) as replies:
            async for data in replies:
                reply = codec.decode(wire.SweepReply, data)
                if not reply.HasField("result"):
                    yield "progress", {"done": reply.done, "total": reply.total}
                whole.MergeFrom(reply)
        yield "result", await visit.call.compute(_grid, whole.result)


async def equity(gate: Gate, caller: Caller, asked: RuleRequest) -> dict[str, Any]:
    """Return the account of one cell, bar by bar, as a page draws it.

    Raises:
        Refused: the method refused the request.
    """
    names = ("entry", "exit", "cost", "lookback", "mode", "periods_per_year")
    options = {name: getattr(asked, name) for name in names} | {"path": True, "strict": True}
    chunk = _chunk(asked, options)
    with gate.visit(caller, _BACKTEST, len(chunk)) as visit:
        async with visit.columns(asked.matrix_id, (asked.column,)) as table:
            reply = await visit.research(_BACKTEST, chunk, wire.BacktestReply)
            return await visit.call.compute(drawn_account, reply.result, table.timestamps_ms, {})


def drawn_account(
    result: wire.BacktestColumns, timestamps_ms: Any, others: dict[str, Floats], first_bar: int = 0
) -> dict[str, Any]:
    """Return the figures of a single column's account, and its bars as a page draws them.

    Args:
        result: The answer of a backtest of one column with its path.
        timestamps_ms: Of the bars; None where there are none.
        others: Further series of the same bars, (T,) each.
        first_bar: The first one that was traded; accounts have no value before it.
    """
    # The parts of a path are joined without their number of rows; there is one column, so its values are the bars.
    series = {name: np.array(codec.doubles(getattr(result.paths, name).values)) for name in _ACCOUNT}
    for values in series.values():
        values[:first_bar] = np.nan
    bars = drawn_bars([series["equity"], series["drawdown"], *others.values()])
    returns = result.returns
    shown: dict[str, Any] = {
        "sharpe_ratio": returns.sharpe_ratio,
        "sharpe_std_error": returns.sharpe_std_error,
        "total_return": returns.total_return,
        "max_drawdown": returns.max_drawdown,
        "final_equity": result.final_equity,
        "num_trades": result.num_trades,
        "win_rate": result.win_rate,
        "total_costs": result.total_costs,
        "exposure": result.exposure,
    }
    return {
        "n_bars": len(series["equity"]),
        "bars": bars.tolist(),
        "times_ms": None if timestamps_ms is None else timestamps_ms[bars].tolist(),
        "series": {name: numbers(values[bars]) for name, values in {**series, **others}.items()},
        "figures": {name: numbers(np.array(values[:1], dtype=np.float64))[0] for name, values in shown.items()},
        "status": returns.status[0],
        "reason": returns.reason[0],
        "note": result.note[0],
    }


def _chunk(asked: SweepRequest | RuleRequest, options: dict[str, Any]) -> bytes:
    chunk = wire.MatrixChunk(matrix_id=check_id(asked.matrix_id), columns=[asked.column], metadata=json.dumps(options))
    return chunk.SerializeToString()


def _check_cells(asked: SweepRequest) -> None:
    n_cells = axis_size(asked.entry, "entry") * axis_size(asked.exit, "exit")
    if n_cells > MOST_CELLS:
        rule = f"must be at most {MOST_CELLS} for a page to draw; `meanrev sweep` takes larger grids"
        raise InvalidInput("cells", rule, value=n_cells)


def _grid(result: wire.SweepResult) -> dict[str, Any]:
    """Return a sweep of one column as a page draws it: every list has a value a cell."""
    figures = {name: np.full(len(result.entry_zscore), np.nan) for name in FIGURES}
    for figure in result.figures:
        values = codec.matrix(figure.values, "figures").ravel()
        figures[figure.name][figure.first_cell : figure.first_cell + values.size] = values
    best = result.best[0]
    return {
        "column": result.columns[0],
        "entry": list(result.entry_zscore),
        "exit": list(result.exit_zscore),
        "figures": {name: numbers(values) for name, values in figures.items()},
        "cell_reason": list(result.cell_reason),
        "cell_reasons": list(result.cell_reasons),
        "best": {
            "cell": best.cell,
            "plateau_cell": best.plateau_cell,
            **{name: numbers(np.array([getattr(best, name)]))[0] for name in _OF_THE_BEST},
            "status": best.status,
            "reason": best.reason,
            "n_bars": best.n_bars,
            "note": best.note,
        },
        "n_cells": result.n_cells,
    }


_OF_THE_BEST = ("value", "deflated_sharpe", "plateau_value", "sharpe_std_error", "probability_sharpe_positive")
