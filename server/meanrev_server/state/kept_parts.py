"""The parts of a job's result in files; a part that is there is not computed again."""

import logging
from collections.abc import Callable, Collection
from pathlib import Path

from meanrev_server.errors import DamagedFile
from meanrev_server.jobs import Job
from meanrev_server.state import job_rows
from meanrev_server.state.array_files import read_arrays, write_arrays
from meanrev_server.state.database import Database
from meanrev_server.state.failures import reason_of
from meanrev_server.state.parts import Arrays, Parts
from meanrev_server.state.writes import Writes

__all__ = ["KeptParts", "part_file"]

log = logging.getLogger(__name__)


class KeptParts(Parts):
    """The parts of one job; used by the thread that computes it."""

    def __init__(
        self, database: Database, writes: Writes, folder: Path, job: Job, made_by: str, numbers: Collection[int]
    ) -> None:
        """Take the parts that there are.

        Args:
            database: Has a row for each part.
            writes: Counts what is written.
            folder: Has a file for each part.
            job: The job.
            made_by: Code and machine that make parts now.
            numbers: Parts that are kept already, made by the same.
        """
        self._database, self._writes, self._folder, self._job = database, writes, folder, job
        self._made_by, self._numbers = made_by, frozenset(numbers)

    def part(self, number: int, compute: Callable[[], Arrays]) -> Arrays:
        """Return a part that is kept, or compute and keep it.

        Raises:
            StorageFailed: it could not be kept.
        """
        path = part_file(self._folder, f"{self._job.job_id}.{self._job.tag}", number)
        if number in self._numbers:
            try:
                return read_arrays(path)
            except (OSError, DamagedFile) as error:
                log.warning("a kept part is computed again", extra={"part": number, "reason": reason_of(error)})
        found = compute()
        with self._writes.storing("a part of the job's result could not be stored"):
            write_arrays(path, "chunk", found)
            self._database.wait(job_rows.add_chunk, self._database, self._job, number, self._made_by)
        return found


def part_file(folder: Path, name: str, number: int) -> Path:
    """Return the file of a part.

    Args:
        folder: Of all parts.
        name: Of the job's files.
        number: Of the part.
    """
    return folder / f"{name}.{number}"
