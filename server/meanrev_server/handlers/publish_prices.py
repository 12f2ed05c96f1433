"""PublishPrices: the newest prices of assets, which mark portfolios."""

import time
from typing import Any

from gpu_kernels import interruption
from gpu_kernels.checks import all_finite
from gpu_kernels.errors import InvalidInput
from meanrev_server.capacity import Demand
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
_STEPS_OF_A_NAME, _OF_A_NAME = 8_000, 640
"""Elementary steps and bytes of memory of a name with its price."""
_AT_ONCE = 1_000
"""Names for which room is reserved, or which are checked, between two looks at the time or at the caller."""


async def handle(data: bytes, call: Call) -> bytes:
    """Answer one request; where a part of it breaks a rule, nothing is published."""
    request = await call.decode(PublishPricesRequest, data)
    options.parse(options.NoOptions, request.metadata)
    call.ticket.announce(_demand(request))
    now_ms = int(time.time() * 1000)
    if len(request.prices) <= _FEW_PRICES:
        found, names = _checked(request, now_ms)
    else:
        found, names = await call.compute(_checked, request, now_ms)
    marks = call.stores.marks
    pace = Pace()
    with marks.room() as reserve:
        for start in range(0, len(names), _AT_ONCE):
            await pace.step()
            reserve(names[start : start + _AT_ONCE])
        for mark in found:
            await pace.step()  # a mark may have many listeners
            marks.publish(mark, time.monotonic())
    return codec.encode(PublishPricesReply, accepted=len(found))


def _demand(request: Any) -> Demand:
    n_names = len(request.asset_ids)
    return Demand(_STEPS_OF_A_NAME * n_names, _OF_A_NAME * n_names, 0, "asset_ids", "fewer prices a call take less")


def _checked(request: Any, now_ms: int) -> tuple[list[Mark], list[str]]:
    """Return the marks of a request, and their assets, each once.

    No call of compiled code takes more than a few milliseconds, because none gives up the interpreter's lock.
    """
    prices = codec.doubles(request.prices)
    if prices.size != len(request.asset_ids):
        rule = f"must hold one price for each of the {len(request.asset_ids)} asset_ids"
        raise InvalidInput("prices", rule, value=prices.size)
    stamps = stamps_of(request.timestamps_ms, prices.size, ordered=False)
    if stamps.size:
        latest = int(stamps.argmax())
        check_soon(int(stamps[latest]), "timestamps_ms", now_ms, index=latest)
    all_finite("prices", prices)
    marks: list[Mark] = []
    once: dict[str, None] = {}
    stamped = stamps.tolist() or [now_ms] * prices.size
    for i, (name, price, stamp) in enumerate(zip(request.asset_ids, prices.tolist(), stamped, strict=True)):
        if i % _AT_ONCE == 0:
            interruption.check()
        marks.append(Mark(check_id(f"asset_ids[{i}]", name), price, stamp))
        once[name] = None
    return marks, list(once)
