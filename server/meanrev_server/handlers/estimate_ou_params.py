"""EstimateOUParams: an online Ornstein-Uhlenbeck fit for each asset of the stream."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Annotated, Literal

import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from gpu_kernels import ou
from gpu_kernels.checks import Floats
from gpu_kernels.dispatch import Selection, using
from meanrev_server.capacity import BRIEF, Demand
from meanrev_server.errors import LimitReached, setting_named
from meanrev_server.marks import Mark
from meanrev_server.rpc import options
from meanrev_server.rpc.asset_ids import check_id
from meanrev_server.rpc.call import Call
from meanrev_server.rpc.naming import option_names, wire_names
from meanrev_server.rpc.stamps import check_soon, stamps_of
from meanrev_wire import codec
from meanrev_wire.meanrev_pb2 import OuEstimate, PriceUpdate

__all__ = ["OuOptions", "encoded", "handle"]

_BRIEF_BLOCK = 16_384
"""Most prices of a block that joins running sums in less time than a compute thread takes to wake."""

_ASSET_BYTES, _WINDOW_BYTES = 4096, 32
"""Bytes of memory of an asset's state, and most bytes of each price of its window: the stream holds them to its end."""

_BRIEF_LOOP = 256
"""The same where a window or fading weights take the prices one by one."""

_SUMMED, _LOOPED, _REFITTED, _OF_A_LAG = 60, 3_000, 500, 40
"""Elementary steps of a price that joins sums, of another one, of one that is fitted anew, and of its lags."""
_COPIES, _KEPT = 24, 10_000
"""Arrays of the length of the prices that are held at once, and prices that are kept where no window is given."""


class OuOptions(options.Options, frozen=True, kw_only=True):
    """Options of EstimateOUParams.

    Attributes:
        dt: Time between prices, in theta's time unit.
        time_unit_ms: Use timestamps, theta per this many milliseconds; without it theta is per dt.
        window: Fit the last so many prices only.
        forgetting: Weight of a price relative to the next one's, in (0, 1].
        bias: Small-sample correction of theta and half_life.
        adf_lags: Lagged differences of the Dickey-Fuller regression.
        convergence: Whether "converged" is false with probability 5 % over all ticks, or at each by itself.
        emit_every: Reply to every so many messages of an asset, and once at its end.
        conflate: Where the client reads slower than prices come, leave out estimates that newer ones replace.
        publish: Let these prices mark the caller's portfolios.
    """

    dt: Annotated[float, Meta(gt=0)] = 1.0
    time_unit_ms: Annotated[float, Meta(gt=0)] | None = None
    window: Annotated[int, Meta(ge=4, le=1_000_000)] | None = None
    forgetting: Annotated[float, Meta(gt=0, le=1)] | None = None
    bias: Literal["none", "tang_chen", "jackknife", "median_unbiased"] = "none"
    adf_lags: Annotated[int, Meta(ge=0, le=100)] = 0
    convergence: Literal["every_tick", "single_look"] = "every_tick"
    emit_every: Annotated[int, Meta(ge=1)] = 1
    conflate: bool = False
    publish: bool = False


_NAMES = option_names(OuOptions)


class _Asset:
    """The state of one asset: its fit, and what has not been reported.

    Attributes:
        fit: The online estimate.
        recomputes: Whether an estimate goes through the kept window, which takes a compute thread.
        longest_brief: Most prices that the event loop's thread adds itself.
        unreported: Messages since the last reply.
        timestamp_ms: Timestamp of the last price; 0 where its message had none.
        lock: Held while a thread works on the fit.
    """

    def __init__(self, chosen: OuOptions, selected: Selection) -> None:
        with wire_names(_NAMES), using(*selected):
            self.fit = ou.OnlineOu(
                dt=chosen.dt,
                forgetting=chosen.forgetting,
                window=chosen.window,
                bias=chosen.bias,
                adf_lags=chosen.adf_lags,
                convergence=chosen.convergence,
                time_unit_ms=chosen.time_unit_ms,
            )
        self.recomputes = chosen.adf_lags > 0 or chosen.bias == "jackknife" or chosen.time_unit_ms is not None
        summed = not self.recomputes and chosen.window is None and chosen.forgetting is None
        self.longest_brief = _BRIEF_BLOCK if summed else _BRIEF_LOOP
        self.unreported = 0
        self.timestamp_ms = 0
        self.lock = asyncio.Lock()


