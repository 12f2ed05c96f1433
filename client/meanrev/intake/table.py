"""The table that every container is read into; it also returns results in the caller's kind of container."""

import re
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from meanrev.errors import InvalidInput
from meanrev.intake.report import Report

if TYPE_CHECKING:
    from meanrev.intake.kept import Kept

__all__ = ["Floats", "Ints", "ListTable", "Table"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_COLUMNS = re.compile(r"\[:, ?(?:(\d+)|\[(\d+(?:, ?\d+)*)\])\]$")
_NAMED = 5


@dataclass(frozen=True)
class Table:
    """Numbers over time, of one series or of several columns, that came as an array.

    Attributes:
        values: (T,) or (T, N), float64.
        names: One a column, or none.
        timestamps_ms: (T,), milliseconds since the epoch in UTC, or None where there is no time index.
        report: What was taken and left out, or None of a bare array.
        kept: What it is of a matrix that a server keeps, as kept.kept_of reads it, or None.
    """

    values: Floats
    names: tuple[Hashable, ...] = ()
    timestamps_ms: Ints | None = None
    report: Report | None = None
    kept: "Kept | None" = None

    def matrix(self, field: str) -> "Table":
        """Return this table, which must have two dimensions.

        Raises:
            InvalidInput: it has one.
        """
        if self.values.ndim != 2:
            raise InvalidInput(field, "must have shape (T, N)", value=self.values.shape)
        return self

    def column(self) -> "Table":
        """Return the single column of a (T, 1) table as a series."""
        return replace(self, values=self.values[:, 0], names=())

    def over_time(self, values: NDArray[Any], *, named: bool = True) -> Any:
        """Return values whose rows are the last rows of this table; named keeps the columns' names too."""
        return self._built(values, time=True, rows=None, columns=self._names_of(values) if named else None)

    def over_assets(self, values: Floats) -> Any:
        """Return (N,) values, one a column of this table."""
        return self._built(values, time=False, rows=self._names_of(values), columns=None)

    def by_asset(self, values: Floats) -> Any:
        """Return (K, N) values whose columns are those of this table."""
        return self._built(values, time=False, rows=None, columns=self._names_of(values))

    def between_assets(self, values: Floats) -> Any:
        """Return (N, N) values whose rows and columns are the columns of this table."""
        return self._built(values, time=False, rows=self._names_of(values), columns=self._names_of(values))

    def explain(self, error: InvalidInput, message: int) -> None:
        """Put the labels of the error's index, or of the columns in its field, into its hint: "'PEP', 2020-03-16"."""
        place: Any = error.index if isinstance(error.index, tuple) else (error.index,)
        columns: tuple[Any, ...] = place[1:] if len(place) == 2 else ()
        named = _COLUMNS.search(error.field)
        if error.index is None and named is not None:
            columns = tuple(map(int, (named[1] or named[2]).split(",")))
        labels = [repr(self.names[column]) for column in columns if self.names and _within(column, len(self.names))]
        if self.timestamps_ms is not None and _within(place[0], len(self.timestamps_ms)):
            labels.append(str(np.datetime64(int(self.timestamps_ms[place[0]]), "ms")).removesuffix("T00:00:00.000"))
        error.hint = ", ".join(labels) or (self._empty() if error.index is None else "")

    def _empty(self) -> str:
        """Return which columns hold no number at all, where there are such columns."""
        if self.values.ndim != 2:
            return ""
        places = np.flatnonzero(np.isnan(self.values).all(axis=0)).tolist()[:_NAMED]
        names = ", ".join(repr(self.names[place]) if self.names else f"column {place}" for place in places)
        return f"{names}, without a number in any row" if names else ""

    def _names_of(self, values: Floats) -> tuple[Hashable, ...] | None:
        return self.names if self.names and values.shape[-1:] == (len(self.names),) else None

    def _built(
        self, values: Floats, *, time: bool, rows: Sequence[Hashable] | None, columns: Sequence[Hashable] | None
    ) -> Any:
        return values


class ListTable(Table):
    """The same, that came as a list."""

    def _built(
        self, values: Floats, *, time: bool, rows: Sequence[Hashable] | None, columns: Sequence[Hashable] | None
    ) -> Any:
        return values.tolist()


def _within(place: object, size: int) -> bool:
    return isinstance(place, int) and 0 <= place < size
