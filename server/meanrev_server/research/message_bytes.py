"""Bytes that values take in a message, known before they are written."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from google.protobuf.message import Message
from numpy.typing import NDArray

__all__ = ["ends", "text", "texts", "varint", "varints"]

_STEPS = np.array([1 << (7 * groups) for groups in range(1, 9)], dtype=np.int64)
"""The smallest numbers that take 2, 3, ... bytes."""

_LONGEST = 10
"""Bytes of a negative whole number."""

_TAG = 2
"""Most bytes of a field's tag."""


def text(value: str) -> int:
    """Return the bytes of a text in a list, its tag and length included."""
    return _delimited(len(value.encode()))


def texts(values: Iterable[str]) -> int:
    """Return the bytes of a list of texts."""
    return sum(map(text, values))


def varint(value: int) -> int:
    """Return the bytes of a whole number in a list."""
    return _LONGEST if value < 0 else max(1, (value.bit_length() + 6) // 7)


def varints(values: NDArray[Any]) -> NDArray[np.int64]:
    """Return the bytes of each whole number in a packed list."""
    whole = values.astype(np.int64)
    known = np.searchsorted(_STEPS, whole, side="right") + 1
    return np.where(whole < 0, _LONGEST, known)


def ends(values: Sequence[Any] | NDArray[Any]) -> NDArray[np.int64] | range:
    """Return the bytes before each item of a list, and of all items, (len + 1,).

    Args:
        values: Texts, messages, mappings of a message's fields, or an array of numbers.
    """
    if isinstance(values, np.ndarray) and values.dtype.kind == "f":
        return range(0, values.nbytes + 1, values.itemsize)
    sizes = (
        varints(values) if isinstance(values, np.ndarray) else np.fromiter(map(_size, values), np.int64, len(values))
    )
    return np.concatenate([[0], np.cumsum(sizes)])


def _size(item: Any) -> int:
    if isinstance(item, Message):
        return _delimited(item.ByteSize())
    if isinstance(item, Mapping):  # the fields of a message; their upper bound
        return _delimited(sum(_TAG + _size(value) for value in item.values()))
    return text(item) if isinstance(item, str) else _LONGEST


def _delimited(nbytes: int) -> int:
    return _TAG + varint(nbytes) + nbytes
