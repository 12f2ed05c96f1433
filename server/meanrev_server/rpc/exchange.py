"""One call's messages: read within their time, and counted on its ticket until the client has taken the replies."""

from __future__ import annotations  # grpc's classes are generic in their stubs only

import asyncio
from typing import TYPE_CHECKING, Any, Self

from gpu_kernels.errors import InvalidInput
from meanrev_server.admission import SMALL_BYTES, Ticket
from meanrev_server.rpc.connections import close_connection
from meanrev_server.rpc.overdue import Overdue, Patience, Wait
from meanrev_server.rpc.reading import NextMessage

if TYPE_CHECKING:
    import grpc

    from meanrev_server.admission import Admission
    from meanrev_server.records import CallRecord
    from meanrev_server.rpc.registry import Route

__all__ = ["Desk", "Exchange"]

_GLANCE_S = 0.05
"""Time between two looks at whether a streamed reply has room."""


class Desk:
    """What all exchanges of a server share."""

    def __init__(self, admission: Admission, patience: Patience) -> None:
        """Start without a call.

        Args:
            admission: Admits calls.
            patience: How long the server waits for clients.
        """
        self._admission = admission
        self._patience = patience
        capacity = admission.capacity
        self._overdue = Overdue(
            most_opening=max(1, capacity.max_calls_in_flight // 4),
            message_bytes=capacity.max_message_bytes,
            most_slow=max(1, capacity.max_bytes_in_flight // (4 * capacity.max_message_bytes)),
        )

    def open(self, context: grpc.aio.ServicerContext[Any, Any], route: Route, record: CallRecord) -> Exchange:
        """Return the exchange of a call that has begun; it ends with the call.

        Args:
            context: The call.
            route: Its method.
            record: What is kept of it.
        """
        ticket = Ticket(self._admission, record.caller.identity)
        peer = record.caller.peer
        sized = route.chunked or not route.client_streaming
        wait = Wait(ticket, self._patience, sized=sized, closes=lambda: close_connection(peer))
        self._overdue.enter(wait)

        def end(_: object) -> None:
            self._overdue.leave(wait)
            ticket.release()

        # gRPC calls this when the last reply has been sent, or cannot be sent any more.
        context.add_done_callback(end)  # type: ignore[arg-type] # the stub leaves out the argument
        return Exchange(context, record, wait, self._overdue)


class Exchange:
    """The messages of one call; those of a stream are iterated over.

    Attributes:
        ticket: What the call holds of the server's capacity.
    """

    __slots__ = ("_begun", "_context", "_overdue", "_record", "_wait", "ticket")

    def __init__(
        self, context: grpc.aio.ServicerContext[Any, Any], record: CallRecord, wait: Wait, overdue: Overdue
    ) -> None:
        """Begin; Desk.open does."""
        self.ticket = wait.ticket
        self._context = context
        self._record = record
        self._wait = wait
        self._overdue = overdue
        self._begun = False

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        """Return the next message; the call is admitted with its first one.

        Raises:
            Expired: the client took too long.
            LimitReached: the call, or a large message of it, would exceed a limit.
        """
        self.ticket.rest()
        self._wait.for_message()
        try:
            data = await NextMessage(self._context)
        except asyncio.CancelledError:
            if self._wait.overdue is None:
                raise
            raise self._wait.overdue from None
        finally:
            self._wait.for_nothing()
        if not isinstance(data, bytes):  # grpc.aio.EOF
            raise StopAsyncIteration
        self._record.received_bytes += len(data)
        if self._begun:
            self.ticket.receive(len(data))
        else:
            self._begun = True
            self._overdue.opened(self._wait)
            self.ticket.enter(len(data) if len(data) > SMALL_BYTES else 0)
        return data

    async def request(self) -> bytes:
        """Return the only message of a call.

        Raises:
            InvalidInput: there is none.
            Expired: as for a stream.
            LimitReached: as for a stream.
        """
        data: bytes | None = await anext(self, None)
        if data is None:
            raise InvalidInput("the request", "must be sent: the call has ended without a message")
        return data

    def last(self, reply: bytes) -> bytes:
        """Return a reply that nothing follows; it is held until the client has it.

        Raises:
            LimitReached: too many bytes of replies have not been sent.
        """
        self.ticket.finish()
        self.ticket.reply(len(reply))
        self._record.sent_bytes = len(reply)
        self._wait.for_reader(len(reply))
        return reply

    async def next(self, reply: bytes) -> bytes:
        """Return a reply of a stream, which is held until taken is called; a large one waits until there is room."""
        while not self.ticket.may_reply(len(reply)):  # noqa: ASYNC110 - room becomes free in many places
            await asyncio.sleep(_GLANCE_S)
        self._record.sent_bytes += len(reply)
        self._wait.for_reader(len(reply))
        return reply

    def taken(self) -> None:
        """Note that the client has the reply."""
        self._wait.for_nothing()
        self.ticket.reply(0)
