"""Routes as gRPC sees them: raw bytes in and out, so that malformed input is ours to answer."""

from __future__ import annotations  # grpc's classes are generic in their stubs only

from contextlib import aclosing
from typing import TYPE_CHECKING, Any, cast

import grpc

from meanrev_server.rpc.status import DETAILS_KEY, Refused, Status

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping

    from meanrev_server.rpc.call import Call
    from meanrev_server.rpc.registry import Route

__all__ = ["Service"]


class Service(grpc.GenericRpcHandler):
    """Serves a routing table on a grpc.aio server."""

    def __init__(self, table: Mapping[str, Route], call: Call) -> None:
        """Prepare one method handler a path.

        Args:
            table: Guarded routes by path.
            call: What handlers may use; one for all calls until callers have identities.
        """
        self._handlers = {path: _method_handler(route, call) for path, route in table.items()}

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[Any, Any] | None:
        """Return the handler of a path, or None where this service has no such path."""
        return self._handlers.get(handler_call_details.method)


def _method_handler(route: Route, call: Call) -> grpc.RpcMethodHandler[Any, Any]:
    makers: dict[tuple[bool, bool], Callable[..., grpc.RpcMethodHandler[Any, Any]]] = {
        (False, False): grpc.unary_unary_rpc_method_handler,
        (False, True): grpc.unary_stream_rpc_method_handler,
        (True, False): grpc.stream_unary_rpc_method_handler,
        (True, True): grpc.stream_stream_rpc_method_handler,
    }
    behaviour = _stream(route, call) if route.server_streaming else _unary(route, call)
    return makers[route.client_streaming, route.server_streaming](behaviour)


def _unary(route: Route, call: Call) -> Callable[..., Any]:
    async def answer(data: Any, context: grpc.aio.ServicerContext[Any, Any]) -> bytes:
        try:
            reply: bytes = await route.handle(data, call)  # type: ignore[misc] # a unary route's handler is a coroutine
        except Refused as refusal:
            await _abort(context, refusal.status)
        return reply

    return answer


def _stream(route: Route, call: Call) -> Callable[..., AsyncIterator[bytes]]:
    async def answer(data: Any, context: grpc.aio.ServicerContext[Any, Any]) -> AsyncIterator[bytes]:
        try:
            # A streaming route's handler is a generator.
            async with aclosing(cast("AsyncGenerator[bytes, None]", route.handle(data, call))) as replies:
                async for reply in replies:
                    yield reply
        except Refused as refusal:
            await _abort(context, refusal.status)

    return answer


async def _abort(context: grpc.aio.ServicerContext[Any, Any], status: Status) -> None:
    trailing = ((DETAILS_KEY, status.details),) if status.details else ()
    await context.abort(status.code, status.message, trailing)
