"""The archive in a state directory: rows in a database; matrices, and inputs, parts and results of jobs, in files.

A file is written before the row that names it, and removed after it. So the files that a row needs are there whatever
ends the process, and a file that no row needs is removed at the next start.
"""

import asyncio
import logging
import secrets
import sqlite3
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from numpy.typing import NDArray

from meanrev_server.errors import DamagedFile, StateUnusable, StorageFailed
from meanrev_server.jobs import Job, Reply
from meanrev_server.marks import Changes
from meanrev_server.matrices import KeptMatrix
from meanrev_server.portfolios import Portfolio
from meanrev_server.state import job_rows, matrix_rows, rows, steps
from meanrev_server.state.archive import Archive, Result
from meanrev_server.state.array_files import read_arrays, write_arrays
from meanrev_server.state.database import Database
from meanrev_server.state.failures import reason_of, storing
from meanrev_server.state.files import removed
from meanrev_server.state.folder import StateFolder
from meanrev_server.state.kept_parts import KeptParts, part_file
from meanrev_server.state.parts import Arrays, Parts
from meanrev_server.state.result_files import ReplyReader, ResultFile
from meanrev_server.state.writes import DiskUse, Writes, disk_use
from meanrev_server.uploaded_matrix import UploadedMatrix

__all__ = ["MOST_STARTS", "OnDisk"]

P = ParamSpec("P")
R = TypeVar("R")

log = logging.getLogger(__name__)

MOST_STARTS = 10
"""Starts of a job without a kept part between, after which it fails: it may be what ends the server."""

_FILE_THREADS = 4


