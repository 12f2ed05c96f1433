"""Columns of one file: all of them in memory, or read from the file one at a time or in batches of rows."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

__all__ = ["Columns", "Source"]


class Source(NamedTuple):
    """How columns of a file are read that are not in memory.

    Attributes:
        column: From the number of a column to all of it.
        batches: From numbers of columns to these columns, some rows at a time, in the order of the file.
    """

    column: Callable[[int], Any]
    batches: Callable[[Sequence[int]], Iterator[list[Any]]]


class Columns:
    """Columns of a file, each a polars Series; what was let go is not there again.

    Attributes:
        kinds: Of each column, its type in polars.
        height: Number of rows.
    """

    def __init__(self, frame: Any, height: int | None = None, source: Source | None = None) -> None:
        """Hold the columns of a frame, or read them when they are asked for.

        Args:
            frame: polars DataFrame with all rows, or where source is given with the first ones.
            height: Number of rows, where frame does not have them all.
            source: Reads the columns.
        """
        self.kinds = frame.dtypes
        self.height = frame.height if height is None else height
        self._source = source
        given = list(map(_plainly_named, frame.get_columns()))
        self._heads = None if source is None else given
        self._held = dict(enumerate(given)) if source is None else {}

    def column(self, number: int) -> Any:
        """Return a column."""
        if number not in self._held and self._source is not None:
            self._held[number] = _plainly_named(self._source.column(number))
        return self._held[number]

    def head(self, number: int, n_rows: int) -> Any:
        """Return the first rows of a column, which are read where the others are not; at most as many as were given."""
        if self._heads is not None and number not in self._held:
            return self._heads[number].head(n_rows)
        return self.column(number).head(n_rows)

    def has_values(self, number: int) -> bool:
        """Return whether any cell of a column has a value; usually the first ones decide it."""
        if number not in self._held and self._heads is not None and self._heads[number].count():
            return True
        return bool(self.column(number).null_count() < self.height)

    def in_memory(self, number: int) -> bool:
        """Return whether all of a column is in memory already."""
        return number in self._held

    def batches(self, numbers: Sequence[int]) -> Iterator[list[Any]]:
        """Return columns that are not in memory, some rows at a time; none of them is kept."""
        for columns in () if self._source is None else self._source.batches(numbers):
            yield list(map(_plainly_named, columns))

    def let_go(self, number: int) -> None:
        """Give the memory of a column back."""
        del self._held[number]


def _plainly_named(column: Any) -> Any:
    """Return a column under a name that is no pattern: methods of a Series called "^A.*$" find no column."""
    return column.alias("column")
