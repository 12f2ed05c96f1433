"""Routes for gRPC: raw bytes in and out, so that this server answers malformed input itself."""

from __future__ import annotations  # grpc's classes are generic in their stubs only

import asyncio
import time
from contextlib import aclosing, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import grpc

from gpu_kernels.errors import InvalidInput
from meanrev_server.errors import Expired, LimitReached
from meanrev_server.records import Caller, CallRecord
from meanrev_server.rpc.correlation import REQUEST_ID_KEY, Correlation
from meanrev_server.rpc.exchange import Desk
from meanrev_server.rpc.pushback import PUSHBACK_KEY, Pushback
from meanrev_server.rpc.status import DETAILS_KEY, Refused, status_of

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Mapping

    from meanrev_server.admission import Admission, Ticket
    from meanrev_server.records import Calls
    from meanrev_server.rpc.call import Call
    from meanrev_server.rpc.overdue import Patience
    from meanrev_server.rpc.registry import Route

__all__ = ["Service"]

_Context = grpc.aio.ServicerContext
_ANSWERED = (Refused, LimitReached, Expired, InvalidInput)
"""What is raised here or by a guarded handler, and becomes a status."""


class Service(grpc.GenericRpcHandler):
    """Serves routes on a grpc.aio server."""

    def __init__(
        self,
        routes: Mapping[str, Route],
        call: Call,
        admission: Admission,
        patience: Patience,
        pushback: Pushback,
        calls: Calls,
    ) -> None:
        """Prepare one method handler a path.

        Args:
            routes: Guarded routes by path.
            call: What handlers may use; each call gets a ticket, a record and a deadline of its own.
            admission: Admits calls.
            patience: How long the server waits for clients.
            pushback: Tells refused calls when to come again.
            calls: Counts the calls, and takes their records.
        """
        self._call = call
        self._desk = Desk(admission, patience)
        self._pushback = pushback
        self._calls = calls
        self._correlation = Correlation()
        self._methods = {path: route.method for path, route in routes.items()}
        self._handlers = {path: self._method_handler(route) for path, route in routes.items()}

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[Any, Any] | None:
        """Return the handler of a path, or None where this service has no such path."""
        path = handler_call_details.method
        if path in self._methods:
            self._calls.opened[self._methods[path]] += 1
        return self._handlers.get(path)

    def _method_handler(self, route: Route) -> grpc.RpcMethodHandler[Any, Any]:
        """Return a handler that reads all messages itself, single requests too, within their time.

        On the wire a single request looks like a stream of one.
        """
        if route.server_streaming:
            return grpc.stream_stream_rpc_method_handler(self._stream(route))
        return grpc.stream_unary_rpc_method_handler(self._unary(route))

    def _unary(self, route: Route) -> Callable[..., Any]:
        async def answer(_: Any, context: _Context[Any, Any]) -> bytes:
            with self._recorded(route, context) as record:
                try:
                    exchange = self._desk.open(context, route, record)
                    data = exchange if route.client_streaming else await exchange.request()
                    call = self._of(record, exchange.ticket, context, self._call.settings.default_deadline_s)
                    replying: Any = route.handle(cast("bytes", data), call)
                    reply = exchange.last(await replying)
                except _ANSWERED as refusal:
                    await self._abort(context, record, refusal)
                return reply

        return answer

    def _stream(self, route: Route) -> Callable[..., AsyncIterator[bytes]]:
        async def answer(_: Any, context: _Context[Any, Any]) -> AsyncIterator[bytes]:
            with self._recorded(route, context) as record:
                try:
                    exchange = self._desk.open(context, route, record)
                    data = exchange if route.client_streaming else await exchange.request()
                    replying = route.handle(cast("bytes", data), self._of(record, exchange.ticket, context))
                    # A streaming route's handler is a generator.
                    async with aclosing(cast("AsyncGenerator[bytes, None]", replying)) as replies:
                        async for reply in replies:
                            yield await exchange.next(reply)
                            exchange.taken()
                except _ANSWERED as refusal:
                    await self._abort(context, record, refusal)

        return answer

    @contextmanager
    def _recorded(self, route: Route, context: _Context[Any, Any]) -> Iterator[CallRecord]:
        """Keep a record of a call from its begin to its end."""
        record = CallRecord(route.method, Caller(peer=context.peer()), time.monotonic())
        record.streaming = route.client_streaming or route.server_streaming
        self._calls.begin(record)
        try:
            self._correlation.enter(record, context.invocation_metadata() or ())
            context.set_trailing_metadata(((REQUEST_ID_KEY, record.request_id),))
            yield record
        except (asyncio.CancelledError, GeneratorExit):
            record.code, record.reason = "CANCELLED", "left"
            if self._call.stopping.is_set():
                record.reason = "stopping"
            elif context.time_remaining() == 0:  # gRPC answers so, and cancels the handler
                record.code, record.reason = "DEADLINE_EXCEEDED", "deadline"
            raise
        except Exception:
            if record.code == "OK":  # an abort has set it
                record.code, record.reason = "UNKNOWN", "internal"
            raise
        finally:
            self._calls.end(record)

    def _of(self, record: CallRecord, ticket: Ticket, context: _Context[Any, Any], default_s: float = 0.0) -> Call:
        left = cast("float | None", context.time_remaining())  # None without a deadline, which the stub leaves out
        if left is None and default_s:
            left = default_s
        deadline = None if left is None else time.monotonic() + left
        return replace(self._call, ticket=ticket, record=record, deadline=deadline)

    async def _abort(self, context: _Context[Any, Any], record: CallRecord, refusal: Exception) -> None:
        status = status_of(refusal)
        record.code, record.reason = status.code.name, status.reason
        # A client tells by the first that gRPC itself did not refuse.
        trailing = [(DETAILS_KEY, status.details or "{}"), (REQUEST_ID_KEY, record.request_id)]
        if status.passing is not None:
            trailing.append((PUSHBACK_KEY, self._pushback.next() if status.passing else Pushback.NEVER))
        await context.abort(status.code, status.message, tuple(trailing))
