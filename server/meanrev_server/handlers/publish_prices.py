"""PublishPrices: the newest prices of assets, which mark portfolios."""

import time
from typing import Any

from gpu_kernels.checks import all_finite
from gpu_kernels.errors import InvalidInput
from meanrev_server.marks import Mark
from meanrev_server.rpc import options
from meanrev_server.rpc.asset_ids import check_id
from meanrev_server.rpc.call import Call
from meanrev_server.rpc.pace import Pace
from meanrev_server.rpc.stamps import check_soon, stamps_of
from meanrev_wire import codec
from meanrev_wire.research_pb2 import PublishPricesReply, PublishPricesRequest

__all__ = ["handle"]

_FEW_PRICES = 1_000
"""Most prices that the event loop's thread checks; each takes about 1 microsecond."""


async def handle(data: bytes, call: Call) -> bytes:
    """Answer one request; where a part of it breaks a rule, nothing is published."""
    request = await call.decode(PublishPricesRequest, data)
    options.parse(options.NoOptions, request.metadata)
    now_ms = int(time.time() * 1000)
    if len(request.prices) <= _FEW_PRICES:
        found, names = _checked(request, now_ms)
    else:
        found, names = await call.compute(_checked, request, now_ms)
    marks = call.stores.marks
    with marks.room_for(names):
        pace = Pace()
        for mark in found:
            await pace.step()  # a mark may have many listeners
            marks.publish(mark, time.monotonic())
    return codec.encode(PublishPricesReply, accepted=len(found))


def _checked(request: Any, now_ms: int) -> tuple[list[Mark], frozenset[str]]:
    """Return the marks of a request, and their assets."""
    prices = codec.doubles(request.prices)
    if prices.size != len(request.asset_ids):
        rule = f"must hold one price for each of the {len(request.asset_ids)} asset_ids"
        raise InvalidInput("prices", rule, value=prices.size)
    stamps = stamps_of(request.timestamps_ms, prices.size, ordered=False)
    if stamps.size:
        latest = int(stamps.argmax())
        check_soon(int(stamps[latest]), "timestamps_ms", now_ms, index=latest)
    all_finite("prices", prices)
    names = [check_id(f"asset_ids[{i}]", name) for i, name in enumerate(request.asset_ids)]
    marks = map(Mark, names, prices.tolist(), stamps.tolist() or [now_ms] * prices.size)
    return list(marks), frozenset(names)
