"""The last replies of a job in a file, one after the other; each is checked against its digest when it is read."""

import hashlib
import threading
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from meanrev_server.errors import DamagedFile
from meanrev_server.jobs import Reply
from meanrev_server.state.archive import Result
from meanrev_server.state.failures import storing
from meanrev_server.state.files import GrowingFile
from meanrev_server.state.writes import Writes

__all__ = ["ReplyReader", "ResultFile"]

InThread = Callable[..., Awaitable[Any]]
"""Runs a function beside the event loop's thread."""

_FAILED = "the job's result could not be stored"


class ResultFile(Result):
    """The last replies of a job, written as they come."""

    def __init__(self, path: Path, in_thread: InThread, writes: Writes) -> None:
        """Write nothing yet.

        Args:
            path: The file's name once it is kept.
            in_thread: Runs what touches the disk.
            writes: Counts what is written.
        """
        self._path, self._in_thread, self._writes = path, in_thread, writes
        self._file: GrowingFile | None = None
        # A caller that is cancelled leaves a write that goes on in its thread.
        self._lock, self._closed = threading.Lock(), False
        self._replies: list[Reply] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with storing(_FAILED):
            await self._in_thread(self._close)

    async def add(self, reply: bytes) -> None:
        """Write the next reply."""
        with self._writes.storing(_FAILED):
            self._replies.append(await self._in_thread(self._add, reply))

    async def keep(self) -> Sequence[Reply]:
        """Make the file last."""
        with self._writes.storing(_FAILED):
            await self._in_thread(self._keep)
        return self._replies

    def _add(self, reply: bytes) -> Reply:
        with self._lock:
            self._growing().add(reply)
        return Reply(len(reply), hashlib.sha256(reply).hexdigest())

    def _keep(self) -> None:
        with self._lock:
            self._growing().keep()

    def _close(self) -> None:
        with self._lock:
            self._closed = True
            if self._file is not None:
                self._file.close()

    def _growing(self) -> GrowingFile:
        if self._closed:
            raise RuntimeError("nobody waits for this result any more")
        if self._file is None:
            self._file = GrowingFile(self._path, "result")
        return self._file


class ReplyReader:
    """Reads the replies of a file in their order."""

    def __init__(self, path: Path) -> None:
        """Open the file.

        Raises:
            OSError: it is missing, or cannot be read.
        """
        self._file = path.open("rb")

    def read(self, wanted: Reply) -> bytes:
        """Return the next reply.

        Args:
            wanted: What the job has recorded of it.

        Raises:
            OSError: it cannot be read.
            DamagedFile: it is not what was written.
        """
        data = self._file.read(wanted.nbytes)
        if hashlib.sha256(data).hexdigest() != wanted.digest:
            raise DamagedFile
        return data

    def close(self) -> None:
        """Close the file."""
        self._file.close()
