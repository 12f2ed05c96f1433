"""The folder of compiled kernels: whole files only, which this user has written.

A file is written under another name and renamed, so that concurrent processes see all of it or nothing. Beside it is a
file with the hash of its bytes: a file that was cut short is built again.
"""

import hashlib
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path

from gpu_kernels.errors import CacheError

__all__ = ["cached", "use_cache"]

_folder = [Path.home() / ".cache" / "meanrev" / "kernels"]


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
        with tempfile.TemporaryDirectory(dir=folder) as workplace:
            fresh, fresh_seal = Path(workplace) / name, Path(workplace) / seal.name
            build(fresh)
            fresh_seal.write_text(_digest(fresh), encoding="ascii")
            fresh.replace(path)
            fresh_seal.replace(seal)
    except OSError as error:
        raise CacheError(f"the kernel cache {folder} cannot be written to: {error.strerror}") from None
    return path


def _sealed(path: Path, seal: Path) -> bool:
    try:
        return seal.read_text(encoding="ascii") == _digest(path)
    except (OSError, UnicodeDecodeError):
        return False


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _own_folder() -> Path:
    folder = _folder[0]
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        seen = folder.stat()
    except OSError as error:
        raise CacheError(f"the kernel cache {folder} cannot be made: {error.strerror}") from None
    if seen.st_uid != _user():
        raise CacheError(f"the kernel cache {folder} belongs to another user; choose a folder of your own")
    if seen.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise CacheError(f"the kernel cache {folder} can be written by others; chmod 700 makes it yours alone")
    return folder


def _user() -> int:
    return Path("/proc/self").stat().st_uid
