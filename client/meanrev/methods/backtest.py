"""BacktestWithCosts and Backtest: trading the rolling z-score of one series or of many columns."""

from collections.abc import AsyncIterable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from meanrev.errors import InvalidInput, ServerError
from meanrev.intake.containers import table
from meanrev.intake.table import Table
from meanrev.methods import fields, wire
from meanrev.methods.accounts import BACKTEST, accounts_request
from meanrev.methods.naming import reported
from meanrev.methods.times import row_stamps
from meanrev.progress import Progress
from meanrev.question import About, Live, Question, Replies
from meanrev.results import BacktestMetric, BacktestPath, BacktestResult, Backtests
from meanrev_wire import meanrev_pb2
from meanrev_wire.meanrev_pb2 import BacktestInput

__all__ = ["backtest", "backtest_stream"]

_PATH = wire.path("BacktestWithCosts")
_FIELDS = tuple(name for name in BacktestMetric.__dataclass_fields__ if name != "meta")
_FURTHER = tuple(
    name
    for name in BacktestResult.__dataclass_fields__
    if name not in BacktestMetric.__dataclass_fields__ and name != "path"
)
"""What Backtest adds to the metrics of the last bar."""
_OF_PATH = tuple(name for name in BacktestPath.__dataclass_fields__ if name != "meta")

_RENAMED = {"transaction_cost": "cost_per_side"}

Bar = float | tuple[float, int] | Mapping[str, Any]


@BACKTEST.declares
def backtest(
    prices: Any,
    thresholds: Mapping[str, Any] | None = None,
    *,
    cost_per_side: float | Any,
    entry_zscore: float | Any = None,
    exit_zscore: float | Any = None,
    trades: bool = True,
    path: bool = False,
    timestamps_ms: Any = None,
    asset_ids: Sequence[str] | None = None,
    lookback: int | None = None,
    execution_delay: int | None = None,
    mode: str | None = None,
    initial_capital: float | None = None,
    periods_per_year: float | None = None,
    progress: Progress = False,
    dry_run: bool = False,
    timeout: float | None = None,
) -> Question[Any]:
    """Trade the rolling z-score of one series, or of each column of a matrix.

    Args:
        prices: (T,), or one column, of finite prices, oldest first; or (T, N), where NaN is a bar without a price, and
            what is before a column's first price or after its last is no bar.
        thresholds: What thresholds or a sweep's best returned, or a mapping with entry_zscore and exit_zscore.
        cost_per_side: A fraction of traded notional; in mode "unit", units of the price. One, or one a column.
        entry_zscore: Instead of thresholds. One, or one a column.
        exit_zscore: Likewise; a position with side d exits when d z >= -exit_zscore.
        trades: List the round trips too, in the result's trades.
        path: Report every bar too, in the result's path.
        timestamps_ms: (T,) milliseconds since the epoch; a frame's time index where None.
        asset_ids: Names of the columns; the frame's own, else their numbers, where None.
        lookback: Bars of the rolling mean and standard deviation; 20 where None.
        execution_delay: Bars between a signal and its fill; 1 where None.
        mode: "compounding" (positive prices) or "unit" (spreads).
        initial_capital: Equity before the first bar; 1 where None.
        periods_per_year: For the annual figures; 252 where None.
        progress: True for a bar, or a function of (done, total, eta_s); for many columns.
        dry_run: Upload nothing, and return an Estimate of time, memory and bytes in place of the result.
        timeout: Seconds for everything; the client's own where None.

    Returns:
        BacktestResult for one series; Backtests for many columns, of which one that cannot be traded has NaN, status
        "error" and a reason.

    Raises:
        MeanRevError: as every call.
    """
    options: dict[str, Any] = {"lookback": lookback, "execution_delay": execution_delay, "mode": mode}
    options |= {"initial_capital": initial_capital, "periods_per_year": periods_per_year}
    given: dict[str, Any] = {"cost_per_side": cost_per_side, "timestamps_ms": timestamps_ms}
    given |= {"trades": trades, "asset_ids": asset_ids}
    read = table("prices", prices)
    if dry_run or (read.values.ndim == 2 and read.values.shape[1] != 1):
        levels: dict[str, Any] = {"thresholds": thresholds, "entry_zscore": entry_zscore, "exit_zscore": exit_zscore}
        given |= levels | options
        return accounts_request(read, **given, path=path).question(progress, timeout, dry_run=dry_run)
    given["clock"] = read
    return _of_one(_series(read), _levels(thresholds, entry_zscore, exit_zscore), given, path, options, timeout)


def _of_one(
    read: Table,
    levels: tuple[float, float],
    given: dict[str, Any],
    path: bool,
    options: dict[str, Any],
    timeout: float | None,
) -> Question[Any]:
    """Declare two calls: one for figures and round trips, and the stream that tells of the last bar or of every bar.

    The second alone is asked where the server has no such method as the first.
    """
    plain = _plain(read, (*levels, fields.number("cost_per_side", given["cost_per_side"])), given, path, options)
    further = accounts_request(read, entry_zscore=levels[0], exit_zscore=levels[1], **given, **options)

    def following(found: Any) -> Question[BacktestResult]:
        return replace(plain, timeout=timeout) if found is None else plain.then(lambda result: _with(result, found))

    question: Any = further.question(progress=False, timeout=timeout)
    job = replace(further, options={**further.options, "path": path or None})
    return replace(question, following=following, request=job)


