"""The one interceptor: it turns whatever a handler raises into Refused, with a status."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from typing import Any, cast

from meanrev_server.rpc.call import Call
from meanrev_server.rpc.registry import Route, StreamHandler, UnaryHandler
from meanrev_server.rpc.status import Refused, status_of

__all__ = ["guarded"]


def guarded(route: Route) -> Route:
    """Return the route with its errors mapped to statuses.

    A cancellation passes unchanged, because a call that swallowed it would never end.
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
            # Where the caller leaves between two replies, this ends the handler at once, not at a garbage collection.
            async with aclosing(handle(data, call)) as replies:
                async for reply in replies:
                    yield reply
        except Exception as error:  # noqa: BLE001 - the one place where errors become statuses
            raise Refused(status_of(error)) from None

    return answer
