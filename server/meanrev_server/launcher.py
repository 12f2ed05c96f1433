"""The compute threads, and the queue before them.

NumPy and the compiled kernels release the interpreter's lock in their long loops, so threads suffice on a CPU. The
batcher decides which computations start next and which go together; the launcher drives it. Everything but `_compute`
and `_hand_over` runs on the event loop's thread, which each batch wakes once.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any, NamedTuple, ParamSpec, TypeVar

from gpu_kernels.dispatch import Selection, using
from meanrev_server.batcher import Batcher, Computation, Counts, Load, QueueLimits
from meanrev_server.errors import Expired, ServerStopping
from meanrev_server.records import CallRecord
from meanrev_wire import codec

__all__ = ["Launcher"]

P = ParamSpec("P")
R = TypeVar("R")

log = logging.getLogger(__name__)

K = TypeVar("K", bound=Hashable)
I = TypeVar("I")


class _Work(NamedTuple):
    """What a computation does, and who waits for it.

    Attributes:
        compute: Computes the items of a batch; that of the batch's first computation computes them all.
        item: The item of this computation.
        answer: The future of its result.
        record: Where its times are noted; None is nowhere.
    """

    compute: Callable[[Sequence[Any]], Sequence[Any]]
    item: Any
    answer: asyncio.Future[Any]
    record: CallRecord | None = None


class _Failed(NamedTuple):
    """The outcome of a computation that raised."""

    error: BaseException


class Launcher:
    """A pool of compute threads and the queue before it; it serves one event loop at a time.

    Attributes:
        selection: Which twin of each operation the threads run.
    """

    def __init__(
        self,
        threads: int,
        selection: Selection,
        prepare: Callable[[], None] | None = None,
        limits: QueueLimits | None = None,
    ) -> None:
        """Start without a thread; the pool makes threads as work arrives.

        Args:
            threads: Most computations that run at once.
            selection: Which twin of each operation the threads run.
            prepare: Called first in each thread.
            limits: Limits of batches and of the queue; the defaults where None.
        """
        self.selection = selection
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="meanrev-compute", initializer=prepare)
        self._limits = limits or QueueLimits()
        self._threads = threads
        self._batcher = Batcher(self._limits)
        self._idle = threads
        self._closed = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None

    @property
    def counts(self) -> Counts:
        """How many computations came, started and ended unstarted so far."""
        return self._batcher.counts

    @property
    def load(self) -> Load:
        """What waits and runs now."""
        return Load(self._batcher.waiting, self._batcher.waiting_bytes, self._threads - self._idle)

    async def run(self, compute: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run a function in a compute thread and wait for its result without blocking the event loop.

        Raises:
            LimitReached: the queue is full.
            Exception: whatever the function raises.
        """
        return await self.submit(partial(compute, *args, **kwargs))

    async def submit(
        self,
        compute: Callable[[], R],
        *,
        nbytes: int = 0,
        deadline: float | None = None,
        record: CallRecord | None = None,
    ) -> R:
        """Run a function as run does, for a caller that waits for a limited time only.

        Args:
            compute: The function.
            nbytes: Memory that it holds while it waits.
            deadline: time.monotonic() at which its result is of no use any more.
            record: Where its times are noted; None is nowhere.

        Raises:
            Expired: the deadline passed before it began.
            LimitReached: the queue is full.
            Exception: whatever the function raises.
        """
        work = _Work(_call, compute, asyncio.get_running_loop().create_future(), record)
        found: R = await self._answer(Computation(work, None, nbytes, deadline, _identity(record)))
        return found

    async def batched(
        self,
        compute: Callable[[K, Sequence[I]], Sequence[R]],
        key: K,
        item: I,
        *,
        nbytes: int = 0,
        deadline: float | None = None,
        record: CallRecord | None = None,
    ) -> R:
        """Compute an item, together with others of the same function and key where some wait.

        Args:
            compute: A function of batchable: takes a key and items, returns one result an item.
            key: What items that are computed together agree on.
            item: The other arguments.
            nbytes: As in submit.
            deadline: As in submit.
            record: As in submit.

        Returns:
            The result of the item.

        Raises:
            Exception: as submit, for this item alone.
        """
        work = _Work(partial(compute, key), item, asyncio.get_running_loop().create_future(), record)
        found: R = await self._answer(Computation(work, (compute, key), nbytes, deadline, _identity(record)))
        return found

    def close(self) -> None:
        """Refuse further work; work that has not started is dropped."""
        self._closed = True
        self._pool.shutdown(wait=False, cancel_futures=True)
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._drop)

    async def _answer(self, computation: Computation) -> Any:
        if self._closed:
            raise ServerStopping
        self._settle_on(asyncio.get_running_loop())
        self._batcher.add(computation, time.monotonic())
        try:
            self._dispatch()
            return await computation.work.answer
        finally:
            # A computation with an answer has left the queue. One whose caller was cancelled leaves it here, unstarted.
            if not computation.work.answer.done() or computation.work.answer.cancelled():
                self._batcher.cancel(computation)

    def _settle_on(self, loop: asyncio.AbstractEventLoop) -> None:
        if loop is self._loop:
            return
        if self._loop is not None and self._loop.is_running():
            raise RuntimeError("a Launcher serves one event loop at a time")
        # Nobody waits any more for what an event loop that ended left behind.
        self._loop, self._timer, self._idle = loop, None, self._threads
        self._batcher = Batcher(self._limits)

    def _dispatch(self) -> None:
        """Start batches while threads are idle, and set a timer for one that waits for company."""
        while self._idle:
            batch, expired = self._batcher.take(time.monotonic())
            for computation in expired:
                if computation.work.record is not None:
                    computation.work.record.queued_s += time.monotonic() - computation.added
                _settle(computation, _Failed(Expired("the deadline passed while the call waited for its computation")))
            if not batch:
                self._wake()
                return
            self._start(batch)

    def _start(self, batch: tuple[Computation, ...]) -> None:
        log.debug("batch", extra={"computations": len(batch), "waiting": self._batcher.waiting})
        try:
            running = self._pool.submit(self._compute, batch)
        except RuntimeError as error:  # the threads could not be prepared, or the pool was closed
            self._batcher.done(batch)
            for computation in batch:
                _settle(computation, _Failed(error))
        else:
            self._idle -= 1
            running.add_done_callback(partial(self._hand_over, batch, batch[0].work.answer.get_loop()))

    def _wake(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        due = self._batcher.wake_at()
        if due is not None and self._loop is not None:
            self._timer = self._loop.call_later(max(0.0, due - time.monotonic()), self._dispatch)

    def _compute(self, batch: tuple[Computation, ...]) -> Sequence[Any]:
        began, encoding_s = time.monotonic(), codec.encoding_seconds()
        with using(*self.selection):
            outcomes = _outcomes(batch)
        ended, encoding_s = time.monotonic(), codec.encoding_seconds() - encoding_s
        for computation in batch:
            if computation.work.record is not None:
                computation.work.record.note_computation(computation.added, began, ended, encoding_s)
        return outcomes

    def _hand_over(
        self, batch: tuple[Computation, ...], loop: asyncio.AbstractEventLoop, running: "Future[Sequence[Any]]"
    ) -> None:
        if running.cancelled():
            outcomes: Sequence[Any] = [_Failed(asyncio.CancelledError())] * len(batch)
        elif (error := running.exception()) is not None:
            outcomes = [_Failed(error)] * len(batch)
        else:
            outcomes = running.result()
        with suppress(RuntimeError):  # the loop was closed meanwhile, and nobody waits
            loop.call_soon_threadsafe(self._done, batch, outcomes)

    def _done(self, batch: tuple[Computation, ...], outcomes: Sequence[Any]) -> None:
        for computation, outcome in zip(batch, outcomes, strict=True):
            _settle(computation, outcome)
        if batch[0].work.answer.get_loop() is self._loop:
            self._idle += 1
            self._batcher.done(batch)
            self._dispatch()

    def _drop(self) -> None:
        for computation in self._batcher.drain():
            computation.work.answer.cancel()


def _outcomes(batch: tuple[Computation, ...]) -> Sequence[Any]:
    """Return the outcome of each computation; where the batch fails as a whole, each runs again alone."""
    try:
        return _computed(batch)
    except BaseException as error:  # noqa: BLE001 - it goes to the callers, who would wait for ever without it
        return [_Failed(error)] if len(batch) == 1 else [_alone(computation) for computation in batch]


def _computed(batch: tuple[Computation, ...]) -> Sequence[Any]:
    results = list(batch[0].work.compute([computation.work.item for computation in batch]))
    if len(results) != len(batch):
        raise RuntimeError(f"{len(batch)} items came back as {len(results)} results")
    return results


def _alone(computation: Computation) -> Any:
    if not computation.is_wanted(time.monotonic()):
        return _Failed(Expired("the deadline passed before the computation began again"))
    return _outcomes((computation,))[0]


def _call(functions: Sequence[Callable[[], Any]]) -> Sequence[Any]:
    return [function() for function in functions]


def _identity(record: CallRecord | None) -> str:
    """Return who asks for a computation; identities take turns."""
    return "" if record is None else record.caller.identity


def _settle(computation: Computation, outcome: Any) -> None:
    answer = computation.work.answer
    if answer.done():
        return
    if not isinstance(outcome, _Failed):
        answer.set_result(outcome)
    elif isinstance(outcome.error, asyncio.CancelledError):
        answer.cancel()
    elif isinstance(outcome.error, StopIteration):
        answer.set_exception(RuntimeError(repr(outcome.error)))  # a future refuses to carry it
    else:
        answer.set_exception(outcome.error)
