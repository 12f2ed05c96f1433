"""BacktestWithCosts: trading the rolling z-score of a series."""

from collections.abc import AsyncIterable, Iterable, Mapping
from typing import Any

import numpy as np

from meanrev.errors import InvalidInput, ServerError
from meanrev.intake.containers import table
from meanrev.intake.table import Table
from meanrev.methods import fields, wire
from meanrev.methods.naming import reported
from meanrev.methods.times import row_stamps
from meanrev.question import About, Live, Question, Replies
from meanrev.results import BacktestMetric, BacktestPath, BacktestResult
from meanrev_wire import meanrev_pb2
from meanrev_wire.meanrev_pb2 import BacktestInput

__all__ = ["backtest", "backtest_stream"]

_PATH = wire.path("BacktestWithCosts")
_FIELDS = tuple(name for name in BacktestMetric.__dataclass_fields__ if name != "meta")
_OF_PATH = tuple(name for name in BacktestPath.__dataclass_fields__ if name != "meta")

Bar = float | tuple[float, int] | Mapping[str, Any]


def backtest(
    prices: Any,
    thresholds: Mapping[str, Any] | None = None,
    *,
    cost_per_side: float,
    entry_zscore: float | None = None,
    exit_zscore: float | None = None,
    path: bool = False,
    timestamps_ms: Any = None,
    lookback: int | None = None,
    execution_delay: int | None = None,
    mode: str | None = None,
    initial_capital: float | None = None,
    periods_per_year: float | None = None,
    timeout: float | None = None,
) -> Question[BacktestResult]:
    """Trade the rolling z-score of one series, and report the last bar.

    Args:
        prices: (T,), or one column, oldest first.
        thresholds: What thresholds returned, or a mapping with entry_zscore and exit_zscore.
        cost_per_side: A fraction of traded notional; in mode "unit", units of the price.
        entry_zscore: Instead of thresholds.
        exit_zscore: Instead of thresholds; a position with side d exits when d z >= -exit_zscore.
        path: Report every bar too, in the result's path.
        timestamps_ms: (T,) milliseconds since the epoch; a frame's time index where None.
        lookback: Bars of the rolling mean and standard deviation; 20 where None.
        execution_delay: Bars between a signal and its fill; 1 where None.
        mode: "compounding" (positive prices) or "unit" (spreads).
        initial_capital: Equity before the first bar; 1 where None.
        periods_per_year: For the Sharpe ratio; 252 where None.
        timeout: Seconds for everything; the client's own where None.

    Raises:
        MeanRevError: as every call.
    """
    read = _series(prices)
    entry, exit_ = _levels(thresholds, entry_zscore, exit_zscore)
    message = wire.encode(
        BacktestInput,
        prices=read.values,
        timestamps_ms=row_stamps(read, timestamps_ms),
        entry_zscore=entry,
        exit_zscore=exit_,
        transaction_cost=cost_per_side,
        update_frequency=1 if path else read.values.size,
        metadata=_options(lookback, execution_delay, mode, initial_capital, periods_per_year),
    )

    def result(replies: Replies, about: About) -> BacktestResult:
        metrics = [wire.decode(meanrev_pb2.BacktestMetric, reply) for reply in replies[0]]
        if not metrics:
            raise ServerError("the backtest came back without a metric")
        values = {name: getattr(metrics[-1], name) for name in _FIELDS}
        return BacktestResult(**values, path=_path(read, metrics) if path else None, meta=about)

    return Question(
        _PATH, [[message]], reported(read, result), streaming=True, timeout=timeout, labels=read, labelled="prices"
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

    return Live(_PATH, bars, encode, result, timeout)


def _series(prices: Any) -> Table:
    read = table("prices", prices)
    if read.values.ndim == 2 and read.values.shape[1] != 1:
        raise InvalidInput("prices", "must be one series, of shape (T,)", value=read.values.shape)
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
