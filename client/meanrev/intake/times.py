"""Columns of a file as times: dates, texts, seconds since 1970 and their parts, yyyymmdd, days of spreadsheets."""

from typing import Any, NamedTuple, NoReturn

from meanrev.intake.cells import MISSING, first, is_missing, whole_numbers
from meanrev.intake.options import FileOptions, polars, refusal, shown
from meanrev.intake.raw import RawTable
from meanrev.intake.stamps import YEARS
from meanrev.intake.text_times import CLOCK, clock_ns, formatted, quick_iso, read_texts, text_kind, years_of_prices
from meanrev.intake.zones import in_utc

__all__ = ["ColumnTimes", "clock_of", "number_kind", "read_times"]

_UNITS = (("epoch s", 10**9), ("epoch ms", 10**6), ("epoch us", 10**3), ("epoch ns", 1))
_SERIALS = (10_000, 109_574)  # 1927 to 2199, in days since 1899-12-30
_SAMPLE = 1_000
_LONGEST_MARKER = max(map(len, MISSING))


class ColumnTimes(NamedTuple):
    """A column of times.

    Attributes:
        ns: polars Series of Int64, nanoseconds since 1970 in UTC; null where a cell is missing.
        kind: How it was read, as in Report.time_kind.
        whole_days: No cell is more precise than a day, so that there may be a column of times of day too.
    """

    ns: Any
    kind: str
    whole_days: bool = False


def number_kind(values: Any) -> str:
    """Return how numbers can be read as times, "" where they cannot.

    Args:
        values: polars Series of integers or floats.
    """
    known = values.drop_nulls()
    if not known.len():
        return ""
    low, high = known.min(), known.max()
    if low != low or high != high or high == float("inf"):  # noqa: PLR0124 - NaN differs from itself
        return ""
    largest = max(abs(low), abs(high))
    whole = known.dtype.is_integer() or bool((known % 1 == 0).all())
    for kind, digits in (("yyyymmdd", 8), ("yyyymmddhhmm", 12), ("yyyymmddhhmmss", 14)):
        if whole and low >= 10 ** (digits - 1) and largest < 10**digits and not _compact(known, kind).has_nulls():
            return kind
    if _SERIALS[0] <= low and high <= _SERIALS[1]:
        return "spreadsheet serial"
    for kind, factor in _UNITS:
        scale = 10**9 // factor
        if 1e8 * scale <= largest < 7.26e9 * scale and low >= -2.21e9 * scale:
            return kind
    return "year" if whole and YEARS[0] <= low and high <= YEARS[1] else ""


def read_times(raw: RawTable, number: int, options: FileOptions) -> ColumnTimes:
    """Read a column of times.

    Args:
        raw: Its table.
        number: Of the column.
        options: The caller's options, such as a format or a zone.

    Raises:
        InvalidInput: a cell is no time, or the order of its day and month is unclear, or its zone makes it ambiguous.
    """
    pl = polars()
    column = raw.column(number)
    if column.dtype in (pl.Date, pl.Datetime):
        zone = getattr(column.dtype, "time_zone", None)
        naive = column if zone is None else column.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
        times = years_of_prices(naive)
        bad = times.is_null() & column.is_not_null()
        if bool(bad.any()):
            _refuse_cell(raw, number, first(bad), "is no time of the years 1900 to 2200")
        ns = in_utc(raw, number, times, options) if zone is None else _placed(raw, times, options)
        return ColumnTimes(ns, "date" if column.dtype == pl.Date else "datetime", column.dtype == pl.Date)
    if column.dtype == pl.String:
        plain = not options.missing and not options.date_format
        read = quick_iso(column) if plain else None  # most files need no look at anything else
        if read is not None:
            return ColumnTimes(in_utc(raw, number, read.times, options), read.kind, read.whole_days)
        return _of_texts(raw, number, column.str.strip_chars(), options)
    return _of_numbers(raw, number, column, number_kind(column), options)


def clock_of(raw: RawTable, number: int) -> Any:
    """Return times of day as nanoseconds: 09:30, 09:30:00.5, 93000 or 000000.

    Raises:
        InvalidInput: a cell is none.
    """
    pl = polars()
    column = raw.column(number)
    if column.dtype == pl.Time:
        return column.cast(pl.Int64)
    texts = (
        column.cast(pl.Int64, strict=False).cast(pl.String) if column.dtype.is_numeric() else column.str.strip_chars()
    )
    digits = texts.str.contains(r"^[0-9]{1,6}$").fill_null(value=False)
    six = texts.str.zfill(6 if (texts.filter(digits).str.len_chars().max() or 0) > 4 else 4).str.pad_end(6, "0")
    spelled = six.str.slice(0, 2) + ":" + six.str.slice(2, 2) + ":" + six.str.slice(4, 2)
    held = spelled.zip_with(digits, texts).str.extract_groups(f"^{CLOCK}$").struct.unnest()
    ns = clock_ns(held["1"], held["2"], held["3"], held["4"]).set(held["1"].is_null(), None)
    bad = ns.is_null() & column.is_not_null()
    if bool(bad.any()):
        _refuse_cell(raw, number, first(bad), "is no time of day, such as 09:30, 09:30:00 or 093000")
    return ns


