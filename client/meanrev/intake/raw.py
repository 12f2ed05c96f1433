"""The columns of a file as they were read, before it is decided which are times and which are prices."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from meanrev.intake.file_columns import Columns
from meanrev.intake.report import LeftOut

__all__ = ["RawTable", "row_number"]


def row_number(row: int) -> str:
    """Return the name of a row of a file without lines: "row 1" is the first."""
    return f"row {row + 1}"


@dataclass
class RawTable:
    """Columns of a file.

    Attributes:
        source: The file's name.
        names: One a column, as the file has them.
        columns: In the order of names.
        levels: Of each column, the texts of a header of several lines; () where it has one line.
        place: From a row's number to where it is in the file: "line 12".
        written: From numbers of a row and a column to the text in the file, where it has texts.
        index: Numbers of the columns that pandas noted as the frame's index.
        comma: What a comma in a number is: "decimal", "thousands", "either" where nothing decides which, or "".
        is_text: The file has no types: all columns that are no numbers came as texts.
        left_out: What is already known to be left out.
        notes: Sentences for the report.
    """

    source: str
    names: tuple[str, ...]
    columns: Columns
    levels: tuple[tuple[str, ...], ...] = ()
    place: Callable[[int], str] = row_number
    written: Callable[[int, int], str] | None = None
    index: tuple[int, ...] = ()
    comma: str = ""
    is_text: bool = False
    left_out: list[LeftOut] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def column(self, number: int) -> Any:
        """Return a column as a polars Series."""
        return self.columns.column(number)

    def only(self, kept: Any) -> None:
        """Count only some of the rows from here on; they stay where they are in the file.

        Args:
            kept: polars Series of Boolean.
        """
        rows, place = kept.arg_true().to_list(), self.place
        self.place = lambda row: place(rows[row])
        self.written = None

    def cell(self, row: int, number: int) -> Any:
        """Return a cell as the file has it: 1e400 is no infinity there."""
        held = self.column(number)[row]
        return held if self.written is None or isinstance(held, str) else self.written(row, number)

    def shown(self, number: int) -> str:
        """Return a column's name for a message; its number where it has none."""
        return f"column {self.names[number]!r}" if self.names[number] else f"column {number + 1} (without a name)"
