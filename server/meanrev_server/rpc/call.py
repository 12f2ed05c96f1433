"""What a handler may use of the outside world while it answers one call."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ParamSpec, TypeVar

from google.protobuf.message import Message

from gpu_kernels.backend import Backend
from meanrev_server.config import Settings
from meanrev_server.hub import Hub
from meanrev_server.jobs import JobStore
from meanrev_server.launcher import Launcher
from meanrev_server.portfolios import PortfolioStore
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
        identity: Who calls, for marks belong to their caller; "" until callers have identities.
        background: Jobs at work; cancelled when the server stops.
        stopping: Set when the server stops: streams without an end of their own leave then.
    """

    settings: Settings
    backend: Backend
    hub: Hub
    portfolios: PortfolioStore
    jobs: JobStore
    launcher: Launcher
    identity: str = ""
    background: set[asyncio.Future[None]] = field(default_factory=set)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    async def decode(self, message_type: type[M], data: bytes) -> M:
        """Parse a request, in a compute thread where it is large.

        Raises:
            meanrev_wire.errors.MalformedMessage: data is not such a message.
        """
        if len(data) <= _PARSED_ON_THE_LOOP:
            return codec.decode(message_type, data)
        return await self.launcher.run(codec.decode, message_type, data)

    async def compute(self, compute: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run a computation off the event loop.

        Raises:
            Exception: whatever the computation raises.
        """
        return await self.launcher.run(compute, *args, **kwargs)
