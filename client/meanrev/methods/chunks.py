"""Matrices cut into messages that any server takes."""

from collections.abc import Mapping, Sequence
from typing import overload

from meanrev.errors import InvalidInput
from meanrev.intake.containers import table
from meanrev.intake.table import Table
from meanrev.methods import wire
from meanrev_wire.research_pb2 import MatrixChunk

__all__ = ["CHUNK_BYTES", "Cut", "Named", "matrix"]

CHUNK_BYTES = 8 * 1024 * 1024
"""Of numbers in a chunk: an eighth of the largest message that a server takes by default."""


def matrix(prices: object) -> Table:
    """Read prices, of which there must be some.

    Raises:
        InvalidInput: they are no numbers of shape (T,) or (T, N), or there are none.
    """
    read = table("prices", prices)
    if not read.values.size:
        raise InvalidInput("prices", "must hold at least one price", value=read.values.shape)
    return read


class Cut(Sequence[bytes]):
    """A table as MatrixChunk messages; each is written when it is sent, so that no second copy of the whole is held."""

    def __init__(self, read: Table, names: Sequence[str], metadata: str) -> None:
        """Decide where to cut.

        Args:
            read: (T,) or (T, N).
            names: One a column.
            metadata: Of the first chunk.
        """
        self._values = read.values.reshape(len(read.values), -1)
        self._stamps = read.timestamps_ms
        self._names = names
        self._metadata = metadata
        self._rows = max(1, CHUNK_BYTES // (8 * self._values.shape[1]))

    def __len__(self) -> int:
        return (len(self._values) + self._rows - 1) // self._rows

    @overload
    def __getitem__(self, number: int) -> bytes: ...
    @overload
    def __getitem__(self, number: slice) -> Sequence[bytes]: ...
    def __getitem__(self, number: int | slice) -> bytes | Sequence[bytes]:
        if isinstance(number, slice):
            return [self[i] for i in range(*number.indices(len(self)))]
        if not 0 <= number < len(self):
            raise IndexError(number)
        first, rows = number == 0, slice(number * self._rows, (number + 1) * self._rows)
        return wire.encode(
            MatrixChunk,
            row_offset=rows.start,
            block=self._values[rows],
            columns=self._names if first else None,
            timestamps_ms=None if self._stamps is None else self._stamps[rows],
            metadata=self._metadata if first else None,
            total_rows=len(self._values) if first else None,
        )


class Named:
    """What a server calls block and columns, in the caller's words."""

    def __init__(self, read: Table, renamed: Mapping[str, str]) -> None:
        """Remember the caller's words.

        Args:
            read: What was sent.
            renamed: Further fields of the server's whose arguments are called otherwise.
        """
        self._read = read
        self._renamed = {"block": "prices", "columns": "asset_ids", **renamed}

    def explain(self, error: InvalidInput, message: int) -> None:
        """Complete an error."""
        error.field = self._renamed.get(error.field, error.field)
        if error.field == "prices":
            self._read.explain(error, message)
            if self._read.values.ndim == 1 and isinstance(error.index, tuple):
                error.index = error.index[0]
