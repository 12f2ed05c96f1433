"""Which twin of the operations runs for arrays in host memory, and with how many threads.

Set once at start by backend.choose; a test sets it for a block of code. A pure cell: nothing is probed here.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple

__all__ = ["Selection", "current", "select", "using"]


class Selection(NamedTuple):
    """What runs.

    Attributes:
        backend: "numpy" or "native".
        threads: Threads a native kernel may use at once.
    """

    backend: str = "numpy"
    threads: int = 1


_process = [Selection()]
_block: ContextVar[Selection | None] = ContextVar("selection", default=None)


def current() -> Selection:
    """Return the selection of the enclosing `using`, else of the process."""
    return _block.get() or _process[0]


def select(backend: str, threads: int = 1) -> None:
    """Set the selection of the process.

    Args:
        backend: "numpy" or "native".
        threads: Threads a native kernel may use at once.
    """
    _process[0] = Selection(backend, threads)


@contextmanager
def using(backend: str, threads: int = 1) -> Iterator[None]:
    """Override the selection inside a block of code of this thread or task.

    Args:
        backend: "numpy" or "native".
        threads: Threads a native kernel may use at once.
    """
    token = _block.set(Selection(backend, threads))
    try:
        yield
    finally:
        _block.reset(token)
