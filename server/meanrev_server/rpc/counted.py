"""The calls that no route answers, counted like the others: of health and reflection, and of unknown methods."""

from __future__ import annotations  # grpc's classes are generic in their stubs only

import asyncio
import time
from typing import TYPE_CHECKING, Any

import grpc
from google.protobuf.message import DecodeError

from meanrev_server.records import UNKNOWN, Caller, CallRecord, Calls

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence

__all__ = ["Standard", "Unknown"]

_Handler = grpc.RpcMethodHandler
_Context = grpc.aio.ServicerContext

_PATIENCE_S = 10.0
"""Seconds for the only message of a probe to come."""

_REASONS = {
    "NOT_FOUND": "not_found",
    "INVALID_ARGUMENT": "malformed",
    "RESOURCE_EXHAUSTED": "limit",
    "DEADLINE_EXCEEDED": "expired",
}
"""Why the health and reflection services end a call, by the status; a call without a token is refused before them."""


class Standard:
    """Takes a service of gRPC's own as a server does, and adds it to the server so that its calls are counted."""

    def __init__(self, server: grpc.aio.Server, calls: Calls) -> None:
        """Add nothing yet.

        Args:
            server: Where the services go.
            calls: Counts their calls.
        """
        self._server, self._calls = server, calls

    def add_generic_rpc_handlers(self, handlers: Sequence[grpc.GenericRpcHandler]) -> None:
        """Do nothing: each service gives its handlers by name too."""

    def add_registered_method_handlers(self, service: str, handlers: Mapping[str, _Handler[Any, Any]]) -> None:
        """Add the handlers of a service.

        Args:
            service: Its full name.
            handlers: Its handlers, by method.
        """
        short = service.rpartition(".")[2]
        counted = {name: self._counted(f"{short}.{name}", handler) for name, handler in handlers.items()}
        self._server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, counted),))

    def _counted(self, method: str, handler: _Handler[Any, Any]) -> _Handler[Any, Any]:
        """Return a handler that reads bytes: gRPC's own never ends a call whose single message does not come."""
        if handler.response_streaming:
            return grpc.stream_stream_rpc_method_handler(
                self._stream(method, handler), response_serializer=handler.response_serializer
            )
        return grpc.stream_unary_rpc_method_handler(
            self._unary(method, handler), response_serializer=handler.response_serializer
        )

    def _unary(self, method: str, handler: _Handler[Any, Any]) -> Callable[..., Any]:
        behaviour: Any = handler.stream_unary if handler.request_streaming else handler.unary_unary

        async def answer(_: object, context: _Context[Any, Any]) -> Any:
            with _Recorded(self._calls, method, context, streaming=handler.request_streaming):
                return await behaviour(await _asked(handler, context), context)

        return answer

    def _stream(self, method: str, handler: _Handler[Any, Any]) -> Callable[..., Any]:
        behaviour: Any = handler.stream_stream if handler.request_streaming else handler.unary_stream

        async def answer(_: object, context: _Context[Any, Any]) -> AsyncIterator[Any]:
            with _Recorded(self._calls, method, context, streaming=True):
                async for reply in behaviour(await _asked(handler, context), context):
                    yield reply

        return answer


async def _asked(handler: _Handler[Any, Any], context: _Context[Any, Any]) -> Any:
    """Return the requests of a call, or its only one; the call ends here where that does not come."""
    requests = _requests(handler, context)
    if handler.request_streaming:
        return requests
    try:
        async with asyncio.timeout(_PATIENCE_S):
            async for request in requests:
                return request
    except TimeoutError:
        said = f"no message came for {_PATIENCE_S:g} s; open the call when it has one"
        await context.abort(grpc.StatusCode.DEADLINE_EXCEEDED, said)
    said = "the request must be sent: the call has ended without a message"
    return await context.abort(grpc.StatusCode.INVALID_ARGUMENT, said)


async def _requests(handler: _Handler[Any, Any], context: _Context[Any, Any]) -> AsyncIterator[Any]:
    """Yield the messages of a call; one that is none ends it."""
    parse: Any = handler.request_deserializer
    while isinstance(data := await context.read(), bytes):  # else grpc.aio.EOF
        try:
            request = parse(data)
        except DecodeError:
            said = f"a message of {len(data)} bytes is no request of this method"
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, said)
        yield request


class Unknown(grpc.GenericRpcHandler):
    """Counts calls of paths that no handler before it has; gRPC answers them with UNIMPLEMENTED."""

    def __init__(self, calls: Calls) -> None:
        """Count nothing yet.

        Args:
            calls: Counts the calls.
        """
        self._calls = calls

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> None:
        """Count a call; there is no handler for it."""
        record = CallRecord(UNKNOWN, began=time.monotonic(), code="UNIMPLEMENTED", reason="unknown_method")
        self._calls.opened[UNKNOWN] += 1
        self._calls.begin(record)
        self._calls.end(record)


class _Recorded:
    """A context that keeps a record of a call from its begin to its end."""

    def __init__(self, calls: Calls, method: str, context: _Context[Any, Any], *, streaming: bool) -> None:
        caller = Caller(peer=context.peer())
        self._record = CallRecord(method, caller, time.monotonic(), streaming=streaming)
        self._calls, self._context = calls, context

    def __enter__(self) -> None:
        self._calls.opened[self._record.method] += 1
        self._calls.begin(self._record)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None and issubclass(kind, asyncio.CancelledError | GeneratorExit):
            self._record.code, self._record.reason = "CANCELLED", "left"
        elif kind is not None:
            code: Any = self._context.code()  # 0 before an abort
            self._record.code = code.name if isinstance(code, grpc.StatusCode) else "UNKNOWN"
            self._record.reason = _REASONS.get(self._record.code, "internal")
        self._calls.end(self._record)
