"""A kept matrix, or some of its rows and columns, as a first chunk chooses them in place of an upload."""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from gpu_kernels import interruption
from gpu_kernels.checks import Floats
from gpu_kernels.errors import InvalidInput
from meanrev_server.uploaded_matrix import UploadedMatrix
from meanrev_wire.matrix_ids import is_matrix_id
from meanrev_wire.research_pb2 import MatrixChunk

__all__ = ["Choice", "check_id", "chosen"]

_NAMES_BETWEEN_LOOKS = 4096
"""Names that are looked up before the next look at whether somebody still waits."""

_WITHOUT = {
    "block": "the values are those of the kept matrix",
    "row_offset": "first_row and stop_row choose rows",
    "timestamps_ms": "they are those of the kept matrix",
}
"""Fields of a chunk that are left out beside matrix_id, and why."""


class Choice(NamedTuple):
    """What of a kept matrix a call works on.

    Attributes:
        table: The kept matrix.
        rows: Its rows.
        places: Numbers of its columns, in the order that was asked for; None for all.
    """

    table: UploadedMatrix
    rows: slice
    places: Sequence[int] | None

    @property
    def shape(self) -> tuple[int, int]:
        """T and N of what is chosen."""
        n_columns = self.table.values.shape[1] if self.places is None else len(self.places)
        return self.rows.stop - self.rows.start, n_columns

    @property
    def columns(self) -> tuple[str, ...]:
        """N names."""
        names = self.table.columns
        return names if self.places is None else tuple(names[place] for place in self.places)

    @property
    def is_copied(self) -> bool:
        """Whether it takes memory of its own: columns that do not follow one another are brought together."""
        return self.places is not None and not _follow(self.places)

    def taken(self) -> UploadedMatrix:
        """Return what is chosen, without a copy of the values where it has none. It cannot be written to."""
        table, n_rows = self.table, len(self.table.values)
        if self.places is None and self.rows == slice(0, n_rows):
            return table
        stamps = None if table.timestamps_ms is None else table.timestamps_ms[self.rows]
        return UploadedMatrix(self._values(), self.columns, stamps)

    def _values(self) -> Floats:
        values = self.table.values[self.rows]
        if self.places is None:
            return values
        if not self.is_copied:
            return values[:, self.places[0] : self.places[-1] + 1]
        picked = np.empty((len(self.places), len(values)))
        for row, place in enumerate(self.places):
            interruption.check()
            picked[row] = values[:, place]
        picked.flags.writeable = False
        return picked.T


def check_id(matrix_id: str, field: str = "matrix_id") -> str:
    """Return the id of a matrix.

    Raises:
        InvalidInput: it is not 64 hexadecimal digits.
    """
    if not is_matrix_id(matrix_id):
        raise InvalidInput(field, "must be 64 hexadecimal digits, 0-9 and a-f in lower case", value=matrix_id[:80])
    return matrix_id


def chosen(chunk: MatrixChunk, table: UploadedMatrix) -> Choice:
    """Return what a first chunk chooses of a kept matrix.

    Args:
        chunk: It names the matrix.
        table: The matrix.

    Raises:
        InvalidInput: the chunk has what only an upload has, its rows are outside the matrix, or a column is unknown or
            comes twice.
    """
    given = {
        "block": "a block" if chunk.HasField("block") else None,
        "row_offset": chunk.row_offset or None,
        "timestamps_ms": len(chunk.timestamps_ms) or None,
    }
    for name, value in given.items():
        if value is not None:
            raise InvalidInput(f"chunk[0].{name}", f"must be left out beside matrix_id: {_WITHOUT[name]}", value=value)
    found = Choice(table, _rows(chunk, len(table.values)), _places(chunk.columns, table.columns))
    for name, size in zip(("total_rows", "total_columns"), found.shape, strict=True):
        given = getattr(chunk, name)
        if given not in {0, size}:
            rule = f"must be left out beside matrix_id, or {size}, of which the choice consists"
            raise InvalidInput(name, rule, value=given)
    return found


def _rows(chunk: MatrixChunk, n_rows: int) -> slice:
    start, stop = chunk.first_row, chunk.stop_row or n_rows
    if not 0 <= start < n_rows:
        rule = f"must be from 0 to {n_rows - 1}, the last row of the kept matrix"
        raise InvalidInput("first_row", rule, value=start)
    if not start < stop <= n_rows:
        rule = f"must be from first_row + 1 = {start + 1} to {n_rows}, the rows of the kept matrix, or 0 for all"
        raise InvalidInput("stop_row", rule, value=chunk.stop_row)
    return slice(start, stop)


def _places(wanted: Sequence[str], columns: tuple[str, ...]) -> list[int] | None:
    if not wanted:
        return None
    known = {name: place for place, name in enumerate(columns)}
    places: dict[int, None] = {}
    for number, name in enumerate(wanted):
        if not number % _NAMES_BETWEEN_LOOKS:
            interruption.check()
        if name not in known:
            rule = f"must be a column of the kept matrix, such as {columns[0]!r}"
            raise InvalidInput("columns", rule, value=name, index=number)
        if known[name] in places:
            raise InvalidInput("columns", "must differ from each other", value=name, index=number)
        places[known[name]] = None
    return list(places)


def _follow(places: Sequence[int]) -> bool:
    return all(after == before + 1 for before, after in pairwise(places))
