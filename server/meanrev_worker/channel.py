"""Objects from one process to another: arrays cross in shared memory, the rest through a socket.

Both ends are of one version and one user on one machine, and what a caller sent is never unpickled.
"""

import pickle
from contextlib import ExitStack, closing
from multiprocessing.connection import Connection, Pipe
from typing import Any, NamedTuple

import numpy as np

from meanrev_worker.memory import SharedMemory

__all__ = ["Channel", "FarEnd", "pickled"]


class FarEnd(NamedTuple):
    """What the other process needs for its end.

    Attributes:
        line: The socket, to be closed here once the other process has it: while it is open here too, nobody notices
            that the other process ended.
        descriptors: As arguments of Channel.at.
    """

    line: "Connection[Any, Any]"
    descriptors: tuple[int, int, int]


class Channel:
    """One end of a line on which the two sides speak in turn.

    Attributes:
        in_step: Every message that was sent has had its answer. Where it has not, the next answer would be another's.
    """

    def __init__(self, line: "Connection[Any, Any]", outgoing: SharedMemory, incoming: SharedMemory) -> None:
        """Take over its parts.

        Args:
            line: Carries what is small, and says when memory was written.
            outgoing: What this end writes.
            incoming: What it reads.
        """
        self.in_step = True
        self._line = line
        self._outgoing = outgoing
        self._incoming = incoming

    @classmethod
    def opened(cls) -> "tuple[Channel, FarEnd]":
        """Open a line; returns the end of the side that speaks first, and what makes the other one.

        Raises:
            OSError: the process has no descriptors for it.
        """
        with ExitStack() as undo:
            here, there = Pipe()
            undo.callback(here.close)
            undo.callback(there.close)
            outgoing = undo.enter_context(closing(SharedMemory()))
            incoming = undo.enter_context(closing(SharedMemory()))
            undo.pop_all()
        far = FarEnd(there, (there.fileno(), incoming.descriptor, outgoing.descriptor))
        return cls(here, outgoing, incoming), far

    @classmethod
    def at(cls, line: int, outgoing: int, incoming: int) -> "Channel":
        """Return the other end, in the process that has inherited the descriptors."""
        return cls(Connection(line), SharedMemory(outgoing), SharedMemory(incoming))

    def send(self, message: object) -> None:
        """Send an object that can be pickled.

        Raises:
            MemoryError: there is no memory for it, and nothing was sent.
            OSError: the other end is gone.
        """
        body, buffers = pickled(message)
        self._outgoing.write(buffers)
        self.in_step = False
        self._line.send((body, [buffer.nbytes for buffer in buffers]))

    def receive(self, *, keep: bool) -> Any:
        """Wait for an object and return it.

        Args:
            keep: Copy its arrays, which otherwise are read-only and end with the answer.

        Raises:
            MemoryError: there is no memory for it.
            EOFError: the other end is gone.
            OSError: likewise.
        """
        body, sizes = self._line.recv()
        self.in_step = True
        views = self._incoming.read(sizes)
        held = [np.frombuffer(view, np.uint8).copy() for view in views] if keep else views
        return pickle.loads(body, buffers=held)  # noqa: S301 - ours

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
