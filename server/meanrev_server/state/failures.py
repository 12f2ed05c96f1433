"""Errors of the operating system and of SQLite as StorageFailed, in words that name no path."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from meanrev_server.errors import DamagedFile, StorageFailed

__all__ = ["reason_of", "storing"]


@contextmanager
def storing(what: str) -> Iterator[None]:
    """Turn a failure of the disk into StorageFailed.

    Args:
        what: What is written or read, with a verb: "the job could not be stored".

    Raises:
        StorageFailed: the disk is full, read-only or broken, or a file is damaged.
    """
    try:
        yield
    except (OSError, sqlite3.Error, DamagedFile) as error:
        raise StorageFailed(f"{what}: {reason_of(error)}") from error


def reason_of(error: BaseException) -> str:
    """Return why a read or a write failed."""
    if isinstance(error, FileNotFoundError):
        return "a file of the state directory is missing"
    if isinstance(error, OSError) and error.errno:
        return os.strerror(error.errno)
    if isinstance(error, sqlite3.Error):
        return str(error)
    return "a file of the state directory is damaged"
