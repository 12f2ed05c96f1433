"""Long tables, one row a time and series: found, and turned into a column a series."""

from typing import Any

import numpy as np

from meanrev.errors import InvalidInput
from meanrev.intake.options import FileOptions, polars, refusal, suggested
from meanrev.intake.order import shown_time
from meanrev.intake.raw import RawTable

__all__ = ["key_column", "long_places", "pivoted", "refuse_long"]

_KEYS = frozenset(
    {
        *("ticker", "tickers", "symbol", "symbols", "asset", "assetid", "instrument", "instrumentid", "isin", "cusip"),
        *("sedol", "ric", "figi", "permno", "secid", "security", "code", "tscode", "stock", "pair", "coin", "contract"),
        *("series", "seriesid", "variable", "tic", "gvkey", "sym", "name", "product", "currency"),
    }
)


def key_column(raw: RawTable, times: set[int | None], times_ns: Any) -> int | None:
    """Return the column that names the series of a long table, or None where the table is not long.

    Args:
        raw: Its columns.
        times: Numbers of the columns of times.
        times_ns: polars Series of Int64, or None.
    """
    for i, name in enumerate(raw.names):
        if i not in times and _plain(name) in _KEYS and _is_key(raw.column(i)):
            known = raw.column(i).drop_nulls()
            if known.n_unique() > 1 and known.len() > known.n_unique():
                return i
    pl = polars()
    texts = [i for i, kind in enumerate(raw.columns.kinds) if kind in (pl.String, pl.Categorical, pl.Enum)]
    texts = [i for i in texts if i not in times]
    if times_ns is None or not texts:
        return None
    moments = times_ns.fill_null(0).to_numpy()
    if bool((moments[1:] > moments[:-1]).all()) or times_ns.n_unique() == times_ns.len():
        return None
    for i in texts:
        column = raw.column(i)
        if 1 < column.n_unique() < column.len():
            together = pl.DataFrame({"time": times_ns, "key": column})
            if not column.null_count() and together.n_unique() == together.height:
                return i
    return None


def refuse_long(raw: RawTable, key: int, time: int | None, prices: list[str]) -> InvalidInput:
    """Return the refusal of a long table where the caller has not named it one."""
    n_series = raw.column(key).drop_nulls().n_unique()
    price = next((name for name in prices if _plain(name) in {"close", "adjclose", "price", "last", "value"}), "")
    price = price or (prices[0] if prices else "close")
    date = raw.names[time] if time is not None else "date"
    wrong = f"is a long table: {raw.shown(key)} names {n_series} series, whose rows stand below each other"
    long = (date, raw.names[key], price)
    way = f"--long {','.join(long)} (long={long!r}) makes a column of each"
    return refusal(raw.source, f"{wrong}; {way}")


def pivoted(
    raw: RawTable, times_ns: Any, key: Any, values: Any, options: FileOptions
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any], list[str], int]:
    """Turn a long table into a column a series.

    Args:
        raw: The table, for messages.
        times_ns: (R,) polars Series of Int64 without null.
        key: (R,) polars Series: names of the series.
        values: (R,) polars Series of Float64.
        options: Their duplicates decides what becomes of two rows of one time and series.

    Returns:
        (T,) times, (T, N) values, names in order of their first row, and how many rows went as duplicates.

    Raises:
        InvalidInput: a series has two rows of one time, and duplicates is "refuse".
    """
    if key.dtype.is_float():  # codes such as 10001
        key = key.cast(polars().Int64)
    names, columns = np.unique(key.cast(polars().String).to_numpy().astype(str), return_inverse=True)
    firsts = np.full(names.size, columns.size)
    np.minimum.at(firsts, columns, np.arange(columns.size))
    order = np.argsort(firsts, kind="stable")
    rank = np.empty_like(order)
    rank[order] = np.arange(order.size)
    columns = rank[columns]
    times, rows = np.unique(times_ns.to_numpy(), return_inverse=True)
    cells = rows.astype(np.int64) * names.size + columns
    numbers = values.fill_null(np.nan).to_numpy()
    _, first_row, counts = np.unique(cells, return_index=True, return_counts=True)
    n_duplicates = cells.size - counts.size
    if n_duplicates and options.duplicates == "refuse":
        once = np.zeros(cells.size, dtype=np.bool_)
        once[first_row] = True
        row = int(np.argmin(once))
        earlier = int(np.flatnonzero(cells == cells[row])[0])
        wrong = f"{raw.place(row)} has {shown_time(int(times_ns[row]))} of {key[row]} again, after {raw.place(earlier)}"
        raise refusal(raw.source, f"{wrong}; --duplicates first or last (duplicates) keeps one of them")
    matrix = np.full((times.size, names.size), np.nan, order="F")
    if options.duplicates == "last" and n_duplicates:
        first_row = cells.size - 1 - np.unique(cells[::-1], return_index=True)[1]
    matrix[rows[first_row], columns[first_row]] = numbers[first_row]
    return times, matrix, [str(name) for name in names[order]], n_duplicates


def long_places(raw: RawTable, options: FileOptions) -> tuple[int, int, int]:
    """Return the numbers of the columns of times, names and values that the caller gave.

    Raises:
        InvalidInput: there is no such column.
    """
    for name in options.long:
        if raw.names.count(name) != 1:
            raise refusal(
                raw.source, f"the file has no column {name!r} for --long (long); {suggested(name, raw.names)}"
            )
    date, key, value = (raw.names.index(name) for name in options.long)
    return date, key, value


def _is_key(column: Any) -> bool:
    pl = polars()
    texts = column.dtype in (pl.String, pl.Categorical, pl.Enum)
    return texts or bool(column.dtype.is_integer()) or _whole(column)


def _whole(column: Any) -> bool:
    return bool(column.dtype.is_float()) and bool((column.drop_nulls() % 1 == 0).all())


def _plain(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())
