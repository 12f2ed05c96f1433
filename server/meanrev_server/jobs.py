"""Jobs: work whose result is fetched later. In memory; an identity sees its own alone.

A pure core: no clock, no thread; time is an argument.
"""

import hashlib
from collections import OrderedDict
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
        result: The serialised last reply, once done.
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
    result: bytes = b""
    finished_ms: int = 0
    stop: bool = False
    version: int = field(default=0, repr=False)

    def advance(self, done: int, total: int) -> None:
        """Record progress."""
        self.status, self.done, self.total = "running", done, total
        self.version += 1

    def finish(self, status: str, now_ms: int, *, result: bytes = b"", error: str = "") -> None:
        """Record the end."""
        self.status, self.finished_ms, self.result, self.error = status, now_ms, result, error
        if status == "done":
            self.done = self.total
        self.version += 1


def job_id(identity: str, method: str, request: bytes, version: str) -> str:
    """Return the id of a request: the same request of the same caller is the same job.

    Args:
        identity: Who asks.
        method: Research method.
        request: All chunks, serialised.
        version: Of this code, whose results it may change.
    """
    digest = hashlib.sha256()
    for part in (identity.encode(), method.encode(), version.encode(), request):
        digest.update(len(part).to_bytes(8, "little"))
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

    def submit(self, identity: str, job_id: str, method: str, now_ms: int) -> tuple[Job, bool]:
        """Return the job of an id, and whether it is new; one that failed or was cancelled starts anew.

        Raises:
            LimitReached: all kept jobs are still at work.
        """
        known = self._jobs.get((identity, job_id))
        if known is not None and known.status not in {"failed", "cancelled"}:
            return known, False
        self._make_room()
        job = Job(job_id, method, now_ms)
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

    def _make_room(self) -> None:
        held = sum(len(job.result) for job in self._jobs.values())
        for key, job in list(self._jobs.items()):
            if len(self._jobs) < self._most_jobs and held <= self._most_bytes:
                return
            if job.status in FINAL:
                held -= len(job.result)
                del self._jobs[key]
        if len(self._jobs) >= self._most_jobs:
            knob = "max_jobs (MEANREV_MAX_JOBS) raises it"
            raise LimitReached(f"{len(self._jobs)} jobs are at work, the most at once; {knob}")
