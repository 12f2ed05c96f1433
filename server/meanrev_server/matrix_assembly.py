"""The chunks of a matrix, checked as they come and joined to one array that has each column in one piece.

A chunk has a row after the other, and the work on a matrix takes whole columns. So the numbers of a chunk are written
in tiles, small enough that the rows that are read and the columns that are written stay in the CPU's cache.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from gpu_kernels import interruption
from gpu_kernels.checks import Floats
from gpu_kernels.errors import InvalidInput
from meanrev_server.outline import VALUE_BYTES, Outline, check_size
from meanrev_server.rpc.stamps import check_stamps
from meanrev_server.uploaded_matrix import UploadedMatrix
from meanrev_wire import codec
from meanrev_wire.research_pb2 import MatrixChunk

__all__ = ["Assembly", "empty", "write_rows"]

_TILE = 64
"""Columns of a tile, and its rows where the matrix is as wide."""


@dataclass(slots=True)
class Assembly:
    """The chunks that have arrived so far.

    Attributes:
        outline: The outline that the first chunk gives.
        name: Name of the matrix.
        stamped: Whether the first chunk has timestamps.
        most_bytes: Most bytes of a matrix.
        rows: Rows that have arrived.
        whole: (T, N), filled from the top; None where the first chunk did not give T, and before it is joined.
        blocks: The chunks' blocks, where whole is None.
        stamps: The chunks' timestamps.
    """

    outline: Outline
    name: str
    stamped: bool
    most_bytes: int
    rows: int = 0
    whole: Floats | None = None
    blocks: list[Floats] = field(default_factory=list)
    stamps: list[NDArray[np.int64]] = field(default_factory=list)

    def add(self, chunk: MatrixChunk, number: int) -> None:
        """Append a chunk.

        Raises:
            InvalidInput: the chunk does not continue the one before, or contradicts the first.
            LimitReached: the matrix is larger than the server allows.
        """
        where = f"chunk[{number}]"
        if number and chunk.matrix_id:
            raise InvalidInput(f"{where}.matrix_id", "must be empty: chunk[0] names a matrix", value=chunk.matrix_id)
        block = codec.matrix(chunk.block, f"{where}.block")
        self._check(chunk, where, block)
        self._add_stamps(chunk, where, len(block))
        stop, total = self.rows + len(block), self.outline.n_rows
        if total and stop > total:
            raise InvalidInput(f"{where}.block.rows", f"must not lead beyond total_rows = {total}", value=len(block))
        check_size(VALUE_BYTES * stop * block.shape[1], self.most_bytes)
        if total:
            if self.whole is None:
                self.whole = empty(total, self.outline.n_columns)
            write_rows(self.whole, self.rows, block)
        else:
            self.blocks.append(block)
        self.rows = stop

    def _check(self, chunk: MatrixChunk, where: str, block: Floats) -> None:
        width = self.outline.n_columns
        if chunk.row_offset != self.rows:
            raise InvalidInput(f"{where}.row_offset", _order(chunk.row_offset, self.rows), value=chunk.row_offset)
        if block.shape[1] != width:
            raise InvalidInput(f"{where}.block.cols", f"must be {width}, as in chunk[0]", value=block.shape[1])
        if chunk.name != self.name:
            raise InvalidInput(f"{where}.name", f"must be {self.name!r}, as in chunk[0]", value=chunk.name)
        if self.rows and chunk.metadata and chunk.metadata != self.outline.metadata:
            raise InvalidInput(f"{where}.metadata", "must be empty or as in chunk[0]", value=chunk.metadata)

    def _add_stamps(self, chunk: MatrixChunk, where: str, rows: int) -> None:
        stamps = codec.integers(chunk.timestamps_ms)
        wanted = rows if self.stamped else 0
        if stamps.size != wanted:
            rule = f"must hold {wanted} timestamps: one a row in every chunk, or none in any"
            raise InvalidInput(f"{where}.timestamps_ms", rule, value=stamps.size)
        if wanted:
            before = int(self.stamps[-1][-1]) if self.stamps else None
            check_stamps(stamps, "timestamps_ms", first_row=self.rows, before=before)
            self.stamps.append(stamps)

    def table(self) -> UploadedMatrix:
        """Return the whole matrix.

        Raises:
            InvalidInput: rows are missing.
        """
        total = self.outline.n_rows
        if total and self.rows != total:
            raise InvalidInput("total_rows", f"must be what the chunks hold, {self.rows}", value=total)
        if self.whole is None:
            self.whole = self._joined()
        stamps = np.concatenate(self.stamps) if self.stamps else None
        columns = self.outline.columns or tuple(map(str, range(self.outline.n_columns)))
        return UploadedMatrix(self.whole, columns, stamps)

    def _joined(self) -> Floats:
        """Return the rows of all blocks; each block is freed once it is written."""
        whole = empty(self.rows, self.outline.n_columns)
        stop = self.rows
        while self.blocks:
            block = self.blocks.pop()
            stop -= len(block)
            write_rows(whole, stop, block)
        return whole


def empty(n_rows: int, n_columns: int) -> Floats:
    """Return an array of shape (n_rows, n_columns) that has each column in one piece; its numbers are not set."""
    return np.empty((n_columns, n_rows)).T


def write_rows(whole: Floats, start: int, block: Floats) -> None:
    """Write rows into a matrix, tile by tile.

    Args:
        whole: (T, N).
        start: Row of it where the block begins.
        block: (t, N), a row after the other.
    """
    n_rows, n_columns = block.shape
    high = max(_TILE, _TILE * _TILE // n_columns)
    for top in range(0, n_rows, high):
        interruption.check()
        rows = block[top : top + high]
        into = whole[start + top : start + top + len(rows)]
        for left in range(0, n_columns, _TILE):
            into[:, left : left + _TILE] = rows[:, left : left + _TILE]


def _order(given: int, expected: int) -> str:
    what = "rows are missing before it" if given > expected else "these rows have come already"
    return f"must be {expected}, where the chunk before ended ({what})"
