"""Matrices larger than a message: chunks in, one array out."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from gpu_kernels.checks import Floats
from gpu_kernels.errors import InvalidInput
from meanrev_server.errors import LimitReached
from meanrev_server.rpc.call import Call
from meanrev_wire import codec
from meanrev_wire.research_pb2 import MatrixChunk

__all__ = ["Table", "assemble"]


@dataclass(frozen=True, slots=True)
class Table:
    """An assembled matrix.

    Attributes:
        values: (T, N).
        columns: N names, all different.
        timestamps_ms: (T,), or None where none were sent.
        metadata: Of the first chunk.
    """

    values: Floats
    columns: tuple[str, ...]
    timestamps_ms: NDArray[np.int64] | None
    metadata: str


@dataclass(slots=True)
class _Assembly:
    """What has come so far. Memory grows with the data that arrives, never with what a header promises."""

    first: MatrixChunk
    most_bytes: int
    blocks: list[Floats] = field(default_factory=list)
    stamps: list[NDArray[np.int64]] = field(default_factory=list)
    rows: int = 0

    def add(self, chunk: MatrixChunk, number: int) -> None:
        """Append a chunk.

        Raises:
            InvalidInput: the chunk does not continue the one before, or contradicts the first.
            LimitReached: the matrix is larger than the server takes.
        """
        where = f"chunk[{number}]"
        block = codec.matrix(chunk.block, f"{where}.block")
        width = self.blocks[0].shape[1] if self.blocks else block.shape[1]
        if chunk.row_offset != self.rows:
            raise InvalidInput(f"{where}.row_offset", _order(chunk.row_offset, self.rows), value=chunk.row_offset)
        if block.shape[1] != width:
            raise InvalidInput(f"{where}.block.cols", f"must be {width}, as in chunk[0]", value=block.shape[1])
        if chunk.name != self.first.name:
            raise InvalidInput(f"{where}.name", f"must be {self.first.name!r}, as in chunk[0]", value=chunk.name)
        if number and chunk.metadata and chunk.metadata != self.first.metadata:
            raise InvalidInput(f"{where}.metadata", "must be empty or as in chunk[0]", value=chunk.metadata)
        self._add_stamps(chunk, where, len(block))
        self.rows += len(block)
        if self.first.total_rows and self.rows > self.first.total_rows:
            rule = f"must not lead beyond total_rows = {self.first.total_rows}"
            raise InvalidInput(f"{where}.block.rows", rule, value=len(block))
        if 8 * self.rows * width > self.most_bytes:
            knob = "max_matrix_bytes (MEANREV_MAX_MATRIX_BYTES) raises it"
            raise LimitReached(f"a matrix may take {self.most_bytes} bytes; {knob}")
        self.blocks.append(block)

    def _add_stamps(self, chunk: MatrixChunk, where: str, rows: int) -> None:
        stamps = codec.integers(chunk.timestamps_ms)
        wanted = rows if len(self.first.timestamps_ms) else 0
        if stamps.size != wanted:
            rule = f"must hold {wanted} timestamps: one a row in every chunk, or none in any"
            raise InvalidInput(f"{where}.timestamps_ms", rule, value=stamps.size)
        self.stamps.append(stamps)

    def table(self) -> Table:
        """Return the whole.

        Raises:
            InvalidInput: rows are missing, or names are not one a column, each once.
        """
        if self.first.total_rows and self.rows != self.first.total_rows:
            raise InvalidInput("total_rows", f"must be what the chunks hold, {self.rows}", value=self.first.total_rows)
        values = self.blocks[0] if len(self.blocks) == 1 else np.concatenate(self.blocks)
        columns = tuple(self.first.columns) or tuple(str(i) for i in range(values.shape[1]))
        if len(columns) != values.shape[1]:
            raise InvalidInput("columns", f"must hold {values.shape[1]} names, or none", value=len(columns))
        if len(set(columns)) < len(columns):
            twice = next(name for i, name in enumerate(columns) if name in columns[:i])
            raise InvalidInput("columns", "must differ from each other", value=twice)
        stamps = np.concatenate(self.stamps) if len(self.first.timestamps_ms) else None
        return Table(values, columns, stamps, self.first.metadata)


async def assemble(messages: AsyncIterator[bytes], call: Call) -> Table:
    """Join the chunks of a call.

    Args:
        messages: MatrixChunk messages.
        call: The call's surroundings.

    Raises:
        InvalidInput: there is no chunk, or one is out of order, missing, doubled or contradicts the first.
        LimitReached: the matrix is larger than the server takes, or than it has room for now.
    """
    assembly: _Assembly | None = None
    number = 0
    async for data in messages:
        call.ticket.keep(len(data))
        assembly = await call.compute(_joined, assembly, data, number, call.settings.max_matrix_bytes)
        number += 1
    if assembly is None:
        raise InvalidInput("block", "must be sent in at least one chunk")
    return await call.compute(assembly.table)


def _joined(assembly: _Assembly | None, data: bytes, number: int, most_bytes: int) -> _Assembly:
    chunk = codec.decode(MatrixChunk, data)
    held = assembly or _Assembly(chunk, most_bytes)
    held.add(chunk, number)
    return held


def _order(given: int, expected: int) -> str:
    what = "rows are missing before it" if given > expected else "these rows have come already"
    return f"must be {expected}, where the chunk before ended ({what})"
