"""Parts of a table below each other, in order of time, with the report on the whole."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from meanrev.errors import InvalidInput
from meanrev.intake.matrix import rows_of
from meanrev.intake.options import FileOptions, refusal, suggested
from meanrev.intake.order import in_order, shown_time
from meanrev.intake.raw import RawTable
from meanrev.intake.report import LeftOut, Report
from meanrev.intake.table import Table

__all__ = ["Part", "stacked"]

_MS = 10**6
_LONG_STEP = 3.0
_PIECE = 1 << 14
"""Rows whose steps are looked at in one go."""


@dataclass
class Part:
    """What one file gave.

    Attributes:
        raw: Its columns as they came, for messages.
        names: N columns.
        values: (T, N).
        rows: (T,) numbers of the rows in the file; None where they are all.
        times_ns: (T,) nanoseconds since 1970, or None.
        time_name: Name of the column of times.
        time_kind: How they were read.
        left_out: Rows and columns that are not here.
        n_duplicates: Rows that already went because another one had their time.
        n_missing: Cells without a value, one a column, where they were counted.
    """

    raw: RawTable
    names: list[str]
    values: NDArray[np.float64]
    rows: NDArray[np.intp] | None
    times_ns: NDArray[np.int64] | None
    time_name: str
    time_kind: str
    left_out: list[LeftOut] = field(default_factory=list)
    n_duplicates: int = 0
    n_missing: list[int] | None = None

    def only(self, columns: tuple[str, ...]) -> "Part":
        """Return the part with some of its columns, in the order asked for.

        Raises:
            InvalidInput: there is no such column.
        """
        if not columns:
            return self
        for name in columns:
            if name not in self.names:
                raise refusal(self.raw.source, f"the file has no column {name!r}; {suggested(name, self.names)}")
        others = tuple(name for name in self.names if name not in columns)
        if others:
            self.left_out.append(LeftOut("column", others, "not asked for"))
        self.values = np.asfortranarray(self.values[:, [self.names.index(name) for name in columns]])
        self.names = list(columns)
        return self

    def place(self, row: int) -> str:
        """Return where a row of the table is in the file."""
        return self.raw.place(row if self.rows is None else int(self.rows[row]))


def stacked(source: str, parts: list[Part], options: FileOptions) -> Table:
    """Return the table of all parts.

    Args:
        source: What was asked for.
        parts: In the order of the files' names.
        options: What becomes of rows that are not in order, or share a time.

    Raises:
        InvalidInput: the parts hold different columns, or times do not increase.
    """
    whole = parts[0]
    for part in parts[1:]:
        _refuse_others(whole, part)
    values = (
        whole.values if len(parts) == 1 else np.asfortranarray(np.vstack([_aligned(whole, part) for part in parts]))
    )
    times = stamps = None
    if whole.times_ns is not None:
        each = [part.times_ns for part in parts if part.times_ns is not None]
        times = each[0] if len(each) == 1 else np.concatenate(each)
    n_duplicates, was_sorted = sum(part.n_duplicates for part in parts), False
    if times is not None:
        stamps = times // _MS
        ordered = _ordered(parts, times, stamps, options)
        n_duplicates, was_sorted = n_duplicates + ordered.n_duplicates, ordered.was_sorted
        if ordered.rows is not None:
            values, times, stamps = rows_of(values, ordered.rows), times[ordered.rows], stamps[ordered.rows]
    report = _report(source, parts, values, times, n_duplicates, was_sorted=was_sorted)
    return Table(values, tuple(whole.names), stamps, report)


def _refuse_others(one: Part, other: Part) -> None:
    if set(one.names) != set(other.names):
        differ = sorted(set(one.names) ^ set(other.names))
        wrong = f"has other columns than {one.raw.source} ({', '.join(differ[:5])})"
        raise refusal(
            other.raw.source, f"{wrong}; files that are read together hold the same series at different times"
        )
    if (one.times_ns is None) != (other.times_ns is None):
        raise refusal(
            other.raw.source, f"has {'a' if one.times_ns is None else 'no'} column of times, unlike {one.raw.source}"
        )


def _aligned(whole: Part, part: Part) -> NDArray[np.float64]:
    return part.values[:, [part.names.index(name) for name in whole.names]]


def _ordered(parts: list[Part], times: NDArray[np.int64], stamps: NDArray[np.int64], options: FileOptions) -> Any:
    """Order rows by time; milliseconds are what travels, so rows within one share it."""
    try:
        return in_order(
            stamps,
            field="time",
            sort=options.sort,
            duplicates=options.duplicates,
        )
    except InvalidInput as error:
        row = int(error.index)  # type: ignore[arg-type] # in_order names one row
        where = _place_of(parts, row)
        same = np.flatnonzero(stamps == stamps[row])
        wrong = f"{where} has the time {shown_time(int(times[row]))}"
        if same.size > 1 and "different" in error.rule:
            earlier = int(same[0]) if int(same[0]) != row else int(same[1])
            within = times[earlier] != times[row]
            wrong += (
                f", within the millisecond of {_place_of(parts, earlier)}"
                if within
                else f" of {_place_of(parts, earlier)} again"
            )
            way = "--duplicates first or last (duplicates) keeps one of the rows that share a time"
        else:
            before = f"{shown_time(int(times[row - 1]))} of {_place_of(parts, row - 1)}"
            wrong += f", before the {before}; rows must run from oldest to newest"
            way = "--sort (sort=True) puts them in order"
        name = parts[0].raw.source if len(parts) == 1 else "the files together"
        raise refusal(name, f"{wrong}; {way}") from None


def _place_of(parts: list[Part], row: int) -> str:
    for part in parts:
        if row < len(part.values):
            return part.place(row) if len(parts) == 1 else f"{part.raw.source}, {part.place(row)}"
        row -= len(part.values)
    return f"row {row + 1}"


def _report(
    source: str,
    parts: list[Part],
    values: NDArray[np.float64],
    times: NDArray[np.int64] | None,
    n_duplicates: int,
    *,
    was_sorted: bool,
) -> Report:
    whole = parts[0]
    counts = parts[0].n_missing
    if counts is None or len(parts) > 1 or len(parts[0].values) != len(values):
        counts = [int(np.isnan(column).sum()) for column in values.T]
    known = times is not None and times.size > 0
    notes = list(dict.fromkeys(note for part in parts for note in part.raw.notes))
    return Report(
        source=source.rpartition("/")[2] or source,
        n_rows=len(values),
        columns=tuple(whole.names),
        time_column=whole.time_name,
        time_kind=whole.time_kind,
        first_time=shown_time(int(times[0])) if known and times is not None else "",
        last_time=shown_time(int(times[-1])) if known and times is not None else "",
        n_gaps=0 if times is None else _gaps(times),
        n_duplicates=n_duplicates,
        was_sorted=was_sorted,
        left_out=_left_out(parts),
        missing={name: count for name, count in zip(whole.names, counts, strict=True) if count},
        notes=tuple([*notes, f"{len(parts)} files."] if len(parts) > 1 else notes),
    )


def _left_out(parts: list[Part]) -> tuple[LeftOut, ...]:
    """Return what is not in the table: columns once, rows and lines with their file where there are several."""
    found: dict[tuple[str, str], dict[Any, None]] = {}
    for part in parts:
        for out in part.left_out:
            prefix = f"{part.raw.source}, " if len(parts) > 1 and out.what != "column" else ""
            held = found.setdefault((out.what, out.reason), {})
            held.update(dict.fromkeys(f"{prefix}{label}" if prefix else label for label in out.labels))
    return tuple(LeftOut(what, tuple(labels), reason) for (what, reason), labels in found.items())


def _gaps(times: NDArray[np.int64]) -> int:
    if times.size < 3:
        return 0
    longest, shortest = 0, np.iinfo(np.int64).max
    for at in range(0, times.size - 1, _PIECE):  # small pieces need no memory that the system has to provide
        steps = np.diff(times[at : at + _PIECE + 1])
        longest, shortest = max(longest, int(steps.max())), min(shortest, int(steps.min()))
    if longest <= _LONG_STEP * shortest:  # the median is no shorter
        return 0
    steps = np.diff(times)
    return int((steps > _LONG_STEP * np.median(steps)).sum())
