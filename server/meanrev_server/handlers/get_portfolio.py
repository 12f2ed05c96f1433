"""GetPortfolio: a stored portfolio."""

import msgspec

from meanrev_server.portfolios import Portfolio
from meanrev_server.rpc.call import Call
from meanrev_wire import codec
from meanrev_wire import research_pb2 as wire

__all__ = ["handle"]

_FEW = 200
"""Most holdings that the event loop's thread writes; each takes some microseconds."""


async def handle(data: bytes, call: Call) -> bytes:
    """Answer one request."""
    request = await call.decode(wire.PortfolioRequest, data)
    found = call.stores.portfolios.get(request.portfolio_id)
    return _encoded(found) if len(found.holdings) <= _FEW else await call.compute(_encoded, found)


def _encoded(found: Portfolio) -> bytes:
    return codec.encode(
        wire.Portfolio,
        portfolio_id=found.portfolio_id,
        holdings=[wire.Holding(asset_id=name, quantity=quantity) for name, quantity in found.holdings.items()],
        cash=found.cash,
        limits=msgspec.json.encode(found.limits).decode(),
        updated_ms=found.updated_ms,
    )
