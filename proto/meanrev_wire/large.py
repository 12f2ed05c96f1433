"""The parse of large messages, in parts between which other threads get the interpreter's lock.

Protobuf holds the lock for a whole parse, some 60 ms for 64 MiB, and event loops wait that long. So the bytes of a
large message are cut between its fields, and a long field of packed numbers between its numbers. Each part is parsed by
protobuf, so every legal encoding gives what one parse gives: protobuf defines that messages behind each other are
merged.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Any, NamedTuple, TypeVar, cast

import numpy as np
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import DecodeError, Message
from google.protobuf.message_factory import GetMessageClass

from meanrev_wire.errors import InvalidField

__all__ = ["MAX_TEXT_BYTES", "PART_BYTES", "go_on", "parse"]

PART_BYTES = 256 * 1024
"""Bytes of a part, which protobuf parses in about a tenth of a millisecond; a text may be a larger one."""

MAX_TEXT_BYTES = 8 * 1024 * 1024
"""Most bytes of a text, which cannot be cut."""

_VARINT, _FIXED64, _DELIMITED, _START_GROUP, _FIXED32 = 0, 1, 2, 3, 5
_WIDTHS = {_FIXED64: 8, _FIXED32: 4}
_LONGEST_VARINT = 10
_MORE = 0x80
"""The bit of a varint's byte that is set where another one follows."""

_Field = FieldDescriptor
_TYPES: dict[int, np.dtype[Any]] = {
    _Field.TYPE_DOUBLE: np.dtype("<f8"),
    _Field.TYPE_FLOAT: np.dtype("<f4"),
    _Field.TYPE_INT64: np.dtype(np.int64),
    _Field.TYPE_INT32: np.dtype(np.int64),
}
"""Types of repeated numbers that become arrays."""

_BETWEEN_CHECKS = 4096
"""Fields between two checks, each about a microsecond."""

M = TypeVar("M", bound=Message)


class _Piece(NamedTuple):
    """One field in the bytes: it starts at start with its tag, its content at content, and stops before stop."""

    start: int
    content: int
    stop: int


class _Group(Exception):
    """There is a group, which no message of ours has; the parser passes over it."""


Span = tuple[int, int]


class _Parsed:
    """A message some of whose fields were parsed apart: numbers are arrays, and messages may be such messages."""

    __slots__ = ("_apart", "_message")

    def __init__(self, message: Message, apart: dict[str, Any]) -> None:
        self._message, self._apart = message, apart

    def __getattr__(self, name: str) -> Any:
        found = self._apart.get(name)
        return getattr(self._message, name) if found is None else found

    def HasField(self, name: str) -> bool:  # noqa: N802 - protobuf's name
        return name in self._apart or self._message.HasField(name)


def go_on() -> None:
    """Let a parse go on."""


def parse(message_type: type[M], data: bytes, check: Callable[[], object] = go_on) -> M:
    """Parse a message.

    Args:
        message_type: Generated message class.
        data: Serialised message in any legal encoding.
        check: Called every few milliseconds; the parse ends where it raises.

    Returns:
        The message, or what has its fields: large repeated numbers are arrays there.

    Raises:
        DecodeError: data is not such a message.
        InvalidField: a text is longer than MAX_TEXT_BYTES.
    """
    try:
        return cast("M", _parsed(message_type, data, [(0, len(data))], "", check))
    except _Group:
        return message_type.FromString(data)


def _parsed(message_type: type[Message], data: bytes, spans: list[Span], path: str, check: Callable[[], object]) -> Any:
    """Parse the message whose bytes are in these spans; one that comes twice is merged."""
    rest, apart = _divided(cast("Descriptor", message_type.DESCRIPTOR), data, spans, path, check)
    message = message_type()
    for part in _parts(data, rest):
        message.MergeFromString(part)
        check()
    found: dict[str, Any] = {}
    for field, pieces in apart.items():
        where, contents = f"{path}{field.name}", [(piece.content, piece.stop) for piece in pieces]
        if field.message_type is None:
            found[field.name] = _numbers(message_type, field, data, pieces)
        elif field.is_repeated:
            kind = GetMessageClass(field.message_type)
            found[field.name] = [_parsed(kind, data, [one], f"{where}[{k}].", check) for k, one in enumerate(contents)]
        else:
            found[field.name] = _parsed(GetMessageClass(field.message_type), data, contents, f"{where}.", check)
    return _Parsed(message, found) if found else message


def _divided(
    descriptor: Descriptor, data: bytes, spans: list[Span], path: str, check: Callable[[], object]
) -> tuple[list[Span], dict[FieldDescriptor, list[_Piece]]]:
    """Divide a message into what is parsed as it is, cut between fields, and the fields that are parsed apart."""
    known = _divisible(descriptor)
    rest: list[Span] = []
    pieces: dict[int, list[_Piece]] = {}
    n_fields = 0
    for start, stop in spans:
        place = begun = start
        while place < stop:
            n_fields += 1
            if n_fields % _BETWEEN_CHECKS == 0:
                check()
            number, content, end = _field(data, place, stop)
            if number in known:
                pieces.setdefault(number, []).append(_Piece(place, content, end))
                rest.append((begun, place))
                begun = end
            elif end - begun > PART_BYTES:
                if end - content > MAX_TEXT_BYTES:
                    raise _too_long(descriptor, number, path, end - content)
                rest += [(begun, place), (place, end)]
                begun = end
            place = end
        rest.append((begun, stop))
    apart: dict[FieldDescriptor, list[_Piece]] = {}
    for number, found in pieces.items():
        if _is_large(known[number], found):
            apart[known[number]] = found
        else:
            rest += [(piece.start, piece.stop) for piece in found]
    return rest, apart


