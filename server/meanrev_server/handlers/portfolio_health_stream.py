"""PortfolioHealthStream: value, risk and alerts of a portfolio, computed from published marks."""

import asyncio
import time
from collections.abc import AsyncIterator

from msgspec import field

from gpu_kernels import health, ou
from gpu_kernels.errors import InvalidInput
from meanrev_server.capacity import Demand
from meanrev_server.errors import LimitReached, NotFound, ServerStopping, setting_named
from meanrev_server.marks import Mark
from meanrev_server.portfolios import AlertLimits, Portfolio
from meanrev_server.rpc import options
from meanrev_server.rpc.asset_ids import check_id
from meanrev_server.rpc.call import Call
from meanrev_server.rpc.naming import option_names, wire_names
from meanrev_wire import codec
from meanrev_wire.meanrev_pb2 import HealthMetric, HealthRequest

__all__ = ["HealthOptions", "handle"]

_LEAST_MS = 100
"""Least time between two reports."""

_FEW_ASSETS = 100
"""Most assets whose report the event loop's thread makes; each takes some 20 microseconds."""


_STEPS, _OF_AN_ASSET, _ALERTS = 30_000, 6144, 640
"""Elementary steps of an asset in a report, bytes of memory of its state, and most bytes of its alerts."""


class HealthOptions(options.Options, frozen=True, kw_only=True):
    """Options of PortfolioHealthStream.

    Attributes:
        holdings: Quantity of each asset, negative where short.
        cash: In the currency of the marks.
        limits: Where alerts begin.
    """

    holdings: dict[str, float] = field(default_factory=dict)
    cash: float = 0.0
    limits: AlertLimits = AlertLimits()


_NAMES = option_names(HealthOptions) | {name: f"metadata.limits.{name}" for name in AlertLimits.__struct_fields__}


async def handle(data: bytes, call: Call) -> AsyncIterator[bytes]:
    """Report at once and then every update_frequency_ms, until the client leaves."""
    request = await call.decode(HealthRequest, data)
    chosen, ignored = options.parse(HealthOptions, request.metadata)
    if request.update_frequency_ms < 0:
        raise InvalidInput("update_frequency_ms", "must be >= 0", value=request.update_frequency_ms)
    asked_ms = request.update_frequency_ms or 1000
    period_s = max(_LEAST_MS, asked_ms) / 1000
    note = "" if asked_ms >= _LEAST_MS else f"reports come every {_LEAST_MS} ms, not every {asked_ms}"
    held = _held(request, chosen, call)
    assets = _assets(request, held, call.settings.max_assets_per_stream)
    n_assets = len(assets)
    call.ticket.announce(
        Demand(_STEPS * n_assets, _OF_AN_ASSET * n_assets, _ALERTS * n_assets, "asset_ids", "fewer assets take less")
    )
    with wire_names(_NAMES):
        account = health.Account(
            held.holdings,
            watched=request.asset_ids,
            cash=held.cash,
            max_drawdown=held.limits.max_drawdown,
            max_abs_z=held.limits.max_abs_z,
            stale_ms=held.limits.stale_ms,
            estimator=_estimator,
        )
    marked = _Account(account, few=len(assets) <= _FEW_ASSETS)
    with call.stores.marks.listening(assets, marked.take, time.monotonic()):
        while True:
            yield _encoded(request.portfolio_id, await marked.report(call), ignored, note)
            ignored, note = [], ""
            await _pause(call.stopping, period_s)


def _estimator() -> ou.OnlineOu:
    """Return the estimator of an asset; by standard errors the lower bound of theta would be above 0 too often."""
    return ou.OnlineOu(bias="median_unbiased")


class _Account:
    """An account that is marked on the event loop's thread, and whose reports on many assets a compute thread makes.

    A mark that the account refuses ends this stream at its next report, not the stream of its publisher.
    """

    def __init__(self, account: health.Account, *, few: bool) -> None:
        self._account = account
        self._few = few
        self._reporting = False
        self._waiting: list[Mark] = []
        self._refused: InvalidInput | None = None

    def take(self, mark: Mark) -> None:
        """Mark the account; where a thread is making a report, after that."""
        if self._reporting:
            self._waiting.append(mark)
            return
        try:
            self._account.mark(mark.asset_id, mark.price, max(0, mark.timestamp_ms))
        except InvalidInput as error:
            self._refused = self._refused or error

    async def report(self, call: Call) -> health.Health:
        """Return a report on the account as it is now.

        Raises:
            InvalidInput: a mark was refused since the last report.
        """
        if self._refused is not None:
            raise self._refused
        now_ms = int(time.time() * 1000)
        if self._few:
            return self._account.report(now_ms)
        self._reporting = True
        report = await call.compute(self._account.report, now_ms)
        self._reporting = False
        waiting, self._waiting = self._waiting, []
        for mark in waiting:
            self.take(mark)
        return report


def _held(request: HealthRequest, chosen: HealthOptions, call: Call) -> Portfolio:
    """Return the holdings of the request, else the stored portfolio, else no holdings where assets are to be watched.

    Raises:
        NotFound: the request has neither, and no portfolio is stored.
    """
    given = Portfolio(
        portfolio_id=request.portfolio_id, holdings=chosen.holdings, cash=chosen.cash, limits=chosen.limits
    )
    if chosen.holdings:
        return given
    try:
        return call.stores.portfolios.get(request.portfolio_id)
    except NotFound as unknown:
        if request.asset_ids:
            return given
        raise NotFound(f"{unknown}, or give metadata.holdings, or asset_ids to watch") from None


def _assets(request: HealthRequest, held: Portfolio, most: int) -> list[str]:
    watched = [check_id(f"asset_ids[{i}]", name) for i, name in enumerate(request.asset_ids)]
    assets = list(dict.fromkeys((*held.holdings, *watched)))
    if len(assets) > most:
        setting = setting_named("max_assets_per_stream")
        raise LimitReached(f"a stream carries at most {most} asset ids; {setting} raises it")
    return assets


async def _pause(stopping: asyncio.Event, period_s: float) -> None:
    try:
        await asyncio.wait_for(stopping.wait(), period_s)
    except TimeoutError:
        return
    raise ServerStopping


def _encoded(portfolio_id: str, report: health.Health, ignored: list[str], note: str) -> bytes:
    return codec.encode(
        HealthMetric,
        portfolio_id=portfolio_id,
        metadata=options.reply_metadata(ignored, note=note or None),
        **report._asdict(),
    )
