"""Files as tables: what is in them is read, ordered by time and reported; what is ambiguous is refused."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from meanrev.intake import long_tables
from meanrev.intake.cells import first
from meanrev.intake.formats import read_raw, sources
from meanrev.intake.options import FileOptions, polars, refusal
from meanrev.intake.price_columns import Chosen, bars_by_value, chosen_columns, missing_mask, number_column
from meanrev.intake.raw import RawTable
from meanrev.intake.report import LeftOut
from meanrev.intake.stacking import Part, stacked
from meanrev.intake.table import Table
from meanrev.intake.time_columns import TimeColumns, find_time
from meanrev.intake.times import Times, clock_of, read_times
from meanrev.intake.zones import in_utc

__all__ = ["read_file"]

_SMALL = 1 << 20
"""Cells below which threads take longer to start than to copy."""


def read_file(path: str | Path, options: FileOptions | None = None, **given: Any) -> Table:
    """Read prices of a file: a column a series and a row a time, oldest first.

    Args:
        path: CSV and its kin, also compressed; Parquet, Arrow IPC or Excel; a pattern such as "prices/*.csv", a folder
            of Parquet files, or an address that fsspec knows.
        options: How it is to be read.
        **given: The same as arguments: those of FileOptions.

    Returns:
        A table of (T, N) values with names, times where the file has them, and a report of what was taken.

    Raises:
        InvalidInput: the file is no table of prices, or says two things at once; the message has the line, the column,
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
    _refuse_twins(raw, options)
    times = find_time(raw, options)
    if options.long:
        return _long(raw, times, options)
    read = None if times.time is None else _with_clock(raw, times, read_times(raw, times.time, options), options)
    chosen = _chosen(raw, times, read, options)
    columns = [number_column(raw, place, options) for place in chosen.places]
    unnamed = not options.columns and all(name == f"column_{i + 1}" for i, name in enumerate(raw.names))
    close = bars_by_value(columns) if unnamed else None
    if close is not None:
        told = "has columns that are open, high, low and close of one series by their values, no series of their own"
        raise refusal(raw.source, f"{told}; name what is traded, such as --column {chosen.names[close]} (columns)")
    empty = [i for i, column in enumerate(columns) if column.null_count() == column.len()]
    kept = _rows_with_values(columns)
    if read is not None:
        _refuse_without_time(raw, times, read, kept)
    left_out = [*raw.left_out, *chosen.left_out, *times.left_out(raw)]
    if empty:
        left_out.append(LeftOut("column", tuple(chosen.names[i] for i in empty), "without any value"))
    if kept is not None:
        gone = np.flatnonzero(~kept)
        left_out.append(LeftOut("row", tuple(raw.place(int(row)) for row in gone), "without any value"))
    full = [i for i in range(len(columns)) if i not in empty]
    if not full:
        raise refusal(raw.source, "holds no prices: no column has a number")
    return Part(
        raw=raw,
        names=[chosen.names[i] for i in full],
        values=_matrix([columns[i] for i in full], kept),
        rows=None if kept is None else np.flatnonzero(kept),
        times_ns=None if read is None else _kept(read.ns.fill_null(0).to_numpy(), kept),
        time_name="" if times.time is None else _time_name(raw, times),
        time_kind="" if read is None else read.kind,
        left_out=left_out,
        n_missing=[columns[i].null_count() - (0 if kept is None else int((~kept).sum())) for i in full],
    )


def _refuse_twins(raw: RawTable, options: FileOptions) -> None:
    """Refuse two columns of one name, unless they are none of those that are asked for."""
    seen: dict[str, int] = {}
    for i, name in enumerate(raw.names):
        wanted = not options.columns or name in options.columns or name == options.date_column
        if name and name in seen and wanted:
            raise refusal(
                raw.source, f"has two columns {name!r}, the {seen[name] + 1}. and the {i + 1}.; rename one of them"
            )
        seen.setdefault(name, i)


def _chosen(raw: RawTable, times: TimeColumns, read: Times | None, options: FileOptions) -> Chosen:
    """Choose the columns of prices, unless the table is a long one."""
    key = long_tables.key_column(raw, {times.time, times.clock}, None if read is None else read.ns)
    if key is not None:
        known = {times.time, times.clock, key, *(i for i, _ in times.others)}
        numbers = [name for i, name in enumerate(raw.names) if i not in known and raw.column(i).dtype.is_numeric()]
        raise long_tables.refuse_long(raw, key, times.time, numbers)
    chosen = chosen_columns(raw, times, options)
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


def _rows_with_values(columns: list[Any]) -> NDArray[np.bool_] | None:
    """Return which rows have a value, None where all have."""
    if any(not column.null_count() for column in columns):
        return None
    some = np.zeros(columns[0].len(), dtype=np.bool_)
    for column in columns:
        some |= column.is_not_null().to_numpy()
    return None if some.all() else some


def _refuse_without_time(raw: RawTable, times: TimeColumns, read: Times, kept: NDArray[np.bool_] | None) -> None:
    """Refuse a row that holds values and has no time."""
    absent = read.ns.is_null()
    if kept is not None:
        absent &= polars().Series(kept)
    if bool(absent.any()):
        row = first(absent)
        told = f"{raw.place(row)}, {raw.shown(times.time or 0)}: the row has prices and no time"
        raise refusal(raw.source, f"{told}; complete or remove it")


def _with_clock(raw: RawTable, times: TimeColumns, read: Times, options: FileOptions) -> Times:
    """Add the times of day of a column beside that of the dates."""
    if times.clock is None:
        return read
    pl = polars()
    days = read_times(raw, times.time or 0, replace(options, tz="")).ns
    naive = (days + clock_of(raw, times.clock)).cast(pl.Datetime("ns"))
    return Times(in_utc(raw, times.clock, naive, options), f"{read.kind} and time of day")


def _time_name(raw: RawTable, times: TimeColumns) -> str:
    names = [raw.names[i] or "index" for i in (times.time, times.clock) if i is not None]
    return " and ".join(names)


def _kept(values: NDArray[Any], kept: NDArray[np.bool_] | None) -> NDArray[Any]:
    return values if kept is None else values[kept]


def _matrix(columns: list[Any], kept: NDArray[np.bool_] | None) -> NDArray[np.float64]:
    """Return columns side by side, each in one piece of memory, which is how they are used."""
    values = np.empty((columns[0].len(), len(columns)), order="F")  # NumPy's memory comes in large pages
    threads = 1 if values.size < _SMALL else min(polars().thread_pool_size(), len(columns))
    if threads == 1:
        _copy(columns, values)
    else:
        from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - for large tables only

        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(lambda i: _copy(columns[i::threads], values[:, i::threads]), range(threads)))
    return values if kept is None else np.asfortranarray(values[kept])


def _copy(columns: list[Any], values: NDArray[np.float64]) -> None:
    for i, column in enumerate(columns):
        at = 0
        for chunk in column.get_chunks():  # which need not be put together first
            values[at : at + chunk.len(), i] = chunk.to_numpy()
            at += chunk.len()


def _long(raw: RawTable, times: TimeColumns, options: FileOptions) -> Part:
    """Read a long table, whose rows need no order: those of one time become one."""
    date, key, value = long_tables.long_places(raw, options)
    read = _with_clock(raw, times, read_times(raw, date, options), options)
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
        raw, read.ns.filter(kept), raw.column(key), values.filter(kept), options
    )
    raw.notes.append(f"{raw.frame.height:,} rows of a long table became {len(names)} columns.")
    part = Part(raw, names, matrix, None, stamps, _time_name(raw, times), read.kind, left_out, n_duplicates)
    return part.only(options.columns)
