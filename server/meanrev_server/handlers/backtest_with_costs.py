"""BacktestWithCosts: trades the rolling z-score of one streamed series."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from itertools import islice
from typing import Annotated, Any, Literal, NamedTuple

import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from gpu_kernels import sweep
from gpu_kernels.checks import Floats, all_finite, positive
from gpu_kernels.errors import InvalidInput
from meanrev_server.rpc import options
from meanrev_server.rpc.call import Call
from meanrev_server.rpc.naming import wire_names
from meanrev_server.rpc.stamps import stamps_of
from meanrev_wire import codec
from meanrev_wire.meanrev_pb2 import BacktestInput, BacktestMetric

__all__ = ["BacktestOptions", "handle"]

_BARS_AT_ONCE = 512
"""Bars computed in one turn; a turn of more than an eighth of it takes a compute thread."""

_WHOLE_FROM = 128
"""Bars of a stream's first message from which on it is computed as a whole."""

_LONG_LOOKBACK = 10_000
"""Bars of a window whose summary, due once a window length, is no work for the event loop."""

_NAMES = {
    "entry_z": "entry_zscore",
    "exit_z": "exit_zscore",
    "cost": "transaction_cost",
    **{
        name: f"metadata.{name}"
        for name in ("lookback", "execution_delay", "periods_per_year", "mode", "initial_capital")
    },
}


class BacktestOptions(options.Options, frozen=True, kw_only=True):
    """Options of BacktestWithCosts.

    Attributes:
        lookback: Bars of the rolling mean and standard deviation, this one included.
        execution_delay: Bars between a signal and its fill at the close.
        periods_per_year: For the annualised Sharpe ratio.
        mode: "compounding" invests all equity in a positive price; "unit" holds one unit of a spread.
        initial_capital: Equity before the first bar.
    """

    lookback: Annotated[int, Meta(ge=2, le=1_000_000)] = 20
    execution_delay: Annotated[int, Meta(ge=0, le=10_000)] = 1
    periods_per_year: Annotated[float, Meta(gt=0)] = 252.0
    mode: Literal["compounding", "unit"] = "compounding"
    initial_capital: Annotated[float, Meta(gt=0)] = 1.0


class _Bars(NamedTuple):
    """One message's bars."""

    prices: Floats
    timestamps_ms: NDArray[np.int64]
    entry_z: float
    exit_z: float
    cost: float
    every: int


class _Owed(NamedTuple):
    """A stream's first message, which was computed as a whole; the run takes its bars only if another message comes."""

    bars: _Bars
    metrics: sweep.BarMetrics


async def handle(messages: AsyncIterator[bytes], call: Call) -> AsyncIterator[bytes]:
    """Answer every update_frequency bars, and once at the end of the stream."""
    stream = options.StreamOptions(BacktestOptions)
    run: sweep.OnlineBacktest | None = None
    owed: _Owed | None = None
    reported = bar = 0
    async for data in messages:
        message = await call.decode(BacktestInput, data)
        chosen = stream.read(message.metadata)
        bars = _bars(message, chosen)
        size = bars.prices.size
        if run is None:
            run = _start(chosen)
            if size >= _WHOLE_FROM:
                owed = _Owed(bars, await call.compute(_whole, run, bars))
        elif owed is not None:
            await call.compute(_catch_up, run, owed.bars)
            owed = None
        metrics = _play(run, bars, bar, stream) if owed is None else _told(owed, stream)
        brief = chosen.lookback <= _LONG_LOOKBACK and size <= _BARS_AT_ONCE // 8
        bar += size
        for _ in range(0, size, _BARS_AT_ONCE):
            if owed is not None:
                # Not in a compute thread: a full queue would refuse what has been computed already.
                replies = await asyncio.to_thread(_next_replies, metrics)
            else:
                replies = _next_replies(metrics) if brief else await call.compute(_next_replies, metrics)
            for reply in replies:
                yield reply
        if bar % bars.every == 0:
            reported = bar
    if run is not None and reported != bar:
        yield _encoded(run.metric() if owed is None else _metric(owed.metrics, -1), stream.ignored_once())


