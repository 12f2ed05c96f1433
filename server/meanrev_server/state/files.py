"""Files that are whole or absent, whatever ends the process.

A file is written under a temporary name, synced and renamed, and then its folder is synced. What a crash leaves behind
under temporary names is removed at the next start.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from meanrev_server.state import steps

__all__ = ["TEMPORARY", "GrowingFile", "removed", "sync_folder", "written"]

TEMPORARY = ".tmp"
"""Suffix of a file that is not whole yet."""


class GrowingFile:
    """A file that is written bit by bit, and appears under its name once it is kept.

    Attributes:
        file: What is written to.
    """

    def __init__(self, path: Path, what: str) -> None:
        """Create the file under its temporary name.

        Args:
            path: Its name once it is kept.
            what: What it is, in the names of its steps.
        """
        self._path, self._what = path, what
        steps.reached(f"{what}: to be created")
        self._temporary = path.with_name(path.name + TEMPORARY)
        self.file: BinaryIO = open(self._temporary, "wb", opener=_private)  # noqa: SIM115 - this object closes it
        self._kept = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def add(self, data: bytes) -> None:
        """Append bytes."""
        self.file.write(data)
        steps.reached(f"{self._what}: written in part")

    def keep(self) -> int:
        """Make the file last under its name, and return its bytes."""
        self.file.flush()
        steps.reached(f"{self._what}: written")
        os.fsync(self.file.fileno())
        nbytes = self.file.tell()
        self.file.close()
        steps.reached(f"{self._what}: synced")
        self._temporary.rename(self._path)
        self._kept = True
        steps.reached(f"{self._what}: renamed")
        sync_folder(self._path.parent)
        steps.reached(f"{self._what}: folder synced")
        return nbytes

    def close(self) -> None:
        """Remove the file unless it is kept."""
        try:
            self.file.close()
        finally:
            if not self._kept:
                self._temporary.unlink(missing_ok=True)


def written(path: Path, what: str, fill: Callable[[BinaryIO], None]) -> int:
    """Write a whole file, and return its bytes.

    Args:
        path: Its name.
        what: What it is, in the names of its steps.
        fill: Writes its content.

    Raises:
        OSError: it could not be written; nothing is left of it.
    """
    with GrowingFile(path, what) as growing:
        fill(growing.file)
        return growing.keep()


def sync_folder(folder: Path) -> None:
    """Make the names in a folder last."""
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def removed(paths: Iterator[Path] | list[Path]) -> int:
    """Remove files that may be gone already, and return how many there were."""
    count = 0
    for path in paths:
        try:
            path.unlink()
        except FileNotFoundError:
            continue
        count += 1
    return count


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
