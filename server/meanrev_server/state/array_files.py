"""Arrays in a file, exactly: a zip archive of .npy files, whose checksums reveal damage."""

import zipfile
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from meanrev_server.errors import DamagedFile
from meanrev_server.state.files import written
from meanrev_server.state.parts import Arrays

__all__ = ["read_arrays", "write_arrays"]


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
        DamagedFile: it is damaged.
    """
    try:
        with np.load(path, allow_pickle=False) as found:
            return {name: found[name] for name in found.files}
    except (zipfile.BadZipFile, ValueError, EOFError, KeyError, NotImplementedError) as error:
        raise DamagedFile(str(error)) from error


def _fill(file: BinaryIO, arrays: Arrays) -> None:
    with zipfile.ZipFile(file, "w") as archive:
        for name, values in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.asanyarray(values), allow_pickle=False)
