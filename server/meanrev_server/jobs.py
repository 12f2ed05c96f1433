"""Jobs: research whose result is fetched later. They are kept in memory.

This is a pure core without a clock or a thread; the caller passes the time.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from meanrev_server.errors import LimitReached, NotFound, setting_named

__all__ = ["FINAL", "Job", "JobStore", "job_id"]

FINAL = frozenset({"done", "failed", "cancelled"})
"""Statuses after which nothing changes."""

_ID_DIGITS = 64


@dataclass(slots=True)
class Job:
    """One piece of research, at work or ended.

    Attributes:
        job_id: 64 hexadecimal digits.
        method: Name of the research method.
        status: "queued", "running", "done", "failed" or "cancelled".
        done: Steps that are done.
        total: Steps in all; 0 until known.
        error: Why it failed.
        result: The serialised last replies, once it is done.
        nbytes: Bytes of the result; an estimate until it is done.
        submitted_ms: Time of its submission, in milliseconds since the epoch.
        finished_ms: Time of its end; 0 before.
        stop: Whether it shall end at its next step.
        version: Number of changes so far.
    """

    job_id: str
    method: str
    submitted_ms: int
    status: str = "queued"
    done: int = 0
    total: int = 0
    error: str = ""
    result: tuple[bytes, ...] = ()
    nbytes: int = 0
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
        self.nbytes = sum(map(len, result))
        if status == "done":
            self.done = self.total
        self.version += 1


def job_id(method: str, parts: Iterable[bytes | memoryview], version: str) -> str:
    """Return the id of a request: the same request is the same job.

    Args:
        method: Name of the research method.
        parts: Parts of the request, which are hashed where they are, without a copy.
        version: Version of this code, on which the result depends.
    """
    digest = hashlib.sha256()
    for part in (method.encode(), version.encode(), *parts):
        digest.update(memoryview(part).nbytes.to_bytes(8, "little"))
        digest.update(part)
    return digest.hexdigest()


class JobStore:
    """Jobs by their id; those that have ended are dropped, oldest first, to make room."""

    def __init__(self, most_jobs: int, most_bytes: int) -> None:
        """Start empty.

        Args:
            most_jobs: Most jobs that are kept.
            most_bytes: Most bytes of results that are kept, in all.
        """
        self._most_jobs, self._most_bytes = most_jobs, most_bytes
        self._jobs: OrderedDict[str, Job] = OrderedDict()

    def __iter__(self) -> Iterator[Job]:
        return iter(tuple(self._jobs.values()))

    def check_size(self, nbytes: int) -> None:
        """Refuse a result that can never be kept.

        Args:
            nbytes: Estimated bytes of the result.

        Raises:
            LimitReached: it is larger than all results together may be; the message names limit, setting and size.
        """
        if nbytes > self._most_bytes:
            setting = f"the setting {setting_named('max_result_bytes')} of the server raises it"
            raise LimitReached(
                f"the job's result may take {nbytes} bytes, more than the limit of {self._most_bytes}; {setting}, "
                "and fewer figures, cells or pairs (figures=, top=) make it smaller"
            )

    def submit(self, job_id: str, method: str, now_ms: int, nbytes: int = 0) -> tuple[Job, bool]:
        """Return the job of an id, and whether it is new; one that failed or was cancelled starts anew.

        Args:
            job_id: As the function job_id returns it.
            method: Name of the research method.
            now_ms: The time, in milliseconds since the epoch.
            nbytes: Estimated bytes of the result.

        Raises:
            LimitReached: all kept jobs are still at work, or their results leave no room for this one, now or ever.
        """
        known = self._jobs.get(job_id)
        if known is not None and known.status not in {"failed", "cancelled"}:
            return known, False
        self.check_size(nbytes)
        self._make_room(nbytes)
        job = Job(job_id, method, now_ms, nbytes=nbytes)
        self._jobs[job_id] = job
        self._jobs.move_to_end(job_id)
        return job, True

    def get(self, job_id: str) -> Job:
        """Return a job.

        Raises:
            NotFound: there is no such job, or it was dropped.
        """
        well_formed = len(job_id) == _ID_DIGITS and all(digit in "0123456789abcdef" for digit in job_id)
        job = self._jobs.get(job_id) if well_formed else None
        if job is None:
            raise NotFound(
                f"no job {job_id[:_ID_DIGITS]!r}: finished jobs are dropped when room is needed; submit it again"
            )
        return job

    def _make_room(self, nbytes: int) -> None:
        held = nbytes + sum(job.nbytes for job in self._jobs.values())
        for key, job in list(self._jobs.items()):
            if len(self._jobs) < self._most_jobs and held <= self._most_bytes:
                return
            if job.status in FINAL:
                held -= job.nbytes
                del self._jobs[key]
        if len(self._jobs) >= self._most_jobs:
            setting = f"{setting_named('max_jobs')} raises it"
            raise LimitReached(f"{len(self._jobs)} jobs are at work, the most at once; {setting}", passing=True)
        if held > self._most_bytes:
            setting = setting_named("max_result_bytes")
            busy = f"the jobs at work, with this one, may leave {held} bytes of results, of {self._most_bytes}"
            raise LimitReached(f"{busy}; try again later, or raise {setting}", passing=True)
