"""Which columns of a file are prices, and their numbers."""

import shlex
from typing import Any, NamedTuple, NoReturn

import numpy as np
from numpy.typing import NDArray

from meanrev.errors import InvalidInput
from meanrev.intake.cells import first, is_missing, looks_like_number, numbers
from meanrev.intake.headers import is_date
from meanrev.intake.options import FileOptions, polars, refusal, shown, suggested
from meanrev.intake.raw import RawTable
from meanrev.intake.report import LeftOut
from meanrev.intake.time_columns import TimeColumns

__all__ = ["Chosen", "bars_by_value", "chosen_columns", "finite_numbers", "missing_mask", "number_column"]

_BAR_FIELDS = frozenset({"open", "high", "low", "close", "adjclose", "closeadj", "price", "last", "lastprice", "vwap"})
_VOLUMES = frozenset({"volume", "vol", "volumes", "openint", "openinterest", "turnover", "quotevolume", "amount", "oi"})
_WIDEST_BAR = 1.25
"""The median distance from low to high, of the price, up to which columns may be the figures of one series."""
_VOLUME_WORDS = frozenset({"volume", "openint", "openinterest"})


class Chosen(NamedTuple):
    """Columns of prices.

    Attributes:
        places: Their numbers in the file.
        names: What they are called.
        left_out: The others, but those of times and indices.
    """

    places: list[int]
    names: list[str]
    left_out: list[LeftOut]


def chosen_columns(
    raw: RawTable, times: TimeColumns, options: FileOptions, unread: dict[str, InvalidInput] | None = None
) -> Chosen:
    """Choose the columns of prices: those that are asked for, else all columns of numbers.

    Args:
        raw: The file.
        times: Which of its columns are times.
        options: The caller's options.
        unread: Gets the columns that hold numbers and other texts, by name, each with its error; None refuses the file.

    Raises:
        InvalidInput: a column that is asked for is not there; a name is empty or comes twice; the columns are the open,
            high, low, close and volume of one series; a column holds numbers and other texts.
    """
    taken = {times.time, times.clock, *(i for i, _ in times.others)}
    rest = [i for i in range(len(raw.names)) if i not in taken]
    if options.columns and not options.long:
        chosen = _wanted(raw, options.columns, [i for i in range(len(raw.names)) if i not in {times.time, times.clock}])
        others = [raw.names[i] or f"column {i + 1}" for i in rest if i not in chosen[0]]
        left_out = [LeftOut("column", tuple(others), "not asked for")] if others else []
        return Chosen(*chosen, left_out)
    places: list[int] = []
    reasons: dict[str, list[str]] = {}
    for i in rest:
        try:
            reason = _no_prices(raw, i, options)
        except InvalidInput as error:
            if unread is None:
                raise
            unread[raw.names[i]] = error
            continue
        if reason:
            reasons.setdefault(reason, []).append(raw.names[i] or f"column {i + 1}")
        else:
            places.append(i)
    _refuse_bars(raw, places)
    if len(places) > 1 and all(is_date(raw.names[i]) for i in places):
        wrong = f"has dates for names of columns ({raw.names[places[0]]}, ...): its rows are the series"
        raise refusal(raw.source, f"{wrong}; turn it, so that a column is a series and a row a time")
    for i in places:
        if not raw.names[i]:
            raise refusal(
                raw.source,
                f"{raw.shown(i)} holds numbers; name it in the header, or take others by --columns (columns)",
            )
    left_out = [LeftOut("column", tuple(names), reason) for reason, names in reasons.items()]
    return Chosen(places, [raw.names[i] for i in places], left_out)


def number_column(raw: RawTable, number: int, options: FileOptions) -> Any:
    """Return a column as polars Series of Float64; null where a value is missing.

    Raises:
        InvalidInput: a cell is no number, or is infinite.
    """
    pl = polars()
    column = raw.column(number)
    if column.dtype == pl.String:
        read = _numbers_of(raw, column, options)
        if bool(read.bad.any()):
            _refuse_cell(raw, number, first(read.bad))
        if raw.comma == "either" and bool(column.str.contains(",", literal=True).any()):
            row = first(column.str.contains(",", literal=True))
            wrong = f"{raw.place(row)}, {raw.shown(number)}: what is the comma in {shown(column[row])}?"
            raise refusal(
                raw.source, f"{wrong}; --decimal-comma or --decimal-point (decimal_comma=True or False) decides it"
            )
        return read.values
    if column.dtype in (pl.Categorical, pl.Enum, pl.Boolean) or not (
        column.dtype.is_numeric() or column.dtype == pl.Null
    ):
        wrong = f"{raw.shown(number)} holds {_called(column.dtype)}, no numbers"
        raise refusal(raw.source, f"{wrong}; --columns (columns) names others")
    values = finite_numbers(column)
    if values is None:
        _refuse_cell(raw, number, first(column.cast(pl.Float64, strict=False).is_infinite().fill_null(value=False)))
    return values


def finite_numbers(column: Any) -> Any:
    """Return numbers of any type as polars Series of Float64, null where one is missing; None where one is infinite."""
    values = column.cast(polars().Float64, strict=False)
    if not np.isfinite(values.sum()):  # one pass over all cells, and a second only where the first finds something
        if bool(values.is_infinite().any()):
            return None
        values = values.fill_nan(None)
    return values


def _numbers_of(raw: RawTable, column: Any, options: FileOptions) -> Any:
    return numbers(column, options.missing, decimal_comma=raw.comma == "decimal")