def _of_numbers(raw: RawTable, number: int, column: Any, kind: str, options: FileOptions) -> ColumnTimes:
    pl = polars()
    if not kind:
        allowed = (
            "seconds, milli-, micro- or nanoseconds since 1970, yyyymmdd, or days of a spreadsheet, of 1900 to 2200"
        )
        _refuse_cell(raw, number, first(column.is_not_null()), f"is no time: a column of numbers must hold {allowed}")
    if kind.startswith("yyyymmdd"):
        whole = column.cast(pl.Int64)
        return ColumnTimes(in_utc(raw, number, _compact(whole, kind), options), kind, kind == "yyyymmdd")
    if kind == "spreadsheet serial":
        whole_days = bool((column.drop_nulls() % 1 == 0).all())
        ms = ((column.cast(pl.Float64) - 25_569) * 86_400_000).round().cast(pl.Int64)
        return ColumnTimes(in_utc(raw, number, (ms * 10**6).cast(pl.Datetime("ns")), options), kind, whole_days)
    if kind == "year":
        days = (column.cast(pl.Int64).cast(pl.String) + "-01-01").str.to_date("%Y-%m-%d", strict=False)
        return ColumnTimes(in_utc(raw, number, days.cast(pl.Datetime("ns")), options), kind, whole_days=True)
    factor = dict(_UNITS)[kind]
    if column.dtype.is_integer():
        return ColumnTimes(column.cast(pl.Int64) * factor, kind)
    return ColumnTimes(
        (column * (factor / 1000)).round().cast(pl.Int64) * 1000 if factor > 1 else column.cast(pl.Int64), kind
    )


def _compact(values: Any, kind: str) -> Any:
    pl = polars()
    texts = values.cast(pl.Int64).cast(pl.String)
    if kind == "yyyymmdd":
        days = texts.str.to_date("%Y%m%d", strict=False)
        return days.set(~days.dt.year().is_between(*YEARS), None).cast(pl.Datetime("ns"))
    held = texts.str.pad_end(14, "0").str.to_datetime("%Y%m%d%H%M%S", strict=False, time_unit="ns")
    return held.set(~held.dt.year().is_between(*YEARS), None)


def _of_texts(raw: RawTable, number: int, texts: Any, options: FileOptions) -> ColumnTimes:
    pl = polars()
    known = _known(texts, options)
    sample = known.drop_nulls().head(_SAMPLE)
    if options.date_format:
        naive = formatted(known, options.date_format)
        whole_days = not any(letters in options.date_format for letters in ("%H", "%I", "%T", "%R", "%s", "%z"))
        _refuse_unread(raw, number, naive.is_null() & known.is_not_null(), options)
        ns = naive.cast(pl.Int64) if "%z" in options.date_format else in_utc(raw, number, naive, options)
        return ColumnTimes(ns, f"text, {options.date_format}", whole_days)
    if bool(sample.str.contains(r"^[0-9]{4,19}(\.[0-9]+)?$").all()):
        whole = not bool(known.str.contains(".", literal=True).any())
        held = whole_numbers(known) if whole else known.cast(pl.Float64, strict=False)
        _refuse_unread(raw, number, held.is_null() & known.is_not_null(), options)
        return _of_numbers(raw, number, held, number_kind(held), options)
    read = read_texts(known, text_kind(sample))
    if read.ambiguous:
        _refuse_cell(raw, number, first(known.is_not_null()), read.ambiguous)
    _refuse_unread(raw, number, read.times.is_null() & known.is_not_null(), options)
    ns = _placed(raw, read.times, options) if read.is_utc else in_utc(raw, number, read.times, options)
    return ColumnTimes(ns, read.kind, read.whole_days)


def _placed(raw: RawTable, times: Any, options: FileOptions) -> Any:
    """Return times that name their zone; they ignore the caller's zone, which the report notes."""
    if options.tz:
        raw.notes.append(f"Times name their own zone, so that {options.tz} is not used.")
    return times.cast(polars().Int64)


def _known(texts: Any, options: FileOptions) -> Any:
    """Return texts without the markers of what is missing; these are short, so most columns need no look at them."""
    if not options.missing and (texts.str.len_bytes().min() or 0) > _LONGEST_MARKER:
        return texts
    return texts.set(is_missing(texts, options.missing), None)


def _refuse_unread(raw: RawTable, number: int, bad: Any, options: FileOptions) -> None:
    """Refuse the first cell that is there and no time."""
    if not bool(bad.any()):
        return
    row = first(bad)
    if raw.column(number)[row].strip() in raw.names:
        _refuse_cell(raw, number, row, "repeats the header; remove the line")
    if options.date_format:
        _refuse_cell(raw, number, row, f"does not fit --date-format {options.date_format} (date_format)")
    way = "correct it, or --date-format (date_format) says how times are written, such as %d.%m.%Y"
    _refuse_cell(raw, number, row, f"is no time, or not written like the others; {way}")


def _refuse_cell(raw: RawTable, number: int, row: int, wrong: str) -> NoReturn:
    cell = raw.column(number)[row]
    raise refusal(raw.source, f"{raw.place(row)}, {raw.shown(number)}: {shown(cell)} {wrong}")
