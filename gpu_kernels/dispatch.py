"""Which twin of an operation runs, with how many threads, and in which process.

An operation declares its implementations once, as `Twins`, and calls `Twins.run`; no other code chooses between them.
The `Selection` of the enclosing `using` lists what there is to choose from. Without one the NumPy twin runs, in this
process. backend.choose finds out what a machine has; nothing is probed here.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar, TypeVarTuple, cast

from gpu_kernels import interruption

__all__ = [
    "FEWEST_ON_DEVICE",
    "Carrier",
    "Selection",
    "Twins",
    "current",
    "in_parts",
    "on_lanes",
    "run",
    "takes_device",
    "using",
]

R = TypeVar("R")
Ts = TypeVarTuple("Ts")

Carrier = Callable[[Callable[..., Any], tuple[Any, ...]], Any]
"""Calls a function of a module with arguments in another process, and returns or raises what it does there."""

FEWEST_ON_DEVICE = 2 * 10**6
"""Bar-steps below which copies and launches of a GPU take longer than the same work on the CPU's vector lanes."""


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


@dataclass(frozen=True, kw_only=True)
class Twins(Generic[*Ts, R]):
    """The implementations of one operation: functions of a module with the same arguments and the same result.

    Example:
        TWINS = Twins(host=host.fit, native=native.fit, device=device.fit, steps=lambda prices, _: prices.size)
        fitted = TWINS.run(prices, lags)

    Attributes:
        host: The NumPy twin, which computes every request.
        native: Launches the kernel on the CPU's vector lanes; None where the operation has no such twin.
        device: Launches the kernel on a GPU, or calls a library there; None where the operation has no such twin.
        covers: Returns whether `native` and `device` compute a request, which the NumPy twin computes otherwise; None
            where they compute every request.
        steps: Counts the bar-steps of a request, so that a GPU is not given a small one; None where every request
            is large enough for it.
    """

    host: Callable[[*Ts], R]
    native: Callable[[*Ts], R] | None = None
    device: Callable[[*Ts], R] | None = None
    covers: Callable[[*Ts], bool] | None = None
    steps: Callable[[*Ts], int] | None = None

    def run(self, *arguments: *Ts) -> R:
        """Compute a request by the twin that the selection determines, in the process that it names.

        Args:
            *arguments: Those of the twins, checked. They can be pickled, because the process may be another one.

        Raises:
            Interrupted: the computation was interrupted, before or meanwhile.
            Exception: whatever the twin or the carrier raises.
        """
        selected = _selected.get()
        return _called(selected.carrier, self._chosen(selected, arguments), arguments)

    def _chosen(self, selected: Selection, arguments: tuple[*Ts]) -> Callable[[*Ts], R]:
        """Return the twin for a request.

        A GPU gets a request that it has a twin for, unless the request is smaller than FEWEST_ON_DEVICE and the CPU's
        lanes are selected beside it. Any other request goes to the lanes where they are selected, or else to NumPy.
        """
        if selected.backend == "numpy" or (self.covers is not None and not self.covers(*arguments)):
            return self.host
        device = None if selected.backend != "cuda" else self.device
        if device is not None and (self.steps is None or takes_device(selected, self.steps(*arguments))):
            return device
        has_lanes = selected.backend == "native" or selected.lanes
        return self.native if self.native is not None and has_lanes else self.host


def current() -> Selection:
    """Return the selection of the enclosing `using`, the NumPy twin where there is none."""
    return _selected.get()


def takes_device(selected: Selection, steps: int) -> bool:
    """Return whether a GPU gets a request that it has a twin for.

    Args:
        selected: What there is to choose from.
        steps: Bar-steps of the request.
    """
    return selected.backend == "cuda" and (not selected.lanes or steps >= FEWEST_ON_DEVICE)


def on_lanes() -> bool:
    """Return whether kernels on the CPU's lanes are selected, alone or beside a GPU."""
    selected = current()
    return selected.backend == "native" or (selected.backend == "cuda" and selected.lanes)


def run(function: Callable[[*Ts], R], *arguments: *Ts) -> R:
    """Call a function in the process where twins run.

    Args:
        function: A function of a module.
        *arguments: Its arguments, which can be pickled.

    Raises:
        Interrupted: the computation was interrupted, before or meanwhile.
        Exception: whatever the function or the carrier raises.
    """
    return _called(current().carrier, function, arguments)


def _called(carrier: Carrier | None, function: Callable[[*Ts], R], arguments: tuple[*Ts]) -> R:
    interruption.check()  # so that loops over operations need not look themselves
    return function(*arguments) if carrier is None else cast("R", carrier(function, arguments))


@contextmanager
def using(backend: str, threads: int = 1, carrier: Carrier | None = None, lanes: bool = False) -> Iterator[None]:
    """Select what runs for a block of code of this thread or task.

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


def in_parts(first: int, last: int, part: Callable[[int, int], R]) -> list[R]:
    """Compute a range in as many parts as there are threads, each with its share of the threads of a kernel.

    Args:
        first: Begin of the range.
        last: Its end, which is above its begin.
        part: Computes from its first argument to before its second one.

    Returns:
        What the parts return, in their order.

    Raises:
        Exception: whatever a part raises, once all have ended.
    """
    selected, length = current(), last - first
    n_parts = min(selected.threads, length)

    def computed(place: int) -> R:
        bounds = (first + length * edge // n_parts for edge in (place, place + 1))
        with using(selected.backend, selected.threads // n_parts, lanes=selected.lanes):
            return part(*bounds)

    with ThreadPoolExecutor(max(1, n_parts - 1)) as threads:
        others = [threads.submit(copy_context().run, computed, place) for place in range(1, n_parts)]
        return [computed(0), *(other.result() for other in others)]
