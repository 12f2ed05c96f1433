"""Backtests of one series: the figures and trades of Backtest, with the metrics of the last bar or of every bar."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, cast

import numpy as np

from meanrev.errors import InvalidInput, ServerError
from meanrev.intake.table import Table
from meanrev.methods import fields, wire
from meanrev.methods.accounts import accounts_request, read_accounts
from meanrev.methods.backtest_stream import BACKTEST_NAMES, BACKTEST_PATH, METRIC_FIELDS, metric_fields
from meanrev.methods.columns import column_of
from meanrev.methods.naming import reported
from meanrev.methods.research import ResearchQuestion
from meanrev.methods.times import row_stamps
from meanrev.methods.trade_times import times_of
from meanrev.methods.trading_rule import levels_of
from meanrev.question import About, Question, Replies
from meanrev.results import BacktestPath, BacktestResult
from meanrev_wire.meanrev_pb2 import BacktestInput, BacktestMetric

__all__ = ["of_one_series"]

_FURTHER = tuple(name for name in BacktestResult.__dataclass_fields__ if name not in {*METRIC_FIELDS, "meta", "path"})
"""The figures of a BacktestResult beside the metrics of its last bar."""
_OF_PATH = tuple(name for name in BacktestPath.__dataclass_fields__ if name != "meta")


def of_one_series(frame: Table, given: Mapping[str, Any], timeout: float | None) -> ResearchQuestion[Any]:
    """Declare a call of Backtest, or of BacktestWithCosts where the server has no method Backtest.

    Args:
        frame: The series, or a frame of one column.
        given: Arguments of accounts_request.
        timeout: Seconds for everything.

    Raises:
        InvalidInput: an argument breaks its rule.
    """
    read = _series(frame)
    levels = levels_of(given["thresholds"], given["entry_zscore"], given["exit_zscore"])
    cost = fields.number("cost_per_side", given["cost_per_side"])
    stamps = row_stamps(read, given["timestamps_ms"])
    _check_prices(read, compounding=given["rule"]["mode"] in {None, "compounding"})
    job = accounts_request(read, clock=frame, **given)
    metrics = "all" if given["path"] else "last"
    times = times_of(frame, None if given["timestamps_ms"] is None else stamps)
    asked: Any = replace(
        cast("Any", job),
        prices=replace(read, timestamps_ms=stamps),
        options={**job.options, "path": None, "metrics": metrics},
        read=partial(_result, read, times, every=given["path"]),
    )

    def following(found: BacktestResult | None) -> Question[BacktestResult] | None:
        return _streamed(read, (*levels, cost), stamps, given, timeout) if found is None else None

    question = asked.question(progress=False, timeout=timeout)
    return replace(question, following=following, request=job)


def _result(read: Table, times: Callable[[Any], Any], reply: Any, about: About, *, every: bool) -> BacktestResult:
    """Read a BacktestReply with metrics; with `every`, they are those of all bars."""
    if not reply.result.HasField("metrics"):
        raise ServerError("the backtest came back without a metric")
    bars = {name: column_of(reply.result.metrics, name) for name in METRIC_FIELDS if name != "open_positions"}
    last = {name: values[-1] if isinstance(values, tuple) else values[-1].item() for name, values in bars.items()}
    found = read_accounts(reply, about, read, times)
    return BacktestResult(
        **last,
        open_positions=abs(last["position"]),
        **{name: getattr(found, name) for name in _FURTHER},
        path=_path(read, bars) if every else None,
        meta=about,
    )


def _path(read: Table, bars: Mapping[str, Any]) -> BacktestPath:
    """Return the bars from the first price to the last in the rows of the prices; NaN in the other rows."""
    known = np.flatnonzero(~np.isnan(read.values))
    columns = {name: bars[name] for name in _OF_PATH}
    if len(bars["equity"]) < len(read.values):
        rows = np.full((len(columns), len(read.values)), np.nan)
        rows[:, known[0] : known[-1] + 1] = list(columns.values())
        columns = dict(zip(columns, rows, strict=True))
    return BacktestPath(**{name: read.over_time(column) for name, column in columns.items()})


def _streamed(
    read: Table, levels: tuple[float, float, float], stamps: Any, given: Mapping[str, Any], timeout: float | None
) -> Question[BacktestResult]:
    """Declare the stream that reports the last bar, or every bar, and no further figures."""
    entry, exit_, cost = levels
    message = wire.encode(
        BacktestInput,
        prices=read.values,
        timestamps_ms=stamps,
        entry_zscore=entry,
        exit_zscore=exit_,
        transaction_cost=cost,
        update_frequency=1 if given["path"] else read.values.size,
        metadata=wire.options(lookback=given["lookback"], **given["rule"]),
    )

    def result(replies: Replies, about: About) -> BacktestResult:
        metrics = [wire.decode(BacktestMetric, reply) for reply in replies[0]]
        if not metrics:
            raise ServerError("the backtest came back without a metric")
        last = metric_fields(metrics[-1])
        bars = {name: np.array([getattr(metric, name) for metric in metrics]) for name in _OF_PATH}
        note = str(wire.extras(metrics[0].metadata).get("note", ""))
        return BacktestResult(**last, path=_path(read, bars) if given["path"] else None, note=note, meta=about)

    return Question(
        BACKTEST_PATH,
        [[message]],
        reported(read, result),
        streaming=True,
        timeout=timeout,
        labels=read,
        labelled="prices",
        renamed=BACKTEST_NAMES,
    )


def _check_prices(read: Table, *, compounding: bool) -> None:
    """Refuse a series that cannot be traded by its first such price, as BacktestWithCosts does."""
    wrong, rule = np.isinf(read.values), "must be finite, or NaN where a bar has no price"
    if np.isnan(read.values).all():
        raise InvalidInput("prices", "must hold at least one price that is not NaN", value=read.values.shape)
    if compounding and not wrong.any():
        wrong, rule = read.values <= 0, "must be > 0 in mode 'compounding' (mode 'unit' trades spreads)"
    if wrong.any():
        row = int(np.argmax(wrong))
        error = InvalidInput("prices", rule, value=read.values[row].item(), index=row)
        read.explain(error, 0)
        raise error


def _series(read: Table) -> Table:
    if not read.values.size:
        raise InvalidInput("prices", "must hold at least one price")
    return read if read.values.ndim == 1 else read.column()
