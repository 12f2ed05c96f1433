"""PutPortfolio: stores a portfolio under its id."""

import asyncio
import math
import time
from typing import Any

from gpu_kernels.errors import InvalidInput
from meanrev_server.capacity import Demand
from meanrev_server.errors import LimitReached, setting_named
from meanrev_server.portfolios import AlertLimits, Portfolio
from meanrev_server.rpc import options
from meanrev_server.rpc.asset_ids import check_id
from meanrev_server.rpc.call import Call
from meanrev_wire import codec
from meanrev_wire import research_pb2 as wire

__all__ = ["handle"]

_STEPS_OF_A_HOLDING, _OF_A_HOLDING = 12_000, 640
"""Elementary steps and bytes of memory of a holding."""
_AROUND = 64
"""Most bytes of the reply that the request does not have."""
_FEW_HOLDINGS = 500
"""Most holdings that the event loop's thread checks; each takes about 2 microseconds."""


async def handle(data: bytes, call: Call) -> bytes:
    """Answer one request with the portfolio as it is stored now: a crash after the answer does not lose it."""
    request = await call.decode(wire.Portfolio, data)
    if not request.portfolio_id:
        raise InvalidInput("portfolio_id", "must not be empty")
    most = call.settings.max_assets_per_stream
    if len(request.holdings) > most:
        setting = setting_named("max_assets_per_stream")
        raise LimitReached(f"a portfolio holds at most {most} assets; {setting} raises it")
    call.ticket.announce(_demand(request, len(data)))
    updated_ms = int(time.time() * 1000)
    if len(request.holdings) <= _FEW_HOLDINGS:
        portfolio, reply = _checked(request, updated_ms)
    else:
        portfolio, reply = await call.compute(_checked, request, updated_ms)
    # It goes on where the caller leaves, so that memory and disk agree.
    await asyncio.shield(asyncio.ensure_future(_put(portfolio, call)))
    return reply


async def _put(portfolio: Portfolio, call: Call) -> None:
    with call.stores.portfolios.room_for(portfolio) as put:
        await call.state.archive.put_portfolio(call.caller.identity, portfolio)
        put()


def _demand(request: Any, nbytes: int) -> Demand:
    n_assets = len(request.holdings)
    remedy = "fewer holdings take less"
    return Demand(_STEPS_OF_A_HOLDING * n_assets, _OF_A_HOLDING * n_assets, nbytes + _AROUND, "holdings", remedy)


def _checked(request: Any, updated_ms: int) -> tuple[Portfolio, bytes]:
    """Return the portfolio of a request, and the reply."""
    check_id("portfolio_id", request.portfolio_id)
    _finite("cash", request.cash)
    holdings: dict[str, float] = {}
    for i, holding in enumerate(request.holdings):
        asset_id = check_id(f"holdings[{i}].asset_id", holding.asset_id)
        if asset_id in holdings:
            raise InvalidInput(f"holdings[{i}].asset_id", "must not come twice", value=asset_id)
        holdings[asset_id] = _finite(f"holdings[{i}].quantity", holding.quantity)
    portfolio = Portfolio(
        portfolio_id=request.portfolio_id,
        holdings=holdings,
        cash=request.cash,
        limits=options.parse_object(AlertLimits, request.limits, "limits"),
        updated_ms=updated_ms,
    )
    reply = codec.encode(
        wire.Portfolio,
        portfolio_id=request.portfolio_id,
        holdings=list(request.holdings),
        cash=request.cash,
        limits=request.limits,
        updated_ms=updated_ms,
    )
    return portfolio, reply


def _finite(field: str, number: float) -> float:
    if not math.isfinite(number):
        raise InvalidInput(field, "must be finite", value=number)
    return number
