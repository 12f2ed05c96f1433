"""What keeps portfolios, marks, matrices, and jobs with their results; and the one that keeps results in memory."""

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Sequence
from types import TracebackType
from typing import Self

from meanrev_server.errors import StorageFailed
from meanrev_server.jobs import Job, Reply
from meanrev_server.marks import Changes
from meanrev_server.matrices import KeptMatrix
from meanrev_server.portfolios import Portfolio
from meanrev_server.state.parts import Arrays, Parts
from meanrev_server.state.writes import DiskUse, Writes
from meanrev_server.uploaded_matrix import UploadedMatrix

__all__ = ["Archive", "InMemory", "Result"]


class Result(ABC):
    """The last replies of a job while they come."""

    async def __aenter__(self) -> Self:
        """Begin to take replies."""
        return self

    @abstractmethod
    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Drop the replies unless they are kept."""

    @abstractmethod
    async def add(self, reply: bytes) -> None:
        """Take the next reply.

        Raises:
            StorageFailed: it could not be written.
        """

    @abstractmethod
    async def keep(self) -> Sequence[Reply]:
        """Keep all replies, and return what the job records of them.

        Raises:
            StorageFailed: they could not be written.
        """


class Archive(ABC):
    """Keeps what callers leave. All methods are called on the event loop's thread.

    Each method that is awaited raises StorageFailed where the disk fails; nothing has changed then.

    Attributes:
        lasts: Whether it outlives the process, so that interrupted jobs are resumed.
        writes: Counts what is written to a disk; None where there is none.
    """

    lasts: bool = False
    writes: Writes | None = None

    def disk_use(self) -> DiskUse | None:
        """Return what is taken of a disk; None where there is none, or it does not answer. Any thread may ask."""
        return None

    @abstractmethod
    async def put_portfolio(self, identity: str, portfolio: Portfolio) -> None:
        """Keep a portfolio in place of an earlier one of its id."""

    @abstractmethod
    async def put_marks(self, changed: Changes) -> None:
        """Keep the newest marks of some assets."""

    @abstractmethod
    async def put_matrix(self, kept: KeptMatrix) -> None:
        """Keep a matrix, which is in memory."""

    @abstractmethod
    async def matrix(self, kept: KeptMatrix) -> UploadedMatrix | None:
        """Return a matrix that is kept; None where it is damaged or missing."""

    @abstractmethod
    async def use_matrices(self, used: Sequence[KeptMatrix]) -> None:
        """Record when matrices were last used."""

    @abstractmethod
    async def delete_matrix(self, kept: KeptMatrix) -> None:
        """Forget a matrix before the method returns."""

    @abstractmethod
    def drop_matrix(self, kept: KeptMatrix) -> None:
        """Forget a matrix soon."""

    @abstractmethod
    async def queue(self, job: Job, arrays: Arrays) -> None:
        """Keep a job that is to run, and its input."""

    @abstractmethod
    async def input(self, job: Job) -> Arrays:
        """Return the input of a job that was interrupted."""

    @abstractmethod
    async def begin(self, job: Job) -> Parts:
        """Record that a job's work begins, and return the parts that earlier runs of it have kept."""

    @abstractmethod
    def pause(self, job: Job) -> None:
        """Record that a job's work is interrupted because the server stops."""

    @abstractmethod
    def result(self, job: Job) -> Result:
        """Return what takes the job's last replies."""

    @abstractmethod
    async def end(self, job: Job, status: str, now_ms: int, *, replies: Sequence[Reply] = (), error: str = "") -> None:
        """Record a job's end in the archive, not in the job itself."""

    @abstractmethod
    async def stop(self, job: Job) -> None:
        """Record that a job is not to be resumed."""

    @abstractmethod
    def replies(self, job: Job) -> AsyncGenerator[bytes, None]:
        """Yield the last replies of a finished job, also where it is dropped meanwhile."""

    @abstractmethod
    def drop(self, job: Job) -> None:
        """Forget a job that has ended."""

    @abstractmethod
    async def close(self) -> None:
        """Finish what was begun."""


class InMemory(Archive):
    """Keeps the results of jobs in memory; portfolios, marks and the states of jobs are in their stores."""

    def __init__(self) -> None:
        """Start empty."""
        self._results: dict[str, tuple[bytes, ...]] = {}

    async def put_portfolio(self, identity: str, portfolio: Portfolio) -> None:
        """Do nothing."""

    async def put_marks(self, changed: Changes) -> None:
        """Do nothing."""

    async def put_matrix(self, kept: KeptMatrix) -> None:
        """Do nothing."""

    async def matrix(self, kept: KeptMatrix) -> UploadedMatrix | None:
        """Return what is in memory."""
        return kept.table

    async def use_matrices(self, used: Sequence[KeptMatrix]) -> None:
        """Do nothing."""

    async def delete_matrix(self, kept: KeptMatrix) -> None:
        """Do nothing."""

    def drop_matrix(self, kept: KeptMatrix) -> None:
        """Do nothing."""

    async def queue(self, job: Job, arrays: Arrays) -> None:
        """Do nothing."""

    async def input(self, job: Job) -> Arrays:
        """Refuse: memory keeps no job that was interrupted."""
        raise StorageFailed("the job's input was not kept")

    async def begin(self, job: Job) -> Parts:
        """Return no parts."""
        return Parts()

    def pause(self, job: Job) -> None:
        """Do nothing."""

    def result(self, job: Job) -> Result:
        """Return what takes the job's last replies."""
        return _ResultInMemory(self._results, job)

    async def end(self, job: Job, status: str, now_ms: int, *, replies: Sequence[Reply] = (), error: str = "") -> None:
        """Do nothing."""

    async def stop(self, job: Job) -> None:
        """Do nothing."""

    async def replies(self, job: Job) -> AsyncGenerator[bytes, None]:
        """Yield the last replies of a finished job."""
        for reply in self._results[job.job_id]:
            yield reply

    def drop(self, job: Job) -> None:
        """Forget a job that has ended."""
        self._results.pop(job.job_id, None)

    async def close(self) -> None:
        """Do nothing."""


class _ResultInMemory(Result):
    def __init__(self, results: dict[str, tuple[bytes, ...]], job: Job) -> None:
        self._results, self._job = results, job
        self._replies: list[bytes] = []

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._replies = []

    async def add(self, reply: bytes) -> None:
        self._replies.append(reply)

    async def keep(self) -> Sequence[Reply]:
        self._results[self._job.job_id] = tuple(self._replies)
        return [Reply(len(reply)) for reply in self._replies]