class _Session:
    """One stream: its options and the state of its assets."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._stream = options.StreamOptions(OuOptions)
        self._assets: dict[str, _Asset] = {}
        self.chosen: OuOptions | None = None

    async def take(self, data: bytes) -> tuple[str, bool]:
        """Add a message's prices to its asset; return the asset's id, and whether a reply is due."""
        update = await self._call.decode(PriceUpdate, data)
        if self.chosen is None:
            self.chosen = self._stream.read(update.metadata)
            self._call.ticket.announce(BRIEF)
        asset = self._asset(update.asset_id, self.chosen)
        if asset.recomputes or len(update.prices) > _BRIEF_LOOP:
            self._call.ticket.announce(_demand(len(update.prices), asset, self.chosen))
        if asset.lock.locked() or not _take_briefly(asset, update):
            async with asset.lock:
                await _take(asset, update, self._call)
        if self.chosen.publish:
            _publish(update, asset, self._call)
        asset.unreported += 1
        return update.asset_id, asset.unreported >= self.chosen.emit_every

    def _asset(self, asset_id: str, chosen: OuOptions) -> _Asset:
        asset = self._assets.get(asset_id)
        if asset is None:
            most = self._call.settings.max_assets_per_stream
            if len(self._assets) >= most:
                setting = setting_named("max_assets_per_stream")
                raise LimitReached(f"a stream carries at most {most} asset ids; {setting} raises it")
            check_id("asset_id", asset_id)
            self._call.ticket.keep(_ASSET_BYTES + _WINDOW_BYTES * (chosen.window or 0))
            asset = self._assets[asset_id] = _Asset(chosen, self._call.launcher.selection)
        return asset

    def unreported(self) -> list[str]:
        """Return the assets that have messages since their last reply."""
        return [asset_id for asset_id, asset in self._assets.items() if asset.unreported]

    async def report(self, asset_id: str) -> bytes:
        """Return an asset's estimate as a reply."""
        asset = self._assets[asset_id]
        async with asset.lock:
            return await _report(asset, asset_id, self._stream.ignored_once(), self._call)


async def handle(messages: AsyncIterator[bytes], call: Call) -> AsyncIterator[bytes]:
    """Answer each message, or every emit_every-th of an asset, or the newest that a slow reader has time for."""
    session = _Session(call)
    async for data in messages:
        asset_id, due = await session.take(data)
        if session.chosen is not None and session.chosen.conflate:
            async with aclosing(_conflated(messages, session, [asset_id] if due else [])) as replies:
                async for reply in replies:
                    yield reply
        elif due:
            yield await session.report(asset_id)
    for asset_id in session.unreported():
        yield await session.report(asset_id)


async def _conflated(
    messages: AsyncIterator[bytes], session: _Session, first: list[str]
) -> AsyncGenerator[bytes, None]:
    """Read messages while the client has not taken the last reply, and then send the newest estimate of each asset."""
    due = dict.fromkeys(first)
    changed = asyncio.Event()

    async def read() -> None:
        async for data in messages:
            asset_id, is_due = await session.take(data)
            if is_due:
                due[asset_id] = None
                changed.set()

    reader = asyncio.ensure_future(read())
    reader.add_done_callback(lambda _: changed.set())
    try:
        while due or not reader.done():
            while due:
                asset_id = next(iter(due))
                del due[asset_id]
                yield await session.report(asset_id)
            if not reader.done():
                changed.clear()
                await changed.wait()
        await reader
    finally:
        reader.cancel()


