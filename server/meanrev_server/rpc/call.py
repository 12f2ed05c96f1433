"""What a handler may use of the outside world while it answers one call."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ParamSpec, TypeVar

from google.protobuf.message import Message

from meanrev_server.config import Settings
from meanrev_server.hub import Hub
from meanrev_server.launcher import Launcher
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
        hub: Marks.
        launcher: The compute side.
        identity: Who calls, for marks belong to their caller; "" until callers have identities.
        stopping: Set when the server stops: streams without an end of their own leave then.
    """

    settings: Settings
    hub: Hub
    launcher: Launcher
    identity: str = ""
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
