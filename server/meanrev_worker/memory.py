"""Memory that two processes share: one writes and the other reads, and the channel signals when."""

import mmap
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress

import numpy as np
from numpy.typing import NDArray

from gpu_kernels.interruption import Cell

__all__ = ["SharedCell", "SharedMemory"]

_LINE = 64
"""Buffers begin at multiples of a cache line."""

_SMALLEST = 2**16
"""Fewest bytes that are allocated."""

_KEPT = 16 * 2**20
"""Bytes that stay allocated when unused, because fresh pages cost as much as two copies."""

_BLOCK = 512
"""Bytes of the unit of st_blocks."""


class SharedCell:
    """A cell that two processes share, for the flag of a computation.

    Attributes:
        cell: The cell; after close, one that nobody shares.
    """

    def __init__(self, descriptor: int | None = None) -> None:
        """Make a new one, or open one that another process has made; the arguments are those of SharedMemory.

        Raises:
            OSError: the process has no file descriptors left.
        """
        self._file = os.fdopen(os.memfd_create("meanrev") if descriptor is None else descriptor, "r+b", buffering=0)
        if descriptor is None:
            os.ftruncate(self.descriptor, mmap.PAGESIZE)
        self.cell = Cell.from_buffer(mmap.mmap(self.descriptor, mmap.PAGESIZE))

    @property
    def descriptor(self) -> int:
        """Its file descriptor in this process."""
        return self._file.fileno()

    def close(self) -> None:
        """Close it; who still has the cell may write to it."""
        self._file.close()
        self.cell = Cell()


class SharedMemory:
    """A file in memory without a name, which disappears with the last process that has it open.

    NumPy makes the copies, because it releases the interpreter's lock, so that a large copy blocks no other thread.
    """

    def __init__(self, descriptor: int | None = None) -> None:
        """Make a new one, or open one that another process has made.

        Args:
            descriptor: Descriptor that this process inherited; None makes a new one.
        """
        self._file = os.fdopen(os.memfd_create("meanrev") if descriptor is None else descriptor, "r+b", buffering=0)
        self._map: mmap.mmap | None = None
        self._mapped = 0

    @property
    def descriptor(self) -> int:
        """Its file descriptor in this process."""
        return self._file.fileno()

    def write(self, buffers: Sequence[memoryview]) -> None:
        """Write buffers of bytes one after the other, over earlier contents.

        Raises:
            MemoryError: there is not enough memory.
        """
        sizes = [buffer.nbytes for buffer in buffers]
        needed = sum(map(_whole, sizes))
        if not needed:
            return
        self._reserve(needed)
        room = np.frombuffer(self._at_least(needed), np.uint8)
        for place, size, buffer in zip(_places(sizes), sizes, buffers, strict=True):
            np.copyto(room[place : place + size], _bytes(buffer))

    def read(self, sizes: Sequence[int]) -> list[memoryview]:
        """Return the buffers that were written, given their sizes: read-only views, valid until the next write.

        Raises:
            MemoryError: the memory cannot be mapped.
        """
        room = memoryview(self._at_least(sum(map(_whole, sizes)))).toreadonly()
        return [room[place : place + size] for place, size in zip(_places(sizes), sizes, strict=True)]

    def trim(self) -> None:
        """Return large memory to the system; views that read returned must not be used any more."""
        if os.fstat(self.descriptor).st_size > _KEPT:
            os.ftruncate(self.descriptor, 0)

    def close(self) -> None:
        """Close it; views that read returned stay readable."""
        self._file.close()
        if self._map is not None:
            with suppress(BufferError):  # the last view closes it
                self._map.close()

    def _reserve(self, size: int) -> None:
        """Allocate so many bytes at once: writing to a page that cannot be allocated would end the process."""
        held = os.fstat(self.descriptor)
        try:
            if held.st_size < size:
                os.ftruncate(self.descriptor, max(_SMALLEST, 1 << (size - 1).bit_length()))
            if held.st_blocks * _BLOCK < size:
                os.posix_fallocate(self.descriptor, 0, size)
        except OSError as error:
            raise MemoryError(f"no shared memory of {size} bytes: {error.strerror}") from None

    def _at_least(self, size: int) -> mmap.mmap | bytearray:
        if not size:
            return bytearray()
        if self._map is None or self._mapped < size:
            # Views of the old mapping may still be in use; the last one closes it.
            self._mapped = os.fstat(self.descriptor).st_size
            try:
                self._map = mmap.mmap(self.descriptor, self._mapped)
            except OSError as error:
                self._map = None
                raise MemoryError(f"no room for {size} bytes of shared memory: {error.strerror}") from None
        return self._map


def _bytes(buffer: memoryview) -> NDArray[np.uint8]:
    return np.frombuffer(buffer, np.uint8) if buffer.nbytes else np.empty(0, np.uint8)


def _whole(size: int) -> int:
    """Return the bytes that a buffer takes, rounded up to whole cache lines."""
    return -(-size // _LINE) * _LINE


def _places(sizes: Sequence[int]) -> Iterator[int]:
    place = 0
    for size in sizes:
        yield place
        place += _whole(size)
