"""Calls that the pages make: of the server's guarded routes, with the tokens, limits and records of gRPC's calls."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping
from contextlib import aclosing, asynccontextmanager, closing, contextmanager
from dataclasses import replace
from typing import Any, NamedTuple, TypeVar, cast

from google.protobuf.message import Message

from gpu_kernels.errors import InvalidInput
from meanrev_server.admission import SMALL_BYTES, Admission, Ticket
from meanrev_server.authentication import NOT_OURS, Authentication
from meanrev_server.errors import Unauthenticated
from meanrev_server.matrix_choice import check_id
from meanrev_server.matrix_upload import UploadedMatrix, begin
from meanrev_server.records import Caller, CallRecord, Calls
from meanrev_server.rpc.call import Call
from meanrev_server.rpc.correlation import Correlation
from meanrev_server.rpc.registry import Route
from meanrev_server.rpc.status import Refused, status_of
from meanrev_wire import codec
from meanrev_wire.research_pb2 import MatrixChunk

__all__ = ["MOST_ROWS", "Gate", "Visit"]

M = TypeVar("M", bound=Message)

MOST_ROWS = 500_000
"""Most rows of a matrix whose columns a page draws: some ten arrays of that length are held for an answer."""


class Visit(NamedTuple):
    """One call of a page, while it is open.

    Attributes:
        call: What handlers may use; its record and its ticket are those of the visit.
        routes: Guarded routes by method.
    """

    call: Call
    routes: Mapping[str, Route]

    async def answer(self, method: str, data: bytes) -> bytes:
        """Return the reply of a method that takes one message and gives one.

        Raises:
            Refused: the method refused the request.
        """
        handle = cast("Any", self.routes[method].handle)
        reply: bytes = await handle(data, self.call)
        self.call.record.sent_bytes += len(reply)
        return reply

    async def replies(self, method: str, data: bytes) -> AsyncGenerator[bytes, None]:
        """Yield the replies of a method that gives a stream; where it takes one too, data is its only message.

        Raises:
            Refused: the method refused the request.
        """
        route = self.routes[method]
        handle = cast("Any", route.handle)
        async with aclosing(handle(_alone(data) if route.client_streaming else data, self.call)) as replies:
            async for reply in replies:
                self.call.record.sent_bytes += len(reply)
                yield reply

    async def research(self, method: str, chunk: bytes, reply_type: type[M]) -> M:
        """Return the whole answer of a research method: the fields of its last replies, joined.

        Raises:
            Refused: the method refused the request.
        """
        whole = reply_type()
        async with aclosing(self.replies(method, chunk)) as replies:
            async for reply in replies:
                whole.MergeFrom(codec.decode(reply_type, reply))
        return whole

    @asynccontextmanager
    async def columns(self, matrix_id: str, names: tuple[str, ...]) -> AsyncGenerator[UploadedMatrix, None]:
        """Yield columns of a kept matrix of the caller's, which stays in memory while the context is open.

        Args:
            matrix_id: The matrix.
            names: The columns, in this order.

        Raises:
            InvalidInput: the id is none, a column is unknown or comes twice, or there are more rows than MOST_ROWS.
            NotFound: the caller keeps no such matrix.
            LimitReached: there is no room in memory now.
        """
        chunk = MatrixChunk(matrix_id=check_id(matrix_id), columns=names)
        with closing(await begin(_alone(chunk.SerializeToString()), self.call)) as chosen:
            if chosen.outline.n_rows > MOST_ROWS:
                rule = f"must have at most {MOST_ROWS} rows for a page to draw; keep a part of it by itself"
                raise InvalidInput("the matrix", rule, value=chosen.outline.n_rows)
            yield await chosen.table()


class Gate:
    """Opens the calls of pages.

    Attributes:
        stopping: Set when the server stops.
        write_timeout_s: Seconds for a browser to take an answer; 0 is any time.
    """

    def __init__(
        self,
        routes: Mapping[str, Route],
        call: Call,
        admission: Admission,
        calls: Calls,
        authentication: Authentication,
    ) -> None:
        """Open no call yet.

        Args:
            routes: Guarded routes by path.
            call: What handlers may use; each call gets a ticket, a record and a deadline of its own.
            admission: Admits calls.
            calls: Counts the calls, and takes their records.
            authentication: What callers are asked for.
        """
        self.stopping = call.stopping
        self.write_timeout_s = call.settings.write_timeout_s
        self._routes = {route.method: route for route in routes.values()}
        self._call = call
        self._admission = admission
        self._calls = calls
        self._authentication = authentication
        self._correlation = Correlation()

    def caller(self, authorizations: list[str], peer: str) -> Caller:
        """Return who makes a request.

        Args:
            authorizations: The values of its headers Authorization.
            peer: Address that it comes from.

        Raises:
            Unauthenticated: the server asks for tokens, and there is none of its own.
        """
        bearer = self._authentication.by_token([("authorization", value) for value in authorizations])
        return Caller(bearer.name, f"http:{peer}", bearer.token)

    def check_token(self, caller: Caller) -> None:
        """Check that a caller's token has not been removed since it was shown.

        Raises:
            Unauthenticated: it has been.
        """
        if self._authentication.is_removed(caller.token):
            raise Unauthenticated(NOT_OURS)

    @contextmanager
    def place(self, caller: Caller) -> Iterator[None]:
        """Hold a place among the calls in flight, for a stream that is no call of a method.

        Raises:
            LimitReached: there is none.
        """
        with Ticket(self._admission, caller.identity) as ticket:
            ticket.enter(0)
            yield

    @contextmanager
    def visit(self, caller: Caller, method: str, nbytes: int = 0, *, streaming: bool = False) -> Iterator[Visit]:
        """Open a call of a method; whatever is raised within leaves as Refused.

        Args:
            caller: Who makes it.
            method: Name in the schema, under which the call is counted.
            nbytes: Bytes of its request.
            streaming: Whether the answer is a stream, whose length is the caller's choice.

        Raises:
            Refused: the call, or what is done in it, is refused.
        """
        record = CallRecord(method, caller, time.monotonic(), streaming=streaming, received_bytes=nbytes)
        self._calls.opened[method] += 1
        self._calls.begin(record)
        ticket = Ticket(self._admission, caller.identity)
        try:
            self._correlation.enter(record, ())
            ticket.enter(nbytes if nbytes > SMALL_BYTES else 0)
            default_s = 0.0 if streaming else self._call.settings.default_deadline_s
            deadline = record.began + default_s if default_s else None
            yield Visit(replace(self._call, ticket=ticket, record=record, deadline=deadline), self._routes)
        except (asyncio.CancelledError, GeneratorExit):
            record.code, record.reason = "CANCELLED", "stopping" if self.stopping.is_set() else "left"
            raise
        except Exception as error:  # noqa: BLE001 - as rpc.guard: the one mapping of errors to statuses answers
            status = status_of(error)
            record.code, record.reason = status.code.name, status.reason
            raise Refused(status) from None
        finally:
            ticket.release()
            self._calls.end(record)

    async def ask(self, caller: Caller, method: str, request: Message, reply_type: type[M]) -> M:
        """Call a method that takes one message and gives one.

        Raises:
            Refused: it refused the request.
        """
        data = request.SerializeToString()
        with self.visit(caller, method, len(data)) as visit:
            return codec.decode(reply_type, await visit.answer(method, data))


async def _alone(data: bytes) -> AsyncIterator[bytes]:
    yield data
