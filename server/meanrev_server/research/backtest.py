"""Backtest: every column traded by one rule, or by thresholds of its own."""

from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from gpu_kernels import sweep
from gpu_kernels.errors import InvalidInput
from meanrev_server.chunks import Table
from meanrev_server.outline import Outline
from meanrev_server.research.answer import Answer
from meanrev_server.research.cost import Cost, list_bytes, parts_bytes
from meanrev_server.research.return_stats import figure_bytes, return_columns
from meanrev_server.research.task import Progress, ResearchOptions, Task
from meanrev_server.rpc import options
from meanrev_server.rpc.naming import wire_names
from meanrev_wire.research_pb2 import BacktestReply

__all__ = ["BACKTEST", "BacktestOptions"]

_ENTRIES_AT_ONCE = 2**19
"""Prices of the columns that are traded at once, between two reports of progress."""

_COPIES = 16
"""Arrays of their size that are held meanwhile."""

_N_LISTS = 48
_PART_BYTES = 2 * 4 * 1024 * 1024
"""Of memory that a reply takes while it is written."""

_RULES = ("lookback", "execution_delay", "mode", "initial_capital", "periods_per_year")
_NAMES = {
    "prices": "block",
    "entry_z": "metadata.entry",
    "exit_z": "metadata.exit",
    **{name: f"metadata.{name}" for name in ("cost", *_RULES)},
}
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

Level = float | Annotated[tuple[float | None, ...], Meta(min_length=1)]
"""One number for all columns, or one a column; null where a column has none, which is not traded then."""


class BacktestOptions(ResearchOptions, frozen=True, kw_only=True):
    """Options of Backtest.

    Attributes:
        entry: Entry level; it must be given, like the next.
        exit: Exit level.
        cost: Per side, as in BacktestWithCosts.
        lookback: Bars of the rolling z-score.
        execution_delay: Bars between a signal and its fill.
        mode: "compounding", or "unit" for spreads.
        initial_capital: Equity before the first bar.
        periods_per_year: For the annual figures.
        trades: List the round trips in the reply.
        path: Put every bar into the reply.
    """

    MOST_BYTES: ClassVar[int] = 4 * 1024 * 1024  # three numbers a column

    entry: Level | None = None
    exit: Level | None = None
    cost: Level = 0.0005
    lookback: Annotated[int, Meta(ge=2, le=1_000_000)] = 20
    execution_delay: Annotated[int, Meta(ge=0, le=10_000)] = 1
    mode: Literal["compounding", "unit"] = "compounding"
    initial_capital: Annotated[float, Meta(gt=0)] = 1.0
    periods_per_year: Annotated[float, Meta(gt=0)] = 252.0
    trades: bool = False
    path: bool = False


def _run(table: Table, chosen: BacktestOptions, ignored: list[str], progress: Progress) -> Answer:
    n_rows, n_columns = table.values.shape
    levels = {name: _level(getattr(chosen, name), name, n_columns) for name in ("entry", "exit", "cost")}
    rules = sweep.Rules(**{name: getattr(chosen, name) for name in _RULES})
    size = max(1, _ENTRIES_AT_ONCE // n_rows)
    parts = []
    for start in range(0, n_columns, size):
        progress(start, n_columns)
        some = slice(start, start + size)
        series = np.ascontiguousarray(table.values[:, some].T)
        entry, leave, cost = (values[some] for values in levels.values())
        try:
            with wire_names(_NAMES):
                found = sweep.accounts(series, entry, leave, cost, rules, trades=chosen.trades, path=chosen.path)
        except InvalidInput as error:
            raise _placed(error, chosen, start) from None
        if found.trades is not None:
            found = found._replace(trades=found.trades._replace(series=found.trades.series + start))
        parts.append(found)
    return _reply(table.columns, parts, ignored)


def _level(value: Level | None, name: str, n_columns: int) -> NDArray[np.float64]:
    """Return one value a column; all are, so that a part of the columns gets its own."""
    if value is None:
        raise InvalidInput(f"metadata.{name}", "must be given: a number, or a list of one a column")
    values = np.atleast_1d(np.array(value, dtype=np.float64))
    if values.size not in {1, n_columns}:
        rule = f"must be a number, or a list of {n_columns}, one a column"
        raise InvalidInput(f"metadata.{name}", rule, value=values.size)
    return np.broadcast_to(values, n_columns)


def _placed(error: InvalidInput, chosen: BacktestOptions, start: int) -> InvalidInput:
    """Return an error of a level with its index in the list that came; a single number has none."""
    given = getattr(chosen, error.field.removeprefix("metadata."), None)
    index = error.index + start if isinstance(error.index, int) and isinstance(given, tuple) else None
    return InvalidInput(error.field, error.rule, value=error.value, index=index)


def _reply(columns: tuple[str, ...], parts: list[sweep.Accounts], ignored: list[str]) -> Answer:
    """Build the last reply from the columns' parts, which follow each other."""
    result: dict[str, Any] = {
        "returns": return_columns(columns, [part.returns for part in parts]),
        **{name: np.concatenate([getattr(part, name) for part in parts]) for name in _OF_A_COLUMN},
        "trades": _trades([part.trades for part in parts if part.trades is not None]),
        "paths": _paths([part.paths for part in parts if part.paths is not None]),
    }
    total = len(columns)
    metadata = options.reply_metadata(ignored)
    return Answer.of(BacktestReply, result, done=total, total=total, metadata=metadata)


def _trades(parts: list[sweep.Trades]) -> dict[str, Any] | None:
    if not parts:
        return None
    columns: dict[str, Any] = {
        name: np.concatenate([getattr(part, name) for part in parts]) for name in sweep.Trades._fields
    }
    columns["column"] = columns.pop("series")
    columns["status"] = ["closed" if closed else "open" for closed in columns.pop("closed").tolist()]
    return columns


def _paths(parts: list[sweep.AccountPaths]) -> dict[str, Any] | None:
    if not parts:
        return None
    columns = {name: np.concatenate([getattr(part, name) for part in parts]) for name in sweep.AccountPaths._fields}
    return {"first_row": 0, **{name: values.T for name, values in columns.items()}}


def _cost(outline: Outline, chosen: BacktestOptions) -> Cost:
    """Return the cost without the trades, whose number is not known before."""
    n_rows, n_columns = outline.n_rows, outline.n_columns
    paths = len(sweep.AccountPaths._fields) * outline.nbytes if chosen.path else 0
    lists = list_bytes(n_columns, doubles=len(_OF_A_COLUMN) - 2, varints=(n_rows, -1))
    reply_bytes = parts_bytes(figure_bytes(outline) + lists + paths, _N_LISTS)
    at_once = 8 * n_rows * min(n_columns, max(1, _ENTRIES_AT_ONCE // max(1, n_rows)))
    return Cost(n_rows * n_columns, outline.nbytes + _COPIES * at_once + 2 * paths + _PART_BYTES, reply_bytes)


BACKTEST = Task(
    method="Backtest",
    options_type=BacktestOptions,
    reply=BacktestReply,
    total=lambda outline, _: outline.n_columns,
    cost=_cost,
    run=_run,
)
"""The task."""
