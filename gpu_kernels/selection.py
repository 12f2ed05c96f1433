"""Which twin of the operations runs for arrays in host memory, and with how many threads.

The NumPy twin runs unless a block of code says otherwise; nothing is probed here, see backend.choose.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple

__all__ = ["Selection", "current", "using"]


class Selection(NamedTuple):
    """What runs.

    Attributes:
        backend: One of backend.BACKENDS.
        threads: Threads that a native kernel may use at once.
    """

    backend: str = "numpy"
    threads: int = 1


_selected: ContextVar[Selection] = ContextVar("selection", default=Selection())  # noqa: B039 - immutable


def current() -> Selection:
    """Return the selection of the enclosing `using`, the NumPy twin where there is none."""
    return _selected.get()


@contextmanager
def using(backend: str, threads: int = 1) -> Iterator[None]:
    """Select a twin for a block of code of this thread or task.

    Args:
        backend: One of backend.BACKENDS; an operation without such a twin runs its NumPy one.
        threads: Threads that a native kernel may use at once.
    """
    token = _selected.set(Selection(backend, threads))
    try:
        yield
    finally:
        _selected.reset(token)
