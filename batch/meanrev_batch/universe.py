"""A universe of prices as it is in its files: bars, names and prices, and what is wrong with which name.

The files are read by meanrev.intake. A wide table has a column a name, a long one (FileOptions.long) a row a bar and
name. Unlike a single table of prices, a universe of thousands of names always has some that cannot be read: they are
left out with their reason, and the others stay. What is wrong with the whole file is refused.
"""

import numpy as np

from meanrev.errors import InvalidInput
from meanrev.intake import long_tables
from meanrev.intake.cells import first
from meanrev.intake.files import choose_prices, refuse_twins, with_clock
from meanrev.intake.formats import read_raw, sources
from meanrev.intake.matrix import gathered
from meanrev.intake.options import FileOptions, polars, refusal
from meanrev.intake.price_columns import missing_mask, number_column
from meanrev.intake.raw import RawTable
from meanrev.intake.time_columns import find_time
from meanrev.intake.times import read_times
from meanrev_batch.model import Ints
from meanrev_batch.panel import Fault, Panel, in_order, repeated

__all__ = ["read"]

_MS = 10**6


def read(path: str, options: FileOptions) -> Panel:
    """Read a universe.

    Args:
        path: A file, a folder of Parquet files, a pattern or an address, as meanrev.intake.files.read_file takes it.
        options: How it is to be read; rows of any order are sorted.

    Raises:
        InvalidInput: a file cannot be read, is ambiguous, has no times, or names a column twice.
        ModuleNotFoundError: polars is not installed.
    """
    parts = [_part(read_raw(source, options), options) for source in sources(path)]
    if len(parts) == 1:
        return in_order(parts[0])
    names = tuple(dict.fromkeys(name for part in parts for name in part.names))
    places = {name: place for place, name in enumerate(names)}
    prices = np.full((sum(part.stamps_ms.size for part in parts), len(names)), np.nan, order="F")
    row = 0
    whole = Panel(np.concatenate([part.stamps_ms for part in parts]), names, prices, {}, {})
    for part in parts:
        prices[row : row + part.stamps_ms.size, [places[name] for name in part.names]] = part.prices
        row += part.stamps_ms.size
        whole.faults.update(part.faults)
        whole.merged.update({name: whole.merged.get(name, 0) + count for name, count in part.merged.items()})
    return in_order(whole)


def _part(raw: RawTable, options: FileOptions) -> Panel:
    refuse_twins(raw, options)
    times = find_time(raw, options)
    if times.time is None:
        raise refusal(
            raw.source, "has no column of times, which a universe needs; --date-column (date_column) names it"
        )
    read_ns = with_clock(raw, times, read_times(raw, times.time, options), options)
    absent = read_ns.ns.is_null()
    if bool(absent.any()):
        raise refusal(raw.source, f"{raw.place(first(absent))}: the row has no time; complete or remove it")
    stamps = read_ns.ns.to_numpy() // _MS
    if options.long:
        return _long(raw, stamps, options)
    unread: dict[str, InvalidInput] = {}
    chosen = choose_prices(raw, times, read_ns, options, unread)
    bad: dict[int, InvalidInput] = {}
    prices = gathered(raw, chosen.places, options, bad).values
    unread |= {chosen.names[place]: error for place, error in bad.items()}
    faults = {name: _unreadable(error) for name, error in unread.items()}
    for out in chosen.left_out:
        if out.reason != "not asked for":
            reason = "missing" if out.reason == "without any value" else "not_numeric"
            faults.update({str(name): Fault(reason, out.reason) for name in out.labels})
    others = [name for name in faults if name not in chosen.names]
    if others:
        prices = np.concatenate([prices, np.full((len(stamps), len(others)), np.nan, order="F")], axis=1)
    return Panel(stamps, (*chosen.names, *others), np.asfortranarray(prices), faults, {})


def _unreadable(error: InvalidInput) -> Fault:
    text = str(error)
    return Fault("infinite" if " inf " in f" {text.lower()} ".replace("-inf", "inf") else "not_numeric", text)


def _long(raw: RawTable, stamps: Ints, options: FileOptions) -> Panel:
    pl = polars()
    _, key, value = long_tables.long_places(raw, options)
    column, held = raw.column(key), raw.column(value)
    values = held.cast(pl.Float64) if held.dtype.is_numeric() else number_column(raw, value, options)
    absent = missing_mask(column, options)
    if bool((absent & values.is_not_null()).any()):
        row = first(absent & values.is_not_null())
        raise refusal(raw.source, f"{raw.place(row)}: the row has a price and no name of a series")
    column = (column.cast(pl.Int64) if column.dtype.is_float() else column).cast(pl.String)
    names = column.filter(~absent).unique(maintain_order=True)
    codes = column.replace_strict(names, pl.Series(range(len(names)), dtype=pl.Int64), default=None)
    kept = (~absent & values.is_not_null() & ~values.is_nan().fill_null(value=True)).to_numpy()
    columns, prices = codes.fill_null(0).to_numpy()[kept], values.fill_null(np.nan).to_numpy()[kept]
    bars, rows = np.unique(stamps, return_inverse=True)
    rows = rows[kept]
    matrix = np.full((bars.size, len(names)), np.nan, order="F")
    matrix[rows, columns] = prices
    panel = Panel(bars, tuple(names.to_list()), matrix, {}, {})
    if prices.size > np.count_nonzero(~np.isnan(matrix)):
        repeated(panel, rows, columns, prices)
    return panel
