"""Backtest: every column traded by one rule, or by thresholds of its own."""

from dataclasses import replace
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from gpu_kernels import sweep
from gpu_kernels.errors import InvalidInput
from gpu_kernels.performance.sharpe_error import probability_positive
from gpu_kernels.sweep.arguments import stops_above
from meanrev_server.matrix_upload import UploadedMatrix
from meanrev_server.outline import Outline
from meanrev_server.research.answer import PART_BYTES, Answer
from meanrev_server.research.columns import column_groups, joined
from meanrev_server.research.estimate import Estimate, column_estimate, list_bytes, parts_bytes
from meanrev_server.research.return_figures import figure_bytes, return_columns
from meanrev_server.research.scored import LONGEST_NOTE, SCORE_NAMES, level, rolling_notes, scored
from meanrev_server.research.task import Level, Progress, Task, TradingResearchOptions
from meanrev_server.rpc.naming import option_names, wire_names
from meanrev_server.rpc.trading_options import Lookback
from meanrev_wire.limits import COLUMN_OPTION_BYTES
from meanrev_wire.research_pb2 import BacktestReply

__all__ = ["TASK", "BacktestOptions"]

_ENTRIES_AT_ONCE = 2**19
"""Prices of the columns that are traded at once, between two reports of progress."""

_COPIES = 16
"""Arrays of the size of a group's prices that are held at once."""

_N_LISTS = 48
"""Lists in a reply."""
_OF_A_COLUMN = (
    "final_equity",
    "num_trades",
    "win_rate",
    "avg_profit_per_trade",
    "total_costs",
    "exposure",
    "turnover",
    "profit_factor",
    "best_trade",
    "worst_trade",
    "position",
)


class BacktestOptions(TradingResearchOptions, frozen=True, kw_only=True):
    """Options of Backtest, beside those of every trading rule.

    Attributes:
        entry: Entry level; it must be given, like the next.
        exit: Exit level.
        cost: Cost per side, as in BacktestWithCosts.
        lookback: Bars of the rolling z-score.
        trades: List the round trips in the reply.
        path: Put every bar into the reply.
        metrics: Put the metrics of BacktestWithCosts into the reply, of the last bar or of all; for one column alone.
    """

    MOST_BYTES: ClassVar[int] = COLUMN_OPTION_BYTES

    entry: Level | None = None
    exit: Level | None = None
    cost: Level = 0.0005
    lookback: Lookback = 20
    trades: bool = False
    path: bool = False
    metrics: Literal["last", "all"] | None = None


_NAMES = option_names(BacktestOptions, prices="block", entry_z="metadata.entry", exit_z="metadata.exit") | SCORE_NAMES


def _check(chosen: BacktestOptions) -> None:
    """Check that the stop is above every entry level.

    Raises:
        InvalidInput: it is not.
    """
    if chosen.entry is not None:
        with wire_names(_NAMES):
            stops_above(np.array(chosen.entry, dtype=np.float64), chosen.rules())


