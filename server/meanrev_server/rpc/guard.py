"""The one interceptor: whatever a handler raises leaves as Refused with a status, and nothing else does."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from typing import Any, cast

from meanrev_server.rpc.call import Call
from meanrev_server.rpc.registry import Route, StreamHandler, UnaryHandler
from meanrev_server.rpc.status import Refused, status_of

__all__ = ["guarded"]


def guarded(route: Route) -> Route:
    """Return the route with its errors mapped.

    Cancellation passes untouched: swallowing it would leak the call.
    """
    wrap = _stream if route.server_streaming else _unary
    return replace(route, handle=wrap(cast("Any", route.handle)))


def _unary(handle: UnaryHandler) -> UnaryHandler:
    async def answer(data: Any, call: Call) -> bytes:
        try:
            return await handle(data, call)
        except Exception as error:  # noqa: BLE001 - the one place where errors become statuses
            raise Refused(status_of(error)) from None

    return answer


def _stream(handle: StreamHandler) -> StreamHandler:
    async def answer(data: Any, call: Call) -> AsyncGenerator[bytes, None]:
        try:
            # A call that is left between two replies ends its handler at once, not when the collector comes by.
            async with aclosing(handle(data, call)) as replies:
                async for reply in replies:
                    yield reply
        except Exception as error:  # noqa: BLE001 - the one place where errors become statuses
            raise Refused(status_of(error)) from None

    return answer
