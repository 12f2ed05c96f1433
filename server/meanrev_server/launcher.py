"""Where computations run: off the event loop, one place that knows how.

NumPy and the compiled kernels release the interpreter's lock in the long loops, so threads suffice on a CPU. What is
next, and what goes together, the batcher says; this drives it. All of it but `_work` and `_hand_over` runs on the
event loop's thread, which a batch wakes once.
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
from meanrev_server.batcher import Batcher, Counts, Job, Limits
from meanrev_server.errors import Expired
from meanrev_server.fusion import FUSIONS

__all__ = ["Launcher"]

P = ParamSpec("P")
R = TypeVar("R")

log = logging.getLogger(__name__)


class _Task(NamedTuple):
    """What the launcher's jobs carry.

    Attributes:
        compute: Computes the items of a batch; the first job's serves them all.
        item: This job's.
        answer: Whom the result goes to.
    """

    compute: Callable[[Sequence[Any]], Sequence[Any]]
    item: Any
    answer: asyncio.Future[Any]


class _Failed(NamedTuple):
    """An outcome that is no result."""

    error: BaseException


class Launcher:
    """A pool of compute threads and the queue before it; for one event loop at a time.

    Attributes:
        selection: Which twin of the operations they run.
    """

    def __init__(
        self,
        threads: int,
        selection: Selection,
        prepare: Callable[[], None] | None = None,
        limits: Limits | None = None,
    ) -> None:
        """Start with no thread; they are made as work arrives.

        Args:
            threads: Most computations that run at once.
            selection: Which twin of the operations they run.
            prepare: Called first in each thread.
            limits: Of batches and of the queue; defaults where None.
        """
        self.selection = selection
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="meanrev-compute", initializer=prepare)
        self._limits = limits or Limits()
        self._threads = threads
        self._batcher = Batcher(self._limits)
        self._idle = threads
        self._closed = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None

    @property
    def counts(self) -> Counts:
        """What happened to the computations so far."""
        return self._batcher.counts

    async def run(self, compute: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run a function in a compute thread and wait for its result without blocking the event loop.

        Raises:
            LimitReached: the queue is full.
            Exception: whatever the function raises.
        """
        return await self.submit(partial(compute, *args, **kwargs))

    async def submit(self, compute: Callable[[], R], *, nbytes: int = 0, deadline: float | None = None) -> R:
        """Run a function as run does, for a caller that waits for a limited time only.

        Args:
            compute: The function.
            nbytes: Memory that it holds while it waits.
            deadline: time.monotonic() at which its result is of no use any more.

        Raises:
            Expired: the deadline passed before it began.
            LimitReached: the queue is full.
            Exception: whatever the function raises.
        """
        found: R = await self._answer(Job(_Task(_call, compute, _future()), None, nbytes, deadline))
        return found

    async def batched(
        self, operation: str, key: Hashable, item: Any, *, nbytes: int = 0, deadline: float | None = None
    ) -> Any:
        """Compute an item together with others of its operation and key; see fusion.

        Args:
            operation: Its name in FUSIONS.
            key: What the others agree on.
            item: The arguments.
            nbytes: As in submit.
            deadline: As in submit.

        Raises:
            Exception: as submit, for this item alone.
        """
        compute = partial(FUSIONS[operation].compute, key)
        return await self._answer(Job(_Task(compute, item, _future()), (operation, key), nbytes, deadline))

    def close(self) -> None:
        """Refuse further work; work that has not started is dropped."""
        self._closed = True
        self._pool.shutdown(wait=False, cancel_futures=True)
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._drop)

    async def _answer(self, job: Job) -> Any:
        if self._closed:
            raise RuntimeError("the compute side was closed")
        self._settle_on(asyncio.get_running_loop())
        self._batcher.add(job, time.monotonic())
        try:
            self._dispatch()
            return await job.item.answer
        finally:
            # Whoever has an answer has left the queue; one that was cancelled leaves it here, and never starts.
            if not job.item.answer.done() or job.item.answer.cancelled():
                self._batcher.cancel(job)

    def _settle_on(self, loop: asyncio.AbstractEventLoop) -> None:
        if loop is self._loop:
            return
        if self._loop is not None and self._loop.is_running():
            raise RuntimeError("a Launcher serves one event loop at a time")
        # What a loop that ended left behind can be answered no more.
        self._loop, self._timer, self._idle = loop, None, self._threads
        self._batcher = Batcher(self._limits)

    def _dispatch(self) -> None:
        """Start batches while threads are idle, and come back when time makes one ready."""
        while self._idle:
            batch, expired = self._batcher.take(time.monotonic())
            for job in expired:
                _settle(job, _Failed(Expired("the deadline passed while the call waited for its computation")))
            if not batch:
                self._wake()
                return
            self._start(batch)

    def _start(self, batch: tuple[Job, ...]) -> None:
        log.debug("batch", extra={"jobs": len(batch), "waiting": self._batcher.waiting})
        try:
            running = self._pool.submit(self._work, batch)
        except RuntimeError as error:  # its threads could not be prepared, or it was closed
            self._batcher.done(batch)
            for job in batch:
                _settle(job, _Failed(error))
        else:
            self._idle -= 1
            running.add_done_callback(partial(self._hand_over, batch, batch[0].item.answer.get_loop()))

    def _wake(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        due = self._batcher.wake_at()
        if due is not None and self._loop is not None:
            self._timer = self._loop.call_later(max(0.0, due - time.monotonic()), self._dispatch)

    def _work(self, batch: tuple[Job, ...]) -> Sequence[Any]:
        with using(*self.selection):
            return _outcomes(batch)

    def _hand_over(
        self, batch: tuple[Job, ...], loop: asyncio.AbstractEventLoop, running: "Future[Sequence[Any]]"
    ) -> None:
        if running.cancelled():
            outcomes: Sequence[Any] = [_Failed(asyncio.CancelledError())] * len(batch)
        elif (error := running.exception()) is not None:
            outcomes = [_Failed(error)] * len(batch)
        else:
            outcomes = running.result()
        with suppress(RuntimeError):  # the loop was closed meanwhile, and nobody waits
            loop.call_soon_threadsafe(self._done, batch, outcomes)

    def _done(self, batch: tuple[Job, ...], outcomes: Sequence[Any]) -> None:
        for job, outcome in zip(batch, outcomes, strict=True):
            _settle(job, outcome)
        if batch[0].item.answer.get_loop() is self._loop:
            self._idle += 1
            self._batcher.done(batch)
            self._dispatch()

    def _drop(self) -> None:
        for job in self._batcher.drain():
            job.item.answer.cancel()


def _outcomes(batch: tuple[Job, ...]) -> Sequence[Any]:
    """Return a result or a failure a job; where the batch as a whole fails, each job gets what it gets alone."""
    try:
        return _computed(batch)
    except BaseException as error:  # noqa: BLE001 - handed to whoever waits, or they would wait for ever
        return [_Failed(error)] if len(batch) == 1 else [_alone(job) for job in batch]


def _computed(batch: tuple[Job, ...]) -> Sequence[Any]:
    results = list(batch[0].item.compute([job.item.item for job in batch]))
    if len(results) != len(batch):
        raise RuntimeError(f"{len(batch)} items came back as {len(results)} results")
    return results


def _alone(job: Job) -> Any:
    if not job.is_wanted(time.monotonic()):
        return _Failed(Expired("the deadline passed before the computation began again"))
    return _outcomes((job,))[0]


def _call(functions: Sequence[Callable[[], Any]]) -> Sequence[Any]:
    return [function() for function in functions]


def _settle(job: Job, outcome: Any) -> None:
    answer = job.item.answer
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


def _future() -> asyncio.Future[Any]:
    return asyncio.get_running_loop().create_future()