def _run(table: UploadedMatrix, chosen: BacktestOptions, progress: Progress) -> Answer:
    n_rows, n_columns = table.values.shape
    if chosen.metrics is not None and n_columns != 1:
        raise InvalidInput("metadata.metrics", "must be left out for more than one column", value=chosen.metrics)
    levels = [level(getattr(chosen, name), name, n_columns) for name in ("entry", "exit", "cost")]
    parts, (rules, prices) = [], scored(chosen, chosen.rules(chosen.lookback), table.values)
    for columns, series in column_groups(prices, max(1, _ENTRIES_AT_ONCE // n_rows)):
        progress(columns.start, n_columns)
        entry, leave, cost_per_side = (values[columns] for values in levels)
        try:
            with wire_names(_NAMES):
                found = sweep.accounts(
                    series,
                    entry,
                    leave,
                    cost_per_side,
                    rules.of(columns),
                    trades=chosen.trades,
                    path=chosen.path,
                )
        except InvalidInput as error:
            raise _placed(error, chosen, columns.start) from None
        if found.trades is not None:
            found = found._replace(trades=found.trades._replace(series=found.trades.series + columns.start))
        parts.append(found)
    notes = rolling_notes(prices, chosen, chosen.lookback)
    traded = chosen.metrics is not None and parts[0].returns.n_bars[0] > 0
    return Answer(
        {
            "returns": return_columns(table.columns, [part.returns for part in parts]),
            **joined(parts, _OF_A_COLUMN),
            "trades": _trades([part.trades for part in parts if part.trades is not None]),
            "paths": _paths([part.paths for part in parts if part.paths is not None]),
            "metrics": _metrics(replace(table, values=prices), levels, rules, chosen) if traded else None,
            "note": notes,
        }
    )


def _metrics(
    table: UploadedMatrix, levels: list[NDArray[np.float64]], rules: sweep.Rules, chosen: BacktestOptions
) -> dict[str, Any]:
    """Return the metrics of a single column, which can be traded, from its first price to its last."""
    bars = np.flatnonzero(~np.isnan(table.values[:, 0]))
    own = slice(bars[0], bars[-1] + 1)
    stamps = np.zeros(len(table.values), dtype=np.int64) if table.timestamps_ms is None else table.timestamps_ms
    prices = np.ascontiguousarray(table.values[own, 0])
    entry, leave, cost = (float(values[0]) for values in levels)
    found = sweep.OnlineBacktest(rules).whole(prices, entry, leave, cost, stamps[own])
    columns: dict[str, Any] = {
        name: values if chosen.metrics == "all" else values[-1:]
        for name, values in found._asdict().items()
        if name != "open_positions"
    }
    columns["probability_sharpe_positive"] = probability_positive(columns["sharpe_ratio"], columns["sharpe_std_error"])
    columns["zscore"] = np.where(np.isfinite(columns["zscore"]), columns["zscore"], 0.0)
    columns["status"] = [sweep.STATUSES[code] for code in columns["status"].tolist()]
    return columns


def _placed(error: InvalidInput, chosen: BacktestOptions, start: int) -> InvalidInput:
    """Return an error of a level with its index in the list that came; a single number has none."""
    given = getattr(chosen, error.field.removeprefix("metadata."), None)
    index = error.index + start if isinstance(error.index, int) and isinstance(given, tuple) else None
    return InvalidInput(error.field, error.rule, value=error.value, index=index)


def _trades(parts: list[sweep.Trades]) -> dict[str, Any] | None:
    if not parts:
        return None
    columns: dict[str, Any] = joined(parts, sweep.Trades._fields)
    columns["column"] = columns.pop("series")
    columns["status"] = ["closed" if closed else "open" for closed in columns.pop("closed").tolist()]
    return columns


def _paths(parts: list[sweep.AccountPaths]) -> dict[str, Any] | None:
    if not parts:
        return None
    return {"first_row": 0, **{name: values.T for name, values in joined(parts, sweep.AccountPaths._fields).items()}}


def _estimate(outline: Outline, chosen: BacktestOptions) -> Estimate:
    """Return the estimate without the trades, whose number is not known before."""
    n_rows, n_columns = outline.n_rows, outline.n_columns
    paths = len(sweep.AccountPaths._fields) * outline.nbytes if chosen.path else 0
    note = LONGEST_NOTE if chosen.score == "rolling" else ""
    lists = list_bytes(n_columns, doubles=len(_OF_A_COLUMN) - 2, varints=(n_rows, -1), texts=(note,))
    reply_bytes = parts_bytes(figure_bytes(outline) + lists + paths, _N_LISTS)
    size = max(1, _ENTRIES_AT_ONCE // max(1, n_rows))
    return column_estimate(outline, size, _COPIES, 2 * paths + 2 * PART_BYTES, reply_bytes)


TASK = Task(
    method="Backtest",
    options_type=BacktestOptions,
    reply=BacktestReply,
    estimate=_estimate,
    run=_run,
    check=_check,
)