def _wanted(raw: RawTable, wanted: tuple[str, ...], rest: list[int]) -> tuple[list[int], list[str]]:
    """Return places and names of what is asked for; a text of one of several header lines asks for all below it."""
    places: list[int] = []
    names: list[str] = []
    for name in wanted:
        found = [i for i in rest if raw.names[i] == name]
        if len(found) > 1:
            raise refusal(raw.source, f"has two columns {name!r}; rename one of them")
        by_level = [i for i in rest if raw.levels and name in raw.levels[i]]
        if not found and not by_level:
            known = [raw.names[i] for i in rest if raw.names[i]]
            raise refusal(raw.source, f"the file has no column {name!r}; {suggested(name, known)}")
        places += found or by_level
        names += [name] if found else [_below(raw, i, name) for i in by_level]
    if len(set(names)) < len(names):
        return places, [raw.names[i] for i in places]
    return places, names


def _below(raw: RawTable, number: int, level: str) -> str:
    kept = [text for text in raw.names[number].split("/") if text != level]
    return "/".join(kept) or raw.names[number]


def _no_prices(raw: RawTable, number: int, options: FileOptions) -> str:
    """Return why a column that was not asked for is left out, "" where it is one of prices.

    Raises:
        InvalidInput: it holds numbers and other texts, so that it can be neither taken nor left out.
    """
    pl = polars()
    kind = raw.columns.kinds[number]
    if not raw.columns.has_values(number):
        return "without any value"
    if kind != pl.String:
        return "" if kind.is_numeric() else f"{_called(kind)}, no numbers"
    column = raw.column(number)
    read = _numbers_of(raw, column, options)
    n_bad, n_numbers = int(read.bad.sum()), column.len() - read.values.null_count()
    if not n_bad:
        return "" if n_numbers else "without any value"
    stripped = column.str.strip_chars()
    decorated = read.bad & looks_like_number(stripped)
    if n_numbers or bool(decorated.any()):
        _refuse_cell(raw, number, first(decorated if bool(decorated.any()) and not n_numbers else read.bad))
    return "text, no numbers"


def _refuse_cell(raw: RawTable, number: int, row: int) -> NoReturn:
    cell = raw.cell(row, number)
    ways = "correct it, or --missing (missing) names it as a marker of what is missing"
    if isinstance(cell, str) and cell.strip() in {*raw.names, *(text for levels in raw.levels for text in levels)}:
        ways = "it repeats the header; remove the line"
    elif isinstance(cell, str) and "," in cell:
        ways = "--decimal-comma or --decimal-point (decimal_comma) says what a comma is"
    wrong = f"{raw.place(row)}, {raw.shown(number)}: {shown(cell)} is no number"
    raise refusal(raw.source, f"{wrong}; {ways}, or --columns (columns) names the columns to take")


def _called(kind: Any) -> str:
    pl = polars()
    if kind == pl.Boolean:
        return "true and false"
    if kind in (pl.Categorical, pl.Enum, pl.String):
        return "text"
    return f"values of type {str(kind).partition('(')[0].lower()}"


def _refuse_bars(raw: RawTable, places: list[int]) -> None:
    """Refuse the open, high, low, close and volume of one series, which are no series of their own."""
    known = {i: _field_of(raw, i) for i in places}
    fields = set(known.values()) - {""}
    bars = len(fields - _VOLUMES) > 1 or bool(fields & _VOLUMES and len(places) > 1)
    if not bars:
        return
    ours = [raw.names[i] for i in places if known[i]]
    closes = [i for i in places if known[i] in {"close", "adjclose", "last", "price"}]
    prefer = closes or [i for i in places if known[i] not in _VOLUMES] or places
    name = raw.names[prefer[0]]
    if raw.levels and raw.levels[prefer[0]] and name not in raw.levels[prefer[0]]:
        name = next((text for text in raw.levels[prefer[0]] if _plain(text) in _BAR_FIELDS), name)
    wrong = (
        f"holds several figures of one series side by side ({', '.join(ours[:6])}), which are no prices of their own"
    )
    raise refusal(raw.source, f"{wrong}; name what is traded: --column {_quoted(name)} (columns)")


def _field_of(raw: RawTable, number: int) -> str:
    """Return which figure of a bar a column is: "close", "volume"; "" for any other."""
    texts = (raw.names[number], *(raw.levels[number] if raw.levels else ()))
    for text in texts:
        if _plain(text) in _BAR_FIELDS | _VOLUMES:
            return "adjclose" if _plain(text) == "closeadj" else _plain(text)
    if "openinterest" in _plain(raw.names[number]):
        return "openinterest"
    words = "".join(letter if letter.isalnum() else " " for letter in raw.names[number].lower()).split()
    return next((word for word in words if word in _VOLUME_WORDS), "")


def _plain(text: str) -> str:
    return "".join(letter for letter in text.lower() if letter.isalnum())


def _quoted(name: str) -> str:
    return name if name.isalnum() else shlex.quote(name)


def bars_by_value(values: NDArray[np.float64]) -> int | None:
    """Return which column is the close where four in a row are open, high, low and close by their values, else None.

    Series of their own may lie above and below each other throughout, but then at levels far apart.
    """
    pl = polars()
    columns = [pl.Series(column, nan_to_null=True) for column in values.T]
    for i in range(len(columns) - 3):
        opened, high, low, closed = columns[i : i + 4]
        inside = (high >= opened) & (high >= closed) & (low <= opened) & (low <= closed)
        width, level = (high - low).median(), (high.abs() + low.abs()).median()
        near = width is not None and width <= _WIDEST_BAR * level / 2
        varied = bool((high > low).any()) and bool((opened != closed).any())
        if len(opened) >= 3 and bool(inside.all()) and near and varied:
            return i + 3
    return None


def missing_mask(column: Any, options: FileOptions) -> Any:
    """Return where a raw column has no value."""
    if column.dtype == polars().String:
        return is_missing(column.str.strip_chars(), options.missing)
    return column.is_null()
