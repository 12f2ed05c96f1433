"""BacktestWithCosts: trades the rolling z-score of one streamed series."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from itertools import islice
from typing import Annotated, Any, NamedTuple

import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from gpu_kernels import sweep
from gpu_kernels.checks import Floats, all_finite, positive
from gpu_kernels.errors import InvalidInput
from gpu_kernels.sweep.rolling_loss import lookback_notes
from meanrev_server.capacity import Demand
from meanrev_server.rpc import options
from meanrev_server.rpc.call import Call
from meanrev_server.rpc.naming import option_names, wire_names
from meanrev_server.rpc.stamps import stamps_of
from meanrev_server.rpc.trading_options import Lookback, TradingOptions
from meanrev_wire import codec
from meanrev_wire.meanrev_pb2 import BacktestInput, BacktestMetric

__all__ = ["StreamedBacktestOptions", "handle"]

_BARS_AT_ONCE = 512
"""Most bars computed at once; more than an eighth of it takes a compute thread."""

_OF_A_BAR, _STEPS_OF_A_BAR = 400, 40_000
"""Bytes of memory and elementary steps that a bar of a message takes, most of the steps for its reply."""

_WHOLE_FROM = 128
"""Bars from which on a stream's first message is computed as a whole."""

_LONG_LOOKBACK = 10_000
"""Longest lookback on the event loop's thread: the window's summary, due once a lookback, would block it."""


class StreamedBacktestOptions(TradingOptions, frozen=True, kw_only=True):
    """Options of BacktestWithCosts, beside those of every trading rule.

    Attributes:
        lookback: Bars of the rolling mean and standard deviation, this one included.
        mu: Mean of the process, for score "fixed".
        sigma_eq: Its stationary standard deviation, likewise.
    """

    lookback: Lookback = 20
    mu: float | None = None
    sigma_eq: Annotated[float, Meta(gt=0)] | None = None


_NAMES = option_names(
    StreamedBacktestOptions,
    entry_z="entry_zscore",
    exit_z="exit_zscore",
    cost="transaction_cost",
    mean="metadata.mu",
    deviation="metadata.sigma_eq",
)


class _Bars(NamedTuple):
    """The bars of one message."""

    prices: Floats
    timestamps_ms: NDArray[np.int64]
    entry_z: float
    exit_z: float
    cost_per_side: float
    every: int


class _Whole(NamedTuple):
    """A first message that was computed as a whole; the backtest takes its bars only if another message comes."""

    bars: _Bars
    metrics: sweep.BarMetrics
    note: str


class _Remarks:
    """What one reply says beside its figures: options that were ignored, and a note."""

    def __init__(self, stream: options.StreamOptions[StreamedBacktestOptions]) -> None:
        self._stream = stream
        self.note = ""

    def once(self) -> str:
        """Return the metadata of the next reply."""
        note, self.note = self.note, ""
        return options.reply_metadata(self._stream.ignored_once(), note=note or None)


async def handle(messages: AsyncIterator[bytes], call: Call) -> AsyncIterator[bytes]:
    """Answer every update_frequency bars, and once at the end of the stream."""
    stream = options.StreamOptions(StreamedBacktestOptions)
    remarks = _Remarks(stream)
    run: sweep.OnlineBacktest | None = None
    whole: _Whole | None = None
    reported = bar = 0
    async for data in messages:
        message = await call.decode(BacktestInput, data)
        chosen = stream.read(message.metadata)
        bars = _bars(message, chosen)
        size = bars.prices.size
        call.ticket.announce(
            Demand(_STEPS_OF_A_BAR * size, _OF_A_BAR * size, field="prices", remedy="shorter blocks take less")
        )
        if run is None:
            run = _start(chosen)
            if size >= _WHOLE_FROM:
                whole = await call.compute(_computed_whole, run, bars, chosen)
                remarks.note = whole.note
        elif whole is not None:
            await call.compute(_catch_up, run, whole.bars)
            whole = None
        metrics = _traded_replies(run, bars, bar, remarks) if whole is None else _whole_replies(whole, remarks)
        brief = chosen.lookback <= _LONG_LOOKBACK and size <= _BARS_AT_ONCE // 8
        bar += size
        for _ in range(0, size, _BARS_AT_ONCE):
            if whole is not None:
                # Not in a compute thread: a full queue would refuse what has been computed already.
                replies = await asyncio.to_thread(_next_replies, metrics)
            else:
                replies = _next_replies(metrics) if brief else await call.compute(_next_replies, metrics)
            for reply in replies:
                yield reply
        if bar % bars.every == 0:
            reported = bar
    if run is not None and reported != bar:
        yield _encoded(run.metric() if whole is None else _metric(whole.metrics, -1), remarks.once())


