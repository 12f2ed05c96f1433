"""How writing to the state directory goes, and how much of its disk is left, for the metrics."""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from meanrev_server.errors import StorageFailed
from meanrev_server.state.failures import storing

__all__ = ["DiskUse", "Writes", "disk_use"]


class Writes:
    """Counts the writes to a state directory; any thread may count.

    Attributes:
        done: Writes that succeeded.
        failed: Writes that failed.
        last: time.time() of the last one that succeeded; at first that of the start.
    """

    def __init__(self) -> None:
        """Start without a write."""
        self.done = self.failed = 0
        self.last = time.time()
        self._lock = threading.Lock()

    @contextmanager
    def storing(self, what: str) -> Iterator[None]:
        """Count what is written in the context, and turn a failure of the disk into StorageFailed.

        Args:
            what: What is written, with a verb: "the job could not be stored".

        Raises:
            StorageFailed: as failures.storing raises it.
        """
        try:
            with storing(what):
                yield
        except StorageFailed:
            self.count_failure()
            raise
        with self._lock:
            self.done += 1
            self.last = time.time()

    def count_failure(self) -> None:
        """Count a write that failed elsewhere."""
        with self._lock:
            self.failed += 1


class DiskUse(NamedTuple):
    """What a state directory takes of its disk.

    Attributes:
        used: Bytes of the files in the directory.
        free: Bytes of the disk that the server's user may still take.
        size: Bytes of the disk.
    """

    used: int
    free: int
    size: int


def disk_use(folder: Path) -> DiskUse | None:
    """Return what a state directory takes of its disk; None where the disk does not answer.

    Args:
        folder: The state directory; its files are in it and in its folders.
    """
    try:
        disk = os.statvfs(folder)
        used = sum(map(_bytes_in, (folder, *(each for each in folder.iterdir() if each.is_dir()))))
    except OSError:
        return None
    return DiskUse(used, disk.f_bavail * disk.f_frsize, disk.f_blocks * disk.f_frsize)


def _bytes_in(folder: Path) -> int:
    """Return the bytes of a folder's files; some of them may be removed meanwhile."""
    found = 0
    with os.scandir(folder) as entries:
        for entry in entries:
            try:
                seen = entry.stat(follow_symlinks=False)
            except FileNotFoundError:
                continue
            if entry.is_file(follow_symlinks=False):
                found += seen.st_size
    return found
