"""What a handler may use of the outside world while it answers one call."""

import asyncio
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, ParamSpec, TypeVar

from google.protobuf.message import Message

from gpu_kernels.backend import Backend
from meanrev_server.admission import Ticket
from meanrev_server.config import Settings
from meanrev_server.hub import Hub
from meanrev_server.jobs import JobStore
from meanrev_server.launcher import Launcher
from meanrev_server.portfolios import PortfolioStore
from meanrev_server.rates import Rates
from meanrev_wire import codec

__all__ = ["Call"]

P = ParamSpec("P")
R = TypeVar("R")
M = TypeVar("M", bound=Message)

_PARSED_ON_THE_LOOP = 64 * 1024


@dataclass(frozen=True, slots=True)
class Call:
    """One call's surroundings.

    Attributes:
        settings: The server's settings.
        backend: Where the maths runs, and why there.
        hub: Marks.
        portfolios: What callers have stored.
        jobs: Work whose results are fetched later.
        launcher: The compute side.
        ticket: What this call holds of the server's capacity.
        deadline: time.monotonic() at which its answer is of no use any more; None is never.
        identity: Who calls, for marks belong to their caller; "" until callers have identities.
        rates: How fast earlier research was.
        background: Jobs at work; cancelled when the server stops.
        stopping: Set when the server stops: streams without an end of their own leave then.
    """

    settings: Settings
    backend: Backend
    hub: Hub
    portfolios: PortfolioStore
    jobs: JobStore
    launcher: Launcher
    ticket: Ticket = field(default_factory=Ticket)
    deadline: float | None = None
    identity: str = ""
    rates: Rates = field(default_factory=Rates)
    background: set[asyncio.Future[None]] = field(default_factory=set)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    async def decode(self, message_type: type[M], data: bytes) -> M:
        """Parse a request, in a compute thread where it is large.

        Raises:
            meanrev_wire.errors.MalformedMessage: data is not such a message.
        """
        if len(data) <= _PARSED_ON_THE_LOOP:
            return codec.decode(message_type, data)
        parse = partial(codec.decode, message_type, data)
        return await self.launcher.submit(parse, nbytes=len(data), deadline=self.deadline)

    async def compute(self, compute: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run a computation off the event loop.

        It never starts where the call is cancelled or its deadline passes first.

        Raises:
            Expired: the deadline passed before it began.
            LimitReached: too many computations wait.
            Exception: whatever the computation raises.
        """
        work = partial(compute, *args, **kwargs)
        # What the ticket keeps is held whether it waits or not: the queue counts what waits alone.
        return await self.launcher.submit(work, nbytes=self.ticket.message_bytes, deadline=self.deadline)

    async def batched(self, operation: str, key: Hashable, item: Any) -> Any:
        """Compute a small item off the event loop, together with those of other calls; see fusion.

        Args:
            operation: Its name in fusion.FUSIONS.
            key: What items that go together agree on.
            item: The arguments.

        Returns:
            The result that the item has alone, to the last bit.

        Raises:
            Exception: as compute, for this item alone.
        """
        nbytes = self.ticket.message_bytes
        return await self.launcher.batched(operation, key, item, nbytes=nbytes, deadline=self.deadline)
