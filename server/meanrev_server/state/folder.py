"""The state directory: made, recognised and locked, so that one server at a time uses it."""

import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from meanrev_server.errors import StateUnusable
from meanrev_server.state.failures import reason_of
from meanrev_server.state.files import TEMPORARY, sync_folder

__all__ = ["StateFolder"]

_LOCK, _DATABASE = "lock", "state.sqlite"
_FOLDERS = ("inputs", "chunks", "results", "matrices")
_OURS = frozenset(
    {_LOCK, *(_DATABASE + suffix for suffix in ("", "-wal", "-shm", "-journal")), *_FOLDERS, "lost+found"}
)


class StateFolder:
    """A state directory that this process has locked.

    Attributes:
        path: The directory.
        database: The file of the database.
        inputs: Folder of the inputs of jobs at work.
        chunks: Folder of the parts of their results.
        results: Folder of results.
        matrices: Folder of kept matrices.
    """

    def __init__(self, path: Path) -> None:
        """Make the directory where it does not exist, and lock it.

        Raises:
            StateUnusable: another server uses it, it has the files of another program, or it cannot be written to.
        """
        self.path = path.absolute()
        self.database = self.path / _DATABASE
        self.inputs, self.chunks, self.results, self.matrices = (self.path / name for name in _FOLDERS)
        self._lock = -1
        try:
            self._make()
        except OSError as error:
            self.close()
            raise StateUnusable(f"state_dir {str(path)!r} cannot be used: {reason_of(error)}") from None
        except StateUnusable:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Unlock the directory."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def temporary_files(self) -> list[Path]:
        """Return what a crash left behind under temporary names."""
        return [path for folder in self._folders for path in folder.iterdir() if path.name.endswith(TEMPORARY)]

    def whole_files(self) -> list[Path]:
        """Return the inputs, chunks, results and matrices."""
        return [path for folder in self._folders for path in folder.iterdir() if not path.name.endswith(TEMPORARY)]

    @property
    def _folders(self) -> tuple[Path, ...]:
        return self.inputs, self.chunks, self.results, self.matrices

    def _make(self) -> None:
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        strange = sorted(each.name for each in self.path.iterdir() if each.name not in _OURS)
        if strange:
            raise StateUnusable(
                f"state_dir {str(self.path)!r} has files that are not a server's, such as {strange[0]!r}; "
                "name an empty directory"
            )
        self._lock = os.open(self.path / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(self._lock, 20).decode(errors="replace").strip()
            which = f" (process {holder})" if holder else ""
            raise StateUnusable(
                f"state_dir {str(self.path)!r} is in use by another server{which}; name another directory"
            ) from None
        os.ftruncate(self._lock, 0)
        os.pwrite(self._lock, str(os.getpid()).encode(), 0)
        for folder in self._folders:
            folder.mkdir(mode=0o700, exist_ok=True)
        # SQLite gives its further files the mode of this one.
        os.close(os.open(self.database, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        sync_folder(self.path)
