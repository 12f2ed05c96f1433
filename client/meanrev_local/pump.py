"""A handler's stream on the private loop, as a sequence of events for the caller.

The handler pulls: where it needs the next message, the caller gets a Wanted, takes the message from its own iterator in
its own thread, and hands it over. So a caller's generator runs in the caller's thread, no thread is added, and no
message is taken before the handler needs it.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from meanrev_local.runner import Runner
from meanrev_server.rpc.registry import Route

__all__ = ["Ended", "Event", "Pump", "Reply", "Wanted"]

_AHEAD = 256
"""Replies that a handler may be ahead of the caller; a large one counts as several."""

_COUNTS_ONCE = 64 * 1024
"""Bytes of a reply that count as one."""


@dataclass(frozen=True)
class Wanted:
    """The handler waits for a message: Pump.give answers."""


@dataclass(frozen=True)
class Reply:
    """A message of the handler's."""

    data: bytes


@dataclass(frozen=True)
class Ended:
    """The last event: the handler has returned, or failed."""

    error: BaseException | None


Event = Wanted | Reply | Ended


class Pump:
    """One streaming call."""

    def __init__(self, runner: Runner, route: Route, tell: Callable[[Event], None]) -> None:
        """Prepare the call.

        Args:
            runner: Where the handler runs.
            route: The method's guarded route.
            tell: Takes each event, on the private loop's thread.
        """
        self._runner = runner
        self._route = route
        self._tell = tell
        self._room = asyncio.Semaphore(_AHEAD)
        self._free = 0
        self._answer: asyncio.Future[bytes | None] | None = None

    async def run(self) -> None:
        """Drive the handler to its end; runs on the private loop."""
        error: BaseException | None = None
        try:
            data: Any = self._messages() if self._route.client_streaming else await self._next()
            answer: Any = self._route.handle(data, self._runner.app.call)
            async with aclosing(answer if self._route.server_streaming else _alone(answer)) as replies:
                async for reply in replies:
                    for _ in range(_weight(reply)):
                        await self._room.acquire()
                    self._tell(Reply(reply))
        except asyncio.CancelledError as cancelled:
            error = cancelled
            raise
        except Exception as failed:  # noqa: BLE001 - raised again where the caller waits
            error = failed
        finally:
            self._tell(Ended(error))

    def give(self, message: bytes | None) -> None:
        """Answer Wanted with a message, or None where there are no more; called from the caller's thread."""
        self._runner.loop.call_soon_threadsafe(self._take, message)

    def read(self, reply: bytes) -> None:
        """Note that a reply was read; called from the caller's thread."""
        self._free += _weight(reply)
        if self._free >= _AHEAD // 2:
            count, self._free = self._free, 0
            self._runner.loop.call_soon_threadsafe(self._release, count)

    async def _messages(self) -> AsyncIterator[bytes]:
        while (message := await self._next()) is not None:
            yield message

    async def _next(self) -> bytes | None:
        self._answer = asyncio.get_running_loop().create_future()
        self._tell(Wanted())
        return await self._answer

    def _take(self, message: bytes | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(message)

    def _release(self, count: int) -> None:
        for _ in range(count):
            self._room.release()


def _weight(reply: bytes) -> int:
    # At most half of the room: what is read, but not yet given back, is less than the other half.
    return min(1 + len(reply) // _COUNTS_ONCE, _AHEAD // 2)


async def _alone(reply: Awaitable[bytes]) -> AsyncGenerator[bytes, None]:
    """Answer a stream of messages with one reply as with a stream of one."""
    yield await reply
