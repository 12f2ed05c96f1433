"""Arrays in a file, exactly: a digest of all that follows, their names, and each array as in a .npy file."""

import hashlib
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from meanrev_server.errors import DamagedFile
from meanrev_server.state.files import written
from meanrev_server.state.parts import Arrays

__all__ = ["read_arrays", "write_arrays"]

_DIGEST_BYTES = 32


def write_arrays(path: Path, what: str, arrays: Arrays) -> int:
    """Write arrays into a file, whole or not at all, and return its bytes.

    Args:
        path: Name of the file.
        what: What it is, in the names of its steps.
        arrays: Numbers and texts by name; objects are refused.

    Raises:
        OSError: the file could not be written; nothing is left of it.
    """
    return written(path, what, partial(_fill, arrays=arrays))


def read_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """Return the arrays of a file.

    Raises:
        OSError: it is missing, or cannot be read.
        DamagedFile: it is not what was written.
    """
    with path.open("rb") as file:
        digest = file.read(_DIGEST_BYTES)
        if hashlib.file_digest(file, "sha256").digest() != digest:
            raise DamagedFile
        file.seek(_DIGEST_BYTES)
        names = npy.read_array(file, allow_pickle=False).tolist()
        return {name: npy.read_array(file, allow_pickle=False) for name in names}


class _Hashed:
    """A file that hashes what is written to it."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.digest = hashlib.sha256()

    def write(self, data: bytes) -> int:
        self.digest.update(data)
        return self._file.write(data)


def _fill(file: BinaryIO, arrays: Arrays) -> None:
    file.write(bytes(_DIGEST_BYTES))
    hashed = _Hashed(file)
    for values in (np.array(list(arrays)), *arrays.values()):
        npy.write_array(hashed, np.asanyarray(values), allow_pickle=False)
    file.seek(0)
    file.write(hashed.digest.digest())
    file.seek(0, 2)
