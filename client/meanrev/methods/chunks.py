"""Matrices cut into messages that any server takes."""

from collections.abc import Mapping, Sequence
from typing import overload

from meanrev.errors import InvalidInput
from meanrev.intake.containers import table
from meanrev.intake.kept import Kept
from meanrev.intake.table import Table
from meanrev.methods import wire
from meanrev.results import KeptMatrix
from meanrev_wire.research_pb2 import MatrixChunk

__all__ = [
    "CHUNK_BYTES",
    "LARGE_BYTES",
    "ChunkLabels",
    "MatrixChunks",
    "check_size",
    "matrix",
    "named",
    "outline",
    "sized",
]

CHUNK_BYTES = 2 * 1024 * 1024
"""Most bytes of numbers in a chunk. Measured: chunks of 8 MiB take twice the time, and more of the server's memory."""

LARGE_BYTES = 1024 * 1024
"""Size from which on the client asks for the server's limits before it uploads."""

_ROW_BYTES = 8
_STAMP_BYTES = 10
_NAME_BYTES = 6
_AROUND = 256
"""Most bytes of a chunk beside its numbers, stamps and names."""


def matrix(given: object, field: str = "prices") -> Table:
    """Read prices or returns, of which there must be some.

    Args:
        given: (T,) or (T, N); or a KeptMatrix, whose numbers may be on the server alone.
        field: The argument's name in the plural, for messages.

    Raises:
        InvalidInput: they are no numbers of shape (T,) or (T, N), or there are none, or the names of the columns of a
            KeptMatrix are not known here.
    """
    kept = sized(given, field) if isinstance(given, KeptMatrix) else given
    read = kept if isinstance(kept, Table) else table(field, kept)
    if not read.values.size:
        raise InvalidInput(field, f"must hold at least one {field[:-1]}", value=read.values.shape)
    return read


def sized(given: KeptMatrix, field: str = "prices") -> Table:
    """Return the table of a kept matrix, whose numbers may be on the server alone.

    Raises:
        InvalidInput: the names of its columns are not known here.
    """
    if given.table.kept is not None and not given.table.kept.columns:
        rule = "must have columns, which a list of matrices does not; matrix(matrix_id) returns this one with them"
        raise InvalidInput(field, rule, value=given.matrix_id)
    return given.table


class MatrixChunks(Sequence[bytes]):
    """A table as MatrixChunk messages. Each is written when it is sent, so that memory holds no second copy of all."""

    def __init__(
        self,
        read: Table,
        names: Sequence[str],
        metadata: str,
        most_bytes: int | None = None,
        argument: str = "prices",
        matrix_id: str | None = None,
    ) -> None:
        """Decide how many rows a chunk takes.

        Args:
            read: (T,) or (T, N).
            names: One a column.
            metadata: Of the first chunk.
            most_bytes: Of a message; the default suits every server's default.
            argument: What the caller gave the table as, for messages.
            matrix_id: Of the first chunk: the kept matrix that the rows follow, or None.

        Raises:
            InvalidInput: a row is larger than a message.
        """
        self._values = read.values.reshape(len(read.values), -1)
        self._stamps = read.timestamps_ms
        self._names = names
        self._metadata = metadata
        self._matrix_id = matrix_id
        of_a_row = _ROW_BYTES * self._values.shape[1]
        room = CHUNK_BYTES
        if most_bytes is not None:
            per_row = of_a_row + (0 if self._stamps is None else _STAMP_BYTES)
            room = min(room, (most_bytes - self._overhead()) * of_a_row // per_row)
            if room < of_a_row:
                raise _too_wide(argument, self._values.shape[1], of_a_row + self._overhead(), most_bytes)
        self._rows = max(1, room // of_a_row)

    def _overhead(self) -> int:
        """Return the bytes of the first chunk beside its rows."""
        names = sum(len(name.encode()) + _NAME_BYTES for name in self._names)
        return names + len(self._metadata.encode()) + _AROUND

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
            matrix_id=self._matrix_id if first else None,
        )


def named(kept: Kept, metadata: str) -> bytes:
    """Return the one chunk that names a kept matrix, or a part of it, in place of sending it.

    Args:
        kept: What of which matrix.
        metadata: The options.
    """
    to_the_end = kept.rows.stop == kept.n_rows
    return wire.encode(
        MatrixChunk,
        columns=None if kept.places is None else kept.texts,
        metadata=metadata,
        matrix_id=kept.matrix_id,
        first_row=kept.rows.start,
        stop_row=None if to_the_end else kept.rows.stop,
    )


def outline(read: Table, names: Sequence[str], metadata: str) -> bytes:
    """Return the one chunk that asks for an estimate: how large the matrix is, and none of it.

    Args:
        read: (T,) or (T, N).
        names: One a column; left out where they would be an upload of their own.
        metadata: With the option dry_run.
    """
    small = sum(map(len, names)) <= LARGE_BYTES
    return wire.encode(
        MatrixChunk,
        columns=names if small else None,
        metadata=metadata,
        total_rows=len(read.values),
        total_columns=len(names),
    )


def check_size(read: Table, limits: Mapping[str, int], argument: str = "prices") -> None:
    """Refuse a matrix that a server can never take.

    Args:
        read: (T,) or (T, N).
        limits: Of the server, by the names of its settings; 0 where it does not report one.
        argument: What the caller gave the table as.

    Raises:
        InvalidInput: it is too large; names the limit, its setting and the size.
    """
    most, nbytes = limits.get("max_matrix_bytes", 0), read.values.nbytes
    if most and nbytes > most:
        remedy = "the setting max_matrix_bytes (MEANREV_MAX_MATRIX_BYTES) of the server raises it"
        raise InvalidInput(argument, f"must take at most {most} bytes as float64; {remedy}", value=nbytes)


def _too_wide(argument: str, n_columns: int, nbytes: int, most_bytes: int) -> InvalidInput:
    remedy = "the setting max_message_bytes (MEANREV_MAX_MESSAGE_BYTES) of the server raises it"
    rule = f"must have rows, with the names of the columns, of at most {most_bytes} bytes; {remedy}"
    return InvalidInput(argument, f"{rule}; a row of {n_columns} columns takes {nbytes} bytes")


class ChunkLabels:
    """Names the fields of MatrixChunk, block and columns, as the caller's arguments in errors."""

    def __init__(self, read: Table, renamed: Mapping[str, str]) -> None:
        """Take the names of the caller's arguments.

        Args:
            read: What was sent.
            renamed: Further fields and options whose arguments have other names.
        """
        self._read = read
        self._renamed = {"block": "prices", "columns": "asset_ids", **renamed}

    def explain(self, error: InvalidInput, message: int) -> None:
        """Complete an error."""
        error.field = self._renamed.get(error.field, error.field)
        if error.field == self._renamed["block"]:
            self._read.explain(error, message)
            if self._read.values.ndim == 1 and isinstance(error.index, tuple):
                error.index = error.index[0]
