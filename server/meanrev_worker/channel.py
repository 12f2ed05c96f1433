"""Objects from one process to another: arrays cross in shared memory, the rest through a socket.

Both ends are of one version and one user on one machine, and what a caller sent is never unpickled.
"""

import pickle
from multiprocessing.connection import Connection, Pipe
from typing import Any, NamedTuple

from meanrev_worker.memory import SharedMemory

__all__ = ["Channel", "FarEnd", "pickled"]


class FarEnd(NamedTuple):
    """What the other process needs for its end.

    Attributes:
        line: The socket, to be closed here once the other process has it: while it is open here too, nobody notices
            that the other process ended.
        numbers: File descriptors, as arguments of Channel.at.
    """

    line: "Connection[Any, Any]"
    numbers: tuple[int, int, int]


class Channel:
    """One end of a line on which the two sides speak in turn."""

    def __init__(self, line: "Connection[Any, Any]", outgoing: SharedMemory, incoming: SharedMemory) -> None:
        """Take over its parts.

        Args:
            line: Carries what is small, and says when memory was written.
            outgoing: What this end writes.
            incoming: What it reads.
        """
        self._line = line
        self._outgoing = outgoing
        self._incoming = incoming

    @classmethod
    def opened(cls) -> "tuple[Channel, FarEnd]":
        """Open a line; returns the end of the side that speaks first, and what makes the other one."""
        here, there = Pipe()
        outgoing, incoming = SharedMemory(), SharedMemory()
        return cls(here, outgoing, incoming), FarEnd(there, (there.fileno(), incoming.number, outgoing.number))

    @classmethod
    def at(cls, line: int, outgoing: int, incoming: int) -> "Channel":
        """Return the other end, in the process that has inherited the descriptors."""
        return cls(Connection(line), SharedMemory(outgoing), SharedMemory(incoming))

    def send(self, message: object) -> None:
        """Send an object that can be pickled.

        Raises:
            OSError: the other end is gone.
        """
        body, buffers = pickled(message)
        self._outgoing.write(buffers)
        self._line.send((body, [buffer.nbytes for buffer in buffers]))

    def receive(self, *, keep: bool) -> Any:
        """Wait for an object and return it.

        Args:
            keep: Copy its arrays, which otherwise are read-only and end with the answer.

        Raises:
            EOFError: the other end is gone.
            OSError: likewise.
        """
        body, sizes = self._line.recv()
        views = self._incoming.read(sizes)
        return pickle.loads(body, buffers=[bytearray(view) for view in views] if keep else views)  # noqa: S301 - ours

    def trim(self) -> None:
        """Give large memory of both directions back, of which nothing may be looked at any more."""
        self._outgoing.trim()
        self._incoming.trim()

    def close(self) -> None:
        """Close this end."""
        self._line.close()
        self._outgoing.close()
        self._incoming.close()


def pickled(message: object) -> tuple[bytes, list[memoryview]]:
    """Return an object as bytes, and the buffers of its arrays, which are not copied."""
    buffers: list[pickle.PickleBuffer] = []
    body = pickle.dumps(message, protocol=5, buffer_callback=buffers.append)
    return body, [buffer.raw() for buffer in buffers]
