"""A result as replies: a small one is one reply, and a large one is several, whose lists join in their order.

A result is a mapping of its message's fields. Lists are cut anywhere, and matrices between rows. Figures of cells carry
their place, so they are also cut within a row. Single numbers and texts are in the first reply.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from google.protobuf.message import Message

from meanrev_server.research import message_bytes
from meanrev_server.rpc.options import reply_metadata
from meanrev_wire import codec

__all__ = ["PART_BYTES", "Answer"]

PART_BYTES = 4 * 1024 * 1024
"""Most bytes of a reply: what every gRPC client accepts by default."""

_HEADERS = 48
"""Most bytes of tags, lengths and places around a slice."""

_BLOCKS = "figures"
"""Name of the list of blocks of figures."""

_FIRST_ROW = "first_row"
"""Name of the field beside matrices that has the row at which all matrices of a reply begin."""


@dataclass(frozen=True)
class _Piece:
    """A list, or the rows of a matrix, that may be cut.

    Attributes:
        path: Names of the fields that lead to it in the reply.
        values: Its items.
        ends: (len + 1,) bytes before each item, and of all items; a range where all items have the same size.
        block: The name and the place of a block of figures; None for any other list.
        axis: Field of the block that counts items.
        numbered: The field that has the number of a slice's first item; "" where there is none.
    """

    path: tuple[str, ...]
    values: Any
    ends: Any
    block: Mapping[str, Any] | None = None
    axis: str = ""
    numbered: str = ""

    def stop(self, start: int, room: int) -> int:
        """Return the end of the longest slice from start on that takes at most so many bytes."""
        if isinstance(self.ends, range):
            return start + max(0, room) // self.ends.step
        return int(np.searchsorted(self.ends, self.ends[start] + room, side="right")) - 1

    def fits_beside(self, part: Mapping[str, Any], start: int) -> bool:
        """Return whether a slice may join a reply, all of whose matrices must begin at the same row."""
        inner: Any = part
        for name in self.path[:-1]:
            inner = inner.get(name, {})
        return not self.numbered or inner.get(self.numbered, start) == start

    def put(self, part: dict[str, Any], start: int, stop: int) -> None:
        """Add a slice to a reply."""
        inner = part
        for name in self.path[:-1]:
            inner = inner.setdefault(name, {})
        values = self.values[start:stop]
        if self.block is None:
            inner[self.path[-1]] = values
            if self.numbered:
                inner[self.numbered] = start
        else:
            rows = values if values.ndim == 2 else values[None, :]
            place = {self.axis: start + self.block.get(self.axis, 0)}
            inner.setdefault(self.path[-1], []).append({**self.block, **place, "values": rows})


@dataclass(frozen=True)
class Answer:
    """What a research method computed.

    Attributes:
        result: Fields of the reply's result by name: numbers, texts, lists, arrays, and mappings of such.
        fields: Further fields of the reply; their lists are cut like those of the result.
        extras: Extra outputs for the reply's metadata.
    """

    result: Mapping[str, Any]
    fields: Mapping[str, Any] = field(default_factory=dict)
    extras: Mapping[str, Any] = field(default_factory=dict)

    def parts(
        self, reply: type[Message], total: int, ignored: Sequence[str] = (), most_bytes: int = PART_BYTES
    ) -> Iterator[bytes]:
        """Yield the replies, each serialised when it is asked for.

        Args:
            reply: Class of the replies.
            total: Steps of the work, all of which are done.
            ignored: Names of options that the method does not have.
            most_bytes: Most bytes of a reply; a single item that is larger travels alone.
        """
        metadata = reply_metadata(ignored, **self.extras)
        whole = {**self.fields, "metadata": metadata, "result": self.result}
        part, single = _singles(whole)
        part.setdefault("result", {})
        room, empty = most_bytes - single - 2 * _HEADERS, False
        for piece in _pieces((), whole, most_bytes - 4 * _HEADERS):
            start, size = 0, len(piece.values)
            around = _HEADERS + len(str(piece.block)) if piece.block else _HEADERS
            while start < size:
                stop = min(size, piece.stop(start, room - around))
                if not empty and (stop <= start or not piece.fits_beside(part, start)):
                    yield codec.encode(reply, done=total, total=total, **part)
                    part, room, empty = {"result": {}}, most_bytes - 2 * _HEADERS, True
                    continue
                stop = max(stop, start + 1)
                piece.put(part, start, stop)
                room -= int(piece.ends[stop] - piece.ends[start]) + around
                start, empty = stop, False
        yield codec.encode(reply, done=total, total=total, **part)


def _singles(result: Mapping[str, Any]) -> tuple[dict[str, Any], int]:
    """Return the single numbers and texts of a reply, and the most bytes that they take."""
    found: dict[str, Any] = {}
    nbytes = 0
    for name, value in result.items():
        if isinstance(value, Mapping):
            found[name], more = _singles(value)  # a message without items is sent too
            nbytes += more + _HEADERS
        elif isinstance(value, str):
            found[name] = value
            nbytes += message_bytes.text(value) + _HEADERS
        elif value is not None and not isinstance(value, Sequence | np.ndarray):
            found[name] = value
            nbytes += _HEADERS
    return found, nbytes


def _pieces(path: tuple[str, ...], result: Mapping[str, Any], row_bytes: int) -> Iterator[_Piece]:
    """Yield the lists and matrices that may be cut, in the order of the mapping.

    Args:
        path: Names of the fields that lead to the message.
        result: The fields of the message by name.
        row_bytes: Most bytes that a row of figures may take without being cut itself.
    """
    for name, value in result.items():
        place = (*path, name)
        if isinstance(value, Mapping):
            yield from _pieces(place, value, row_bytes)
        elif name == _BLOCKS:
            for block in value:
                yield from _blocks(place, block, row_bytes)
        elif isinstance(value, np.ndarray) and value.ndim == 2:
            numbered = _FIRST_ROW if _FIRST_ROW in result else ""
            yield _Piece(place, value, _even(len(value), value[:1].nbytes), numbered=numbered)
        elif isinstance(value, Sequence | np.ndarray) and not isinstance(value, str):
            yield _Piece(place, value, message_bytes.ends(value))


def _blocks(path: tuple[str, ...], block: Mapping[str, Any], row_bytes: int) -> Iterator[_Piece]:
    values = block["values"]
    known = {name: value for name, value in block.items() if name != "values"}
    width = values.shape[1] * values.itemsize
    if width <= row_bytes:
        yield _Piece(path, values, _even(len(values), width), known, "first_column")
        return
    for row, cells in enumerate(values):
        place = {**known, "first_column": row}
        yield _Piece(path, cells, _even(len(cells), cells.itemsize), place, "first_cell")


def _even(n_items: int, nbytes: int) -> range:
    return range(0, nbytes * n_items + 1, max(1, nbytes))
