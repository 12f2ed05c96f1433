"""The replies of a research method, joined as they come, so that memory holds no reply beside its numbers."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from numpy.typing import NDArray

from meanrev.errors import ServerError
from meanrev.methods import wire
from meanrev_wire import codec

__all__ = ["Fetched", "Joined", "JoinedSweep", "Whole"]

Floats = NDArray[np.float64]


class Whole(NamedTuple):
    """A sweep's replies, joined.

    Attributes:
        reply: All but the figures.
        figures: (N, G) each, by name.
    """

    reply: Any
    figures: dict[str, Floats]


class Joined:
    """Replies whose lists join in order, and whose single numbers are those of the first one with a result."""

    def __init__(self, reply_type: type[Message]) -> None:
        """Begin before the first reply.

        Args:
            reply_type: Class of the replies.
        """
        self._type = reply_type
        self._count = 0
        self._reply: Any = None

    def __len__(self) -> int:
        """Return how many replies have come, those with progress alone included."""
        return self._count

    def append(self, data: bytes) -> None:
        """Take in the next reply.

        Raises:
            ServerError: it cannot be read, or does not fit those before it.
        """
        self._count += 1
        part: Any = wire.decode(self._type, data)
        if part.HasField("result"):
            self._add(part)

    def value(self) -> Any:
        """Return the whole reply.

        Raises:
            ServerError: no reply had a result, or a part of it is missing.
        """
        if self._reply is None:
            raise ServerError("the replies ended without a result")
        return self._reply

    def _add(self, part: Any) -> None:
        if self._reply is None:
            self._reply = part
        else:
            _join(self._reply, part)


class JoinedSweep(Joined):
    """The replies of a sweep, whose figures go into arrays that are allocated once."""

    def __init__(self, reply_type: type[Message]) -> None:
        """Begin before the first reply."""
        super().__init__(reply_type)
        self._figures: dict[str, Floats] = {}
        self._filled: dict[str, int] = {}

    def value(self) -> Whole:
        """Return the whole reply and its figures; raises as Joined.value does."""
        reply = super().value()
        shape = len(reply.result.columns), len(reply.result.entry_zscore)
        for name, values in self._figures.items():
            if values.shape != shape or self._filled[name] != values.size:
                raise ServerError(f"the replies ended before figure {name!r} was whole")
        return Whole(reply, self._figures)

    def _add(self, part: Any) -> None:
        figures = [(each.name, each.first_column, each.first_cell, each.values) for each in part.result.figures]
        blocks = [(name, row, cell, codec.matrix(values, name)) for name, row, cell, values in figures]
        del figures
        del part.result.figures[:]
        super()._add(part)
        for name, row, cell, block in blocks:
            self._place(name, row, cell, block)

    def _place(self, name: str, row: int, cell: int, block: Floats) -> None:
        rows, cells = row + block.shape[0], cell + block.shape[1]
        if row < 0 or cell < 0:
            raise ServerError(f"figure {name!r} has a block at column {row} and cell {cell}")
        held = self._figures.get(name)
        if held is None or rows > held.shape[0] or cells > held.shape[1]:
            held = self._figures[name] = self._grown(held, rows, cells)
        held[row:rows, cell:cells] = block
        self._filled[name] = self._filled.get(name, 0) + block.size

    def _grown(self, held: Floats | None, rows: int, cells: int) -> Floats:
        """Return an array for all columns and cells that have been named so far; mostly there are all of them."""
        result = self._reply.result
        whole = np.empty((max(rows, len(result.columns)), max(cells, len(result.entry_zscore))))
        if held is not None:
            whole[: held.shape[0], : held.shape[1]] = held
        return whole


class Fetched:
    """The parts of a job's replies, put together to whole replies."""

    def __init__(self, part_type: type[Message], join: Callable[[], Joined]) -> None:
        """Begin before the first part.

        Args:
            part_type: Class of the parts.
            join: Makes the Joined that takes the replies.
        """
        self._type = part_type
        self._count = 0
        self._joined = join()
        self._pieces: list[bytes] = []
        self._held = 0
        self._replies = 0
        self._expected = 1

    def __len__(self) -> int:
        """Return how many parts have come."""
        return self._count

    def append(self, data: bytes) -> None:
        """Take in the next part.

        Raises:
            ServerError: it does not continue the one before.
        """
        self._count += 1
        part: Any = wire.decode(self._type, data)
        if part.reply != self._replies or part.offset != self._held:
            raise ServerError(f"part {part.offset} of reply {part.reply} of the result came out of turn")
        self._expected = max(1, part.replies)
        self._pieces.append(part.data)
        self._held += len(part.data)
        if self._held == part.total:
            self._joined.append(b"".join(self._pieces))
            self._pieces, self._held = [], 0
            self._replies += 1

    def value(self) -> Any:
        """Return the joined replies.

        Raises:
            ServerError: some are missing.
        """
        if self._pieces or self._replies != self._expected:
            raise ServerError(f"{self._expected} replies of the result were announced, {self._replies} came")
        return self._joined.value()


def _join(whole: Any, part: Any) -> None:
    """Append the lists of a message to those of another, in all depths; single numbers stay those of the first."""
    for field, value in part.ListFields():
        if field.is_repeated:
            getattr(whole, field.name).MergeFrom(value)
        elif field.type == FieldDescriptor.TYPE_MESSAGE:
            held = getattr(whole, field.name)
            if field.message_type.full_name == "meanrev.Matrix":
                held.cols = held.cols or value.cols
                held.rows += value.rows
                held.values.MergeFrom(value.values)
                held.values_f32.MergeFrom(value.values_f32)
            else:
                _join(held, value)
