"""What computes next: jobs with one key go together, in the order of their arrival.

A pure core: no clock, no thread, no await. Times are seconds on whatever clock the driver reads, and are handed in. The
driver adds jobs, takes a batch whenever the compute side has room, and says when a batch is done.

A key starts at once where nothing of its own runs; while its batch runs the next one fills, and starts earlier only
when full. A key that was served goes behind the others. Where a delay is set, a key waits for company only after a
batch that had some: a lone caller never pays for it.
"""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, NamedTuple

from meanrev_server.errors import LimitReached

__all__ = ["Batcher", "Counts", "Job", "Limits", "Taken"]

_REMEMBERED = 1024


class Limits(NamedTuple):
    """The knobs.

    Attributes:
        max_batch_size: Most jobs in a batch; 1 turns batching off.
        max_queue_delay_us: Microseconds that a job may wait for others while the compute side is idle, if its key's
            last batch had more than one.
        max_queue_calls: Most jobs that wait.
        max_queue_bytes: Most bytes that waiting jobs hold.
    """

    max_batch_size: int = 64
    max_queue_delay_us: int = 0
    max_queue_calls: int = 2048
    max_queue_bytes: int = 512 * 1024 * 1024


@dataclass(eq=False, slots=True)
class Job:
    """A computation that waits; two jobs are the same only where they are one object.

    Attributes:
        item: What to compute, opaque here.
        key: Jobs with equal keys may go together; None goes alone.
        nbytes: Memory that the job holds while it waits.
        deadline: When its answer is of no use any more; None is never.
        added: When it came; the batcher sets it.
        cancelled: Nobody waits for its answer; set by Batcher.cancel, also while it runs.
    """

    item: Any
    key: Hashable = None
    nbytes: int = 0
    deadline: float | None = None
    added: float = 0.0
    cancelled: bool = False

    def is_wanted(self, now: float) -> bool:
        """Tell whether someone still waits for the answer."""
        return not self.cancelled and (self.deadline is None or now < self.deadline)


class Taken(NamedTuple):
    """What the driver shall do now.

    Attributes:
        batch: Jobs to compute together; empty where nothing is ready.
        expired: Jobs whose deadline passed while they waited; they never start.
    """

    batch: tuple[Job, ...] = ()
    expired: tuple[Job, ...] = ()


@dataclass(slots=True)
class Counts:
    """What happened so far; added = started + expired + cancelled + jobs that wait.

    Attributes:
        added: Jobs that joined the queue.
        refused: Jobs for which it had no room.
        started: Jobs in batches.
        batches: Batches.
        expired: Jobs whose deadline passed first.
        cancelled: Jobs that were cancelled first.
    """

    added: int = 0
    refused: int = 0
    started: int = 0
    batches: int = 0
    expired: int = 0
    cancelled: int = 0


class Batcher:
    """The queue of one compute side.

    Attributes:
        counts: What happened so far.
    """

    def __init__(self, limits: Limits) -> None:
        """Start empty.

        Args:
            limits: The knobs.
        """
        self.counts = Counts()
        self._limits = limits
        self._delay = limits.max_queue_delay_us * 1e-6
        # Groups in the order of their turn, jobs in the order of their arrival: both dicts serve as ordered sets.
        self._groups: dict[Hashable, dict[Job, None]] = {}
        self._running: dict[Hashable, int] = {}
        # Keys whose last batch had company, the oldest first; callers choose keys, so they are limited.
        self._in_company: dict[Hashable, None] = {}
        self._calls = 0
        self._bytes = 0

    @property
    def waiting(self) -> int:
        """Jobs that wait."""
        return self._calls

    @property
    def waiting_bytes(self) -> int:
        """Bytes that they hold."""
        return self._bytes

    def add(self, job: Job, now: float) -> None:
        """Let a job wait for its turn.

        Args:
            job: The job, which waits nowhere yet.
            now: The time.

        Raises:
            LimitReached: no room; the message names the knob.
        """
        if self._calls >= self._limits.max_queue_calls:
            self.counts.refused += 1
            raise LimitReached(_full(f"{self._calls} computations wait", "max_queue_calls"), passing=True)
        if self._bytes + job.nbytes > self._limits.max_queue_bytes:
            self.counts.refused += 1
            held = f"waiting computations would hold {self._bytes + job.nbytes} bytes"
            raise LimitReached(_full(held, "max_queue_bytes"), passing=self._calls > 0)
        job.added = now
        self._groups.setdefault(_group_of(job), {})[job] = None
        self._calls += 1
        self._bytes += job.nbytes
        self.counts.added += 1

    def cancel(self, job: Job) -> bool:
        """Forget a job; returns whether it waited, and so never starts."""
        job.cancelled = True
        if job not in self._groups.get(_group_of(job), ()):
            return False
        self._remove(job)
        self.counts.cancelled += 1
        return True

    def take(self, now: float) -> Taken:
        """Return the batch that starts now, for a compute side that has room.

        Args:
            now: The time.
        """
        expired: list[Job] = []
        batch: list[Job] = []
        while not batch and (name := self._ready(now)) is not None:
            group = self._groups[name]
            while group and len(batch) < self._limits.max_batch_size:
                job = next(iter(group))
                self._remove(job)
                (batch if job.is_wanted(now) else expired).append(job)
            if group:
                self._groups[name] = self._groups.pop(name)
        self.counts.expired += len(expired)
        if batch:
            self.counts.started += len(batch)
            self.counts.batches += 1
            if batch[0].key is not None:
                self._note(batch[0].key, len(batch))
        return Taken(tuple(batch), tuple(expired))

    def done(self, batch: tuple[Job, ...]) -> None:
        """Say that a batch has been computed."""
        key = batch[0].key
        if key is not None:
            self._running[key] -= 1
            if not self._running[key]:
                del self._running[key]

    def wake_at(self) -> float | None:
        """Return when the passing of time alone makes a batch ready, None where it does not."""
        if not self._delay:
            return None
        times = [self._due(name, group) for name, group in self._groups.items() if name not in self._running]
        return min(times, default=None)

    def drain(self) -> tuple[Job, ...]:
        """Cancel all that wait, and return it."""
        jobs = tuple(job for group in self._groups.values() for job in group)
        for job in jobs:
            self.cancel(job)
        return jobs

    def _ready(self, now: float) -> Hashable | None:
        for name, group in self._groups.items():
            full = len(group) >= self._limits.max_batch_size
            if full or (name not in self._running and self._due(name, group) <= now):
                return name
        return None

    def _due(self, name: Hashable, group: dict[Job, None]) -> float:
        return next(iter(group)).added + (self._delay if name in self._in_company else 0.0)

    def _note(self, key: Hashable, size: int) -> None:
        self._running[key] = self._running.get(key, 0) + 1
        self._in_company.pop(key, None)
        if size > 1 and self._delay:
            self._in_company[key] = None
            if len(self._in_company) > _REMEMBERED:
                del self._in_company[next(iter(self._in_company))]

    def _remove(self, job: Job) -> None:
        name = _group_of(job)
        group = self._groups[name]
        del group[job]
        if not group:
            del self._groups[name]
        self._calls -= 1
        self._bytes -= job.nbytes


def _group_of(job: Job) -> Hashable:
    """Return the name of a job's group; one that goes alone is a group of its own."""
    return job if job.key is None else job.key


def _full(what: str, knob: str) -> str:
    return f"the server is busy: {what}; try again later, or raise {knob} (MEANREV_{knob.upper()})"
