"""Backtests of one series: the figures of Backtest beside the bars of BacktestWithCosts."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from meanrev.errors import InvalidInput, ServerError
from meanrev.intake.table import Table
from meanrev.methods import fields, wire
from meanrev.methods.accounts import accounts_request
from meanrev.methods.backtest_stream import BACKTEST_NAMES, BACKTEST_PATH, METRIC_FIELDS
from meanrev.methods.naming import reported
from meanrev.methods.research import ResearchQuestion
from meanrev.methods.times import row_stamps
from meanrev.methods.trading_rule import levels_of
from meanrev.question import About, Question, Replies
from meanrev.results import BacktestPath, BacktestResult, Backtests
from meanrev_wire import meanrev_pb2
from meanrev_wire.meanrev_pb2 import BacktestInput

__all__ = ["of_one_series"]

_FURTHER = tuple(name for name in BacktestResult.__dataclass_fields__ if name not in {*METRIC_FIELDS, "meta", "path"})
"""What Backtest adds to the metrics of the last bar."""
_OF_PATH = tuple(name for name in BacktestPath.__dataclass_fields__ if name != "meta")


def of_one_series(frame: Table, given: Mapping[str, Any], timeout: float | None) -> ResearchQuestion[Any]:
    """Declare two calls: Backtest for figures and round trips, and the stream for the last bar or every bar.

    The second alone is asked where the server has no method Backtest.

    Args:
        frame: The series, or a frame of one column.
        given: Arguments of accounts_request.
        timeout: Seconds for both.

    Raises:
        InvalidInput: an argument breaks its rule.
    """
    read = _series(frame)
    levels = levels_of(given["thresholds"], given["entry_zscore"], given["exit_zscore"])
    cost = fields.number("cost_per_side", given["cost_per_side"])
    plain = _plain(read, (*levels, cost), given)
    job = accounts_request(read, clock=frame, **given)
    further = replace(job, options={**job.options, "path": None})

    def following(found: Any) -> Question[BacktestResult]:
        return replace(plain, timeout=timeout) if found is None else plain.then(lambda result: _with(result, found))

    question: Any = further.question(progress=False, timeout=timeout)
    return replace(question, following=following, request=job)


def _with(result: BacktestResult, found: Backtests) -> BacktestResult:
    """Return the metrics of the last bar with the figures of all of them."""
    return replace(result, **{name: getattr(found, name) for name in _FURTHER})


def _plain(read: Table, levels: tuple[float, float, float], given: Mapping[str, Any]) -> Question[BacktestResult]:
    """Declare the stream that reports the last bar, or every bar."""
    (entry, exit_, cost), path = levels, given["path"]
    message = wire.encode(
        BacktestInput,
        prices=read.values,
        timestamps_ms=row_stamps(read, given["timestamps_ms"]),
        entry_zscore=entry,
        exit_zscore=exit_,
        transaction_cost=cost,
        update_frequency=1 if path else read.values.size,
        metadata=wire.options(lookback=given["lookback"], **given["rule"]),
    )

    def result(replies: Replies, about: About) -> BacktestResult:
        metrics = [wire.decode(meanrev_pb2.BacktestMetric, reply) for reply in replies[0]]
        if not metrics:
            raise ServerError("the backtest came back without a metric")
        values = {name: getattr(metrics[-1], name) for name in METRIC_FIELDS}
        return BacktestResult(**values, path=_path(read, metrics) if path else None, meta=about)

    return Question(
        BACKTEST_PATH,
        [[message]],
        reported(read, result),
        streaming=True,
        labels=read,
        labelled="prices",
        renamed=BACKTEST_NAMES,
    )


def _series(read: Table) -> Table:
    if not read.values.size:
        raise InvalidInput("prices", "must hold at least one price")
    return read if read.values.ndim == 1 else read.column()


def _path(read: Table, metrics: list[meanrev_pb2.BacktestMetric]) -> BacktestPath:
    columns = {name: np.array([getattr(metric, name) for metric in metrics]) for name in _OF_PATH}
    return BacktestPath(**{name: read.over_time(column) for name, column in columns.items()})
