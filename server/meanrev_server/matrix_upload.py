"""The matrix of a call: chunks that become one array, or a matrix that the server keeps.

The first chunk has the size of the matrix, so that it is admitted or refused as a whole before the rest is sent. The
array is allocated then, and its bytes are counted; the operating system gives memory only where rows are written.
"""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from functools import partial
from typing import ParamSpec, TypeVar

from gpu_kernels import interruption
from gpu_kernels.errors import InvalidInput
from meanrev_server.matrices import KeptMatrix
from meanrev_server.matrix_assembly import Assembly
from meanrev_server.matrix_choice import Choice, check_id, chosen
from meanrev_server.outline import VALUE_BYTES, Outline, opened, outlined
from meanrev_server.rpc.call import Call
from meanrev_server.uploaded_matrix import UploadedMatrix
from meanrev_wire import codec
from meanrev_wire.research_pb2 import MatrixChunk

__all__ = ["FromKept", "Upload", "UploadedMatrix", "begin", "begin_rows"]

P = ParamSpec("P")
R = TypeVar("R")

_ON_THE_LOOP = 64 * 1024
"""Most bytes of a chunk that the event loop's thread reads itself: handing it over would take longer."""
_NUMBERED_ON_THE_LOOP = 1_000
"""Most columns that the event loop's thread numbers itself."""


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

    @property
    def kept_bytes(self) -> int:
        """Bytes of the matrix that are counted where it is kept: none."""
        return 0

    async def table(self) -> UploadedMatrix:
        """Reserve the bytes of the matrix, receive the other chunks, and return the whole matrix.

        Raises:
            InvalidInput: a chunk is out of order, missing, sent twice, or contradicts the first one.
            LimitReached: the matrix is larger than the server allows at all, or has bytes left for now.
        """
        call, outline = self._call, self.outline
        first, self._first = self._first, MatrixChunk()  # so that it is freed once it is copied
        assembly = Assembly(outline, first.name, len(first.timestamps_ms) > 0, call.settings.max_matrix_bytes)
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
        if outline.n_columns <= _NUMBERED_ON_THE_LOOP and assembly.whole is not None:
            return assembly.table()  # there is nothing to copy
        return await call.compute(assembly.table)

    def close(self) -> None:
        """Do nothing: the matrix goes with the call."""


@dataclass(slots=True)
class FromKept:
    """A kept matrix, or a part of it, which no other chunk follows. It stays in memory until it is closed.

    Attributes:
        outline: The outline of what is chosen.
        first_bytes: Bytes of the only chunk.
    """

    outline: Outline
    first_bytes: int
    _kept: KeptMatrix
    _choice: Choice
    _messages: AsyncIterator[bytes]
    _call: Call
    _closed: bool = False

    @property
    def kept_bytes(self) -> int:
        """Bytes of the matrix that are counted where it is kept, and not by this call."""
        return 0 if self._choice.is_copied else self.outline.nbytes

    async def table(self) -> UploadedMatrix:
        """Return what is chosen, once the client has sent all that it sends.

        Raises:
            InvalidInput: another chunk follows.
            LimitReached: what has to be copied has no bytes left for now.
        """
        async for _ in self._messages:
            rule = "must not follow chunk[0], which names a kept matrix; PutMatrix keeps what is sent"
            raise InvalidInput("chunk[1]", rule)
        if not self._choice.is_copied:
            return self._choice.taken()
        self._call.ticket.reserve(self.outline.nbytes)
        return await self._call.compute(self._choice.taken)

    def close(self) -> None:
        """Allow the matrix to be dropped from memory again."""
        if not self._closed:
            self._closed = True
            self._call.state.matrices.matrices.release(self._kept)


async def begin(messages: AsyncIterator[bytes], call: Call) -> Upload | FromKept:
    """Read the first chunk of a call; for a dry run no other one follows.

    Args:
        messages: MatrixChunk messages.
        call: The call's surroundings.

    Returns:
        What the caller has to close once nothing uses the matrix any more.

    Raises:
        InvalidInput: there is no chunk, its size breaks a rule, its names are not one a column and all different, or it
            chooses what a kept matrix does not have.
        NotFound: the caller keeps no such matrix.
        LimitReached: the matrix is larger than the server allows, or has no room in memory now.
    """
    data, chunk = await _first(messages, call)
    if not chunk.matrix_id:
        outline = await _off_the_loop(call, len(data), outlined, chunk, call.settings.max_matrix_bytes)
        return Upload(outline, len(data), chunk, messages, call)
    kept, table = await call.state.matrices.acquire(call.caller.identity, check_id(chunk.matrix_id))
    try:
        choice, outline = await _off_the_loop(call, len(data), _outline_of_choice, chunk, table)
    except BaseException:
        call.state.matrices.matrices.release(kept)
        raise
    return FromKept(outline, len(data), kept, choice, messages, call)


async def begin_rows(messages: AsyncIterator[bytes], call: Call) -> tuple[str, Upload]:
    """Read the first chunk of rows that extend a kept matrix; return the id of that, and the upload of the rows.

    Args:
        messages: MatrixChunk messages.
        call: The call's surroundings.

    Raises:
        InvalidInput: there is no chunk, or it names no matrix, or its size or its names break a rule.
        LimitReached: the rows alone are larger than the server allows.
    """
    data, chunk = await _first(messages, call)
    matrix_id = check_id(chunk.matrix_id, "chunk[0].matrix_id")
    if not chunk.HasField("block"):
        raise InvalidInput("chunk[0].block", "must be sent: it has the first of the further rows")
    for name in ("first_row", "stop_row"):
        if given := getattr(chunk, name):
            raise InvalidInput(f"chunk[0].{name}", "must be left out: rows follow the whole matrix", value=given)
    outline = await _off_the_loop(call, len(data), outlined, chunk, call.settings.max_matrix_bytes)
    return matrix_id, Upload(outline, len(data), chunk, messages, call)


async def _first(messages: AsyncIterator[bytes], call: Call) -> tuple[bytes, MatrixChunk]:
    data = await anext(aiter(messages), None)
    if data is None:
        raise InvalidInput("block", "must be sent in at least one chunk")
    return data, await _off_the_loop(call, len(data), opened, data)


async def _off_the_loop(call: Call, nbytes: int, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    if nbytes <= _ON_THE_LOOP:
        return work(*args, **kwargs)
    doing = partial(work, *args, **kwargs)
    return await call.launcher.submit(doing, nbytes=nbytes, deadline=call.deadline, record=call.record)


def _added(assembly: Assembly, data: bytes, number: int) -> None:
    assembly.add(codec.decode_large(MatrixChunk, data, interruption.check), number)


def _outline_of_choice(chunk: MatrixChunk, table: UploadedMatrix) -> tuple[Choice, Outline]:
    choice = chosen(chunk, table)
    return choice, Outline(*choice.shape, choice.columns, chunk.metadata)
