"""What a handler may use of the server while it answers one call."""

import asyncio
import time
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import ParamSpec, TypeVar

from google.protobuf.message import Message

from gpu_kernels import interruption
from gpu_kernels.backend import Backend
from meanrev_server.admission import Ticket
from meanrev_server.config import Settings
from meanrev_server.launcher import Launcher
from meanrev_server.rates import Rates
from meanrev_server.records import Caller, CallRecord
from meanrev_server.shares import LONG_STEPS
from meanrev_server.state.stores import State, Stores
from meanrev_wire import codec

__all__ = ["Call"]

P = ParamSpec("P")
R = TypeVar("R")
M = TypeVar("M", bound=Message)
K = TypeVar("K", bound=Hashable)
I = TypeVar("I")

_PARSED_ON_THE_LOOP = 64 * 1024
"""Most bytes of a request that the event loop's thread parses."""


@dataclass(frozen=True, slots=True)
class Call:
    """What a handler may use while it answers one call.

    Attributes:
        settings: The server's settings.
        backend: Where the maths runs, and why there.
        state: What all callers have left on the server.
        launcher: The compute threads.
        ticket: What this call holds of the server's capacity.
        record: What is kept of this call; its caller is in it.
        deadline: time.monotonic() from which on nobody needs its answer; None is never.
        rates: How fast earlier research was.
        background: Jobs at work; the server cancels them when it stops.
        stopping: Set when the server stops; streams without an end of their own end then.
    """

    settings: Settings
    backend: Backend
    state: State
    launcher: Launcher
    ticket: Ticket = field(default_factory=Ticket)
    record: CallRecord = field(default_factory=CallRecord)
    deadline: float | None = None
    rates: Rates = field(default_factory=Rates)
    background: set[asyncio.Future[None]] = field(default_factory=set)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def caller(self) -> Caller:
        """Who makes this call."""
        return self.record.caller

    @property
    def stores(self) -> Stores:
        """What the caller has left on the server."""
        return self.state.of(self.caller.identity)

    async def decode(self, message_type: type[M], data: bytes) -> M:
        """Parse a request, in a compute thread where it is large.

        Raises:
            meanrev_wire.errors.MalformedMessage: data is not such a message.
            meanrev_wire.errors.InvalidField: data has too many fields.
        """
        began = time.monotonic()
        if len(data) <= _PARSED_ON_THE_LOOP:
            message = codec.decode(message_type, data)
        else:
            parse = partial(codec.decode_large, message_type, data, interruption.check)
            message = await self.launcher.submit(parse, nbytes=len(data), deadline=self.deadline, record=self.record)
        self.record.note_phase("decode", began, time.monotonic())
        return message

    async def compute(self, compute: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run a computation off the event loop.

        A computation whose call was cancelled, or whose deadline has passed, never starts. One that runs when its call
        is cancelled ends at its next step.

        Raises:
            Expired: the deadline passed before it began.
            LimitReached: too many computations wait.
            Exception: whatever the computation raises.
        """
        work = partial(compute, *args, **kwargs)
        # Bytes that the ticket keeps are held whether the computation waits or not, so the queue does not count them.
        nbytes = self.ticket.message_bytes
        return await self.launcher.submit(work, nbytes=nbytes, deadline=self.deadline, record=self.record)

    async def research(self, compute: Callable[[], R]) -> R:
        """Run the work that the call has announced, as compute does; long work leaves a thread free for short work.

        Raises:
            Exception: as compute.
        """
        nbytes, long = self.ticket.message_bytes, self.ticket.load.work > LONG_STEPS
        return await self.launcher.submit(compute, nbytes=nbytes, deadline=self.deadline, record=self.record, long=long)

    async def batched(self, compute: Callable[[K, Sequence[I]], Sequence[R]], key: K, item: I) -> R:
        """Compute a small item off the event loop, together with those of other calls.

        Args:
            compute: Takes a key and items, and returns one result an item, such as a function of batchable.
            key: What items that are computed together agree on.
            item: The other arguments.

        Returns:
            The result that the item has alone, to the last bit.

        Raises:
            Exception: as compute, for this item alone.
        """
        nbytes, record = self.ticket.message_bytes, self.record
        return await self.launcher.batched(compute, key, item, nbytes=nbytes, deadline=self.deadline, record=record)
