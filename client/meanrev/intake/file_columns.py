"""Columns of one file: all of them in memory, or read from the file a few at a time and let go after use."""

from collections.abc import Callable, Sequence
from typing import Any

from meanrev.intake.options import polars

__all__ = ["Columns"]

_AT_ONCE = 16 << 20
"""Bytes of columns that are read in one go, at eight a cell, or one column a thread: caches hold them until copied."""


class Columns:
    """Columns of a file, each a polars Series; what was let go is not there again.

    Attributes:
        kinds: Of each column, its type in polars.
        height: Number of rows.
    """

    def __init__(
        self, frame: Any, height: int | None = None, read: Callable[[Sequence[int]], list[Any]] | None = None
    ) -> None:
        """Hold the columns of a frame, or read them when they are asked for.

        Args:
            frame: polars DataFrame with all rows, or where read is given with the first ones.
            height: Number of rows, where frame does not have them all.
            read: From numbers of columns to these columns.
        """
        self.kinds = frame.dtypes
        self.height = frame.height if height is None else height
        self._read = read
        self._heads = None if read is None else frame.get_columns()
        self._held = dict(enumerate(frame.get_columns())) if read is None else {}

    def column(self, number: int) -> Any:
        """Return a column."""
        if number not in self._held:
            self.load([number])
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

    def load(self, numbers: Sequence[int]) -> None:
        """Read columns that are not in memory."""
        absent = [number for number in numbers if number not in self._held]
        if absent and self._read is not None:
            self._held.update(zip(absent, self._read(absent), strict=True))

    def let_go(self, number: int) -> None:
        """Give the memory of a column back."""
        del self._held[number]

    def groups(self, numbers: Sequence[int]) -> list[Sequence[int]]:
        """Return columns in groups to be loaded and let go one after the other: all in one where memory has them."""
        size = max(polars().thread_pool_size(), _AT_ONCE // (8 * self.height)) if self._read else len(numbers)
        return [numbers[i : i + size] for i in range(0, len(numbers), size)]
