"""PublishPrices: the newest prices of assets, which mark portfolios."""

import time

from gpu_kernels.checks import all_finite
from gpu_kernels.errors import InvalidInput
from meanrev_server.marks import Mark
from meanrev_server.rpc import options
from meanrev_server.rpc.call import Call
from meanrev_server.rpc.ids import check_ids
from meanrev_server.rpc.pace import Pace
from meanrev_server.rpc.stamps import stamps_of
from meanrev_wire import codec
from meanrev_wire.research_pb2 import PublishPricesReply, PublishPricesRequest

__all__ = ["handle"]

_AT_ONCE = 500
"""Names and prices that are taken out of the message at once."""


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
    pace = Pace()
    for start in range(0, prices.size, _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        names = request.asset_ids[part]
        check_ids("asset_ids", names, start)
        await pace.step()
    now = int(time.time() * 1000)
    for start in range(0, prices.size, _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        times = stamps[part].tolist() if stamps.size else [now] * len(prices[part])
        for mark in map(Mark, request.asset_ids[part], prices[part].tolist(), times):
            call.stores.marks.publish(mark)
            await pace.step()  # a mark may have many listeners
    return codec.encode(PublishPricesReply, accepted=prices.size)