def _demand(n_prices: int, asset: _Asset, chosen: OuOptions) -> Demand:
    """Return what a message takes; the stream's first one announces what single prices take."""
    kept = (chosen.window or _KEPT) if asset.recomputes else 0
    of_a_price = _SUMMED if asset.longest_brief == _BRIEF_BLOCK else _LOOPED
    return Demand(
        work=of_a_price * max(1, n_prices) + (_REFITTED + _OF_A_LAG * chosen.adf_lags) * kept,
        peak_bytes=8 * (_COPIES * n_prices + (_COPIES + chosen.adf_lags) * kept),
        field="prices",
        remedy="shorter blocks or windows take less",
    )


def _take_briefly(asset: _Asset, update: PriceUpdate) -> bool:
    """Add a message's prices to the asset's fit at once; return False where that takes a thread."""
    if not len(update.prices):
        asset.fit.update(update.price, update.timestamp_ms)
        asset.timestamp_ms = update.timestamp_ms
        return True
    if len(update.prices) > asset.longest_brief:
        return False
    prices, stamps = _block(update)
    asset.fit.extend(prices, stamps)
    asset.timestamp_ms = 0 if stamps is None else int(stamps[-1])
    return True


async def _take(asset: _Asset, update: PriceUpdate, call: Call) -> None:
    """Add a message's prices to the asset's fit, whose lock the caller holds."""
    if _take_briefly(asset, update):
        return
    prices, stamps = _block(update)
    await call.compute(asset.fit.extend, prices, stamps)
    asset.timestamp_ms = 0 if stamps is None else int(stamps[-1])


def _block(update: PriceUpdate) -> tuple[Floats, NDArray[np.int64] | None]:
    prices = codec.doubles(update.prices)
    stamps = stamps_of(update.timestamps_ms, prices.size)
    return prices, stamps if stamps.size else None


def _publish(update: PriceUpdate, asset: _Asset, call: Call) -> None:
    prices: Floats = codec.doubles(update.prices) if len(update.prices) else np.array([update.price])
    finite = prices[np.isfinite(prices)]
    if finite.size:
        check_soon(asset.timestamp_ms, "timestamp_ms", time.time() * 1000)
        marks = call.stores.marks
        with marks.room() as reserve:
            reserve((update.asset_id,))
            marks.publish(Mark(update.asset_id, float(finite[-1]), asset.timestamp_ms), time.monotonic())


async def _report(asset: _Asset, asset_id: str, ignored: list[str], call: Call) -> bytes:
    asset.unreported = 0
    found = await call.compute(asset.fit.estimate) if asset.recomputes else asset.fit.estimate()
    metadata = options.reply_metadata(ignored, note=found.bias_note or None) if ignored or found.bias_note else ""
    return encoded(found, asset_id, asset.timestamp_ms, metadata)


def encoded(found: ou.OuEstimate, asset_id: str, timestamp_ms: int, metadata: str) -> bytes:
    """Return an estimate as a reply.

    Args:
        found: The estimate.
        asset_id: The asset.
        timestamp_ms: Timestamp of its last price; 0 where that has none.
        metadata: JSON, or "".
    """
    # Field by field: the constructor with keywords takes half as long again, and the codec would look for arrays.
    reply = OuEstimate()
    reply.asset_id, reply.timestamp_ms, reply.metadata = asset_id, timestamp_ms, metadata
    reply.theta, reply.mu, reply.sigma, reply.half_life = found.theta, found.mu, found.sigma, found.half_life
    reply.n_samples, reply.r_squared, reply.log_likelihood = found.n_samples, found.r_squared, found.log_likelihood
    reply.status, reply.reason = found.status, found.reason
    reply.theta_std_error, reply.mu_std_error = found.theta_std_error, found.mu_std_error
    reply.sigma_std_error, reply.theta_bias_corrected = found.sigma_std_error, found.theta_bias_corrected
    reply.half_life_lower, reply.half_life_upper = found.half_life_lower, found.half_life_upper
    reply.adf_statistic, reply.adf_p_value = found.adf_statistic, found.adf_p_value
    reply.b_median_unbiased, reply.b_lower, reply.b_upper = found.b_median_unbiased, found.b_lower, found.b_upper
    reply.theta_lower, reply.theta_upper = found.theta_lower, found.theta_upper
    reply.mu_lower, reply.mu_upper = found.mu_lower, found.mu_upper
    return reply.SerializeToString()
