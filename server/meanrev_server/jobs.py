"""Jobs: research whose result is fetched later.

This is a pure core without a clock or a thread; the caller passes the time. It has the states of jobs; their results
are in an archive (meanrev_server.state).
"""

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from meanrev_server.errors import LimitReached, NotFound, setting_named

__all__ = ["FINAL", "Job", "JobStore", "Jobs", "Reply", "job_id"]

FINAL = frozenset({"done", "failed", "cancelled"})
"""Statuses after which nothing changes."""

_ID_DIGITS = 64


class Reply(NamedTuple):
    """One of a job's last replies, as it is kept.

    Attributes:
        nbytes: Its bytes, serialised.
        digest: SHA-256 of them in hexadecimal digits; "" where they are kept in memory.
    """

    nbytes: int
    digest: str = ""


@dataclass(slots=True)
class Job:
    """One piece of research, at work or ended.

    Attributes:
        job_id: 64 hexadecimal digits.
        method: Name of the research method.
        identity: Whose job it is.
        status: "queued", "running", "done", "failed" or "cancelled".
        done: Steps that are done.
        total: Steps in all; 0 until known.
        error: Why it failed.
        replies: The last replies, once it is done.
        nbytes: Bytes of the result; an estimate until it is done.
        held: Bytes that its input takes of the state directory while it is at work.
        submitted_ms: Time of its submission, in milliseconds since the epoch.
        finished_ms: Time of its end; 0 before.
        stop: Whether it shall end at its next step.
        tag: Part of its files' names, different at each submission.
        version: Number of changes so far.
    """

    job_id: str
    method: str
    submitted_ms: int
    identity: str = ""
    status: str = "queued"
    done: int = 0
    total: int = 0
    error: str = ""
    replies: tuple[Reply, ...] = ()
    nbytes: int = 0
    held: int = 0
    finished_ms: int = 0
    stop: bool = False
    tag: str = ""
    version: int = field(default=0, repr=False)

    @property
    def ended(self) -> bool:
        """Whether nothing changes any more."""
        return self.status in FINAL

    def advance(self, done: int, total: int) -> None:
        """Record progress."""
        self.status, self.done, self.total = "running", done, total
        self.version += 1

    def finish(self, status: str, now_ms: int, *, replies: Sequence[Reply] = (), error: str = "") -> None:
        """Record the end."""
        self.status, self.finished_ms, self.replies, self.error = status, now_ms, tuple(replies), error
        self.nbytes = sum(reply.nbytes for reply in replies)
        if status == "done":
            self.done = self.total
        self.version += 1


def job_id(identity: str, method: str, parts: Iterable[bytes | memoryview], version: str) -> str:
    """Return the id of a request: the same request of the same caller is the same job.

    Args:
        identity: Who makes the request.
        method: Name of the research method.
        parts: Parts of the request, which are hashed where they are, without a copy.
        version: Version of this code, on which the result depends.
    """
    digest = hashlib.sha256()
    for part in (identity.encode(), method.encode(), version.encode(), *parts):
        digest.update(memoryview(part).nbytes.to_bytes(8, "little"))
        digest.update(part)
    return digest.hexdigest()


def _keep_nothing(_: Job) -> None:
    """Do nothing where a job is dropped."""


