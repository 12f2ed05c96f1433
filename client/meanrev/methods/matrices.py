"""PutMatrix, AppendRows, ListMatrices and DropMatrix: matrices that the server keeps, so that they are sent once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from meanrev.errors import InvalidInput
from meanrev.intake.containers import table
from meanrev.intake.kept import appended, kept_as, kept_of, named_table
from meanrev.intake.table import Table
from meanrev.methods import chunks, fields, wire
from meanrev.methods.naming import SeriesNames, series_names
from meanrev.methods.research import research_path
from meanrev.methods.sending import PUT, Sending, reput
from meanrev.question import About, ById, Question, Replies
from meanrev.results import KeptMatrix
from meanrev_wire import codec, research_pb2
from meanrev_wire.matrix_ids import is_matrix_id

__all__ = ["append", "drop", "matrices", "matrix", "put"]

_HOUR_S = 3600.0
_FIELDS = ("matrix_id", "rows", "cols", "nbytes", "stored_ms", "used_ms")


def put(prices: Any, *, asset_ids: Sequence[str] | None = None, timeout: float = _HOUR_S) -> Question[KeptMatrix]:
    """Have the server keep a matrix; research methods take what comes back in place of it, and send nothing.

    A matrix that the server keeps already is not sent again: the same names, times and numbers have the same id. One
    that has left the server, to make room or at a restart, is sent again by the call that needs it.

    Args:
        prices: (T,) or (T, N), prices or returns, oldest first; a KeptMatrix, or a part of one.
        asset_ids: Names of the series; the frame's columns, else their numbers, where None.
        timeout: Seconds for everything.

    Returns:
        The matrix as it is kept. It holds on to the prices, which are not to be changed.

    Raises:
        MeanRevError: as every call.
    """
    read = chunks.matrix(prices)
    names = series_names(read, asset_ids)
    sending = Sending(read, names, wire.options())
    question = Question(
        PUT,
        sending.calls,
        _reading(lambda matrix_id: _held(read, matrix_id, names), names.labels),
        streaming=True,
        timeout=timeout,
        labels=sending.labels,
        fitted=sending.fitted,
    )
    asked = sending.by_id(question)
    return asked if asked.by_id is None else replace(asked, by_id=ById(asked.by_id.named, always=True))


def append(matrix: KeptMatrix, rows: Any, *, timeout: float = _HOUR_S) -> Question[KeptMatrix]:
    """Have the server keep a matrix with further rows, of which these alone are sent; the shorter one stays.

    Args:
        matrix: What put returned, or matrix.
        rows: (t, N) that follow the matrix, with its columns in its order, and with times where it has times.
        timeout: Seconds for everything.

    Returns:
        The longer matrix, with an id of its own.

    Raises:
        MeanRevError: as every call.
    """
    before = chunks.sized(matrix, "matrix")
    kept = before.kept
    if kept is None or not kept.is_whole:
        raise InvalidInput("matrix", "must be a whole kept matrix, and not a part of one", value=matrix.matrix_id)
    read = table("rows", rows)
    _check_rows(read, before)
    texts = series_names(read, None).texts if read.names else kept.columns
    labels = chunks.ChunkLabels(read, {"block": "rows", "columns": "rows", "timestamps_ms": "rows"})

    def cut(limits: Mapping[str, int]) -> Sequence[Sequence[bytes]]:
        most = limits.get("max_message_bytes") or None
        return [chunks.MatrixChunks(read, texts, wire.options(), most, "rows", kept.matrix_id)]

    question = Question(
        research_path("AppendRows"),
        cut({}),
        _reading(lambda matrix_id: appended(before, read, matrix_id), matrix.columns),
        streaming=True,
        timeout=timeout,
        labels=labels,
        fitted=cut if read.values.nbytes > chunks.LARGE_BYTES else None,
    )
    if kept.whole is None:
        return question
    return replace(question, by_id=ById(lambda: question, lambda: reput(kept, "matrix"), always=True))


def matrices(*, limit: int = 100, timeout: float | None = None) -> Question[tuple[KeptMatrix, ...]]:
    """Return the matrices that the server keeps for the caller, newest first; matrix finds one with its columns.

    Args:
        limit: Most matrices, 1 to 1000.
        timeout: Seconds for everything; the client's own where None.

    Raises:
        MeanRevError: as every call.
    """
    message = wire.encode(research_pb2.ListMatricesRequest, limit=fields.listed(limit), metadata=wire.options())

    def listed(replies: Replies, about: About) -> tuple[KeptMatrix, ...]:
        reply = wire.decode(research_pb2.ListMatricesReply, replies[0][0])
        return tuple(_named(info, about) for info in reply.matrices)

    return Question(research_path("ListMatrices"), [[message]], listed, timeout=timeout)


def matrix(matrix_id: str, *, timeout: float | None = None) -> Question[KeptMatrix]:
    """Return a matrix that the server keeps, put here or elsewhere by the same caller.

    Its numbers stay on the server, which alone can work with them: this one is not sent again where it has left.

    Args:
        matrix_id: Its id.
        timeout: Seconds for everything; the client's own where None.

    Raises:
        InvalidInput: the server does not keep it.
        MeanRevError: as every call.
    """
    message = wire.encode(research_pb2.ListMatricesRequest, matrix_id=_id(matrix_id), metadata=wire.options())

    def found(replies: Replies, about: About) -> KeptMatrix:
        (info,) = wire.decode(research_pb2.ListMatricesReply, replies[0][0]).matrices
        return _named(info, about)

    return Question(research_path("ListMatrices"), [[message]], found, timeout=timeout)


def drop(matrix: KeptMatrix | str, *, timeout: float | None = None) -> Question[KeptMatrix]:
    """Have the server forget a matrix; calls that use it go on.

    Args:
        matrix: What put, append, matrix or matrices returned, or its id.
        timeout: Seconds for everything; the client's own where None.

    Returns:
        The matrix as it was kept.

    Raises:
        InvalidInput: the server does not keep it.
        MeanRevError: as every call.
    """
    matrix_id = _id(matrix.matrix_id if isinstance(matrix, KeptMatrix) else matrix)
    message = wire.encode(research_pb2.MatrixRequest, matrix_id=matrix_id, metadata=wire.options())

    def dropped(replies: Replies, about: About) -> KeptMatrix:
        return _named(wire.decode(research_pb2.MatrixInfo, replies[0][0]), about)

    return Question(research_path("DropMatrix"), [[message]], dropped, timeout=timeout, repeatable=False)


def _reading(held: Callable[[str], Table], labels: tuple[Any, ...]) -> Callable[[Replies, About], KeptMatrix]:
    """Return the reader of a MatrixInfo.

    Args:
        held: Returns the table of the matrix that has an id.
        labels: Of its columns.
    """

    def read(replies: Replies, about: About) -> KeptMatrix:
        fields = _fields(wire.decode(research_pb2.MatrixInfo, replies[0][0]))
        return KeptMatrix(**fields, columns=labels, table=held(fields["matrix_id"]), meta=about)

    return read


def _held(read: Table, matrix_id: str, names: SeriesNames) -> Table:
    """Return a table that was put as the kept matrix that it is now."""
    kept = kept_of(read)
    if kept is not None and kept.whole is None:
        n_rows, n_columns = read.values.shape
        return named_table(matrix_id, (n_rows, n_columns), names.texts, read.timestamps_ms)
    return kept_as(replace(read, kept=None), matrix_id, *names.both)


def _named(info: research_pb2.MatrixInfo, about: About) -> KeptMatrix:
    """Return a matrix whose numbers are on the server alone."""
    stamps = codec.integers(info.timestamps_ms)
    columns = tuple(info.columns)
    held = named_table(info.matrix_id, (info.rows, info.cols), columns, stamps if stamps.size else None)
    return KeptMatrix(**_fields(info), columns=columns, table=held, meta=about)


def _fields(info: research_pb2.MatrixInfo) -> dict[str, Any]:
    return {name: getattr(info, name) for name in _FIELDS}


def _check_rows(rows: Table, before: Table) -> None:
    """Check that rows have the shape, and times where the matrix that they follow has."""
    if not rows.values.size or rows.values.shape[1:] != before.values.shape[1:]:
        columns = "" if before.values.ndim == 1 else f", {before.values.shape[1]}"
        rule = f"must have shape (t{columns}) with t >= 1, as the kept matrix"
        raise InvalidInput("rows", rule, value=rows.values.shape)
    if (rows.timestamps_ms is None) != (before.timestamps_ms is None):
        wanted = "must have times, as" if rows.timestamps_ms is None else "must have no times, like"
        raise InvalidInput("rows", f"{wanted} the kept matrix")


def _id(given: object) -> str:
    """Return the id of a matrix.

    Raises:
        InvalidInput: it is none.
    """
    if not isinstance(given, str) or not is_matrix_id(given):
        raise InvalidInput("matrix_id", "must be 64 hexadecimal digits, 0-9 and a-f", value=given)
    return given
