"""The outline of a matrix in its first chunk: enough to admit it, check its options and estimate its work."""

from collections.abc import Sequence
from dataclasses import dataclass

from gpu_kernels import interruption
from gpu_kernels.errors import InvalidInput
from meanrev_server.errors import LimitReached, setting_named
from meanrev_wire import codec
from meanrev_wire.research_pb2 import MatrixChunk

__all__ = ["VALUE_BYTES", "Outline", "check_size", "opened", "outlined"]

VALUE_BYTES = 8
"""Bytes of a number of the matrix."""

_NAMES_BETWEEN_LOOKS = 4096
"""Names that are compared before the next look at whether somebody still waits."""


@dataclass(frozen=True, slots=True)
class Outline:
    """The outline of a matrix, from its first chunk.

    Attributes:
        n_rows: T; 0 where the first chunk does not give it.
        n_columns: N.
        columns: N names, all different; none where columns are numbered.
        metadata: Options as a JSON object.
    """

    n_rows: int
    n_columns: int
    columns: tuple[str, ...]
    metadata: str

    @property
    def nbytes(self) -> int:
        """Bytes of the matrix as float64."""
        return VALUE_BYTES * self.n_rows * self.n_columns

    @property
    def longest_name(self) -> str:
        """The longest name of a column."""
        return max(self.columns, key=len) if self.columns else str(self.n_columns - 1)


def check_size(nbytes: int, most_bytes: int) -> None:
    """Refuse a matrix that is larger than the server allows.

    Raises:
        LimitReached: it is larger; the message names its size, the limit and the setting.
    """
    if nbytes > most_bytes:
        setting = setting_named("max_matrix_bytes")
        rule = f"must take at most {most_bytes} bytes as float64; the setting {setting} of the server raises it"
        raise LimitReached.of("block", rule, nbytes)


def opened(data: bytes) -> MatrixChunk:
    """Parse a first chunk.

    Args:
        data: The message.

    Raises:
        MalformedMessage: it is no chunk.
        InvalidField: it has too many fields.
    """
    return codec.decode_large(MatrixChunk, data, interruption.check)


def outlined(chunk: MatrixChunk, most_bytes: int) -> Outline:
    """Return the outline that a first chunk gives.

    Args:
        chunk: The chunk.
        most_bytes: Most bytes of a matrix.

    Raises:
        InvalidField: the block does not hold rows * cols numbers.
        InvalidInput: the size breaks a rule, the names are not one a column and all different, or rows of a kept matrix
            are chosen without naming one.
        LimitReached: the matrix is larger than the server allows.
    """
    n_columns = _width(chunk)
    if chunk.HasField("block"):
        codec.shape(chunk.block, "chunk[0].block")
    if not 0 <= chunk.total_rows <= codec.MAX_DIMENSION:
        rule = f"must be between 0 and {codec.MAX_DIMENSION}"
        raise InvalidInput("total_rows", rule, value=chunk.total_rows)
    for name in ("first_row", "stop_row"):
        if given := getattr(chunk, name):
            raise InvalidInput(
                name, "must be left out: it chooses rows of the matrix that matrix_id names", value=given
            )
    check_size(VALUE_BYTES * chunk.total_rows * n_columns, most_bytes)
    return Outline(chunk.total_rows, n_columns, _named(chunk.columns, n_columns), chunk.metadata)


def _width(chunk: MatrixChunk) -> int:
    """Return N, from the block or, where there is none, from the field of the chunk."""
    if not chunk.HasField("block") and chunk.total_columns:
        n_columns, field_name = chunk.total_columns, "total_columns"
    else:
        n_columns, field_name = chunk.block.cols, "chunk[0].block.cols"
    if not 1 <= n_columns <= codec.MAX_DIMENSION:
        raise InvalidInput(field_name, f"must be between 1 and {codec.MAX_DIMENSION}", value=n_columns)
    if chunk.total_columns and chunk.total_columns != n_columns:
        raise InvalidInput("total_columns", f"must be what the block has, {n_columns}", value=chunk.total_columns)
    return n_columns


def _named(given: Sequence[str], n_columns: int) -> tuple[str, ...]:
    columns = tuple(given)
    if len(columns) not in {0, n_columns}:
        raise InvalidInput("columns", f"must hold {n_columns} names, or none", value=len(columns))
    interruption.check()
    if len(set(columns)) < len(columns):
        raise InvalidInput("columns", "must differ from each other", value=_first_repeated(columns))
    return columns


def _first_repeated(columns: Sequence[str]) -> str:
    seen: set[str] = set()
    for number, name in enumerate(columns):
        if not number % _NAMES_BETWEEN_LOOKS:
            interruption.check()
        if name in seen:
            return name
        seen.add(name)
    return ""
