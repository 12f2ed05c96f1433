"""A channel between two processes: arrays cross in shared memory, everything else through a socket.

Both ends have the same version, user and machine. Bytes that a caller sent are never unpickled.
"""

import pickle
from contextlib import ExitStack, closing
from multiprocessing.connection import Connection, Pipe
from typing import Any, NamedTuple

import numpy as np

from gpu_kernels.interruption import Cell
from meanrev_worker.memory import SharedCell, SharedMemory

__all__ = ["Channel", "FarEnd", "pickled"]


class FarEnd(NamedTuple):
    """What the other process needs for its end.

    Attributes:
        line: The socket. This process closes it once the other process has it; otherwise this end would not notice
            that the other process has ended.
        descriptors: The arguments of Channel.at.
    """

    line: "Connection[Any, Any]"
    descriptors: tuple[int, int, int, int]


class Channel:
    """One end of a channel on which the two sides send in turn.

    Attributes:
        in_step: Whether every sent message has been answered; if not, the next answer would belong to an earlier one.
    """

    def __init__(
        self, line: "Connection[Any, Any]", outgoing: SharedMemory, incoming: SharedMemory, shared: SharedCell
    ) -> None:
        """Take its parts over.

        Args:
            line: Carries small objects, and signals when shared memory was written.
            outgoing: Memory that this end writes.
            incoming: Memory that this end reads.
            shared: Flag of the computation that the channel carries; the side that sends first sets it.
        """
        self.in_step = True
        self._line = line
        self._outgoing = outgoing
        self._incoming = incoming
        self._shared = shared

    @property
    def interrupted(self) -> Cell:
        """The flag that interrupts the computation on this channel; both ends have it."""
        return self._shared.cell

    @classmethod
    def opened(cls) -> "tuple[Channel, FarEnd]":
        """Open a channel; returns the end of the side that sends first, and what the other process needs for its end.

        Raises:
            OSError: the process has no file descriptors left.
        """
        with ExitStack() as undo:
            here, there = Pipe()
            undo.callback(here.close)
            undo.callback(there.close)
            outgoing = undo.enter_context(closing(SharedMemory()))
            incoming = undo.enter_context(closing(SharedMemory()))
            shared = undo.enter_context(closing(SharedCell()))
            undo.pop_all()
        far = FarEnd(there, (there.fileno(), incoming.descriptor, outgoing.descriptor, shared.descriptor))
        return cls(here, outgoing, incoming, shared), far

    @classmethod
    def at(cls, line: int, outgoing: int, incoming: int, shared: int) -> "Channel":
        """Return the other end, in the process that inherited the descriptors."""
        return cls(Connection(line), SharedMemory(outgoing), SharedMemory(incoming), SharedCell(shared))

    def send(self, message: object) -> None:
        """Send an object that can be pickled.

        Raises:
            MemoryError: there is no memory for it; nothing was sent.
            OSError: the other process has ended.
        """
        body, buffers = pickled(message)
        self._outgoing.write(buffers)
        self.in_step = False
        self._line.send((body, [buffer.nbytes for buffer in buffers]))

    def receive(self, *, keep: bool) -> Any:
        """Wait for an object and return it.

        Args:
            keep: Copy its arrays; without that they are read-only and valid until the next message is sent.

        Raises:
            MemoryError: there is no memory for it.
            EOFError: the other process has ended.
            OSError: likewise.
        """
        body, sizes = self._line.recv()
        self.in_step = True
        views = self._incoming.read(sizes)
        held = [np.frombuffer(view, np.uint8).copy() for view in views] if keep else views
        return pickle.loads(body, buffers=held)  # noqa: S301 - our own process wrote it

    def trim(self) -> None:
        """Return large memory of both directions to the system; no array in it may be used any more."""
        self._outgoing.trim()
        self._incoming.trim()

    def close(self) -> None:
        """Close this end."""
        self._line.close()
        self._outgoing.close()
        self._incoming.close()
        self._shared.close()


def pickled(message: object) -> tuple[bytes, list[memoryview]]:
    """Return an object as bytes, and the buffers of its arrays, which are not copied."""
    buffers: list[pickle.PickleBuffer] = []
    body = pickle.dumps(message, protocol=5, buffer_callback=buffers.append)
    return body, [buffer.raw() for buffer in buffers]
