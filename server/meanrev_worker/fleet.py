"""One worker, or one for each of several GPUs; the one with the fewest computations gets the next."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from threading import Lock
from typing import Any

from gpu_kernels import interruption
from gpu_kernels.backend import Backend
from meanrev_worker.channel import Channel
from meanrev_worker.errors import RepeatedCrash, WorkerLost
from meanrev_worker.messages import Orders, Outcome, TwinCall, fingerprint, rough_hash
from meanrev_worker.process import PATIENCE_S, Worker
from meanrev_worker.supervisor import Fingerprint, Suspects

__all__ = ["Fleet"]


_ATTEMPTS = 3
"""Seats that one computation takes at most: a child may end unnoticed, or the computation become suspect."""


class Fleet:
    """Computes in child processes.

    Attributes:
        workers: One worker, or one for each GPU.
    """

    def __init__(
        self,
        orders: Orders,
        channels: int,
        *,
        gpus: int = 1,
        patience_s: float = PATIENCE_S,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        """Start the workers, and wait until they are ready.

        Args:
            orders: How the first worker computes; the others use the GPUs after its own.
            channels: Most computations at once of each worker.
            gpus: Number of workers where a GPU computes; without a GPU there is one.
            patience_s: Seconds after which a child that does not answer is replaced.
            changed: Called when a child has ended and when the next one is ready, in a thread of its own.

        Raises:
            KernelError: the backend cannot run here.
        """
        self._suspects, self._lock = Suspects(), Lock()
        self.workers = [Worker(orders, channels, changed, patience_s)]
        try:
            if self.backend.name == "cuda":
                for number in range(orders.device + 1, orders.device + gpus):
                    self.workers.append(Worker(orders._replace(device=number), channels, changed, patience_s))
        except BaseException:
            self.close()
            raise
        self._loads = [0] * len(self.workers)

    @property
    def backend(self) -> Backend:
        """The backend that they compute with."""
        return self.workers[0].backend

    @property
    def ready(self) -> bool:
        """Whether any worker can compute now."""
        return any(worker.ready for worker in self.workers)

    @property
    def restarts(self) -> int:
        """Children that ended or failed to start so far."""
        return sum(worker.restarts for worker in self.workers)

    def run(self, twin: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        """Call a function of a module in a child, and return or raise what it returns or raises there.

        Raises:
            Interrupted: the computation was interrupted.
            WorkerLost: the child ended meanwhile, or none is ready in time.
            RepeatedCrash: two children ended at this computation before.
            Exception: whatever the function raises.
        """
        call = TwinCall(twin, arguments)
        place = self._least_loaded()
        try:
            outcome = self._computed(call, self.workers[place])
        finally:
            with self._lock:
                self._loads[place] -= 1
        if outcome.error is not None:
            raise outcome.error
        return outcome.value

    def close(self) -> None:
        """End the children; their computations are lost."""
        for worker in self.workers:
            worker.part()
        for worker in self.workers:
            worker.close()

    def _least_loaded(self) -> int:
        """Return the place of the worker with the fewest computations, and count one more for it."""
        with self._lock:
            place = min(range(len(self.workers)), key=lambda one: (not self.workers[one].ready, self._loads[one]))
            self._loads[place] += 1
            return place

    def _computed(self, call: TwinCall, worker: Worker) -> Outcome:
        suspect = self._suspect(call)
        for _ in range(_ATTEMPTS):
            with worker.seat(alone=suspect is not None) as seat:
                if suspect is None and (suspect := self._suspect(call)) is not None:
                    continue  # it became suspect while it waited
                with _interruptible(seat.channel):
                    try:
                        seat.channel.send(call)
                    except OSError:
                        continue  # the child had ended before, and nobody had noticed
                    try:
                        outcome: Outcome = seat.channel.receive(keep=True)
                    except (EOFError, OSError):
                        if not worker.is_closing:
                            self._note_crash(call, seat.pid, alone=suspect is not None)
                        break
                seat.channel.trim()
            worker.served()
            if suspect is not None:
                with self._lock:
                    self._suspects.clear(suspect)
            return outcome
        raise WorkerLost("the compute worker ended; it is starting again, and the call may be repeated")

    def _suspect(self, call: TwinCall) -> Fingerprint | None:
        """Return the fingerprint of a computation at which a child ended before, None for any other.

        Raises:
            RepeatedCrash: it is refused.
        """
        with self._lock:
            if self._suspects.is_empty:
                return None
        rough = rough_hash(call)
        with self._lock:
            if not self._suspects.may_know(rough, time.monotonic()):
                return None
        found = fingerprint(call)
        with self._lock:
            if self._suspects.is_refused(found):
                raise RepeatedCrash("the compute worker ended twice at this computation, which is not tried again")
            return found if self._suspects.is_suspect(found) else None

    def _note_crash(self, call: TwinCall, child: int, *, alone: bool) -> None:
        found = fingerprint(call)
        with self._lock:
            self._suspects.note_crash(found, child, time.monotonic(), alone=alone)


def _interruptible(channel: Channel) -> AbstractContextManager[None]:
    """Have the computation on a channel end when this thread's is interrupted, while the context is open."""
    interrupt = interruption.current()
    if interrupt is not None:
        return interrupt.copied(channel.interrupted)
    channel.interrupted.value = 0
    return nullcontext()