class Jobs:
    """The jobs of all callers; those that have ended are dropped, oldest first, to make room."""

    def __init__(
        self, most_jobs: int, most_bytes: int, share: float = 1.0, drop: Callable[[Job], None] = _keep_nothing
    ) -> None:
        """Start empty.

        Args:
            most_jobs: Most jobs that are kept.
            most_bytes: Most bytes of results that are kept, in all.
            share: Fraction of both that a caller with an identity may take.
            drop: Called with each job that is dropped.
        """
        self._most_jobs, self._most_bytes, self._share, self.drop = most_jobs, most_bytes, share, drop
        self._jobs: OrderedDict[str, Job] = OrderedDict()

    def of(self, identity: str) -> "JobStore":
        """Return the jobs of a caller."""
        return JobStore(self, identity)

    def __iter__(self) -> Iterator[Job]:
        return iter(tuple(self._jobs.values()))

    def restore(self, job: Job) -> None:
        """Add a job that was submitted before the server started; no limit refuses it."""
        self._jobs[job.job_id] = job

    def discard(self, job: Job) -> None:
        """Forget a job that could not be kept."""
        if self._jobs.get(job.job_id) is job:
            del self._jobs[job.job_id]

    def find(self, identity: str, job_id: str) -> Job | None:
        """Return a caller's job, or None."""
        job = self._jobs.get(job_id)
        return job if job is not None and job.identity == identity else None

    def most_bytes(self, identity: str) -> int:
        """Return the most bytes of results of a caller."""
        return int(self._share * self._most_bytes) if identity else self._most_bytes

    def add(self, job: Job) -> None:
        """Add a job, and drop ended ones to make room; those of the caller first.

        Raises:
            LimitReached: jobs at work leave no room.
        """
        before = self._jobs.pop(job.job_id, None)  # its place is the new one's
        try:
            self._make_room(job)
        except LimitReached:
            if before is not None:
                self._jobs[job.job_id] = before
            raise
        if before is not None:
            self.drop(before)
        self._jobs[job.job_id] = job

    def _make_room(self, new: Job) -> None:
        most_jobs = max(1, int(self._share * self._most_jobs)) if new.identity else self._most_jobs
        mine = [job for job in self._jobs.values() if job.identity == new.identity]
        self._drop_until(mine, new, most_jobs, self.most_bytes(new.identity))
        everyone = list(self._jobs.values())
        self._drop_until(self._fairly(everyone, new.identity), new, self._most_jobs, self._most_bytes)

    def _fairly(self, jobs: list[Job], identity: str) -> list[Job]:
        """Return jobs in the order in which they are dropped: the caller's, then those of the caller who keeps most."""
        held: dict[str, int] = {}
        for job in jobs:
            held[job.identity] = held.get(job.identity, 0) + job.nbytes
        return sorted(jobs, key=lambda job: (job.identity != identity, -held[job.identity]))

    def _drop_until(self, jobs: list[Job], new: Job, most_jobs: int, most_bytes: int) -> None:
        """Drop ended jobs of a list until the rest of it leaves room for a new one."""
        count, nbytes = len(jobs), new.nbytes + sum(job.nbytes for job in jobs)
        for job in jobs:
            if count < most_jobs and nbytes <= most_bytes:
                return
            if job.ended:
                count, nbytes = count - 1, nbytes - job.nbytes
                del self._jobs[job.job_id]
                self.drop(job)
        if count >= most_jobs:
            setting = f"{setting_named('max_jobs')} raises it"
            raise LimitReached(f"{count} jobs are at work, the most at once; {setting}", passing=True)
        if nbytes > most_bytes:
            setting = setting_named("max_result_bytes")
            busy = f"the jobs at work, with this one, may leave {nbytes} bytes of results, of {most_bytes}"
            raise LimitReached(f"{busy}; try again later, or raise {setting}", passing=True)


class JobStore:
    """The jobs of one caller, by their id."""

    def __init__(self, everyone: Jobs, identity: str = "") -> None:
        """Jobs.of makes them."""
        self._everyone, self._identity = everyone, identity

    def check_size(self, nbytes: int) -> None:
        """Refuse a result that can never be kept.

        Args:
            nbytes: Estimated bytes of the result.

        Raises:
            LimitReached: it is larger than all results together may be; the message names limit, setting and size.
        """
        most = self._everyone.most_bytes(self._identity)
        if nbytes > most:
            setting = f"the setting {setting_named('max_result_bytes')} of the server raises it"
            raise LimitReached(
                f"the job's result may take {nbytes} bytes, more than the limit of {most}; {setting}, "
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
        known = self._everyone.find(self._identity, job_id)
        if known is not None and known.status not in {"failed", "cancelled"}:
            return known, False
        self.check_size(nbytes)
        job = Job(job_id, method, now_ms, self._identity, nbytes=nbytes)
        self._everyone.add(job)
        return job, True

    def get(self, job_id: str) -> Job:
        """Return a job.

        Raises:
            NotFound: the caller has no such job, or it was dropped.
        """
        well_formed = len(job_id) == _ID_DIGITS and all(digit in "0123456789abcdef" for digit in job_id)
        job = self._everyone.find(self._identity, job_id) if well_formed else None
        if job is None:
            raise NotFound(
                f"no job {job_id[:_ID_DIGITS]!r}: finished jobs are dropped when room is needed; submit it again"
            )
        return job

    def listed(self, limit: int, after: tuple[int, str] | None = None) -> list[Job]:
        """Return jobs, newest first.

        Args:
            limit: Most jobs.
            after: (submitted_ms, job_id) of the job after which the list begins; the newest where None.
        """
        mine = [(-job.submitted_ms, job.job_id, job) for job in self._everyone if job.identity == self._identity]
        mine.sort(key=lambda each: each[:2])
        if after is not None:
            mine = [each for each in mine if each[:2] > (-after[0], after[1])]
        return [job for _, _, job in mine[:limit]]

    def discard(self, job: Job) -> None:
        """Forget a job that could not be kept."""
        self._everyone.discard(job)
