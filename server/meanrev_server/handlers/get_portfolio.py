"""GetPortfolio: a stored portfolio."""

import msgspec

from meanrev_server.capacity import Demand
from meanrev_server.portfolios import Portfolio
from meanrev_server.rpc.call import Call
from meanrev_wire import codec
from meanrev_wire import research_pb2 as wire

__all__ = ["handle"]

_STEPS_OF_A_HOLDING, _OF_A_HOLDING = 5_000, 512
"""Elementary steps and bytes of memory of a holding."""
_IN_THE_REPLY, _MOST_OF_A_CHARACTER, _AROUND = 16, 4, 2048
"""Most bytes of the reply: of a holding beside its name, of a character of a name, and of the rest."""
_FEW = 200
"""Most holdings that the event loop's thread writes; each takes some microseconds."""


async def handle(data: bytes, call: Call) -> bytes:
    """Answer one request."""
    request = await call.decode(wire.PortfolioRequest, data)
    found = call.stores.portfolios.get(request.portfolio_id)
    call.ticket.announce(_demand(found))
    return _encoded(found) if len(found.holdings) <= _FEW else await call.compute(_encoded, found)


def _demand(found: Portfolio) -> Demand:
    n_assets, texts = len(found.holdings), sum(map(len, found.holdings))
    reply_bytes = _IN_THE_REPLY * n_assets + _MOST_OF_A_CHARACTER * texts + _AROUND
    return Demand(_STEPS_OF_A_HOLDING * n_assets, _OF_A_HOLDING * n_assets + reply_bytes, reply_bytes, "portfolio_id")


def _encoded(found: Portfolio) -> bytes:
    return codec.encode(
        wire.Portfolio,
        portfolio_id=found.portfolio_id,
        holdings=[wire.Holding(asset_id=name, quantity=quantity) for name, quantity in found.holdings.items()],
        cash=found.cash,
        limits=msgspec.json.encode(found.limits).decode(),
        updated_ms=found.updated_ms,
    )
