"""The one interceptor: whatever a handler raises leaves as Refused with a status, and nothing else does."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any, cast

from meanrev_server.rpc.call import Call
from meanrev_server.rpc.registry import Route
from meanrev_server.rpc.status import Refused, status_of

__all__ = ["guarded"]


def guarded(route: Route) -> Route:
    """Return the route with its errors mapped.

    Cancellation passes untouched: swallowing it would leak the call.
    """
    wrap = _stream if route.server_streaming else _unary
    return replace(route, handle=wrap(cast("Any", route.handle)))


def _unary(handle: Callable[[Any, Call], Awaitable[bytes]]) -> Callable[[Any, Call], Awaitable[bytes]]:
    async def answer(data: Any, call: Call) -> bytes:
        try:
            return await handle(data, call)
        except Exception as error:  # noqa: BLE001 - the one place where errors become statuses
            raise Refused(status_of(error)) from None

    return answer


def _stream(handle: Callable[[Any, Call], AsyncIterator[bytes]]) -> Callable[[Any, Call], AsyncIterator[bytes]]:
    async def answer(data: Any, call: Call) -> AsyncIterator[bytes]:
        try:
            async for reply in handle(data, call):
                yield reply
        except Exception as error:  # noqa: BLE001 - the one place where errors become statuses
            raise Refused(status_of(error)) from None

    return answer
