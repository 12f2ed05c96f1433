"""The column of times of a file, its other columns of times, and those that count rows."""

from typing import Any, NamedTuple

import numpy as np

from meanrev.intake.column_names import is_index_name, is_time_name
from meanrev.intake.options import FileOptions, polars, refusal, shown, suggested
from meanrev.intake.raw import RawTable
from meanrev.intake.report import LeftOut
from meanrev.intake.text_times import text_kind
from meanrev.intake.times import number_kind

__all__ = ["TimeColumns", "find_time"]

_SAMPLE = 200


class TimeColumns(NamedTuple):
    """The columns of a file that hold times.

    Attributes:
        time: Number of the column of times, or None.
        clock: Number of a column of times of day that belongs to it, or None.
        others: Numbers of the columns that are no prices, each with the reason.
    """

    time: int | None
    clock: int | None
    others: tuple[tuple[int, str], ...]

    def left_out(self, raw: RawTable) -> list[LeftOut]:
        """Return the other columns for the report."""
        return [LeftOut("column", (raw.names[i] or f"column {i + 1}",), reason) for i, reason in self.others]


def find_time(raw: RawTable, options: FileOptions) -> TimeColumns:
    """Find the column of times of a file.

    Args:
        raw: Its columns.
        options: The caller's options, such as the column of times, and which columns are prices.

    Raises:
        InvalidInput: several columns could be it, or one that is called like a time holds none.
    """
    wanted = options.date_column or (options.long[0] if options.long else "")
    if wanted:
        found = [i for i, name in enumerate(raw.names) if name == wanted]
        if not found:
            raise refusal(raw.source, f"has no column {wanted!r} for times; {suggested(wanted, raw.names)}")
        return TimeColumns(found[0], _clock(raw, found[0], options), _counters(raw, found[0], options))
    prices = {i for i, name in enumerate(raw.names) if name in options.columns}
    kinds = {i: _time_kind(raw, i) for i in range(len(raw.names)) if i not in prices}
    candidates = [i for i, kind in kinds.items() if kind not in {"", "clock"}]
    chosen = _chosen(raw, candidates)
    clock = _clock(raw, chosen, options) if chosen is not None else None
    if chosen is None:
        _refuse_unread_time(raw, [i for i in kinds if kinds[i] == ""])
    others = [(i, "times beside those of the column that was taken") for i in candidates if i not in {chosen, clock}]
    others += [(i, "times of day without a date") for i, kind in kinds.items() if kind == "clock" and i != clock]
    taken = {clock, *(i for i, _ in others)}
    others += [(i, why) for i, why in _counters(raw, chosen, options) if i not in taken]
    return TimeColumns(chosen, clock, tuple(others))


def _chosen(raw: RawTable, candidates: list[int]) -> int | None:
    """Choose among columns of times: pandas' index, else the first column, else the only one, or the one called so."""
    by_rank = [i for i in raw.index if i in candidates] or [i for i in candidates if i == 0]
    if not by_rank:
        by_rank = candidates if len(candidates) == 1 else [i for i in candidates if is_time_name(raw.names[i])]
    if not by_rank and not candidates:
        return None
    if len(by_rank) == 1:
        return by_rank[0]
    plain = [i for i in by_rank if raw.names[i].strip("<>").lower() in {"date", "datetime", "timestamp"}]
    dated = plain if len(plain) == 1 else []
    if not dated:
        names = ", ".join(repr(raw.names[i]) for i in candidates)
        raise refusal(raw.source, f"has several columns of times: {names}; --date-column (date_column) names one")
    return dated[0]


def _time_kind(raw: RawTable, number: int) -> str:  # noqa: PLR0911 - one a type
    """Return how a column can be read as time, "" where it is none."""
    pl = polars()
    kind, name = raw.columns.kinds[number], raw.names[number]
    if kind in (pl.Date, pl.Datetime):
        return "typed" if raw.columns.has_values(number) else ""
    if kind == pl.Time:
        return "clock"
    if kind != pl.String and (not kind.is_numeric() or kind.is_decimal()):
        return ""
    named, first = is_time_name(name) or number in raw.index, number == 0
    if kind != pl.String and not named and not _may_be_time(raw.columns.head(number, _SAMPLE), first=first):
        return ""
    column = raw.column(number)
    if kind == pl.String:
        sample = column.drop_nulls().head(_SAMPLE).str.strip_chars()
        if not sample.len():
            return ""
        digits = bool(sample.str.contains(r"^[0-9]{4,19}(\.[0-9]+)?$").all())
        if not digits:
            return text_kind(sample) if not bool(sample.str.contains(r"^[0-9]+\.[0-9]{1,2}$").all()) else ""
        column = column.str.strip_chars().cast(pl.Float64, strict=False)
        if not named and not _may_be_time(column.head(_SAMPLE), first=first):
            return ""
    return _number_role(column, name, named=named, first=first)


