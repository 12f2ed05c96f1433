"""BacktestWithCosts: trading the rolling z-score of one series as its bars arrive."""

from collections.abc import AsyncIterable, Iterable, Mapping
from typing import Any

from meanrev.methods import fields, wire
from meanrev.methods.sharpe_errors import SHARPE_ERRORS, sharpe_errors
from meanrev.methods.trading_rule import Rate, Score, levels_of, trading_options
from meanrev.question import Live
from meanrev.results import BacktestMetric
from meanrev_wire import meanrev_pb2
from meanrev_wire.meanrev_pb2 import BacktestInput

__all__ = ["BACKTEST_NAMES", "BACKTEST_PATH", "METRIC_FIELDS", "backtest_stream", "metric_fields"]

BACKTEST_PATH = wire.path("BacktestWithCosts")
BACKTEST_NAMES = {"transaction_cost": "cost_per_side"}
"""Fields whose arguments have other names."""
METRIC_FIELDS = tuple(name for name in BacktestMetric.__dataclass_fields__ if name not in {*SHARPE_ERRORS, "meta"})

Bar = float | tuple[float, int] | Mapping[str, Any]


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
    stop: float | None = None,
    borrow: Rate = None,
    score: Score = None,
    forgetting: float | None = None,
    timeout: float | None = None,
) -> Live[BacktestMetric]:
    """Trade as bars arrive: a metric every update_frequency bars, and one at the end.

    Args:
        bars: A price; (price, timestamp_ms); or a mapping of BacktestInput's fields, which hold from that bar on.
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
        stop: As for backtest.
        borrow: As for backtest.
        score: As for backtest, but for a number of rows.
        forgetting: As for backtest.
        timeout: Seconds for the whole stream; no limit where None.

    Returns:
        An iterator of metrics, asynchronous from an AsyncClient.

    Raises:
        MeanRevError: as every call.
    """
    entry, exit_ = levels_of(thresholds, entry_zscore, exit_zscore)
    names = ("entry_zscore", "exit_zscore", "transaction_cost", "update_frequency")
    held: dict[str, Any] = dict(zip(names, (entry, exit_, cost_per_side, update_frequency), strict=True))
    rule = (execution_delay, mode, initial_capital, periods_per_year, stop, borrow, score, forgetting)
    metadata = wire.options(lookback=lookback, **trading_options(*rule))

    def encode(bar: Bar, first: bool) -> bytes:
        given = _bar(bar)
        held.update({name: given[name] for name in held.keys() & given.keys()})
        return wire.encode(BacktestInput, **{**given, **held, "metadata": metadata if first else None})

    return Live(BACKTEST_PATH, bars, encode, _metric, timeout, BACKTEST_NAMES)


def _metric(reply: bytes) -> BacktestMetric:
    metric = wire.decode(meanrev_pb2.BacktestMetric, reply)
    return BacktestMetric(**metric_fields(metric), meta=wire.extras(metric.metadata))


def metric_fields(metric: meanrev_pb2.BacktestMetric) -> dict[str, Any]:
    """Return the fields of a metric by name."""
    return {**{name: getattr(metric, name) for name in METRIC_FIELDS}, **sharpe_errors(metric)}


def _bar(bar: Bar) -> Mapping[str, Any]:
    return fields.priced("bars", bar, ("price", "timestamp_ms"))
