"""All that callers leave on the server, and what one caller has left."""

import asyncio
import logging
import time
from dataclasses import dataclass
from pathlib import Path

from meanrev_server import installed
from meanrev_server.config import Settings
from meanrev_server.errors import StorageFailed
from meanrev_server.jobs import Job, Jobs, JobStore
from meanrev_server.kept_bytes import KeptBytes
from meanrev_server.machine import cpu_model
from meanrev_server.marks import AllMarks, Marks
from meanrev_server.matrices import KeptMatrix, Matrices
from meanrev_server.portfolios import Portfolios, PortfolioStore
from meanrev_server.state import job_rows, matrix_rows, rows
from meanrev_server.state.archive import Archive, InMemory
from meanrev_server.state.kept_matrices import KeptMatrices
from meanrev_server.state.on_disk import OnDisk
from meanrev_server.stored_bytes import StoredBytes

__all__ = ["MARKS_INTERVAL_S", "State", "Stores"]

log = logging.getLogger(__name__)

MARKS_INTERVAL_S = 1.0
"""Seconds between two writes of marks: a crash loses those that arrived since the last one."""

_EXPIRY_INTERVAL_S = 60.0


@dataclass(frozen=True, slots=True)
class Stores:
    """What one caller leaves on the server between its calls.

    Attributes:
        marks: The last price of each asset.
        portfolios: Stored portfolios.
        jobs: Research whose results are fetched later.
    """

    marks: Marks
    portfolios: PortfolioStore
    jobs: JobStore


class State:
    """All that callers leave on the server; each caller sees its own.

    Attributes:
        stored: Counts the bytes of portfolios, marks and inputs of jobs.
        archive: Keeps them; in memory until open is called.
        jobs: All jobs.
        matrices: All kept matrices, by the identity of the caller.
        being_kept: Submissions of jobs that the archive has not kept yet, by job id.
    """

    def __init__(self, settings: Settings) -> None:
        """Start empty, in memory.

        Args:
            settings: The server's settings.
        """
        self.stored = StoredBytes(settings.max_state_bytes, settings.state_share)
        self.archive: Archive = InMemory()
        self.being_kept: dict[str, asyncio.Future[None]] = {}
        self._path = settings.state_dir
        self._marks = AllMarks(self.stored, settings.mark_ttl_s)
        self._portfolios = Portfolios(self.stored)
        self.jobs = Jobs(settings.max_jobs, settings.max_result_bytes, settings.state_share, self._drop)
        memory, disk = (
            KeptBytes(name, getattr(settings, name), settings.state_share)
            for name in ("kept_matrix_bytes", "kept_disk_bytes")
        )
        self.matrices = KeptMatrices(Matrices(memory, disk, self._drop_matrix), lambda: self.archive)
        self._work: list[asyncio.Task[None]] = []

    def of(self, identity: str) -> Stores:
        """Return what a caller has left."""
        return Stores(self._marks.of(identity), self._portfolios.of(identity), self.jobs.of(identity))

    async def open(self, backend: str) -> None:
        """Read the state directory, where the settings name one, and write marks to it from now on.

        Args:
            backend: Where the maths runs, on which the last digits of a result may depend.

        Raises:
            StateUnusable: the directory cannot be used; the message says why.
        """
        if self._path:
            made_by = f"meanrev {installed.MEANREV}, {backend} on {cpu_model()}"
            archive = await asyncio.to_thread(OnDisk, Path(self._path), made_by)
            self.archive = archive
            await self._load(archive)
        self._work = [asyncio.create_task(self._write_marks()), asyncio.create_task(self._expire())]

    def unfinished(self) -> list[Job]:
        """Return the jobs that a crash or a stop of the server has interrupted, oldest first."""
        return [job for job in self.jobs if not job.ended]

    async def close(self) -> None:
        """Write the last marks, finish what was begun, and release the directory."""
        for work in self._work:
            work.cancel()
        if self._work:
            await asyncio.wait(self._work)
            self._work = []
            await self._flush()
            await self.matrices.flush()
        archive, self.archive = self.archive, InMemory()
        await archive.close()

    def _drop(self, job: Job) -> None:
        self.archive.drop(job)

    def _drop_matrix(self, kept: KeptMatrix) -> None:
        self.archive.drop_matrix(kept)

    async def _load(self, archive: OnDisk) -> None:
        database = archive.database
        for identity, portfolio in await database.run(lambda: list(rows.portfolios(database))):
            self._portfolios.restore(identity, portfolio)
        for identity, arrived in await database.run(lambda: list(rows.marks(database))):
            self._marks.restore(identity, arrived)
        for job in await database.run(job_rows.all_jobs, database):
            self.jobs.restore(job)
            self.stored.adopt(job.identity, job.held)
        self.matrices.matrices.lasts = archive.lasts
        for kept in await database.run(matrix_rows.all_matrices, database):
            self.matrices.matrices.restore(kept)
        for identity in self._marks.identities:
            self._marks.expire(identity, time.monotonic())

    async def _write_marks(self) -> None:
        while True:
            await asyncio.sleep(MARKS_INTERVAL_S)
            await self._flush()

    async def _flush(self) -> None:
        """Write the marks that have changed; where that fails, they are written with the next ones."""
        changed = self._marks.take_changed()
        if not changed:
            return
        try:
            await self.archive.put_marks(changed)
        except StorageFailed as error:
            self._marks.put_back(changed)
            log.error("marks were not stored", extra={"reason": str(error)})
        except asyncio.CancelledError:
            self._marks.put_back(changed)
            raise

    async def _expire(self) -> None:
        while True:
            await asyncio.sleep(_EXPIRY_INTERVAL_S)
            await self.matrices.flush()
            for identity in self._marks.identities:
                self._marks.expire(identity, time.monotonic())
                await asyncio.sleep(0)