def _may_be_time(few: Any, *, first: bool) -> bool:
    """Return whether a column may have times, by a few values: most have prices, which are no large whole numbers."""
    few = few.drop_nulls()
    whole = bool((few % 1 == 0).all())
    return whole and few.len() > 0 and (few.min() or 0) >= (20_000 if first else 19_000_000)


def _number_role(column: Any, name: str, *, named: bool, first: bool) -> str:
    kind = number_kind(column)
    if named:
        return kind
    if kind in {"", "year"} or column.len() < 2:
        return ""
    steps = column.drop_nulls().diff().drop_nulls()
    whole = bool((column.drop_nulls() % 1 == 0).all())
    ordered = bool((steps >= 0).all()) or bool((steps <= 0).all())
    if kind != "spreadsheet serial":
        recent = (
            kind.startswith("yyyymmdd")
            or abs(column.max()) >= 3.1e8 * {"s": 1, "ms": 1e3, "us": 1e6, "ns": 1e9}[kind[6:]]
        )
        return kind if whole and recent and ordered and (first or kind != "epoch s") else ""
    unnamed = is_index_name(name)
    equal = steps.n_unique() == 1
    if not first or not whole or not bool((steps > 0).all()) or (equal and unnamed):
        return ""
    return kind if unnamed or (column.len() >= 5 and steps.max() <= 7 and column.min() >= 20_000 and not equal) else ""


def _clock(raw: RawTable, time: int, options: FileOptions) -> int | None:
    """Return the column of times of day beside a column of dates."""
    pl = polars()
    column = raw.column(time)
    days = column.dtype == pl.Date
    if column.dtype == pl.String:
        sample = column.drop_nulls().head(_SAMPLE).str.strip_chars()
        days = bool(sample.str.contains(r"^([0-9]{8}|[0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{1,4})$").all())
    elif column.dtype.is_numeric():
        days = number_kind(column) in {"yyyymmdd", "spreadsheet serial"}
    if not days:
        return None
    others = (i for i, name in enumerate(raw.names) if i != time and name not in options.columns)
    return next((i for i in others if _is_clock(raw, i)), None)


def _is_clock(raw: RawTable, number: int) -> bool:
    """Return whether a column holds times of day."""
    pl = polars()
    kind = raw.columns.kinds[number]
    called = raw.names[number].strip("<> ").lower() in {"time", "timeofday", "time_of_day", "hour", "clock"}
    if kind == pl.String and raw.columns.has_values(number):
        sample = raw.column(number).drop_nulls().head(_SAMPLE).str.strip_chars()
        return text_kind(sample) == "clock" or (called and bool(sample.str.contains(r"^[0-9]{1,6}$").all()))
    if called and kind.is_integer():
        column = raw.column(number)
        return (column.min() or 0) >= 0 and (column.max() or 0) <= 235_959
    return bool(kind == pl.Time)


def _counters(raw: RawTable, time: int | None, options: FileOptions) -> tuple[tuple[int, str], ...]:
    """Return columns that count rows: the first one, with equal steps, and what pandas calls an index."""
    found = []
    for i, name in enumerate(raw.names):
        if i == time or (name in options.columns and name):
            continue
        unnamed = is_index_name(name)
        if not (i == 0 or i in raw.index or unnamed):
            continue
        column = _whole_numbers(raw.column(i))
        if not column.dtype.is_numeric() or column.null_count() == column.len():
            continue
        known = column.drop_nulls()
        if not column.dtype.is_integer() and not bool((known % 1 == 0).all()):
            continue
        steps = np.diff(known.cast(polars().Float64).to_numpy())
        equal = steps.size > 0 and bool((steps == steps[0]).all()) and steps[0] > 0
        if i in raw.index or (unnamed and (i == 0 or equal)) or (i == 0 and equal and steps.size > 1):
            found.append((i, "row numbers, no prices" if equal else "an index, no prices"))
    return tuple(found)


def _whole_numbers(column: Any) -> Any:
    """Return a column of texts that are all whole numbers as numbers; any other as it is.

    Where a comma stands before the decimals, all columns come as texts, counters of rows among them.
    """
    pl = polars()
    if column.dtype != pl.String:
        return column
    texts = column.str.strip_chars()
    whole = texts.str.contains(r"^[0-9]{1,15}$") | (texts == "")
    return texts.cast(pl.Int64, strict=False) if bool(whole.all()) else column


def _refuse_unread_time(raw: RawTable, numbers: list[int]) -> None:
    """Refuse a column that is called like a time and holds what cannot be read as one."""
    pl = polars()
    counted = {i for i, _ in _counters(raw, None, FileOptions())}
    for i in numbers:
        column = raw.column(i)
        if not is_time_name(raw.names[i]) or i in counted or column.null_count() == column.len():
            continue
        if column.dtype == pl.Boolean or column.dtype.is_nested():
            continue
        row = int(np.argmax(column.is_not_null().to_numpy()))
        wrong = f"{raw.place(row)}, {raw.shown(i)}: {shown(column[row])} is no time, though the column is called one"
        way = "--date-format (date_format) says how it is written, --columns (columns) names the prices to take"
        raise refusal(raw.source, f"{wrong}; {way}")
