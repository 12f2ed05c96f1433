"""The upload of a matrix that is larger than a message: it arrives in chunks and becomes one array.

The first chunk has the size of the matrix, so that it is admitted or refused as a whole before the rest is sent.
Memory grows with the data that has arrived, not with the size that the first chunk announced: the operating system
gives the allocated array memory only where it is written.
"""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from functools import partial
from typing import ParamSpec, TypeVar

import numpy as np
from numpy.typing import NDArray

from gpu_kernels import interruption
from gpu_kernels.checks import Floats
from gpu_kernels.errors import InvalidInput
from meanrev_server.outline import VALUE_BYTES, Outline, check_size, opened
from meanrev_server.rpc.call import Call
from meanrev_server.rpc.stamps import check_stamps
from meanrev_wire import codec
from meanrev_wire.research_pb2 import MatrixChunk

__all__ = ["Upload", "UploadedMatrix", "begin"]

P = ParamSpec("P")
R = TypeVar("R")

_ON_THE_LOOP = 64 * 1024
"""Most bytes of a chunk that the event loop's thread reads itself: handing it over would take longer."""
_NUMBERED_ON_THE_LOOP = 1_000
"""Most columns that the event loop's thread numbers itself."""


@dataclass(frozen=True, slots=True)
class UploadedMatrix:
    """A whole matrix.

    Attributes:
        values: (T, N), C-contiguous.
        columns: N names, all different.
        timestamps_ms: (T,), or None where none were sent.
    """

    values: Floats
    columns: tuple[str, ...]
    timestamps_ms: NDArray[np.int64] | None


@dataclass(slots=True)
class _Assembly:
    """The chunks that have arrived so far.

    Attributes:
        outline: The outline that the first chunk gives.
        name: Name of the matrix.
        stamped: Whether the first chunk has timestamps.
        most_bytes: Most bytes of a matrix.
        rows: Rows that have arrived.
        whole: (T, N), filled from the top; None where the first chunk did not give T.
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
        block = codec.matrix(chunk.block, f"{where}.block")
        self._check(chunk, where, block)
        self._add_stamps(chunk, where, len(block))
        stop, total = self.rows + len(block), self.outline.n_rows
        if total and stop > total:
            raise InvalidInput(f"{where}.block.rows", f"must not lead beyond total_rows = {total}", value=len(block))
        check_size(VALUE_BYTES * stop * block.shape[1], self.most_bytes)
        if stop == total and not self.rows:  # a single chunk is the matrix itself
            self.whole = block
        elif total:
            self._fill(block)
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

    def _fill(self, block: Floats) -> None:
        if self.whole is None:
            self.whole = np.empty((self.outline.n_rows, self.outline.n_columns))
        self.whole[self.rows : self.rows + len(block)] = block

    def table(self) -> UploadedMatrix:
        """Return the whole matrix.

        Raises:
            InvalidInput: rows are missing.
        """
        total = self.outline.n_rows
        if total and self.rows != total:
            raise InvalidInput("total_rows", f"must be what the chunks hold, {self.rows}", value=total)
        values = _joined(self.blocks) if self.whole is None else self.whole
        stamps = np.concatenate(self.stamps) if self.stamps else None
        columns = self.outline.columns or tuple(map(str, range(self.outline.n_columns)))
        return UploadedMatrix(values, columns, stamps)


@dataclass(slots=True)
class Upload:
    """A matrix of which the first chunk has arrived.

    Attributes:
        outline: The outline of the matrix that the first chunk gives.
        first_bytes: Bytes of the first chunk.
    """

    outline: Outline
    first_bytes: int
    _first: MatrixChunk
    _messages: AsyncIterator[bytes]
    _call: Call

    async def table(self) -> UploadedMatrix:
        """Reserve the bytes of the matrix, receive the other chunks, and return the whole matrix.

        Raises:
            InvalidInput: a chunk is out of order, missing, sent twice, or contradicts the first one.
            LimitReached: the matrix is larger than the server allows at all, or has bytes left for now.
        """
        call, outline = self._call, self.outline
        first, self._first = self._first, MatrixChunk()  # so that it is freed once it is copied
        assembly = _Assembly(outline, first.name, len(first.timestamps_ms) > 0, call.settings.max_matrix_bytes)
        if outline.n_rows:
            call.ticket.reserve(outline.nbytes)
        await _off_the_loop(call, self.first_bytes, assembly.add, first, 0)
        del first
        number = 1
        async for data in self._messages:
            await _off_the_loop(call, len(data), _added, assembly, data, number)
            if not outline.n_rows:
                call.ticket.reserve(VALUE_BYTES * assembly.rows * outline.n_columns)
            number += 1
        if outline.n_columns <= _NUMBERED_ON_THE_LOOP and (assembly.whole is not None or number == 1):
            return assembly.table()  # there is nothing to copy
        return await call.compute(assembly.table)


async def begin(messages: AsyncIterator[bytes], call: Call) -> Upload:
    """Read the first chunk of a call; for a dry run no other one follows.

    Args:
        messages: MatrixChunk messages.
        call: The call's surroundings.

    Raises:
        InvalidInput: there is no chunk, its size breaks a rule, or its names are not one a column and all different.
        LimitReached: the matrix is larger than the server allows.
    """
    data = await anext(aiter(messages), None)
    if data is None:
        raise InvalidInput("block", "must be sent in at least one chunk")
    chunk, outline = await _off_the_loop(call, len(data), opened, data, call.settings.max_matrix_bytes)
    return Upload(outline, len(data), chunk, messages, call)


async def _off_the_loop(call: Call, nbytes: int, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    if nbytes <= _ON_THE_LOOP:
        return work(*args, **kwargs)
    doing = partial(work, *args, **kwargs)
    return await call.launcher.submit(doing, nbytes=nbytes, deadline=call.deadline, record=call.record)


def _added(assembly: _Assembly, data: bytes, number: int) -> None:
    assembly.add(codec.decode_large(MatrixChunk, data, interruption.check), number)


def _joined(blocks: list[Floats]) -> Floats:
    """Return the rows of all blocks; each block is freed once it is copied."""
    if len(blocks) == 1:
        return blocks[0]
    whole = np.empty((sum(map(len, blocks)), blocks[0].shape[1]))
    stop = len(whole)
    while blocks:
        block = blocks.pop()
        whole[stop - len(block) : stop] = block
        stop -= len(block)
    return whole


def _order(given: int, expected: int) -> str:
    what = "rows are missing before it" if given > expected else "these rows have come already"
    return f"must be {expected}, where the chunk before ended ({what})"
