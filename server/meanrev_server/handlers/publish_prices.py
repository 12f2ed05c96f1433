"""PublishPrices: the newest prices of assets, which mark portfolios."""

import time

from gpu_kernels.checks import all_finite
from gpu_kernels.errors import InvalidInput
from meanrev_server.marks import Mark
from meanrev_server.rpc import options
from meanrev_server.rpc.call import Call
from meanrev_server.rpc.stamps import stamps_of
from meanrev_wire import codec
from meanrev_wire.research_pb2 import PublishPricesReply, PublishPricesRequest

__all__ = ["handle"]


async def handle(data: bytes, call: Call) -> bytes:
    """Answer one request; where a part of it breaks a rule, nothing is published."""
    request = await call.decode(PublishPricesRequest, data)
    options.parse(options.NoOptions, request.metadata)
    prices = codec.doubles(request.prices)
    if prices.size != len(request.asset_ids):
        rule = f"must hold one price for each of the {len(request.asset_ids)} asset_ids"
        raise InvalidInput("prices", rule, value=prices.size)
    stamps = stamps_of(request.timestamps_ms, prices.size, ordered=False)
    all_finite("prices", prices)
    now = [int(time.time() * 1000)] * prices.size
    for mark in map(Mark, request.asset_ids, prices.tolist(), stamps.tolist() or now):
        call.stores.marks.publish(mark)
    return codec.encode(PublishPricesReply, accepted=prices.size)