def _with(result: BacktestResult, found: Backtests) -> BacktestResult:
    """Return the metrics of the last bar with the figures of all of them."""
    return replace(result, **{name: getattr(found, name) for name in _FURTHER})


def _plain(
    read: Table,
    levels: tuple[float, float, float],
    given: Mapping[str, Any],
    path: bool,
    options: Mapping[str, Any],
) -> Question[BacktestResult]:
    """Declare the stream that tells of the last bar, or of every bar."""
    (entry, exit_, cost), timestamps_ms = levels, given["timestamps_ms"]
    message = wire.encode(
        BacktestInput,
        prices=read.values,
        timestamps_ms=row_stamps(read, timestamps_ms),
        entry_zscore=entry,
        exit_zscore=exit_,
        transaction_cost=cost,
        update_frequency=1 if path else read.values.size,
        metadata=wire.options(**options),
    )

    def result(replies: Replies, about: About) -> BacktestResult:
        metrics = [wire.decode(meanrev_pb2.BacktestMetric, reply) for reply in replies[0]]
        if not metrics:
            raise ServerError("the backtest came back without a metric")
        values = {name: getattr(metrics[-1], name) for name in _FIELDS}
        return BacktestResult(**values, path=_path(read, metrics) if path else None, meta=about)

    return Question(
        _PATH, [[message]], reported(read, result), streaming=True, labels=read, labelled="prices", renamed=_RENAMED
    )


def backtest_stream(
    bars: Iterable[Bar] | AsyncIterable[Bar],
    thresholds: Mapping[str, Any] | None = None,
    *,
    cost_per_side: float,
    entry_zscore: float | None = None,
    exit_zscore: float | None = None,
    update_frequency: int = 1,
    lookback: int | None = None,
    execution_delay: int | None = None,
    mode: str | None = None,
    initial_capital: float | None = None,
    periods_per_year: float | None = None,
    timeout: float | None = None,
) -> Live[BacktestMetric]:
    """Trade as bars arrive: a metric every update_frequency bars, and one at the end.

    Args:
        bars: A price; (price, timestamp_ms); or a mapping of BacktestInput's fields, which may change the thresholds
            and the cost from that bar on.
        thresholds: As for backtest, like the arguments that follow.
        cost_per_side: As for backtest.
        entry_zscore: As for backtest.
        exit_zscore: As for backtest.
        update_frequency: A metric every so many bars.
        lookback: As for backtest.
        execution_delay: As for backtest.
        mode: As for backtest.
        initial_capital: As for backtest.
        periods_per_year: As for backtest.
        timeout: Seconds for the whole stream; no limit where None.

    Returns:
        An iterator of metrics, asynchronous from an AsyncClient.

    Raises:
        MeanRevError: as every call.
    """
    entry, exit_ = _levels(thresholds, entry_zscore, exit_zscore)
    held: dict[str, Any] = {
        "entry_zscore": entry,
        "exit_zscore": exit_,
        "transaction_cost": cost_per_side,
        "update_frequency": update_frequency,
    }
    metadata = _options(lookback, execution_delay, mode, initial_capital, periods_per_year)

    def encode(bar: Bar, first: bool) -> bytes:
        given = _bar(bar)
        held.update({name: given[name] for name in held.keys() & given.keys()})
        return wire.encode(BacktestInput, **{**given, **held, "metadata": metadata if first else None})

    def result(reply: bytes) -> BacktestMetric:
        metric = wire.decode(meanrev_pb2.BacktestMetric, reply)
        return BacktestMetric(**{name: getattr(metric, name) for name in _FIELDS})

    return Live(_PATH, bars, encode, result, timeout, _RENAMED)


def _series(read: Table) -> Table:
    if not read.values.size:
        raise InvalidInput("prices", "must hold at least one price")
    return read if read.values.ndim == 1 else read.column()


def _levels(
    thresholds: Mapping[str, Any] | None, entry_zscore: float | None, exit_zscore: float | None
) -> tuple[float, float]:
    if thresholds is not None and entry_zscore is None and exit_zscore is None:
        levels = wire.scalars("thresholds", thresholds, ("entry_zscore", "exit_zscore"))
        entry_zscore, exit_zscore = levels["entry_zscore"], levels["exit_zscore"]
    elif thresholds is not None:
        raise InvalidInput("thresholds", "must be left out where entry_zscore or exit_zscore is given")
    if entry_zscore is None or exit_zscore is None:
        raise InvalidInput("entry_zscore", "and exit_zscore must be given, or thresholds")
    return fields.number("entry_zscore", entry_zscore), fields.number("exit_zscore", exit_zscore)


def _options(
    lookback: int | None,
    execution_delay: int | None,
    mode: str | None,
    initial_capital: float | None,
    periods_per_year: float | None,
) -> str:
    return wire.options(
        lookback=lookback,
        execution_delay=execution_delay,
        mode=mode,
        initial_capital=initial_capital,
        periods_per_year=periods_per_year,
    )


def _bar(bar: Bar) -> Mapping[str, Any]:
    return fields.priced("bars", bar, ("price", "timestamp_ms"))


def _path(read: Table, metrics: list[meanrev_pb2.BacktestMetric]) -> BacktestPath:
    columns = {name: np.array([getattr(metric, name) for metric in metrics]) for name in _OF_PATH}
    return BacktestPath(**{name: read.over_time(column) for name, column in columns.items()})