def _start(chosen: StreamedBacktestOptions) -> sweep.OnlineBacktest:
    with wire_names(_NAMES):
        rules = chosen.rules(chosen.lookback)
        return sweep.OnlineBacktest(rules._replace(mean=chosen.mu, deviation=chosen.sigma_eq))


def _bars(message: BacktestInput, chosen: StreamedBacktestOptions) -> _Bars:
    """Check a whole message before its first bar is traded."""
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


def _traded_replies(run: sweep.OnlineBacktest, bars: _Bars, before: int, remarks: _Remarks) -> Iterator[bytes | None]:
    """Trade bar after bar; yield a reply, or None where the bar has none."""
    for i, (price, stamp) in enumerate(zip(bars.prices.tolist(), bars.timestamps_ms.tolist(), strict=True)):
        with wire_names(_NAMES):
            run.update(price, bars.entry_z, bars.exit_z, bars.cost_per_side, stamp)
        if (before + i + 1) % bars.every:
            yield None
        else:
            yield _encoded(run.metric(), remarks.once())


def _computed_whole(run: sweep.OnlineBacktest, bars: _Bars, chosen: StreamedBacktestOptions) -> _Whole:
    """Trade a first message, and estimate the half-life of its prices for the note on a short lookback.

    Prices that come bar by bar have no note: no half-life is known when the first of them are traded.
    """
    with wire_names(_NAMES):
        metrics = run.whole(bars.prices, bars.entry_z, bars.exit_z, bars.cost_per_side, bars.timestamps_ms)
    note = lookback_notes(bars.prices[None], chosen.lookback)[0] if chosen.score == "rolling" else ""
    return _Whole(bars, metrics, note)


def _catch_up(run: sweep.OnlineBacktest, bars: _Bars) -> None:
    for price, stamp in zip(bars.prices.tolist(), bars.timestamps_ms.tolist(), strict=True):
        run.update(price, bars.entry_z, bars.exit_z, bars.cost_per_side, stamp)


def _whole_replies(whole: _Whole, remarks: _Remarks) -> Iterator[bytes | None]:
    """Yield what _traded_replies yields, from the metrics of the whole message."""
    for place in range(whole.bars.prices.size):
        if (place + 1) % whole.bars.every:
            yield None
        else:
            yield _encoded(_metric(whole.metrics, place), remarks.once())


def _metric(metrics: sweep.BarMetrics, place: int) -> sweep.BarMetric:
    values: dict[str, Any] = {name: column[place].item() for name, column in metrics._asdict().items()}
    return sweep.BarMetric(**{**values, "status": sweep.STATUSES[values["status"]]})


def _next_replies(metrics: Iterator[bytes | None]) -> list[bytes]:
    return [reply for reply in islice(metrics, _BARS_AT_ONCE) if reply is not None]


def _encoded(metric: sweep.BarMetric, metadata: str) -> bytes:
    values = metric._asdict()
    values["zscore"] = metric.zscore if np.isfinite(metric.zscore) else 0.0
    values["probability_sharpe_positive"] = metric.probability_sharpe_positive
    return codec.encode(BacktestMetric, metadata=metadata, **values)
