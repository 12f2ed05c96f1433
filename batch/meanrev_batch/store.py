"""The folder of a run: files are put there whole or not at all, and what is not ours is named and never touched."""

import fcntl
import os
import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from meanrev_batch import tables
from meanrev_batch.errors import BusyFolder, ForeignFolder
from meanrev_batch.file_names import BESIDE, STAGES, ours
from meanrev_batch.identity import bytes_digest
from meanrev_batch.model import Chunk, Result

__all__ = ["Folder", "Survey"]


class Survey(NamedTuple):
    """What else is in a folder.

    Attributes:
        removed: Unfinished files of processes that have ended, which are gone now.
        foreign: Names of files that are no part of a run, in order.
    """

    removed: int
    foreign: tuple[str, ...]


class Folder:
    """A folder of one run.

    Attributes:
        path: Where it is.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = -1

    def made(self, stages: Iterable[str] = ("test", "trade")) -> "Folder":
        """Make the folder and those inside where they are missing.

        Args:
            stages: Of the run.

        Raises:
            ForeignFolder: it holds files, and no run.
            OSError: it cannot be made.
        """
        if self.path.exists() and not self.path.is_dir():
            raise ForeignFolder(f"{self.path} is a file; give another --out")
        if self.path.is_dir() and not (self.path / "run.json").is_file():
            others = sorted(entry.name for entry in self.path.iterdir() if ours(self.path, entry) is None)
            if others:
                raise ForeignFolder(f"{self.path} holds {others[0]} and no run; give another --out, or an empty folder")
        for name in (*stages, "failed"):
            (self.path / name).mkdir(parents=True, exist_ok=True)
        return self

    def lock(self, *, shared: bool = False) -> None:
        """Lock the folder until it is closed or this process ends, however it ends.

        Args:
            shared: Let others lock it too that share it, as the shards of a run do.

        Raises:
            BusyFolder: another process has locked it.
        """
        self._lock = os.open(self.path / "run.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            fcntl.flock(self._lock, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            self.close()
            raise BusyFolder(f"another run computes in {self.path}; wait for its end, or give another --out") from None

    def close(self) -> None:
        """Unlock the folder."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def put(self, name: str, data: bytes) -> None:
        """Write a file whole or not at all.

        Args:
            name: Its path in the folder.
            data: Its content.

        Raises:
            OSError: it cannot be written; nothing of it is left.
        """
        with self.placing(name) as path:
            path.write_bytes(data)

    @contextmanager
    def placing(self, name: str) -> Iterator[Path]:
        """Give the path of an unfinished file, which becomes the file of this name once the context ends well."""
        target = self.path / name
        left = target.with_name(f".{target.name}.{socket.gethostname()}.{os.getpid()}.tmp")
        try:
            yield left
            with left.open("rb") as file:
                os.fsync(file.fileno())
            left.replace(target)
        except BaseException:
            left.unlink(missing_ok=True)
            raise

    def commit(self, chunk: Chunk, result: Result) -> None:
        """Keep the result of a chunk: the file beside it first, because the Parquet file says that it is done."""
        if result.beside is not None:
            self.put(str(self.beside(chunk).relative_to(self.path)), result.beside)
        self.put(str(self.body(chunk).relative_to(self.path)), result.body)
        (self.path / f"failed/{chunk.id}.json").unlink(missing_ok=True)

    def has(self, chunk: Chunk) -> bool:
        """Return whether a chunk is done: its files are whole, undamaged, and of this chunk."""
        note = tables.verified(self.body(chunk))
        if note is None or note.get("id") != chunk.id or note.get("n_rows") != note["rows"]:
            return False
        if "beside" not in note:
            return chunk.stage != "test"  # a tile always has its p-values beside it
        with suppress(OSError):
            return bool(bytes_digest(self.beside(chunk).read_bytes()) == note["beside"])
        return False

    def body(self, chunk: Chunk) -> Path:
        """Return where the Parquet file of a chunk is."""
        return self.path / f"{chunk.stage}/{chunk.id}.parquet"

    def beside(self, chunk: Chunk) -> Path:
        """Return where the file beside it is."""
        return self.path / f"{chunk.stage}/{chunk.id}{BESIDE[chunk.stage]}"

    def survey(self) -> Survey:
        """Remove what ended processes left unfinished, and list what is no part of a run."""
        removed, foreign = 0, []
        for folder in (self.path, *(self.path / name for name in STAGES)):
            for entry in sorted(folder.iterdir() if folder.is_dir() else ()):
                is_ours = ours(self.path, entry)
                if is_ours is None:
                    foreign.append(str(entry.relative_to(self.path)))
                elif not is_ours:
                    entry.unlink(missing_ok=True)
                    removed += 1
        return Survey(removed, tuple(foreign))

    def swept(self, stage: str, ids: Iterable[str]) -> int:
        """Remove the files of chunks that are not of the plan, and return how many there were.

        Args:
            stage: Of the chunks.
            ids: Of the plan's chunks.
        """
        wanted, removed = set(ids), 0
        for entry in (self.path / stage).iterdir():
            if ours(self.path, entry) and not entry.name.startswith(".") and entry.stem not in wanted:
                entry.unlink()
                removed += 1
        return removed

    def cleared(self, *patterns: str) -> int:
        """Remove files of the run, and return how many bytes they had.

        Args:
            *patterns: Of their paths in the folder, such as "test/*.p64"; files that are no part of a run stay.
        """
        n_bytes = 0
        for entry in (entry for pattern in patterns for entry in self.path.glob(pattern)):
            if entry.is_file() and ours(self.path, entry):
                n_bytes += entry.stat().st_size
                entry.unlink()
        return n_bytes