class OnDisk(Archive):
    """Keeps everything in a state directory.

    Attributes:
        folder: The directory.
        database: Its database.
        writes: Counts what is written.
    """

    lasts = True
    writes: Writes

    def __init__(self, path: Path, made_by: str) -> None:
        """Open the directory; this blocks, so it belongs in a thread.

        Args:
            path: The directory; made where it does not exist.
            made_by: Code and machine, on which the last digits of a part may depend.

        Raises:
            StateUnusable: the directory cannot be used; the message says why.
        """
        self.folder = StateFolder(path)
        self.writes = Writes()
        self.database = Database(self.writes.count_failure)
        self._made_by = made_by
        self._pool = ThreadPoolExecutor(_FILE_THREADS, thread_name_prefix="meanrev-files")
        try:
            self.database.open(self.folder.database)
            self._mark_rows = self.database.wait(rows.MarkRows, self.database)
            self._sweep()
        except (OSError, sqlite3.Error) as error:
            self._close()
            raise StateUnusable(f"state_dir {str(path)!r} cannot be used: {reason_of(error)}") from None
        except StateUnusable:
            self._close()
            raise

    async def put_portfolio(self, identity: str, portfolio: Portfolio) -> None:
        """Keep a portfolio in place of an earlier one of its id."""
        with self.writes.storing("the portfolio could not be stored"):
            await self.database.run(rows.put_portfolio, self.database, identity, portfolio)

    async def put_marks(self, changed: Changes) -> None:
        """Keep the newest marks of some assets."""
        with self.writes.storing("prices could not be stored"):
            await self.database.run(self._mark_rows.put, changed)

    async def put_matrix(self, kept: KeptMatrix) -> None:
        """Keep a matrix, which is in memory."""
        kept.tag = secrets.token_hex(4)
        assert kept.table is not None  # noqa: S101 - it has just come
        with self.writes.storing("the matrix could not be stored"), self._whole_or_gone(self._matrix(kept)) as path:
            await self._in_file_thread(write_arrays, path, "matrix", matrix_rows.written(kept.table))
            await self.database.run(matrix_rows.put, self.database, kept)

    async def matrix(self, kept: KeptMatrix) -> UploadedMatrix | None:
        """Return a matrix that is kept, checked against the digest in its file."""
        try:
            with storing("the matrix cannot be read"):
                arrays = await self._in_file_thread(read_arrays, self._matrix(kept))
        except StorageFailed as error:
            if isinstance(error.__cause__, DamagedFile | FileNotFoundError):
                return None
            raise
        return matrix_rows.table_of(arrays, kept.matrix_id)

    async def use_matrices(self, used: Sequence[KeptMatrix]) -> None:
        """Record when matrices were last used."""
        with self.writes.storing("uses of matrices could not be stored"):
            await self.database.run(matrix_rows.use, self.database, used)

    async def delete_matrix(self, kept: KeptMatrix) -> None:
        """Forget a matrix before the method returns."""
        with self.writes.storing("the matrix could not be dropped"):
            await self.database.run(self._delete_matrix, kept)

    def drop_matrix(self, kept: KeptMatrix) -> None:
        """Forget a matrix soon."""
        self.database.later(self._delete_matrix, kept)

    async def queue(self, job: Job, arrays: Arrays) -> None:
        """Keep a job that is to run, and its input."""
        job.tag = secrets.token_hex(4)
        with self.writes.storing("the job could not be stored"), self._whole_or_gone(self._input(job)) as path:
            await self._in_file_thread(write_arrays, path, "input", arrays)
            await self.database.run(job_rows.put, self.database, job)

    async def begin(self, job: Job) -> Parts:
        """Record that a job's work begins, and return the parts that earlier runs of it have kept."""
        failed = "the job could not be begun"
        with self.writes.storing(failed):
            starts = await self.database.run(job_rows.begin, self.database, job)
        if starts > MOST_STARTS:
            raise StorageFailed(f"the server ended {starts - 1} times while the job ran; it is not started again")
        with self.writes.storing(failed):
            numbers = await self.database.run(job_rows.chunks, self.database, job, self._made_by)
        return KeptParts(self.database, self.writes, self.folder.chunks, job, self._made_by, numbers)

    def pause(self, job: Job) -> None:
        """Record that a job's work is interrupted because the server stops."""
        self.database.later(job_rows.pause, self.database, job)

    def result(self, job: Job) -> Result:
        """Return what takes the job's last replies."""
        return ResultFile(self._result(job), self._in_file_thread, self.writes)

    async def end(self, job: Job, status: str, now_ms: int, *, replies: Sequence[Reply] = (), error: str = "") -> None:
        """Record a job's end, and remove the files that it needs no more."""
        needless = [self._input(job)] if status == "done" else [self._input(job), self._result(job)]
        with self.writes.storing("the job's end could not be stored"):
            await self.database.run(job_rows.end, self.database, job, status, now_ms, replies, error)
        await self._in_file_thread(self._remove, needless, job)

    async def stop(self, job: Job) -> None:
        """Record that a job is not to be resumed."""
        with self.writes.storing("the cancellation could not be stored"):
            await self.database.run(job_rows.request_stop, self.database, job)

    async def replies(self, job: Job) -> AsyncGenerator[bytes, None]:
        """Yield the last replies of a finished job; the open file stays readable where the job is dropped meanwhile."""
        failed = "the job's result cannot be read"
        with storing(failed):
            reader = await self._in_file_thread(ReplyReader, self._result(job))
        try:
            for wanted in job.replies:
                with storing(failed):
                    reply = await self._in_file_thread(reader.read, wanted)
                yield reply
        finally:
            await self._in_file_thread(reader.close)

    async def input(self, job: Job) -> dict[str, NDArray[Any]]:
        """Return the input of a job.

        Raises:
            StorageFailed: it is damaged, or cannot be read.
        """
        with storing("the job's input cannot be read"):
            return await self._in_file_thread(read_arrays, self._input(job))

    def disk_use(self) -> DiskUse | None:
        """Return what the directory takes of its disk; None where the disk does not answer. Any thread may ask."""
        return disk_use(self.folder.path)

    def drop(self, job: Job) -> None:
        """Forget a job that has ended."""
        self.database.later(self._drop, job)

    async def close(self) -> None:
        """Finish what was begun, and unlock the directory."""
        await asyncio.to_thread(self._close)

    def _drop(self, job: Job) -> None:
        job_rows.delete(self.database, job)
        self._remove([self._input(job), self._result(job)], job)

    def _remove(self, paths: Sequence[Path], job: Job) -> None:
        """Remove files; those that cannot be removed now are removed at the next start."""
        try:
            removed([*paths, *self.folder.chunks.glob(f"{job.job_id}.{job.tag}.*")])
        except OSError as error:
            log.warning("files of a job were not removed", extra={"reason": reason_of(error)})
        steps.reached("job ended: files removed")

    def _delete_matrix(self, kept: KeptMatrix) -> None:
        matrix_rows.delete(self.database, kept)
        removed([self._matrix(kept)])
        steps.reached("matrix dropped: file removed")

    @contextmanager
    def _whole_or_gone(self, path: Path) -> Iterator[Path]:
        """Remove a file soon, if it or the row that needs it could not be written."""
        try:
            yield path
        except BaseException:
            self.database.later(removed, [path])
            raise

    def _sweep(self) -> None:
        """Remove what a crash left behind: files that are not whole, and files that no row needs."""
        inputs, results, parts = self.database.wait(job_rows.kept_names, self.database)
        needed = {self.folder.inputs / name for name in inputs} | {self.folder.results / name for name in results}
        needed |= {part_file(self.folder.chunks, name, number) for name, number in parts}
        needed |= {self.folder.matrices / name for name in self.database.wait(matrix_rows.kept_files, self.database)}
        removed(self.folder.temporary_files())
        removed([path for path in self.folder.whole_files() if path not in needed])

    def _close(self) -> None:
        self._pool.shutdown(wait=True)
        self.database.close()
        self.folder.close()

    async def _in_file_thread(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        return await asyncio.wrap_future(self._pool.submit(partial(work, *args, **kwargs)))

    def _input(self, job: Job) -> Path:
        return self.folder.inputs / f"{job.job_id}.{job.tag}"

    def _result(self, job: Job) -> Path:
        return self.folder.results / f"{job.job_id}.{job.tag}"

    def _matrix(self, kept: KeptMatrix) -> Path:
        return self.folder.matrices / f"{kept.matrix_id}.{kept.tag}"
