"""The compute threads, and the queue before them.

NumPy and the compiled kernels release the interpreter's lock in their long loops, so threads suffice on a CPU. The
batcher decides which computations start next and which go together, and shares how many; the launcher drives both.
Everything but `_compute` and `_hand_over` runs on the event loop's thread, which each batch wakes once.

A computation whose callers have all left is interrupted, and ends at its next step.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any, ParamSpec, TypeVar

from gpu_kernels import interruption
from gpu_kernels.dispatch import Selection, using
from gpu_kernels.interruption import Interrupt
from meanrev_server.batcher import Batcher, Computation, Counts, Load, QueueLimits
from meanrev_server.batches import Failed, Running, Work, call_each, outcomes_of, settle
from meanrev_server.errors import Expired, ServerStopping
from meanrev_server.records import CallRecord
from meanrev_server.shares import OVERDUE_S, Shares, most_threads
from meanrev_wire import codec

__all__ = ["Launcher"]

P = ParamSpec("P")
R = TypeVar("R")

log = logging.getLogger(__name__)

K = TypeVar("K", bound=Hashable)
I = TypeVar("I")


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
            threads: Most computations that run at once; one more short one may run beside long ones.
            selection: Which twin of each operation the threads run.
            prepare: Called first in each thread.
            limits: Limits of batches and of the queue; the defaults where None.
        """
        self.selection = selection
        self._pool, self._spare = (
            ThreadPoolExecutor(size, thread_name_prefix="meanrev-compute", initializer=prepare)
            for size in (threads, most_threads(threads) - threads)
        )
        self._limits = limits or QueueLimits()
        self._threads = threads
        self._batcher = Batcher(self._limits)
        self._shares = Shares(threads)
        self._running: set[Running] = set()
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
        return Load(self._batcher.waiting, self._batcher.waiting_bytes, len(self._running))

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
        long: bool = False,
    ) -> R:
        """Run a function as run does, for a caller that waits for a limited time only.

        Args:
            compute: The function.
            nbytes: Memory that it holds while it waits.
            deadline: time.monotonic() at which it must have begun.
            record: Where its times are noted; None is nowhere.
            long: Whether it may take long, so that it must leave a thread for short computations.

        Raises:
            Expired: the deadline passed before it began.
            LimitReached: the queue is full.
            Exception: whatever the function raises.
        """
        work = Work(call_each, compute, asyncio.get_running_loop().create_future(), record)
        found: R = await self._answer(Computation(work, None, nbytes, deadline, _identity(record), long=long))
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
            compute: Takes a key and items, returns one result an item, such as a function of batchable.
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
        work = Work(partial(compute, key), item, asyncio.get_running_loop().create_future(), record)
        found: R = await self._answer(Computation(work, (compute, key), nbytes, deadline, _identity(record)))
        return found

    def close(self) -> None:
        """Refuse further work; work that has not started is dropped, and work under way is interrupted."""
        self._closed = True
        for running in tuple(self._running):
            running.interrupt.set()
        for pool in (self._pool, self._spare):
            pool.shutdown(wait=False, cancel_futures=True)
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
            # A computation with an answer has left the queue. One whose caller was cancelled leaves it here, unstarted,
            # or is interrupted.
            if not computation.work.answer.done() or computation.work.answer.cancelled():
                self._batcher.cancel(computation)
                if computation.work.running is not None:
                    computation.work.running.let_go()

    def _settle_on(self, loop: asyncio.AbstractEventLoop) -> None:
        if loop is self._loop:
            return
        if self._loop is not None and self._loop.is_running():
            raise RuntimeError("a Launcher serves one event loop at a time")
        # Nobody waits any more for what an event loop that ended left behind.
        for running in self._running:
            running.interrupt.set()
        self._loop, self._timer, self._running = loop, None, set()
        self._shares = Shares(self._threads)
        self._batcher = Batcher(self._limits)

    def _dispatch(self) -> None:
        """Start batches while threads are idle, and set a timer for those that wait for others or for a thread."""
        if not self._batcher.waiting:
            self._wake(None)
            return
        self._note_overdue()
        while self._batcher.waiting and self._shares.may_start(long=False):
            long = self._shares.may_start(long=True)
            batch, expired = self._batcher.take(time.monotonic(), long=long)
            for computation in expired:
                if computation.work.record is not None:
                    computation.work.record.queued_s += time.monotonic() - computation.added
                settle(computation, Failed(Expired("the deadline passed while the call waited for its computation")))
            if not batch:
                self._wake(self._batcher.wake_at(long=long))
                return
            self._start(batch)
        if not self._batcher.waiting:
            self._wake(None)
            return
        began = [running.began for running in self._running if not running.long]
        self._wake(min(began) + OVERDUE_S if began else None)

    def _note_overdue(self) -> None:
        latest = time.monotonic() - OVERDUE_S
        for running in self._running:
            if not running.long and running.began <= latest:
                running.long = True
                self._shares.overdue()

    def _start(self, batch: tuple[Computation, ...]) -> None:
        if log.isEnabledFor(logging.DEBUG):
            log.debug("batch", extra={"computations": len(batch), "waiting": self._batcher.waiting})
        # In one pool with a thread more, the threads take turns, which makes a small computation a fifth slower.
        spare = len(self._running) >= self._threads and not any(running.spare for running in self._running)
        running = Running(batch, time.monotonic(), batch[0].long, spare, Interrupt())
        try:
            outcomes = (self._spare if spare else self._pool).submit(self._compute, running)
        except RuntimeError as error:  # the threads could not be prepared, or the pool was closed
            self._batcher.done(batch)
            for computation in batch:
                settle(computation, Failed(error))
        else:
            for computation in batch:
                computation.work.running = running
            self._running.add(running)
            self._shares.start(long=running.long)
            outcomes.add_done_callback(partial(self._hand_over, running, batch[0].work.answer.get_loop()))

    def _wake(self, due: float | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if due is not None and self._loop is not None:
            self._timer = self._loop.call_later(max(0.0, due - time.monotonic()), self._dispatch)

    def _compute(self, running: Running) -> Sequence[Any]:
        began, encoding_s = time.monotonic(), codec.encoding_seconds()
        with using(*self.selection), interruption.using(running.interrupt):
            outcomes = outcomes_of(running.batch)
        ended, encoding_s = time.monotonic(), codec.encoding_seconds() - encoding_s
        for computation in running.batch:
            if computation.work.record is not None:
                computation.work.record.note_computation(computation.added, began, ended, encoding_s)
        return outcomes

    def _hand_over(self, running: Running, loop: asyncio.AbstractEventLoop, computed: "Future[Sequence[Any]]") -> None:
        if computed.cancelled():
            outcomes: Sequence[Any] = [Failed(asyncio.CancelledError())] * len(running.batch)
        elif (error := computed.exception()) is not None:
            outcomes = [Failed(error)] * len(running.batch)
        else:
            outcomes = computed.result()
        with suppress(RuntimeError):  # the loop was closed meanwhile, and nobody waits
            loop.call_soon_threadsafe(self._done, running, outcomes)

    def _done(self, running: Running, outcomes: Sequence[Any]) -> None:
        for computation, outcome in zip(running.batch, outcomes, strict=True):
            settle(computation, outcome)
        if running in self._running:  # not where another event loop has begun since
            self._running.remove(running)
            self._shares.end(long=running.long)
            self._batcher.done(running.batch)
            self._dispatch()

    def _drop(self) -> None:
        for computation in self._batcher.drain():
            computation.work.answer.cancel()


def _identity(record: CallRecord | None) -> str:
    """Return who asks for a computation; identities take turns."""
    return "" if record is None else record.caller.identity
