"""Jobs: work whose result is fetched later. In memory; an identity sees its own alone.

A pure core: no clock, no thread; time is an argument.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from meanrev_server.errors import LimitReached, NotFound

__all__ = ["FINAL", "Job", "JobStore", "job_id"]

FINAL = frozenset({"done", "failed", "cancelled"})
"""Statuses after which nothing changes."""

_ID_DIGITS = 64


@dataclass(slots=True)
class Job:
    """One piece of work.

    Attributes:
        job_id: 64 hexadecimal digits.
        method: Which research method it is.
        status: "queued", "running", "done", "failed" or "cancelled".
        done: Steps taken.
        total: Steps in all; 0 until known.
        error: Why it failed.
        result: The serialised last replies, once done.
        room: Bytes of the result; until done, as they were estimated.
        submitted_ms: When it came.
        finished_ms: When it ended; 0 before.
        stop: Asked to end at its next step.
        version: Grows with every change.
    """

    job_id: str
    method: str
    submitted_ms: int
    status: str = "queued"
    done: int = 0
    total: int = 0
    error: str = ""
    result: tuple[bytes, ...] = ()
    room: int = 0
    finished_ms: int = 0
    stop: bool = False
    version: int = field(default=0, repr=False)

    def advance(self, done: int, total: int) -> None:
        """Record progress."""
        self.status, self.done, self.total = "running", done, total
        self.version += 1

    def finish(self, status: str, now_ms: int, *, result: Sequence[bytes] = (), error: str = "") -> None:
        """Record the end."""
        self.status, self.finished_ms, self.result, self.error = status, now_ms, tuple(result), error
        self.room = sum(map(len, result))
        if status == "done":
            self.done = self.total
        self.version += 1


def job_id(identity: str, method: str, request: Iterable[bytes | memoryview], version: str) -> str:
    """Return the id of a request: the same request of the same caller is the same job.

    Args:
        identity: Who asks.
        method: Research method.
        request: Parts of the request; they are not copied.
        version: Of this code, whose results it may change.
    """
    digest = hashlib.sha256()
    for part in (identity.encode(), method.encode(), version.encode(), *request):
        digest.update(memoryview(part).nbytes.to_bytes(8, "little"))
        digest.update(part)
    return digest.hexdigest()


class JobStore:
    """The jobs of all callers; finished ones are dropped, oldest first, to make room."""

    def __init__(self, most_jobs: int, most_bytes: int) -> None:
        """Start empty.

        Args:
            most_jobs: Jobs that are kept.
            most_bytes: Bytes of results that are kept.
        """
        self._most_jobs, self._most_bytes = most_jobs, most_bytes
        self._jobs: OrderedDict[tuple[str, str], Job] = OrderedDict()

    def fits(self, nbytes: int) -> None:
        """Refuse a result that can never be kept.

        Args:
            nbytes: Of the result, as estimated.

        Raises:
            LimitReached: it is larger than all results together may be; naming the limit, its setting and the size.
        """
        if nbytes > self._most_bytes:
            knob = "the setting max_result_bytes (MEANREV_MAX_RESULT_BYTES) of the server raises it"
            raise LimitReached(
                f"the job's result may take {nbytes} bytes, more than the limit of {self._most_bytes}; {knob}, "
                "and fewer figures, cells or pairs (figures=, top=) make it smaller"
            )

    def submit(self, identity: str, job_id: str, method: str, now_ms: int, nbytes: int = 0) -> tuple[Job, bool]:
        """Return the job of an id, and whether it is new; one that failed or was cancelled starts anew.

        Args:
            identity: Who asks.
            job_id: As job_id gives it.
            method: Research method.
            now_ms: The time.
            nbytes: Of the result, as estimated.

        Raises:
            LimitReached: all kept jobs are still at work, or their results leave no room for this one, now or ever.
        """
        known = self._jobs.get((identity, job_id))
        if known is not None and known.status not in {"failed", "cancelled"}:
            return known, False
        self.fits(nbytes)
        self._make_room(nbytes)
        job = Job(job_id, method, now_ms, room=nbytes)
        self._jobs[identity, job_id] = job
        self._jobs.move_to_end((identity, job_id))
        return job, True

    def get(self, identity: str, job_id: str) -> Job:
        """Return a job.

        Raises:
            NotFound: the caller has no such job, or it was dropped.
        """
        well_formed = len(job_id) == _ID_DIGITS and all(digit in "0123456789abcdef" for digit in job_id)
        job = self._jobs.get((identity, job_id)) if well_formed else None
        if job is None:
            raise NotFound(
                f"no job {job_id[:_ID_DIGITS]!r}: finished jobs are dropped when room is needed; submit it again"
            )
        return job

    def _make_room(self, nbytes: int) -> None:
        held = nbytes + sum(job.room for job in self._jobs.values())
        for key, job in list(self._jobs.items()):
            if len(self._jobs) < self._most_jobs and held <= self._most_bytes:
                return
            if job.status in FINAL:
                held -= job.room
                del self._jobs[key]
        if len(self._jobs) >= self._most_jobs:
            knob = "max_jobs (MEANREV_MAX_JOBS) raises it"
            raise LimitReached(f"{len(self._jobs)} jobs are at work, the most at once; {knob}", passing=True)
        if held > self._most_bytes:
            knob = "max_result_bytes (MEANREV_MAX_RESULT_BYTES)"
            busy = f"the jobs at work, with this one, may leave {held} bytes of results, of {self._most_bytes}"
            raise LimitReached(f"{busy}; try again later, or raise {knob}", passing=True)
