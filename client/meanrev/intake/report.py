"""The report on a table: which rows and columns were taken, which were left out, and why."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["LeftOut", "Report"]

_NAMED = 5
"""Names that a sentence lists; the whole list is in to_dict."""


@dataclass(frozen=True)
class LeftOut:
    """Rows or columns that are not in the table, for one reason.

    Attributes:
        what: "column" or "row".
        labels: Names of the columns, or file lines (row numbers of a container, from 0) of the rows.
        reason: Why, as a phrase that follows "left out".
    """

    what: str
    labels: tuple[Hashable, ...]
    reason: str


@dataclass(frozen=True)
class Report:
    """The rows, columns and times that were taken.

    Attributes:
        source: A file's name, or the kind of the container.
        n_rows: Rows in the table.
        columns: Labels of its columns.
        time_column: Name of what was read as time, or "" where there is none; "index" for a frame's index.
        time_kind: How it was read: "date", "datetime", "ISO text", "epoch s", "epoch ms", "epoch us", "epoch ns",
            "yyyymmdd", "spreadsheet serial" or "".
        first_time: The first row's time as ISO 8601 text in UTC, or "".
        last_time: The last row's.
        n_gaps: Steps between rows that are longer than three times the median step.
        n_duplicates: Rows that shared their time with another one and were resolved as asked.
        was_sorted: The rows came in another order and were sorted as asked.
        left_out: Rows and columns that are not in the table.
        missing: Cells without a value, by column; columns without any are not listed.
        notes: Further sentences on how the data was read.
    """

    source: str
    n_rows: int
    columns: tuple[Hashable, ...]
    time_column: str = ""
    time_kind: str = ""
    first_time: str = ""
    last_time: str = ""
    n_gaps: int = 0
    n_duplicates: int = 0
    was_sorted: bool = False
    left_out: tuple[LeftOut, ...] = ()
    missing: Mapping[Hashable, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def sentences(self) -> list[str]:
        """Return the report in words: what was taken, and then what else was noticed."""
        taken = f"{self.source}: {_count(self.n_rows, 'row')} of {_count(len(self.columns), 'column')}"
        if self.first_time:
            taken += f", {self.first_time} to {self.last_time} ({self.time_column}, {self.time_kind})"
        said = [f"{taken}."]
        if self.was_sorted:
            said.append("The rows were sorted by time.")
        if self.n_duplicates:
            said.append(f"{_count(self.n_duplicates, 'row')} shared a time with another one and went as asked.")
        if self.n_gaps:
            said.append(f"{_count(self.n_gaps, 'step')} between rows took more than three times the median step.")
        said += [
            f"{_count(len(out.labels), out.what)} left out ({_few(out.labels)}): {out.reason}." for out in self.left_out
        ]
        if self.missing:
            most = max(self.missing, key=lambda name: self.missing[name])
            total = sum(self.missing.values())
            said.append(
                f"{_count(total, 'cell')} without a value in {_few(tuple(self.missing))}; "
                f"most in {most!s}: {self.missing[most]}."
            )
        return [*said, *self.notes]

    def to_dict(self) -> dict[str, Any]:
        """Return the report as what JSON can carry; labels become texts."""
        return {
            "source": self.source,
            "n_rows": self.n_rows,
            "columns": [str(name) for name in self.columns],
            "time_column": self.time_column,
            "time_kind": self.time_kind,
            "first_time": self.first_time,
            "last_time": self.last_time,
            "n_gaps": self.n_gaps,
            "n_duplicates": self.n_duplicates,
            "was_sorted": self.was_sorted,
            "left_out": [
                {"what": out.what, "labels": [str(label) for label in out.labels], "reason": out.reason}
                for out in self.left_out
            ],
            "missing": {str(name): count for name, count in self.missing.items()},
            "notes": list(self.notes),
        }


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _few(labels: tuple[Hashable, ...]) -> str:
    shown = ", ".join(str(label) for label in labels[:_NAMED])
    return f"{shown}, ..." if len(labels) > _NAMED else shown
