"""The folder of compiled kernels: whole files only, which this user has written.

A file is written under another name and renamed, so that concurrent processes see all of it or nothing. Beside it is a
file with the hash of its bytes: a file that was cut short is built again. Where a process was killed while it built,
what it left is removed later (sweep).
"""

import errno
import hashlib
import shutil
import stat
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from gpu_kernels.errors import CacheError

__all__ = ["cached", "sweep", "use_cache"]

_folder: list[Path | None] = [None]

_PREFIX = "building-"
_OWN_FOLDER = "let kernel_cache name a folder that this user owns and can write to"
_FREE_SPACE = "free some space there, or let kernel_cache name a folder on another disk"


def use_cache(folder: Path) -> None:
    """Keep compiled kernels in a folder; made when the first one is.

    Args:
        folder: Of this user alone: it is not loaded from where others may write to it.
    """
    _folder[0] = folder


def cached(name: str, build: Callable[[Path], object]) -> Path:
    """Return a file of the cache, built where it is missing or where its bytes are not those that were put there.

    Args:
        name: Of the file.
        build: Writes the file at the path that it is given.

    Raises:
        CacheError: the folder cannot be made or written to, is another user's, or others may write to it.
    """
    folder = _own_folder()
    path, seal = folder / name, folder / f"{name}.sha256"
    if _sealed(path, seal):
        return path
    try:
        with tempfile.TemporaryDirectory(prefix=_PREFIX, dir=folder) as workplace:
            fresh, fresh_seal = Path(workplace) / name, Path(workplace) / seal.name
            build(fresh)
            fresh_seal.write_text(_digest(fresh), encoding="ascii")
            fresh.replace(path)
            fresh_seal.replace(seal)
    except OSError as error:
        raise _unusable(f"{folder} ", "cannot be written to", error) from None
    return path


def sweep(before: float) -> None:
    """Remove what builds left that were killed, where that is possible.

    Args:
        before: Seconds since the epoch; a build that began later may still be at work.
    """
    with suppress(CacheError, OSError):
        for left in (_folder[0] or _default()).glob(f"{_PREFIX}*"):
            if left.stat().st_mtime < before:
                shutil.rmtree(left, ignore_errors=True)


def _sealed(path: Path, seal: Path) -> bool:
    try:
        return seal.read_text(encoding="ascii") == _digest(path)
    except (OSError, UnicodeDecodeError):
        return False


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _own_folder() -> Path:
    folder = _folder[0] or _default()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        seen = folder.stat()
    except OSError as error:
        raise _unusable(f"{folder} ", "cannot be made", error) from None
    if seen.st_uid != _user():
        raise _unusable(f"{folder} ", "belongs to another user; choose a folder of your own")
    if seen.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise _unusable(f"{folder} ", "can be written by others; chmod 700 makes it yours alone")
    return folder


def _default() -> Path:
    try:
        return Path.home() / ".cache" / "meanrev" / "kernels"
    except RuntimeError:  # HOME is not set, and the user is not in the user database, as in many containers
        raise _unusable("", "has no folder: HOME is not set, and this user has no home") from None


def _unusable(folder: str, rule: str, error: OSError | None = None) -> CacheError:
    reason = rule if error is None else f"{rule}: {error.strerror}"
    full = error is not None and error.errno in {errno.ENOSPC, errno.EDQUOT}
    fix = _FREE_SPACE if full else _OWN_FOLDER
    return CacheError(f"the kernel cache {folder}{reason}", fix, f"the kernel cache {reason}")


def _user() -> int:
    return Path("/proc/self").stat().st_uid
