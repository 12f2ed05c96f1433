"""The calls that no route answers, counted like the others: of health and reflection, and of unknown methods."""

from __future__ import annotations  # grpc's classes are generic in their stubs only

import asyncio
import time
from inspect import isasyncgenfunction
from typing import TYPE_CHECKING, Any

import grpc

from meanrev_server.records import UNKNOWN, Caller, CallRecord, Calls

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence

__all__ = ["Standard", "Unknown"]

_REASONS = {"NOT_FOUND": "not_found", "RESOURCE_EXHAUSTED": "limit", "UNAUTHENTICATED": "unauthenticated"}
"""Why the health and reflection services end a call, by the status."""

_Handler = grpc.RpcMethodHandler
_Context = grpc.aio.ServicerContext


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
        kinds: dict[tuple[bool, bool], tuple[Callable[..., Any], Any]] = {
            (False, False): (grpc.unary_unary_rpc_method_handler, handler.unary_unary),
            (False, True): (grpc.unary_stream_rpc_method_handler, handler.unary_stream),
            (True, False): (grpc.stream_unary_rpc_method_handler, handler.stream_unary),
            (True, True): (grpc.stream_stream_rpc_method_handler, handler.stream_stream),
        }
        streaming = handler.request_streaming or handler.response_streaming
        make, behaviour = kinds[handler.request_streaming, handler.response_streaming]
        wrap = self._generator if isasyncgenfunction(behaviour) else self._coroutine
        counted = wrap(method, behaviour, streaming=streaming)
        made: _Handler[Any, Any] = make(counted, handler.request_deserializer, handler.response_serializer)
        return made

    def _coroutine(self, method: str, behaviour: Callable[..., Any], *, streaming: bool) -> Callable[..., Any]:
        async def answer(request: Any, context: _Context[Any, Any]) -> Any:
            with _Recorded(self._calls, method, context, streaming=streaming):
                return await behaviour(request, context)

        return answer

    def _generator(self, method: str, behaviour: Callable[..., Any], *, streaming: bool) -> Callable[..., Any]:
        async def answer(request: Any, context: _Context[Any, Any]) -> AsyncIterator[Any]:
            with _Recorded(self._calls, method, context, streaming=streaming):
                async for reply in behaviour(request, context):
                    yield reply

        return answer


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
