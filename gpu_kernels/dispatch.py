"""Which twin of the operations runs for arrays in host memory, with how many threads, and in which process.

The NumPy twin runs, here, unless a block of code says otherwise; nothing is probed here, see backend.choose.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple, TypeVar, TypeVarTuple, cast

__all__ = ["Carrier", "Selection", "current", "on_lanes", "run", "using"]

R = TypeVar("R")
Ts = TypeVarTuple("Ts")

Carrier = Callable[[Callable[..., Any], tuple[Any, ...]], Any]
"""Calls a function of a module with arguments in another process, and returns or raises what it does there."""


class Selection(NamedTuple):
    """What runs.

    Attributes:
        backend: One of backend.BACKENDS.
        threads: Threads that a native kernel may use at once.
        carrier: Reaches the process where twins run; None is this one.
        lanes: Kernels for the CPU's lanes are there too, beside a GPU.
    """

    backend: str = "numpy"
    threads: int = 1
    carrier: Carrier | None = None
    lanes: bool = False


_selected: ContextVar[Selection] = ContextVar("selection", default=Selection())  # noqa: B039 - immutable


def current() -> Selection:
    """Return the selection of the enclosing `using`, the NumPy twin where there is none."""
    return _selected.get()


def on_lanes() -> bool:
    """Tell whether what a GPU does not compute, such as one small problem, runs in kernels on the CPU's lanes."""
    selected = current()
    return selected.backend == "native" or (selected.backend == "cuda" and selected.lanes)


def run(twin: Callable[[*Ts], R], *arguments: *Ts) -> R:
    """Run an operation's twin where the selection says.

    Args:
        twin: A function of a module.
        *arguments: Its arguments, which can be pickled.

    Raises:
        Exception: whatever the twin or the carrier raises.
    """
    carrier = current().carrier
    return twin(*arguments) if carrier is None else cast("R", carrier(twin, arguments))


@contextmanager
def using(backend: str, threads: int = 1, carrier: Carrier | None = None, lanes: bool = False) -> Iterator[None]:
    """Select a twin for a block of code of this thread or task.

    Args:
        backend: One of backend.BACKENDS; an operation without such a twin runs its NumPy one.
        threads: Threads that a native kernel may use at once.
        carrier: Reaches the process where the twin runs; None is this one.
        lanes: Kernels for the CPU's lanes are there too, beside a GPU.
    """
    token = _selected.set(Selection(backend, threads, carrier, lanes))
    try:
        yield
    finally:
        _selected.reset(token)
