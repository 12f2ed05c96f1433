"""A writer of messages that hold arrays: packed fields straight from the array's buffer.

Fields are written in the order of their numbers and implicit-presence scalars are left out when their bits are zero,
exactly as protobuf does.
"""

import struct
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import numpy as np
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

__all__ = ["hold_array", "write"]

Parts = list[bytes | memoryview]

# Checked first, by identity: an abstract class such as Mapping takes a microsecond to answer.
_PLAIN = frozenset({bool, bytes, float, int, str, type(None)})
_LENGTH_DELIMITED = 2
_FIXED64 = 1
_VARINT = 0


def hold_array(values: Mapping[str, Any]) -> bool:
    """Return whether a field's value is an array, or a mapping or list that holds one."""
    # Most messages have plain values alone, which this one call finds out.
    return not _PLAIN.issuperset(map(type, values.values())) and any(map(_holds_array, values.values()))


def _holds_array(value: Any) -> bool:
    if type(value) in _PLAIN:
        return False
    if isinstance(value, np.ndarray):
        return True
    if isinstance(value, Mapping):
        return any(map(_holds_array, value.values()))
    if isinstance(value, list | tuple):
        return any(map(_holds_array, value[:1]))
    return False


def write(descriptor: Descriptor, values: Mapping[str, Any]) -> bytes:
    """Serialise a message.

    Args:
        descriptor: The message's descriptor.
        values: Field values by name, as codec.encode takes them.

    Raises:
        TypeError: a name is not a field of the message, or a value does not fit its field.
    """
    writers = _writers(descriptor)
    unknown = sorted(set(values) - set(writers))
    if unknown:
        raise TypeError(f"{descriptor.full_name} has no field {', '.join(unknown)}")
    parts: Parts = []
    for name, writer in writers.items():
        value = values.get(name)
        if value is not None:
            writer(parts, value)
    return b"".join(parts)


@cache
def _writers(descriptor: Descriptor) -> dict[str, Callable[[Parts, Any], None]]:
    fields = sorted(descriptor.fields, key=lambda field: field.number)
    return {field.name: _writer(field) for field in fields}


def _writer(field: FieldDescriptor) -> Callable[[Parts, Any], None]:
    repeated = field.is_repeated
    if field.type == FieldDescriptor.TYPE_MESSAGE:
        return _repeated_messages(field) if repeated else _message(field)
    if field.type == FieldDescriptor.TYPE_STRING:
        return _repeated_strings(field) if repeated else _string(field)
    return _packed(field) if repeated else _scalar(field)


def _tag(field: FieldDescriptor, wire_type: int) -> bytes:
    return _varint(field.number << 3 | wire_type)


_SHORT = [bytes([value]) for value in range(128)]


def _varint(value: int) -> bytes:
    if 0 <= value < len(_SHORT):
        return _SHORT[value]
    value &= (1 << 64) - 1
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _scalar(field: FieldDescriptor) -> Callable[[Parts, Any], None]:
    if field.type == FieldDescriptor.TYPE_DOUBLE:
        tag, zero = _tag(field, _FIXED64), bytes(8)

        def write_double(parts: Parts, value: float) -> None:
            bits = struct.pack("<d", value)
            if bits != zero:
                parts += (tag, bits)

        return write_double
    tag = _tag(field, _VARINT)

    def write_integer(parts: Parts, value: int) -> None:
        if value:
            parts += (tag, _varint(int(value)))

    return write_integer


def _string(field: FieldDescriptor) -> Callable[[Parts, Any], None]:
    tag = _tag(field, _LENGTH_DELIMITED)

    def write_string(parts: Parts, value: str) -> None:
        if value:
            text = value.encode()
            parts += (tag, _varint(len(text)), text)

    return write_string


def _repeated_strings(field: FieldDescriptor) -> Callable[[Parts, Any], None]:
    tag = _tag(field, _LENGTH_DELIMITED)

    def write_strings(parts: Parts, values: list[str]) -> None:
        for value in values:
            text = value.encode()
            parts += (tag, _varint(len(text)), text)

    return write_strings


def _packed(field: FieldDescriptor) -> Callable[[Parts, Any], None]:
    tag = _tag(field, _LENGTH_DELIMITED)
    types = {FieldDescriptor.TYPE_DOUBLE: "<f8", FieldDescriptor.TYPE_FLOAT: "<f4"}
    element = types.get(field.type)

    def write_packed(parts: Parts, values: Any) -> None:
        if np.ndim(values) != 1:
            raise TypeError(f"{field.full_name} takes one dimension, got shape {np.shape(values)}")
        if len(values) == 0:
            return
        buffer = _varints(np.asarray(values)) if element is None else np.ascontiguousarray(values, dtype=element)
        parts += (tag, _varint(buffer.nbytes), buffer.view(np.uint8).data)

    return write_packed


def _varints(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Encode integers as consecutive varints, all at once."""
    groups = values.astype(np.int64).view(np.uint64)[:, None] >> (np.uint64(7) * np.arange(10, dtype=np.uint64))
    last = np.maximum(1, (groups != 0).sum(axis=1)) - 1
    column = np.arange(10)
    coded = (groups & np.uint64(0x7F)).astype(np.uint8) | np.where(column < last[:, None], 0x80, 0).astype(np.uint8)
    out: np.ndarray[Any, Any] = coded[column <= last[:, None]]
    return out


def _message(field: FieldDescriptor) -> Callable[[Parts, Any], None]:
    tag = _tag(field, _LENGTH_DELIMITED)

    def write_message(parts: Parts, value: Any) -> None:
        body = _body(field, value)
        parts += (tag, _varint(sum(map(len, body))), *body)

    return write_message


def _repeated_messages(field: FieldDescriptor) -> Callable[[Parts, Any], None]:
    write_one = _message(field)

    def write_messages(parts: Parts, values: list[Any]) -> None:
        for value in values:
            write_one(parts, value)

    return write_messages


def _body(field: FieldDescriptor, value: Any) -> Parts:
    """Serialise a nested message without joining its parts, so that a matrix's buffer is copied once."""
    if isinstance(value, Message):
        return [value.SerializeToString()]
    if isinstance(value, np.ndarray):
        if value.ndim != 2:
            raise TypeError(f"{field.full_name} takes a matrix, got shape {value.shape}")
        name = "values_f32" if value.dtype == np.float32 else "values"
        value = {"rows": value.shape[0], "cols": value.shape[1], name: value.reshape(-1)}
    parts: Parts = []
    writers = _writers(field.message_type)
    for name, writer in writers.items():
        if value.get(name) is not None:
            writer(parts, value[name])
    return parts
