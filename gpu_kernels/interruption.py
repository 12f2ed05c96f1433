"""A flag that ends a computation whose result nobody waits for any more.

The caller of an operation encloses the call in `using(flag)`, and any thread may set the flag. A kernel on the CPU's
lanes reads it between work items, and its launch raises Interrupted. Loops in Python call `check` once a round, and
requests on a GPU call it between their parts. Outside of a `using` nothing is checked.
"""

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Lock

from gpu_kernels.errors import Interrupted

__all__ = ["BETWEEN_LOOKS", "Cell", "Interrupt", "check", "current", "pieces", "using"]

BETWEEN_LOOKS = 4096
"""Rounds of a loop of about a microsecond each, between two checks."""

Cell = ctypes.c_int
"""The memory of a flag: 0 until it is set."""


class Interrupt:
    """A flag that any thread may set, once.

    Args:
        cell: Memory of the flag, which another process may share; None for memory of this process.
    """

    __slots__ = ("_cell", "_copies", "_lock", "address")

    def __init__(self, cell: Cell | None = None) -> None:
        self._cell = Cell(0) if cell is None else cell
        self._copies: list[Cell] = []
        self._lock = Lock()
        self.address = ctypes.addressof(self._cell)

    @property
    def is_set(self) -> bool:
        """Whether the computation is interrupted."""
        return bool(self._cell.value)

    def set(self) -> None:
        """Interrupt the computation, which raises Interrupted at its next check."""
        with self._lock:
            for cell in (self._cell, *self._copies):
                cell.value = 1

    def check(self) -> None:
        """Return where the flag is not set.

        Raises:
            Interrupted: it is.
        """
        if self._cell.value:
            raise Interrupted

    @contextmanager
    def copied(self, cell: Cell) -> Iterator[None]:
        """Copy the flag, and every change of it while the context is open, to other memory, such as a child process's.

        Args:
            cell: The other memory.
        """
        with self._lock:
            cell.value = self._cell.value
            self._copies.append(cell)
        try:
            yield
        finally:
            with self._lock:
                self._copies.remove(cell)


_current: ContextVar[Interrupt | None] = ContextVar("interrupt", default=None)


def current() -> Interrupt | None:
    """Return the flag of the enclosing `using`, None where there is none."""
    return _current.get()


def check() -> None:
    """Return where the computation goes on.

    Raises:
        Interrupted: the flag of the enclosing `using` is set.
    """
    interrupt = _current.get()
    if interrupt is not None:
        interrupt.check()


def pieces(length: int, size: int) -> Iterator[slice]:
    """Yield a range piece by piece, with a check before each.

    Args:
        length: Of the range.
        size: Most of it in one piece.

    Raises:
        Interrupted: the flag of the enclosing `using` is set.
    """
    for start in range(0, length, size):
        check()
        yield slice(start, min(length, start + size))


@contextmanager
def using(interrupt: Interrupt) -> Iterator[None]:
    """Have the computations of a block of code look at a flag; it holds for this thread or task.

    Args:
        interrupt: The flag.
    """
    token = _current.set(interrupt)
    try:
        yield
    finally:
        _current.reset(token)
