"""A batch in a compute thread: what it computes, who waits for it, and how each of its computations ends."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from gpu_kernels.errors import Interrupted
from gpu_kernels.interruption import Interrupt
from meanrev_server.batcher import Computation
from meanrev_server.errors import Expired, ServerStopping
from meanrev_server.records import CallRecord

__all__ = ["Failed", "Running", "Work", "call_each", "outcomes_of", "settle"]


@dataclass(eq=False, slots=True)
class Work:
    """What a computation does, and who waits for it.

    Attributes:
        compute: Computes the items of a batch; that of the batch's first computation computes them all.
        item: The item of this computation.
        answer: The future of its result.
        record: Where its times are noted; None is nowhere.
        running: The batch that it runs in; None before it starts.
    """

    compute: Callable[[Sequence[Any]], Sequence[Any]]
    item: Any
    answer: asyncio.Future[Any]
    record: CallRecord | None = None
    running: "Running | None" = None


@dataclass(eq=False, slots=True)
class Running:
    """A batch in a compute thread.

    Attributes:
        batch: Its computations.
        began: time.monotonic() at its start.
        long: Whether it counts as a long one.
        spare: Whether it runs in the spare thread.
        interrupt: What ends it early.
    """

    batch: tuple[Computation, ...]
    began: float
    long: bool
    spare: bool
    interrupt: Interrupt

    def let_go(self) -> None:
        """Interrupt it where nobody waits for any of its computations."""
        if all(computation.cancelled for computation in self.batch):
            self.interrupt.set()


class Failed(NamedTuple):
    """The outcome of a computation that raised."""

    error: BaseException


def outcomes_of(batch: tuple[Computation, ...]) -> Sequence[Any]:
    """Return the outcome of each computation; where the batch fails as a whole, each runs again alone."""
    try:
        return _computed(batch)
    except Interrupted as error:
        return [Failed(error)] * len(batch)
    except BaseException as error:  # noqa: BLE001 - it goes to the callers, who would wait for ever without it
        return [Failed(error)] if len(batch) == 1 else [_alone(computation) for computation in batch]


def _computed(batch: tuple[Computation, ...]) -> Sequence[Any]:
    results = list(batch[0].work.compute([computation.work.item for computation in batch]))
    if len(results) != len(batch):
        raise RuntimeError(f"{len(batch)} items came back as {len(results)} results")
    return results


def _alone(computation: Computation) -> Any:
    if not computation.is_wanted(time.monotonic()):
        return Failed(Expired("the deadline passed before the computation began again"))
    return outcomes_of((computation,))[0]


def call_each(functions: Sequence[Callable[[], Any]]) -> Sequence[Any]:
    """Return the results of functions: the batch of computations that do not go together."""
    return [function() for function in functions]


def settle(computation: Computation, outcome: Any) -> None:
    """Give the outcome of a computation to its caller, if one still waits."""
    answer = computation.work.answer
    if answer.done():
        return
    if not isinstance(outcome, Failed):
        answer.set_result(outcome)
    elif isinstance(outcome.error, asyncio.CancelledError):
        answer.cancel()
    elif isinstance(outcome.error, Interrupted):  # by close, because an interrupted computation has no other callers
        answer.set_exception(ServerStopping())
    elif isinstance(outcome.error, StopIteration):
        answer.set_exception(RuntimeError(repr(outcome.error)))  # a future refuses to carry it
    else:
        answer.set_exception(outcome.error)