def _start(chosen: BacktestOptions) -> sweep.OnlineBacktest:
    with wire_names(_NAMES):
        rules = sweep.Rules(
            lookback=chosen.lookback,
            execution_delay=chosen.execution_delay,
            mode=chosen.mode,
            initial_capital=chosen.initial_capital,
            periods_per_year=chosen.periods_per_year,
        )
        return sweep.OnlineBacktest(rules)


def _bars(message: BacktestInput, chosen: BacktestOptions) -> _Bars:
    """Check a message whole before its first bar is traded."""
    block = bool(len(message.prices))
    prices = codec.doubles(message.prices) if block else np.array([message.price])
    field = "prices" if block else "price"
    all_finite(field, prices if block else prices.reshape(()))
    if chosen.mode == "compounding" and not (prices > 0).all():
        place = int(np.argmin(prices > 0))
        rule = "must be > 0 in mode 'compounding' (mode 'unit' trades spreads)"
        raise InvalidInput(field, rule, value=float(prices[place]), index=place if block else None)
    stamps = stamps_of(message.timestamps_ms, prices.size) if block else np.array([message.timestamp_ms])
    if message.update_frequency < 0:
        raise InvalidInput("update_frequency", "must be >= 0", value=message.update_frequency)
    return _Bars(
        prices,
        stamps if stamps.size else np.zeros(prices.size, dtype=np.int64),
        positive("entry_zscore", message.entry_zscore),
        message.exit_zscore,
        message.transaction_cost,
        message.update_frequency or 1,
    )


def _play(
    run: sweep.OnlineBacktest, bars: _Bars, before: int, stream: options.StreamOptions[BacktestOptions]
) -> Iterator[bytes | None]:
    """Trade bar after bar; yield a reply, or None where the bar has none."""
    for i, (price, stamp) in enumerate(zip(bars.prices.tolist(), bars.timestamps_ms.tolist(), strict=True)):
        with wire_names(_NAMES):
            run.update(price, bars.entry_z, bars.exit_z, bars.cost, stamp)
        if (before + i + 1) % bars.every:
            yield None
        else:
            yield _encoded(run.metric(), stream.ignored_once())


def _whole(run: sweep.OnlineBacktest, bars: _Bars) -> sweep.BarMetrics:
    with wire_names(_NAMES):
        return run.whole(bars.prices, bars.entry_z, bars.exit_z, bars.cost, bars.timestamps_ms)


def _catch_up(run: sweep.OnlineBacktest, bars: _Bars) -> None:
    for price, stamp in zip(bars.prices.tolist(), bars.timestamps_ms.tolist(), strict=True):
        run.update(price, bars.entry_z, bars.exit_z, bars.cost, stamp)


def _told(owed: _Owed, stream: options.StreamOptions[BacktestOptions]) -> Iterator[bytes | None]:
    """Yield what _play would."""
    for place in range(owed.bars.prices.size):
        if (place + 1) % owed.bars.every:
            yield None
        else:
            yield _encoded(_metric(owed.metrics, place), stream.ignored_once())


def _metric(metrics: sweep.BarMetrics, place: int) -> sweep.BarMetric:
    values: dict[str, Any] = {name: column[place].item() for name, column in metrics._asdict().items()}
    return sweep.BarMetric(**{**values, "status": sweep.STATUSES[values["status"]]})


def _next_replies(metrics: Iterator[bytes | None]) -> list[bytes]:
    return [reply for reply in islice(metrics, _BARS_AT_ONCE) if reply is not None]


def _encoded(metric: sweep.BarMetric, ignored: list[str]) -> bytes:
    values = metric._asdict()
    values["zscore"] = metric.zscore if np.isfinite(metric.zscore) else 0.0
    return codec.encode(BacktestMetric, metadata=options.reply_metadata(ignored), **values)
