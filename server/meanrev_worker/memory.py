"""Memory that two processes share: one writes, the other reads, and messages beside it say when."""

import mmap
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress

__all__ = ["SharedMemory"]

_LINE = 64
"""Buffers begin at multiples of a cache line."""

_SMALLEST = 2**16

_KEPT = 64 * 2**20
"""Bytes that stay when nothing needs them: fresh pages cost as much as two copies."""


class SharedMemory:
    """A file in memory without a name: it is gone with the last process that has it open, however that ends.

    Attributes:
        number: Its file descriptor.
    """

    def __init__(self, number: int | None = None) -> None:
        """Make a new one, or open the one that another process has made.

        Args:
            number: File descriptor of the other's, which this process has inherited.
        """
        self.number = os.memfd_create("meanrev") if number is None else number
        self._map: mmap.mmap | None = None
        self._mapped = 0

    def write(self, buffers: Sequence[memoryview]) -> None:
        """Write buffers of bytes one behind the other, over what was there."""
        sizes = [buffer.nbytes for buffer in buffers]
        needed = sum(map(_whole, sizes))
        if os.fstat(self.number).st_size < needed:
            os.ftruncate(self.number, max(_SMALLEST, 1 << (needed - 1).bit_length()))
        with memoryview(self._at_least(needed)) as room:
            for place, size, buffer in zip(_places(sizes), sizes, buffers, strict=True):
                room[place : place + size] = buffer

    def read(self, sizes: Sequence[int]) -> list[memoryview]:
        """Return what was written, by the sizes of its buffers; read-only, uncopied, valid until the next write."""
        room = memoryview(self._at_least(sum(map(_whole, sizes)))).toreadonly()
        return [room[place : place + size] for place, size in zip(_places(sizes), sizes, strict=True)]

    def trim(self) -> None:
        """Give large memory back; what read returned must not be looked at any more."""
        if os.fstat(self.number).st_size > _KEPT:
            os.ftruncate(self.number, 0)

    def close(self) -> None:
        """Let go of it; what read returned stays readable."""
        os.close(self.number)
        if self._map is not None:
            with suppress(BufferError):  # it goes with the last view
                self._map.close()

    def _at_least(self, size: int) -> mmap.mmap | bytearray:
        if not size:
            return bytearray()
        if self._map is None or self._mapped < size:
            # The old mapping, which somebody may still look at, goes with its last view.
            self._mapped = os.fstat(self.number).st_size
            self._map = mmap.mmap(self.number, self._mapped)
        return self._map


def _whole(size: int) -> int:
    """Return the bytes that a buffer takes up."""
    return -(-size // _LINE) * _LINE


def _places(sizes: Sequence[int]) -> Iterator[int]:
    place = 0
    for size in sizes:
        yield place
        place += _whole(size)
