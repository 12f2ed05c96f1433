"""Messages to arrays and back, each array in one copy.

Reading: protobuf parses, and its packed containers become arrays through the buffer protocol. Writing: protobuf builds
a repeated field element by element, which costs milliseconds for a matrix, so messages that hold arrays are written
here: headers by hand, array buffers joined as they are. The bytes equal protobuf's own (tests compare them).
"""

import threading
import time
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numpy as np
from google.protobuf.message import DecodeError, Message

from meanrev_wire import large, packed
from meanrev_wire.elements import check_elements
from meanrev_wire.errors import InvalidField, MalformedMessage

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from google.protobuf.descriptor import Descriptor
    from numpy.typing import NDArray

    from meanrev_wire.meanrev_pb2 import Matrix

__all__ = [
    "MAX_DIMENSION",
    "decode",
    "decode_large",
    "doubles",
    "encode",
    "encoding_seconds",
    "integers",
    "matrix",
    "shape",
]

MAX_DIMENSION = 1 << 27
"""Largest number of rows or columns; checked before their product is formed."""

M = TypeVar("M", bound=Message)


class _Spent(threading.local):
    """What each thread has spent.

    Attributes:
        seconds: Seconds in encode.
    """

    seconds = 0.0


_spent = _Spent()


def decode(message_type: type[M], data: bytes) -> M:
    """Parse a message.

    Args:
        message_type: Generated message class.
        data: Serialised message in any legal encoding.

    Raises:
        MalformedMessage: data is not such a message.
    """
    try:
        return message_type.FromString(data)
    except DecodeError:
        raise MalformedMessage(message_type.DESCRIPTOR.full_name, len(data)) from None


def decode_large(message_type: type[M], data: bytes, check: "Callable[[], object]" = large.go_on) -> M:
    """Parse a large message, whose parts are counted first, without keeping other threads waiting.

    Args:
        message_type: As decode takes it.
        data: As decode takes it.
        check: Called every few milliseconds; the parse ends where it raises.

    Returns:
        The message, or what has its fields: repeated numbers that are many are arrays there.

    Raises:
        MalformedMessage: data is not such a message.
        InvalidField: it has more fields than a message may have, or a text is too long.
    """
    check_elements(cast("Descriptor", message_type.DESCRIPTOR), data)
    if len(data) <= large.PART_BYTES:
        return decode(message_type, data)
    try:
        return large.parse(message_type, data, check)
    except DecodeError:
        raise MalformedMessage(message_type.DESCRIPTOR.full_name, len(data)) from None


def encode(message_type: type[Message], /, **values: Any) -> bytes:
    """Serialise a message given by its fields.

    Args:
        message_type: Generated message class.
        **values: Field values; None leaves a field unset. A repeated number may be an array; a Matrix may be a
            two-dimensional array (float32 travels as values_f32); a message may be a mapping of its fields.

    Returns:
        The bytes protobuf would produce for the same fields.
    """
    began = time.perf_counter()
    if packed.hold_array(values):
        data = packed.write(cast("Descriptor", message_type.DESCRIPTOR), values)
    else:
        data = message_type(**values).SerializeToString()
    _spent.seconds += time.perf_counter() - began
    return data


def encoding_seconds() -> float:
    """Return the seconds that the calling thread has spent in encode so far."""
    return _spent.seconds


def doubles(values: "Sequence[float]") -> "NDArray[np.float64]":
    """Return a repeated double field as a float64 array of shape (n,)."""
    return np.asarray(values, dtype=np.float64)


def integers(values: "Sequence[int]") -> "NDArray[np.int64]":
    """Return a repeated integer field as an int64 array of shape (n,)."""
    return np.asarray(values, dtype=np.int64)


def matrix(message: "Matrix", field: str) -> "NDArray[np.float64]":
    """Return a Matrix message as a float64 array of shape (rows, cols).

    Args:
        message: The message; entries may be NaN or infinite, which is the operation's business.
        field: Its path in the request, for messages.

    Raises:
        InvalidField: a dimension is outside 1..MAX_DIMENSION, the number of values is not rows * cols, or both
            values and values_f32 are set.
    """
    rows, cols = shape(message, field)
    held = message.values_f32 if len(message.values_f32) else message.values
    return np.asarray(held, dtype=np.float64).reshape(rows, cols)


def shape(message: "Matrix", field: str) -> tuple[int, int]:
    """Return (rows, cols) of a Matrix message, which holds as many numbers.

    Args:
        message: As matrix takes it.
        field: As matrix takes it.

    Raises:
        InvalidField: as matrix.
    """
    rows, cols = message.rows, message.cols
    for name, size in (("rows", rows), ("cols", cols)):
        if not 1 <= size <= MAX_DIMENSION:
            raise InvalidField(f"{field}.{name}", f"must be between 1 and {MAX_DIMENSION}", size)
    n_values, n_f32 = len(message.values), len(message.values_f32)
    if n_values and n_f32:
        raise InvalidField(f"{field}.values_f32", "must be empty where values is set", n_f32)
    if (n_values or n_f32) != rows * cols:
        name = "values_f32" if n_f32 else "values"
        raise InvalidField(f"{field}.{name}", f"must hold rows * cols = {rows * cols} numbers", n_values or n_f32)
    return rows, cols
