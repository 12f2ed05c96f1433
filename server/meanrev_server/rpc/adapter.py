"""Routes for gRPC: raw bytes in and out, so that this server answers malformed input itself."""

from __future__ import annotations  # grpc's classes are generic in their stubs only

import asyncio
import logging
import time
from contextlib import aclosing, contextmanager
from dataclasses import replace
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, cast

import grpc

from gpu_kernels.errors import InvalidInput
from meanrev_server.authentication import ASKS_NOBODY, NOT_OURS, Authentication, Bearer
from meanrev_server.errors import Expired, LimitReached, Unauthenticated
from meanrev_server.records import UNKNOWN, Caller, CallRecord
from meanrev_server.rpc.connections import close_connection
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

log = logging.getLogger(__name__)

_Context = grpc.aio.ServicerContext
_ANSWERED = (Refused, LimitReached, Expired, InvalidInput, Unauthenticated)
"""What is raised here or by a guarded handler, and becomes a status."""

_HEALTH = "/grpc.health.v1.Health/"
"""Probes have no token, and health says nothing of any caller."""

_KEPT_HANDLERS = 4096


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
        authentication: Authentication = ASKS_NOBODY,
    ) -> None:
        """Prepare one method handler a path.

        Args:
            routes: Guarded routes by path.
            call: What handlers may use; each call gets a ticket, a record and a deadline of its own.
            admission: Admits calls.
            patience: How long the server waits for clients.
            pushback: Gives the time after which a refused call may be made again.
            calls: Counts the calls, and takes their records.
            authentication: What callers are asked for.
        """
        self._call = call
        self._desk = Desk(admission, patience)
        self._pushback = pushback
        self._calls = calls
        self._correlation = Correlation()
        self._authentication = authentication
        self._routes = routes
        self._answering: dict[CallRecord, asyncio.Task[Any]] = {}
        self._handler = lru_cache(_KEPT_HANDLERS)(self._method_handler)

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[Any, Any] | None:
        """Return the handler of a path, or None where this service has no such path.

        gRPC calls this before it reads a message. Where the server asks for tokens, a call without one gets a handler
        that refuses it, whatever its path, so reflection and unknown methods are refused too; health is not.
        """
        path: str = handler_call_details.method
        bearer = Bearer()
        if path in self._routes:
            self._calls.opened[self._routes[path].method] += 1
        if self._authentication.tokens is not None and not path.startswith(_HEALTH):
            try:
                bearer = self._authentication.by_token(handler_call_details.invocation_metadata)
            except Unauthenticated as refusal:
                if path not in self._routes:
                    self._calls.opened[UNKNOWN] += 1
                return self._refusing(path, refusal)
        return self._handler(path, bearer) if path in self._routes else None

    async def end_revoked(self) -> None:
        """End the calls in flight whose tokens have been removed, and close connections whose certificates are revoked.

        A token is shown with each call, and other callers may share its connection, such as that of a proxy.
        """
        for record in [*self._answering]:
            if self._authentication.is_removed(record.caller.token):
                log.warning("ending a call, because its token is removed", extra={"request_id": record.request_id})
                self._answering.pop(record).cancel()
        for caller in {record.caller for record in self._calls.in_flight}:
            if self._authentication.is_revoked(caller.certificate):
                log.warning("closing a connection, because its certificate is revoked", extra={"peer": caller.peer})
                await asyncio.to_thread(close_connection, caller.peer)  # it looks at every open file

    def _refusing(self, path: str, refusal: Unauthenticated) -> grpc.RpcMethodHandler[Any, Any]:
        """Return a handler that reads no message; on the wire a stream of requests looks like a single one."""
        method = self._routes[path].method if path in self._routes else UNKNOWN

        async def refuse(_: Any, context: _Context[Any, Any]) -> None:
            with self._recorded(method, Caller(peer=context.peer()), context, streaming=False) as record:
                await self._abort(context, record, refusal)

        return grpc.stream_unary_rpc_method_handler(refuse)

    def _method_handler(self, path: str, bearer: Bearer) -> grpc.RpcMethodHandler[Any, Any]:
        """Make the handler of the calls that one caller makes to one path.

        It reads all messages itself, single requests too, within their time. On the wire a single request looks like a
        stream of one.
        """
        route = self._routes[path]
        if route.server_streaming:
            return grpc.stream_stream_rpc_method_handler(partial(self._stream(route), bearer))
        return grpc.stream_unary_rpc_method_handler(partial(self._unary(route), bearer))

    def _unary(self, route: Route) -> Callable[..., Any]:
        async def answer(bearer: Bearer, _: Any, context: _Context[Any, Any]) -> bytes:
            caller = Caller(bearer.name, context.peer(), bearer.token)
            with self._recorded(route.method, caller, context, streaming=route.client_streaming) as record:
                try:
                    self._begin_answer(record)
                    self._identify(record, context)
                    exchange = self._desk.open(context, route, record)
                    data = exchange if route.client_streaming else await exchange.request()
                    call = self._of(record, exchange.ticket, context, self._call.settings.default_deadline_s)
                    replying: Any = route.handle(cast("bytes", data), call)
                    reply = exchange.last(await replying)
                except _ANSWERED as refusal:
                    await self._abort(context, record, refusal)
                except asyncio.CancelledError:
                    await self._abort_removed(context, record)
                    raise
                finally:
                    self._answering.pop(record, None)
                return reply

        return answer

    def _stream(self, route: Route) -> Callable[..., AsyncIterator[bytes]]:
        async def answer(bearer: Bearer, _: Any, context: _Context[Any, Any]) -> AsyncIterator[bytes]:
            caller = Caller(bearer.name, context.peer(), bearer.token)
            with self._recorded(route.method, caller, context, streaming=True) as record:
                try:
                    self._begin_answer(record)
                    self._identify(record, context)
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
                except asyncio.CancelledError:
                    await self._abort_removed(context, record)
                    raise
                finally:
                    self._answering.pop(record, None)

        return answer

    @contextmanager
    def _recorded(
        self, method: str, caller: Caller, context: _Context[Any, Any], *, streaming: bool
    ) -> Iterator[CallRecord]:
        """Keep a record of a call from its begin to its end."""
        record = CallRecord(method, caller, time.monotonic(), streaming=streaming)
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
            if record.code == "OK":  # where it is another one, an abort has set it
                record.code, record.reason = "UNKNOWN", "internal"
            raise
        finally:
            self._calls.end(record)

    def _begin_answer(self, record: CallRecord) -> None:
        """Keep the task of a call with a token, which ends where the token is removed.

        Raises:
            Unauthenticated: it has been removed since the call's headers came.
        """
        if not record.caller.token:
            return
        if self._authentication.is_removed(record.caller.token):
            raise Unauthenticated(NOT_OURS)
        task = asyncio.current_task()
        if task is not None:
            self._answering[record] = task

    async def _abort_removed(self, context: _Context[Any, Any], record: CallRecord) -> None:
        """Say why a call ends, where end_revoked has cancelled its task; return where somebody else did."""
        if record.caller.token and record not in self._answering:
            await self._abort(context, record, Unauthenticated(NOT_OURS))

    def _identify(self, record: CallRecord, context: _Context[Any, Any]) -> None:
        """Record the caller's certificate, and its name where the certificate has it.

        Raises:
            Unauthenticated: the certificate is revoked, or has no name.
        """
        asked = self._authentication
        if asked.revoked is not None:
            record.caller = record.caller._replace(certificate=asked.unrevoked(context.auth_context()))
        if asked.certificates:
            identity = asked.by_certificate(context.peer_identities())
            record.caller = record.caller._replace(identity=identity)

    def _of(self, record: CallRecord, ticket: Ticket, context: _Context[Any, Any], default_s: float = 0.0) -> Call:
        left = cast("float | None", context.time_remaining())  # None without a deadline, which the stub leaves out
        if left is None and default_s:
            left = default_s
        deadline = None if left is None else time.monotonic() + left
        return replace(self._call, ticket=ticket, record=record, deadline=deadline)

    async def _abort(self, context: _Context[Any, Any], record: CallRecord, refusal: Exception) -> None:
        status = status_of(refusal)
        record.code, record.reason = status.code.name, status.reason
        # The details, even empty ones, show a client that this server refused the call, and not gRPC itself.
        trailing = [(DETAILS_KEY, status.details or "{}"), (REQUEST_ID_KEY, record.request_id)]
        if status.passing is not None:
            trailing.append((PUSHBACK_KEY, self._pushback.next() if status.passing else Pushback.NEVER))
        await context.abort(status.code, status.message, tuple(trailing))
