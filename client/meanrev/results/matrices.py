"""Matrices that a server keeps. Fields are named as on the wire."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field, replace
from typing import Self

from meanrev.intake.kept import part
from meanrev.intake.table import Table
from meanrev.results.base import LABEL, Result

__all__ = ["KeptMatrix"]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class KeptMatrix(Result):
    """A matrix that a server keeps, or a part of it; research methods take it in place of prices or returns.

    Attributes:
        matrix_id: 64 hexadecimal digits, a hash of the columns' names, the times and the numbers.
        rows: T.
        cols: N.
        nbytes: Bytes of the numbers and the times; of the whole matrix.
        columns: N labels, as the caller wrote them; none in a list of matrices, which matrix(matrix_id) has.
        stored_ms: When it was stored, in milliseconds since the epoch.
        used_ms: When a call last used it.
        table: Its numbers where they were put by this process; no key of the mapping.
    """

    matrix_id: str
    rows: int
    cols: int
    nbytes: int
    columns: tuple[Hashable, ...] = field(default=(), metadata=LABEL)
    stored_ms: int = 0
    used_ms: int = 0
    table: Table = field(repr=False)

    def part(
        self, columns: Sequence[Hashable] | None = None, *, first_row: int = 0, stop_row: int | None = None
    ) -> Self:
        """Return some rows and columns of it, for research methods; the server keeps the whole.

        Args:
            columns: Labels of columns, in the order that is wanted; all where None.
            first_row: The first row, counted from 0.
            stop_row: The row before which the part ends; the end where None.

        Raises:
            InvalidInput: a column or a row is not there, or a column comes twice.
        """
        table = part(self.table, columns, first_row, stop_row)
        n_columns = 1 if table.values.ndim == 1 else table.values.shape[1]
        return replace(
            self,
            rows=len(table.values),
            cols=n_columns,
            columns=self.columns if columns is None else tuple(columns),
            table=table,
        )

    def _names(self) -> tuple[str, ...]:
        return tuple(name for name in super()._names() if name != "table")
