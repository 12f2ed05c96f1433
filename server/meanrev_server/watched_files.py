"""Files that are read again when they change, such as certificates: a broken change keeps what was read before."""

import asyncio
import logging
import os
import stat
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from meanrev_server.errors import ConfigError

__all__ = ["Watched", "read_file", "watch"]

T = TypeVar("T")

_LARGEST = 1024 * 1024
_EVERY_S = 1.0

log = logging.getLogger(__name__)

_Signature = tuple[tuple[int, ...], ...]


class Watched(Generic[T]):
    """What some files said when they were last without a fault.

    Attributes:
        value: What read returned then.
        what: What they are called in the log.
        usable: Whether they had no fault when they were last read.
    """

    def __init__(self, what: str, paths: Sequence[str], read: Callable[[], T]) -> None:
        """Read the files for the first time.

        Args:
            what: What they are called in the log.
            paths: The files.
            read: Reads and checks them all.

        Raises:
            ConfigError: as read raises it.
        """
        self.what, self.usable = what, True
        self._paths = tuple(paths)
        self._read = read
        self._judged = self._seen = self._signature()
        self.value = read()

    def refresh(self) -> bool:
        """Read the files where they have changed, and return whether value is new; this blocks: it runs in a thread.

        A change is read at the second look that finds it. So the files of a pair, which are replaced one after the
        other, are rarely read between the two.
        """
        signature = self._signature()
        if signature != self._seen:
            self._seen = signature
            return False
        if signature == self._judged:
            return False
        self._judged = signature
        try:
            value = self._read()
        except ConfigError as error:
            log.error("changed files are not used", extra={"files": self.what, "reason": str(error)})
            self.usable = False
            return False
        if self._signature() != signature:  # what was checked may not be what was read; the next look reads again
            return False
        self.value, self.usable = value, True
        log.info("read changed files", extra={"files": self.what})
        return True

    def _signature(self) -> _Signature:
        return tuple(map(_signature_of, self._paths))


async def watch(files: Sequence[Watched[T]], changed: Callable[[], Awaitable[None]], every_s: float = _EVERY_S) -> None:
    """Look at files until cancelled.

    Args:
        files: What is refreshed.
        changed: Called after any of them got a new value.
        every_s: Seconds between two looks.
    """
    while True:
        await asyncio.sleep(every_s)
        for each in files:
            if await asyncio.to_thread(each.refresh):
                await changed()


def read_file(setting: str, path: str, *, secret: bool = False) -> bytes:
    """Return the content of a small file that a setting names.

    Args:
        setting: Name of the setting, for messages.
        path: The file.
        secret: Refuse it where every user of the machine may read or write it.

    Raises:
        ConfigError: it cannot be read, is no regular file, is larger than 1 MiB, or is open to everyone.
    """
    try:
        mode = os.stat(path).st_mode  # noqa: PTH116 - before an open, which would wait at a pipe
        if not stat.S_ISREG(mode):
            raise ConfigError(f"{setting} = {path!r} must be a regular file")
        if secret and mode & 0o006:
            raise ConfigError(
                f"{setting} = {path!r} is open to every user of this machine (mode {stat.S_IMODE(mode):04o}): "
                "run chmod o= on it, or in Kubernetes set defaultMode: 0440"
            )
        with open(path, "rb") as file:  # noqa: PTH123 - as above
            data = file.read(_LARGEST + 1)
    except OSError as error:
        raise ConfigError(f"{setting} = {path!r} cannot be read: {error.strerror}") from None
    if len(data) > _LARGEST:
        raise ConfigError(f"{setting} = {path!r} must have at most 1 MiB")
    return data


def _signature_of(path: str) -> tuple[int, ...]:
    """Return what changes with a file, through symbolic links; () where there is none."""
    try:
        found = os.stat(path)  # noqa: PTH116 - Path.stat costs twice as much, and nothing else is asked of the path
    except OSError:
        return ()
    return found.st_ino, found.st_dev, found.st_size, found.st_mtime_ns, found.st_ctime_ns
