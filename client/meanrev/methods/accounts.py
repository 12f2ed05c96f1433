"""Backtest: many columns traded at once, with figures, round trips and paths."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from meanrev.errors import InvalidInput
from meanrev.intake.labels import vector
from meanrev.intake.table import Table
from meanrev.methods import fields
from meanrev.methods.chunks import matrix
from meanrev.methods.columns import column_of, first_of
from meanrev.methods.naming import series_names
from meanrev.methods.research import Research, ResearchRequest
from meanrev.methods.times import row_stamps
from meanrev.methods.trade_times import times_of
from meanrev.question import About
from meanrev.results import AccountPaths, Backtests, Trades
from meanrev_wire import codec
from meanrev_wire.limits import COLUMN_OPTION_BYTES
from meanrev_wire.research_pb2 import BacktestReply

__all__ = ["BACKTEST", "accounts_request", "read_accounts"]

_RENAMED = {"cumulative_return": "total_return", "equity": "final_equity"}
_NOT_FIGURES = {"meta", "column", "note", "trades", "path"}
_FIGURES = tuple(name for name in Backtests.__dataclass_fields__ if name not in _NOT_FIGURES)
_OF_TRADES = tuple(
    name for name in Trades.__dataclass_fields__ if name not in {"meta", "column", "entry_time", "exit_time", "status"}
)
_OF_PATHS = tuple(name for name in AccountPaths.__dataclass_fields__ if name != "meta")


def read_accounts(
    reply: Any,
    about: About,
    sent: Table | None = None,
    times: Callable[[Any], Any] = lambda bars: bars,
) -> Backtests:
    """Read a BacktestReply.

    Args:
        reply: With a result.
        about: What is known about the call.
        sent: The prices, where they are at hand: a single series becomes scalars.
        times: From numbers of bars to their labels.
    """
    result = reply.result
    labels = tuple(result.returns.columns)
    single = sent is not None and sent.values.ndim == 1
    columns: dict[str, Any] = {"column": labels, "note": tuple(result.note) or ("",) * len(labels)}
    for name in _FIGURES:
        wired = _RENAMED.get(name, name)
        holder = result if wired in result.DESCRIPTOR.fields_by_name else result.returns
        columns[name] = column_of(holder, wired)
    return Backtests(
        **(first_of(columns) if single else columns),
        trades=_trades(result.trades, None if single else labels, times) if result.HasField("trades") else None,
        path=_paths(result.paths, sent) if result.HasField("paths") else None,
        meta=about,
    )


def _trades(message: Any, labels: tuple[Any, ...] | None, times: Callable[[Any], Any]) -> Trades:
    columns: dict[str, Any] = {name: np.asarray(getattr(message, name)) for name in _OF_TRADES}
    whole: dict[str, Any] = {name: columns[name].astype(np.int64) for name in ("side", "entry_bar", "exit_bar", "bars")}
    entry, leave = whole["entry_bar"], whole["exit_bar"]
    return Trades(
        column=None if labels is None else tuple(labels[place] for place in message.column),
        entry_time=times(entry),
        exit_time=times(leave),
        status=tuple(message.status),
        **{**columns, **whole},
    )


def _paths(message: Any, sent: Table | None) -> AccountPaths:
    known: dict[str, Any] = {name: codec.matrix(getattr(message, name), name) for name in _OF_PATHS}
    if sent is None:
        return AccountPaths(**known)
    one = sent.values.ndim == 1
    return AccountPaths(**{name: sent.over_time(values[:, 0] if one else values) for name, values in known.items()})


BACKTEST = Research(
    method="Backtest",
    reply=BacktestReply,
    read=read_accounts,
    renamed={"entry": "entry_zscore", "exit": "exit_zscore", "cost": "cost_per_side"},
    most_option_bytes=COLUMN_OPTION_BYTES,
)


def accounts_request(
    prices: Any,
    thresholds: Mapping[str, Any] | None = None,
    *,
    cost_per_side: Any,
    entry_zscore: Any = None,
    exit_zscore: Any = None,
    trades: bool = True,
    path: bool = False,
    timestamps_ms: Any = None,
    asset_ids: Sequence[str] | None = None,
    clock: Table | None = None,
    lookback: int | None = None,
    rule: Mapping[str, Any],
) -> ResearchRequest[Backtests]:
    """Check the arguments of a backtest of many columns or of one.

    The labels of bars are those of clock, the frame that the prices are a column of, where one is given; rule holds the
    trading_options.
    """
    read = prices if isinstance(prices, Table) else matrix(prices)
    if not read.values.size:
        raise InvalidInput("prices", "must hold at least one price", value=read.values.shape)
    entry, leave = _levels(thresholds, entry_zscore, exit_zscore)
    stamps = None if timestamps_ms is None else row_stamps(read, timestamps_ms)
    options = {
        "entry": _level("entry_zscore", entry, read),
        "exit": _level("exit_zscore", leave, read),
        "cost": _level("cost_per_side", cost_per_side, read),
        "lookback": lookback,
        **rule,
        "trades": trades or None,
        "path": path or None,
    }
    return ResearchRequest(
        BACKTEST,
        read,
        series_names(read, asset_ids),
        options,
        lambda reply, about: read_accounts(reply, about, read, times_of(clock or read, stamps)),
    )


def _levels(thresholds: Mapping[str, Any] | None, entry_zscore: Any, exit_zscore: Any) -> tuple[Any, Any]:
    if thresholds is not None and entry_zscore is None and exit_zscore is None:
        try:
            return thresholds["entry_zscore"], thresholds["exit_zscore"]
        except (AttributeError, IndexError, KeyError, TypeError):
            raise InvalidInput("thresholds", "must hold entry_zscore and exit_zscore") from None
    if thresholds is not None:
        raise InvalidInput("thresholds", "must be left out where entry_zscore or exit_zscore is given")
    if entry_zscore is None or exit_zscore is None:
        raise InvalidInput("entry_zscore", "and exit_zscore must be given, or thresholds")
    return entry_zscore, exit_zscore


def _level(field: str, given: Any, read: Table) -> Any:
    """Return a number, or a list of one a column, in their order; None where a column has none."""
    if np.ndim(given) == 0 and not hasattr(given, "keys"):
        number = fields.number(field, given)
        if not np.isfinite(number):
            raise InvalidInput(field, "must be finite", value=number)
        return number
    width = 1 if read.values.ndim == 1 else read.values.shape[1]
    values = vector(field, given, read.names, what="the prices")
    if values.shape != (width,):
        raise InvalidInput(field, f"must be a number, or {width} of them, one a column", value=values.shape)
    if np.isinf(values).any():
        place = int(np.isinf(values).argmax())
        raise InvalidInput(field, "must be finite", value=values[place].item(), index=place)
    return [None if np.isnan(value) else value for value in values.tolist()]