def _is_large(field: FieldDescriptor, pieces: list[_Piece]) -> bool:
    """Return whether a field is parsed apart: many small messages of a list are not."""
    sizes = (piece.stop - piece.content for piece in pieces)
    if field.type == _Field.TYPE_MESSAGE and field.is_repeated:
        return any(size > PART_BYTES for size in sizes)
    return sum(sizes) > PART_BYTES


def _numbers(message_type: type[Message], field: FieldDescriptor, data: bytes, pieces: list[_Piece]) -> Any:
    """Return the numbers of a field in the order of the bytes."""
    kind = _TYPES[field.type]
    if kind.kind == "f" and all(_is_packed(data, piece, kind.itemsize) for piece in pieces):
        counted = ((piece.content, (piece.stop - piece.content) // kind.itemsize) for piece in pieces)
        # A copy, made without the lock: the numbers in data are not aligned.
        return np.concatenate([np.frombuffer(data, kind, count, content) for content, count in counted])
    framed = (framed for piece in pieces for framed in _framed(field, data, piece))
    parts = (message_type.FromString(part) for part in _joined(framed))
    return np.concatenate([np.asarray(getattr(part, field.name), dtype=kind) for part in parts])


def _is_packed(data: bytes, piece: _Piece, width: int) -> bool:
    """Return whether a field of numbers of a fixed width holds a list of them, as opposed to one."""
    return _varint(data, piece.start, piece.stop)[0] & 7 == _DELIMITED and (piece.stop - piece.content) % width == 0


def _framed(field: FieldDescriptor, data: bytes, piece: _Piece) -> Iterator[bytes]:
    """Yield a field as fields of at most PART_BYTES."""
    if piece.stop - piece.content <= PART_BYTES:
        yield data[piece.start : piece.stop]
        return
    varints = field.type in {_Field.TYPE_INT64, _Field.TYPE_INT32}
    tag = _varint_bytes(field.number << 3 | _DELIMITED)
    start = piece.content
    while start < piece.stop:
        end = min(start + PART_BYTES, piece.stop)
        if varints and end < piece.stop:
            end = _varint_end(data, end)
        yield tag + _varint_bytes(end - start) + data[start:end]
        start = end


def _varint_end(data: bytes, place: int) -> int:
    """Return the end of the last varint that ends at a place or before."""
    for end in range(place, place - _LONGEST_VARINT, -1):
        if data[end - 1] < _MORE:
            return end
    return place  # there is none, which the parser says


def _parts(data: bytes, spans: list[Span]) -> Iterable[bytes]:
    return _joined(data[start:stop] for start, stop in spans if start < stop)


def _joined(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Join small pieces to parts of about PART_BYTES."""
    waiting: list[bytes] = []
    nbytes = 0
    for piece in pieces:
        if waiting and nbytes + len(piece) > PART_BYTES:
            yield b"".join(waiting)
            waiting, nbytes = [], 0
        waiting.append(piece)
        nbytes += len(piece)
    if waiting:
        yield b"".join(waiting)


def _field(data: bytes, place: int, stop: int) -> tuple[int, int, int]:
    """Return a field's number, where its content begins, and where it ends.

    Raises:
        DecodeError: it does not end before stop, or is no field.
        _Group: it is a group.
    """
    tag, content = _varint(data, place, stop)
    kind = tag & 7
    if kind == _DELIMITED:
        size, content = _varint(data, content, stop)
        end = content + size
    elif kind == _VARINT:
        end = _varint(data, content, stop)[1]
    elif kind in _WIDTHS:
        end = content + _WIDTHS[kind]
    elif kind == _START_GROUP:
        raise _Group
    else:
        raise DecodeError
    if end > stop:
        raise DecodeError
    return tag >> 3, content, end


def _varint(data: bytes, place: int, stop: int) -> tuple[int, int]:
    """Return a whole number and the place behind it.

    Raises:
        DecodeError: it does not end before stop, or is too long.
    """
    if place < stop and data[place] < _MORE:
        return data[place], place + 1
    value = shift = 0
    for byte in data[place : min(stop, place + _LONGEST_VARINT)]:
        place += 1
        value |= (byte & ~_MORE) << shift
        if byte < _MORE:
            return value, place
        shift += 7
    raise DecodeError


def _varint_bytes(value: int) -> bytes:
    out = bytearray()
    while value >= _MORE:
        out.append(value & ~_MORE & 0xFF | _MORE)
        value >>= 7
    return bytes([*out, value])


@cache
def _divisible(descriptor: Descriptor) -> dict[int, FieldDescriptor]:
    """Return the fields of a message that can be parsed apart, by their number."""
    return {
        field.number: field
        for field in descriptor.fields
        if field.type == _Field.TYPE_MESSAGE or (field.is_repeated and field.type in _TYPES)
    }


def _too_long(descriptor: Descriptor, number: int, path: str, nbytes: int) -> InvalidField:
    named = descriptor.fields_by_number.get(number)
    field = "the request" if named is None else f"{path}{named.name}"
    return InvalidField(field, f"must take at most {MAX_TEXT_BYTES} bytes", nbytes)
