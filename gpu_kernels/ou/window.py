"""The last prices of a stream, in one piece of memory."""

import numpy as np

from gpu_kernels.checks import Floats

__all__ = ["Window"]

_FIRST_CAPACITY = 64


class Window:
    """The last `length` prices and their times, oldest first.

    The buffer holds twice the length at most, so that a move to its front is paid by as many appends.

    Args:
        length: Prices to keep.
    """

    __slots__ = ("_buffer", "_start", "_stop", "length")

    def __init__(self, length: int) -> None:
        self.length = length
        self._buffer = np.empty((2, min(_FIRST_CAPACITY, 2 * length)))
        self._start = self._stop = 0

    def __len__(self) -> int:
        return self._stop - self._start

    @property
    def full(self) -> bool:
        """Whether the next price pushes the oldest out."""
        return len(self) == self.length

    @property
    def prices(self) -> Floats:
        """(n,) prices, a view."""
        return self._buffer[0, self._start : self._stop]

    @property
    def times(self) -> Floats:
        """(n,) times, a view."""
        return self._buffer[1, self._start : self._stop]

    def append(self, price: float, time: float) -> None:
        """Add the newest price and drop the oldest of a full window."""
        if self.full:
            self._start += 1
        if self._stop == self._buffer.shape[1]:
            self._make_room()
        self._buffer[0, self._stop] = price
        self._buffer[1, self._stop] = time
        self._stop += 1

    def _make_room(self) -> None:
        kept = self._buffer[:, self._start : self._stop]
        held = kept.shape[1]
        if 2 * held > self._buffer.shape[1]:
            grown = np.empty((2, min(4 * held, 2 * self.length)))
            grown[:, :held] = kept
            self._buffer = grown
        else:
            self._buffer[:, :held] = kept.copy()
        self._start, self._stop = 0, held
