"""Files as tables: what is in them is read, ordered by time and reported; what is ambiguous is refused."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from meanrev.errors import InvalidInput
from meanrev.intake import long_tables
from meanrev.intake.cells import first
from meanrev.intake.formats import read_raw, sources
from meanrev.intake.matrix import gathered, rows_of
from meanrev.intake.options import FileOptions, polars, refusal
from meanrev.intake.price_columns import Chosen, bars_by_value, chosen_columns, missing_mask, number_column
from meanrev.intake.raw import RawTable
from meanrev.intake.report import LeftOut
from meanrev.intake.stacking import Part, stacked
from meanrev.intake.table import Table
from meanrev.intake.time_columns import TimeColumns, find_time
from meanrev.intake.times import ColumnTimes, clock_of, read_times
from meanrev.intake.zones import in_utc

__all__ = ["choose_prices", "read_file", "refuse_twins", "with_clock"]


def read_file(path: str | Path, options: FileOptions | None = None, **given: Any) -> Table:
    """Read prices of a file: a column a series and a row a time, oldest first.

    Args:
        path: CSV and its kin, also compressed; Parquet, Arrow IPC or Excel; a pattern such as "prices/*.csv", a folder
            of Parquet files, or an address that fsspec can open.
        options: How it is to be read.
        **given: The same as arguments: those of FileOptions.

    Returns:
        A table of (T, N) values with names, times where the file has them, and a report of what was taken.

    Raises:
        InvalidInput: the file is no table of prices, or can be read in two ways; the message has the line, the column,
            the text and the option that settles it.
        ModuleNotFoundError: polars is not installed.
    """
    chosen = replace(options or FileOptions(), **{name: _plain(value) for name, value in given.items()})
    parts = [_part(read_raw(source, chosen), chosen) for source in sources(path)]
    return stacked(str(path), parts, chosen)


def _plain(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _part(raw: RawTable, options: FileOptions) -> Part:
    """Read one file: which columns are what, their numbers and times, without the rows that hold nothing."""
    refuse_twins(raw, options)
    times = find_time(raw, options)
    if options.long:
        return _long(raw, times, options)
    read = None if times.time is None else with_clock(raw, times, read_times(raw, times.time, options), options)
    chosen = choose_prices(raw, times, read, options)
    values, n_missing = gathered(raw, chosen.places, options)
    unnamed = not options.columns and all(name == f"column_{i + 1}" for i, name in enumerate(raw.names))
    close = bars_by_value(values) if unnamed else None
    if close is not None:
        wrong = "has columns that are open, high, low and close of one series by their values, no series of their own"
        raise refusal(raw.source, f"{wrong}; name what is traded, such as --column {chosen.names[close]} (columns)")
    empty = [i for i, count in enumerate(n_missing) if count == len(values)]
    kept = _rows_with_values(values, n_missing)
    if read is not None:
        _refuse_without_time(raw, times, read, kept)
    left_out = [*raw.left_out, *chosen.left_out, *times.left_out(raw)]
    if empty:
        left_out.append(LeftOut("column", tuple(chosen.names[i] for i in empty), "without any value"))
    if kept is not None:
        gone = np.flatnonzero(~kept)
        left_out.append(LeftOut("row", tuple(raw.place(int(row)) for row in gone), "without any value"))
        n_missing = [count - gone.size for count in n_missing]
    full = [i for i in range(len(n_missing)) if i not in empty]
    if not full:
        raise refusal(raw.source, "holds no prices: no column has a number")
    rows = None if kept is None else np.flatnonzero(kept)
    times_ns = None if read is None else read.ns.fill_null(0).to_numpy()
    return Part(
        raw=raw,
        names=[chosen.names[i] for i in full],
        values=_part_of(values, rows, full),
        rows=rows,
        times_ns=times_ns if times_ns is None or rows is None else times_ns[rows],
        time_name="" if times.time is None else _time_name(raw, times),
        time_kind="" if read is None else read.kind,
        left_out=left_out,
        n_missing=[n_missing[i] for i in full],
    )


def refuse_twins(raw: RawTable, options: FileOptions) -> None:
    """Refuse two columns of one name, unless they are none of those that are asked for.

    Raises:
        InvalidInput: there are two.
    """
    seen: dict[str, int] = {}
    for i, name in enumerate(raw.names):
        wanted = not options.columns or name in options.columns or name == options.date_column
        if name and name in seen and wanted:
            raise refusal(
                raw.source, f"has two columns {name!r}, the {seen[name] + 1}. and the {i + 1}.; rename one of them"
            )
        seen.setdefault(name, i)


def choose_prices(
    raw: RawTable,
    times: TimeColumns,
    read: ColumnTimes | None,
    options: FileOptions,
    unread: dict[str, InvalidInput] | None = None,
) -> Chosen:
    """Choose the columns of prices, unless the table is a long one.

    Args:
        raw: Its columns.
        times: Which of them are times.
        read: The times.
        options: The caller's options.
        unread: Gets the columns that hold numbers and other texts, by name, each with its error; None refuses the file.

    Raises:
        InvalidInput: the table is a long one, or has no prices, or what chosen_columns refuses.
    """
    key = long_tables.key_column(raw, {times.time, times.clock}, None if read is None else read.ns)
    if key is not None:
        known = {times.time, times.clock, key, *(i for i, _ in times.others)}
        numbers = [name for i, name in enumerate(raw.names) if i not in known and raw.columns.kinds[i].is_numeric()]
        raise long_tables.refuse_long(raw, key, times.time, numbers)
    chosen = chosen_columns(raw, times, options, unread)
    if not chosen.places:
        out = "; ".join(
            f"{', '.join(map(str, part.labels[:5]))}: {part.reason}"
            for part in [*chosen.left_out, *times.left_out(raw)]
        )
        more = f" ({out})" if out else ""
        one = len(raw.names) == 1 and raw.is_text
        way = "; fields may be separated by something else: --separator (separator)" if one else ""
        raise refusal(raw.source, f"holds no prices: no column has numbers{more}{way}")
    return chosen


def _rows_with_values(values: NDArray[np.float64], n_missing: list[int]) -> NDArray[np.bool_] | None:
    """Return which rows have a value, None where all have."""
    if not all(n_missing):
        return None
    some = np.zeros(len(values), dtype=np.bool_)
    for column in values.T:
        some |= ~np.isnan(column)
    return None if some.all() else some


def _part_of(values: NDArray[np.float64], rows: NDArray[np.intp] | None, full: list[int]) -> NDArray[np.float64]:
    """Return the rows and columns that hold something."""
    if len(full) < values.shape[1]:
        values = np.asfortranarray(values[:, full])
    return values if rows is None else rows_of(values, rows)


def _refuse_without_time(raw: RawTable, times: TimeColumns, read: ColumnTimes, kept: NDArray[np.bool_] | None) -> None:
    """Refuse a row that holds values and has no time."""
    absent = read.ns.is_null()
    if kept is not None:
        absent &= polars().Series(kept)
    if bool(absent.any()):
        row = first(absent)
        wrong = f"{raw.place(row)}, {raw.shown(times.time or 0)}: the row has prices and no time"
        raise refusal(raw.source, f"{wrong}; complete or remove it")


def with_clock(raw: RawTable, times: TimeColumns, read: ColumnTimes, options: FileOptions) -> ColumnTimes:
    """Add the times of day of a column beside that of the dates.

    Raises:
        InvalidInput: a cell is no time of day.
    """
    if times.clock is None:
        return read
    pl = polars()
    days = read_times(raw, times.time or 0, replace(options, tz="")).ns
    naive = (days + clock_of(raw, times.clock)).cast(pl.Datetime("ns"))
    return ColumnTimes(in_utc(raw, times.clock, naive, options), f"{read.kind} and time of day")


def _time_name(raw: RawTable, times: TimeColumns) -> str:
    names = [raw.names[i] or "index" for i in (times.time, times.clock) if i is not None]
    return " and ".join(names)


def _long(raw: RawTable, times: TimeColumns, options: FileOptions) -> Part:
    """Read a long table, whose rows need no order: those of one time become one."""
    date, key, value = long_tables.long_places(raw, options)
    read = with_clock(raw, times, read_times(raw, date, options), options)
    values = number_column(raw, value, options)
    absent = (
        missing_mask(raw.column(key), options)
        if raw.column(key).dtype == polars().String
        else raw.column(key).is_null()
    )
    kept = ~(values.is_null() & (absent | read.ns.is_null()))
    bad = kept & (absent | read.ns.is_null())
    if bool(bad.any()):
        raise refusal(raw.source, f"{raw.place(first(bad))}: the row has a price and no time or no name of a series")
    left_out = [*raw.left_out]
    others = [
        raw.names[i] or f"column {i + 1}" for i in range(len(raw.names)) if i not in {date, key, value, times.clock}
    ]
    if others:
        left_out.append(LeftOut("column", tuple(others), "not named by long"))
    if not bool(kept.all()):
        gone = (~kept).arg_true().to_list()
        left_out.append(LeftOut("row", tuple(raw.place(row) for row in gone), "without any value"))
        raw.only(kept)
    stamps, matrix, names, n_duplicates = long_tables.pivoted(
        raw, read.ns.filter(kept), raw.column(key).filter(kept), values.filter(kept), options
    )
    raw.notes.append(f"{kept.sum():,} rows of a long table became {len(names)} columns.")
    part = Part(raw, names, matrix, None, stamps, _time_name(raw, times), read.kind, left_out, n_duplicates)
    return part.only(options.columns)
