"""AppendRows: keeps a matrix with further rows, under an id of its own."""

import asyncio
from collections.abc import AsyncIterator

import numpy as np

from gpu_kernels.errors import InvalidInput
from meanrev_server.matrix_assembly import empty
from meanrev_server.matrix_upload import begin_rows
from meanrev_server.outline import VALUE_BYTES, Outline, check_size
from meanrev_server.rpc import options
from meanrev_server.rpc.call import Call
from meanrev_server.rpc.matrices import encoded, keep, keeping_demand
from meanrev_server.rpc.stamps import check_stamps
from meanrev_server.uploaded_matrix import UploadedMatrix

__all__ = ["handle"]


async def handle(messages: AsyncIterator[bytes], call: Call) -> bytes:
    """Answer with the longer matrix as it is kept; the shorter one stays."""
    matrix_id, upload = await begin_rows(messages, call)
    outline, matrices = upload.outline, call.state.matrices
    _, ignored = await asyncio.to_thread(options.parse, options.NoOptions, outline.metadata)
    kept, table = await matrices.acquire(call.caller.identity, matrix_id)
    try:
        _check_columns(outline, table.columns)
        _announce(outline.n_rows, 2 * upload.first_bytes, table, call)
        rows = await upload.table()
        _check_times(rows, table)
        _announce(len(rows.values), 0, table, call)
        whole = await call.compute(_extended, table, rows)
    finally:
        matrices.matrices.release(kept)
    return encoded(await keep(whole, call), ignored)


def _announce(n_rows: int, further_bytes: int, table: UploadedMatrix, call: Call) -> None:
    """Announce the longer matrix, and the rows beside it.

    Raises:
        LimitReached: it is larger than the server allows, or can never be kept, or has no room for now.
    """
    n_columns = table.values.shape[1]
    of_rows = VALUE_BYTES * n_rows * n_columns
    whole = table.values.nbytes + of_rows
    check_size(whole, call.settings.max_matrix_bytes)
    call.state.matrices.matrices.check_size(call.caller.identity, whole)
    call.ticket.announce(keeping_demand(whole // VALUE_BYTES, whole + of_rows + further_bytes))


def _check_columns(outline: Outline, columns: tuple[str, ...]) -> None:
    """Check that the rows have the columns of the matrix that they follow.

    Raises:
        InvalidInput: they have not.
    """
    if outline.n_columns != len(columns):
        rule = f"must be {len(columns)}, as in the kept matrix"
        raise InvalidInput("chunk[0].block.cols", rule, value=outline.n_columns)
    if outline.columns and outline.columns != columns:
        place = next(i for i, (one, other) in enumerate(zip(outline.columns, columns, strict=True)) if one != other)
        rule = f"must be those of the kept matrix, in its order: {columns[place]!r} here, or left out"
        raise InvalidInput("columns", rule, value=outline.columns[place], index=place)


def _check_times(rows: UploadedMatrix, table: UploadedMatrix) -> None:
    """Check that rows have timestamps where the matrix that they follow has, and that they come later.

    Raises:
        InvalidInput: they have not, or do not.
    """
    before, given = table.timestamps_ms, rows.timestamps_ms
    if (before is None) != (given is None):
        wanted = "must be left out: the kept matrix has none" if before is None else "must be sent: the kept matrix has"
        raise InvalidInput("timestamps_ms", wanted, value=0 if given is None else given.size)
    if before is not None and given is not None:
        check_stamps(given[:1], "timestamps_ms", first_row=0, before=int(before[-1]))


def _extended(table: UploadedMatrix, rows: UploadedMatrix) -> UploadedMatrix:
    """Return a matrix with further rows; those of both are copied, because each column is in one piece."""
    n_before = len(table.values)
    values = empty(n_before + len(rows.values), len(table.columns))
    values[:n_before] = table.values
    values[n_before:] = rows.values
    stamps = None
    if table.timestamps_ms is not None and rows.timestamps_ms is not None:
        stamps = np.concatenate([table.timestamps_ms, rows.timestamps_ms])
    return UploadedMatrix(values, table.columns, stamps)
