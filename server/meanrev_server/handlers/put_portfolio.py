"""PutPortfolio: stores a portfolio under its id."""

import math
import time

import numpy as np

from gpu_kernels.checks import all_finite
from gpu_kernels.errors import InvalidInput
from meanrev_server.errors import LimitReached, setting_named
from meanrev_server.portfolios import AlertLimits, Portfolio
from meanrev_server.rpc import options
from meanrev_server.rpc.call import Call
from meanrev_server.rpc.ids import check_id
from meanrev_wire import codec
from meanrev_wire import research_pb2 as wire

__all__ = ["handle"]

_FEW = 200
"""Most holdings that the event loop's thread checks; each takes some microseconds."""


async def handle(data: bytes, call: Call) -> bytes:
    """Answer one request with the portfolio as it is stored now."""
    request = await call.decode(wire.Portfolio, data)
    if not request.portfolio_id:
        raise InvalidInput("portfolio_id", "must not be empty")
    most = call.settings.max_assets_per_stream
    if len(request.holdings) > most:
        setting = setting_named("max_assets_per_stream")
        raise LimitReached(f"a portfolio holds at most {most} assets; {setting} raises it")
    few = len(request.holdings) <= _FEW
    portfolio = _portfolio(request) if few else await call.compute(_portfolio, request)
    call.stores.portfolios.put(portfolio)
    return _encoded(request, portfolio) if few else await call.compute(_encoded, request, portfolio)


def _portfolio(request: wire.Portfolio) -> Portfolio:
    """Check a portfolio, and return it as it is stored."""
    check_id("portfolio_id", request.portfolio_id)
    all_finite("cash", np.array(request.cash))
    holdings: dict[str, float] = {}
    for i, holding in enumerate(request.holdings):
        name, quantity = holding.asset_id, holding.quantity
        if name in holdings:
            raise InvalidInput(f"holdings[{i}].asset_id", "must not come twice", value=name)
        check_id(f"holdings[{i}].asset_id", name)
        if not math.isfinite(quantity):
            all_finite(f"holdings[{i}].quantity", np.array(quantity))
        holdings[name] = quantity
    return Portfolio(
        portfolio_id=request.portfolio_id,
        holdings=holdings,
        cash=request.cash,
        limits=options.parse_object(AlertLimits, request.limits, "limits"),
        updated_ms=int(time.time() * 1000),
    )


def _encoded(request: wire.Portfolio, portfolio: Portfolio) -> bytes:
    return codec.encode(
        wire.Portfolio,
        portfolio_id=request.portfolio_id,
        holdings=list(request.holdings),
        cash=request.cash,
        limits=request.limits,
        updated_ms=portfolio.updated_ms,
    )
