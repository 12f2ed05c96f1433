"""Clients that keep the server waiting: for a message, or with a reply that they do not read.

Each call has a Wait, which notes what it waits for and since when. Once a second all of them are looked at, so that a
streamed price costs no timer.
"""

import asyncio
import time
from collections.abc import Callable
from typing import NamedTuple

from meanrev_server.admission import Ticket
from meanrev_server.errors import Expired, LimitReached, ServerError, setting_named

__all__ = ["Overdue", "Patience", "Wait"]

_GLANCE_S = 1.0
"""Time between two looks at all calls, and the time after which a request that has not come whole counts as large."""

_LARGE_REPLY = 16 * 1024 * 1024
"""Bytes for which a client gets the time of a reply once more."""


class Patience(NamedTuple):
    """How long the server waits, named as the settings are; 0 is for ever.

    Attributes:
        message_timeout_s: Seconds for a request, or for the next chunk of a matrix, to come whole.
        idle_timeout_s: Seconds between the messages of any other stream.
        write_timeout_s: Seconds for the client to take a reply, and as many again for each 16 MiB of it.
    """

    message_timeout_s: float = 60.0
    idle_timeout_s: float = 604_800.0
    write_timeout_s: float = 60.0


class Wait:
    """What one call waits for.

    Attributes:
        ticket: What the call holds.
        overdue: Why it was ended; None while it was not.
    """

    __slots__ = ("_closes", "_limit", "_patience", "_setting", "_since", "_task", "overdue", "sized", "ticket")

    def __init__(self, ticket: Ticket, patience: Patience, *, sized: bool, closes: Callable[[], bool]) -> None:
        """Wait for nothing yet.

        Args:
            ticket: What the call holds.
            patience: How long it may wait.
            sized: Whether its messages are requests or chunks, which a client sends in one go.
            closes: Closes the client's connection; returns whether it could.
        """
        self.ticket = ticket
        self.overdue: ServerError | None = None
        self.sized = sized
        self._patience = patience
        self._setting = "message_timeout_s" if sized else "idle_timeout_s"
        self._closes = closes
        self._since = self._limit = 0.0
        self._task: asyncio.Task[object] | None = None

    def for_message(self) -> None:
        """Note that the current task waits for the client's next message."""
        self._task = asyncio.current_task()
        self._limit = self._patience.message_timeout_s if self.sized else self._patience.idle_timeout_s
        self._since = time.monotonic()

    def for_reader(self, nbytes: int) -> None:
        """Note that the client has not taken a reply yet.

        Args:
            nbytes: Bytes of the reply.
        """
        self._task = None
        self._limit = self._patience.write_timeout_s * (1 + nbytes // _LARGE_REPLY)
        self._since = time.monotonic()

    def for_nothing(self) -> None:
        """Note that the client keeps nobody waiting."""
        self._limit = 0.0

    def waited(self, now: float) -> float:
        """Return the seconds that it has waited so far; 0 where it waits for nothing."""
        return now - self._since if self._limit else 0.0

    def is_overdue(self, now: float) -> bool:
        """Return whether the client has kept it waiting too long."""
        return 0.0 < self._limit < now - self._since

    def end(self, why: ServerError | None = None) -> None:
        """End the call: the next message is answered by an error, and a client that does not read loses its connection.

        Args:
            why: The error; that of a timeout where None.
        """
        limit, self._limit = self._limit, 0.0
        if self._task is None:
            self._closes()
            return
        setting = f"{setting_named(self._setting)} is {limit:g}"
        self.overdue = why or Expired(f"no message came for {limit:g} s ({setting}); open the call when it has one")
        self._task.cancel()


class Overdue:
    """All calls that clients may keep waiting.

    Calls that have not sent their first message are not counted as calls in flight. Of them so many may be open as the
    server was given; then the oldest ones that have had a second make room. Slow requests, which have not come whole
    for a second, may hold a part of the memory only, so that they leave the rest to requests that come at once.
    """

    def __init__(self, most_opening: int, message_bytes: int, most_slow: int) -> None:
        """Start without a call.

        Args:
            most_opening: Calls without a message that may be open.
            message_bytes: Bytes that a slow request counts with, because gRPC does not report how much of it has come.
            most_slow: Most slow requests at a time.
        """
        self._most_opening, self._message_bytes, self._most_slow = most_opening, message_bytes, most_slow
        self._slow: set[Wait] = set()
        self._opening: dict[Wait, None] = {}
        self._others: set[Wait] = set()
        self._watching = False

    def enter(self, wait: Wait) -> None:
        """Watch a call that has no message yet."""
        if not self._watching:
            self._watching = True
            self._look_again()
        wait.for_message()
        self._make_room(self._most_opening - 1, time.monotonic())
        self._opening[wait] = None

    def opened(self, wait: Wait) -> None:
        """Watch a call whose first message has come."""
        self._opening.pop(wait, None)
        self._slow.discard(wait)
        self._others.add(wait)

    def leave(self, wait: Wait) -> None:
        """Watch a call no longer, because it has ended."""
        self._opening.pop(wait, None)
        self._slow.discard(wait)
        self._others.discard(wait)

    def _look_again(self) -> None:
        asyncio.get_running_loop().call_later(_GLANCE_S, self._look)

    def _look(self) -> None:
        now = time.monotonic()
        for wait in (*self._opening, *self._others):
            if wait.is_overdue(now):
                wait.end()
        self._make_room(self._most_opening, now)
        for wait in tuple(self._opening):
            self._count(wait, now)
        self._watching = bool(self._opening or self._others)
        if self._watching:
            self._look_again()

    def _make_room(self, most: int, now: float) -> None:
        """End the oldest calls without a message, of those that have had a second, until no more than most are open."""
        while len(self._opening) > most:
            oldest = next(iter(self._opening))
            if oldest.waited(now) <= _GLANCE_S:
                return
            self.opened(oldest)
            oldest.end(_crowded(self._most_opening))

    def _count(self, wait: Wait, now: float) -> None:
        """Count a request that has not come whole after a second with the most bytes that it may have."""
        if not wait.sized or wait in self._slow or wait.waited(now) <= _GLANCE_S:
            return
        if len(self._slow) >= self._most_slow:
            wait.end(_slow(self._most_slow))
            return
        try:
            wait.ticket.expect(self._message_bytes)
        except LimitReached as refusal:
            wait.end(refusal)
        else:
            self._slow.add(wait)


def _slow(most: int) -> LimitReached:
    setting = setting_named("max_bytes_in_flight")
    requests = f"{most} requests that take more than a second to come are under way, which {setting} raises"
    return LimitReached(f"the server is busy: {requests}; send the request faster, or try again later", passing=True)


def _crowded(most: int) -> LimitReached:
    calls = f"{most} calls are open without a message, a quarter of {setting_named('max_calls_in_flight')}"
    return LimitReached(f"the server is busy: {calls}; open the call when it has a message", passing=True)
