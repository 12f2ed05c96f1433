"""The id of a matrix that a server keeps: a hash of its content, the same on the server and on the client."""

import hashlib
import re
import struct
from typing import TYPE_CHECKING, Any

import numpy as np

from meanrev_wire.large import go_on

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

__all__ = ["is_matrix_id", "matrix_id"]

_WELL_FORMED = re.compile(r"[0-9a-f]{64}")
_VERSION = b"meanrev matrix 1\n"
_AT_ONCE = 4 * 1024 * 1024
"""Bytes between two checks, hashed in a few milliseconds; also of the columns that are copied at once."""


def is_matrix_id(text: str) -> bool:
    """Return whether a text is 64 hexadecimal digits, 0-9 and a-f."""
    return _WELL_FORMED.fullmatch(text) is not None


def matrix_id(
    values: "NDArray[np.float64]",
    columns: "Sequence[str]",
    timestamps_ms: "NDArray[np.int64] | None" = None,
    check: "Callable[[], object]" = go_on,
) -> str:
    """Return the id of a matrix, as the comment of MatrixInfo in research.proto defines it.

    Args:
        values: (T, N) of any layout. Bits count: 0.0 and -0.0 differ, and so do NaNs with different bits.
        columns: N names.
        timestamps_ms: (T,), or None.
        check: Called every few milliseconds; the hashing ends where it raises.
    """
    n_rows, n_columns = values.shape
    digest = hashlib.sha256(_VERSION)
    digest.update(struct.pack("<QQ", n_rows, n_columns))
    for name in columns:
        encoded = name.encode()
        digest.update(struct.pack("<Q", len(encoded)) + encoded)
    stamps = np.empty(0, np.int64) if timestamps_ms is None else timestamps_ms
    digest.update(struct.pack("<Q", stamps.size))
    _add(digest, np.ascontiguousarray(stamps, dtype="<i8"), check)
    size = max(1, _AT_ONCE // (8 * n_rows))
    for start in range(0, n_columns, size):
        _add(digest, np.ascontiguousarray(values[:, start : start + size].T, dtype="<f8"), check)
    return digest.hexdigest()


def _add(digest: Any, numbers: "NDArray[Any]", check: "Callable[[], object]") -> None:
    """Hash the bytes of a contiguous array."""
    flat = numbers.reshape(-1).view(np.uint8)
    for start in range(0, flat.size, _AT_ONCE):
        check()
        digest.update(flat[start : start + _AT_ONCE])
