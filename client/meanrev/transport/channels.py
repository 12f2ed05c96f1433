"""The channels of a transport: calls go round its servers, and a channel carries a limited number of them."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from typing import Generic, TypeVar

from meanrev.errors import ConnectionFailed

__all__ = ["MOST_CALLS", "Channels"]

C = TypeVar("C")

MOST_CALLS = 128
"""Most calls and streams in flight on one channel: a server takes 256 on a connection by default, and refuses more."""

_AVOIDED_S = 1.0
"""How long a server is passed over after a call to it failed, where there are others."""


class _Channel(Generic[C]):
    """A channel, and the calls that it carries."""

    def __init__(self, opened: C) -> None:
        self.opened = opened
        # A set rather than a number: a place is given back without a lock, which a forked child might wait for.
        self.calls: set[object] = set()


class _Server(Generic[C]):
    """A server, its channels, and when a call to it failed last."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.channels: list[_Channel[C]] = []
        self.failed_at = float("-inf")


class Channels(Generic[C]):
    """The channels to all servers of one address; opened as calls need them, and shared between threads.

    Attributes:
        closed: They were closed: calls that end meanwhile end by that.
    """

    def __init__(self, addresses: Sequence[str], connect: Callable[[str], C]) -> None:
        """Connect to nothing yet.

        Args:
            addresses: Of the servers.
            connect: Opens a channel to one of them. Channels to the same server must not share a connection.
        """
        self._servers = [_Server[C](address) for address in addresses]
        self._connect = connect
        self._lock = threading.Lock()
        self._turns = count()
        self.closed = False

    @contextmanager
    def turn(self) -> Iterator[C]:
        """Lend a channel for one call or stream; its server is avoided for a while where ConnectionFailed ends it."""
        token = object()
        server, channel = self._taken(token)
        try:
            yield channel.opened
        except ConnectionFailed:
            server.failed_at = time.monotonic()
            raise
        finally:
            channel.calls.discard(token)

    def close(self) -> list[C]:
        """Return all open channels, which the caller closes."""
        with self._lock:
            self.closed = True
            return [channel.opened for server in self._servers for channel in server.channels]

    def _taken(self, token: object) -> tuple[_Server[C], _Channel[C]]:
        with self._lock:
            server = self._next()
            channel = next((channel for channel in server.channels if len(channel.calls) < MOST_CALLS), None)
            if channel is None:
                channel = _Channel(self._connect(server.address))
                server.channels.append(channel)
            channel.calls.add(token)
            return server, channel

    def _next(self) -> _Server[C]:
        """Return the server whose turn it is among those that answer; where none does, the one that failed first."""
        first = next(self._turns) % len(self._servers)
        order = self._servers[first:] + self._servers[:first]
        since = time.monotonic() - _AVOIDED_S
        answering = next((server for server in order if server.failed_at <= since), None)
        return answering or min(order, key=lambda server: server.failed_at)
