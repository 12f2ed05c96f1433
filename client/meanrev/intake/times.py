"""What is time in a column: types of dates, ISO text, seconds and their thousandths since 1970, yyyymmdd, serial days."""

from typing import Any, NamedTuple, NoReturn

from meanrev.intake.cells import MISSING, first, is_missing, whole_numbers
from meanrev.intake.options import FileOptions, polars, refusal
from meanrev.intake.raw import RawTable
from meanrev.intake.zones import in_utc

__all__ = ["Times", "clock_of", "number_kind", "read_times", "text_kind"]

_DAY_NS = 86_400 * 10**9
_UNITS = (("epoch s", 10**9), ("epoch ms", 10**6), ("epoch us", 10**3), ("epoch ns", 1))
_SERIALS = (10_000, 109_574)  # 1927 to 2199, in days since 1899-12-30
_YEARS = (1900, 2200)
_SAMPLE = 1_000
_LONGEST_MARKER = max(map(len, MISSING))
_MOST = 0.7  # a line that repeats the header, or a footnote, does not make a column of dates one of texts

_CLOCK = r"([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]{1,9}))?)?"
_ZONE = r"(Z|UTC|GMT|[+-][0-9]{2}:?(?:[0-9]{2})?)"
_ISO = rf"^([0-9]{{4}})([-/.])([0-9]{{1,2}})[-/.]([0-9]{{1,2}})(?:[T ]+{_CLOCK})?(?: ?{_ZONE})?$"
_MONTH = r"^[0-9]{4}-[0-9]{2}$"
_COMPACT = r"^[0-9]{8}[T ][0-9]{2}:?[0-9]{2}(:?[0-9]{2})?$"
_SLASHED = rf"^([0-9]{{1,2}})[-/.]([0-9]{{1,2}})[-/.]([0-9]{{4}})(?:[T ]+{_CLOCK})?$"
_SHORT_YEAR = r"^[0-9]{1,2}[-/.][0-9]{1,2}[-/.][0-9]{2}( .*)?$"
_WORDED = r"^([0-9]{1,2}[- ][A-Za-z]{3,9}[- ,]+[0-9]{2,4}|[A-Za-z]{3,9}\.?[ -][0-9]{1,2},?[ -][0-9]{4})$"
_ONLY_CLOCK = r"^[0-9]{1,2}:[0-9]{2}(:[0-9]{2}([.,][0-9]{1,9})?)?$"
_WORDED_FORMATS = ("%d-%b-%Y", "%d %B %Y", "%B %d %Y", "%d-%b-%y")
_PATTERNS = (
    ("iso", _ISO),
    ("month", _MONTH),
    ("compact", _COMPACT),
    ("slashed", _SLASHED),
    ("short year", _SHORT_YEAR),
    ("worded", _WORDED),
    ("clock", _ONLY_CLOCK),
)


class Times(NamedTuple):
    """A column of times.

    Attributes:
        ns: polars Series of Int64, nanoseconds since 1970 in UTC; null where a cell is missing.
        kind: How it was read, as in Report.time_kind.
        whole_days: No cell says more than a day, so that a column of times of day may stand beside it.
    """

    ns: Any
    kind: str
    whole_days: bool = False


def text_kind(texts: Any) -> str:
    """Return which of the known ways of writing times most of some texts have; "" for none."""
    known = texts.str.strip_chars().drop_nulls()
    known = known.filter(~is_missing(known))
    for kind, pattern in _PATTERNS:
        if known.len() and known.str.contains(pattern).sum() >= _MOST * known.len():
            return kind
    return ""


def number_kind(values: Any) -> str:
    """Return how numbers can be read as times, "" where they cannot.

    Args:
        values: polars Series of integers or floats.
    """
    known = values.drop_nulls()
    if not known.len():
        return ""
    low, high = known.min(), known.max()
    if low != low or high != high or high in {float("inf")}:  # noqa: PLR0124 - NaN differs from itself
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
    return "year" if whole and _YEARS[0] <= low and high <= _YEARS[1] else ""


def read_times(raw: RawTable, number: int, options: FileOptions) -> Times:
    """Read a column of times.

    Args:
        raw: Its table.
        number: Of the column.
        options: What the caller says: a format, a zone.

    Raises:
        InvalidInput: a cell is no time, or its day and month cannot be told apart, or its zone makes it ambiguous.
    """
    pl = polars()
    column = raw.column(number)
    if column.dtype in (pl.Date, pl.Datetime):
        zone = getattr(column.dtype, "time_zone", None)
        naive = column.cast(pl.Datetime("ns")) if zone is None else column.dt.convert_time_zone("UTC")
        naive = naive.dt.replace_time_zone(None).cast(pl.Datetime("ns"))
        ns = in_utc(raw, number, naive, options) if zone is None else naive.cast(pl.Int64)
        return Times(ns, "date" if column.dtype == pl.Date else "datetime", column.dtype == pl.Date)
    if column.dtype == pl.String:
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
    ns = _day_ns(spelled.zip_with(digits, texts).str.extract_groups(f"^{_CLOCK}$"))
    bad = ns.is_null() & column.is_not_null()
    if bool(bad.any()):
        _refuse_cell(raw, number, first(bad), "is no time of day, such as 09:30, 09:30:00 or 093000")
    return ns


def _of_numbers(raw: RawTable, number: int, column: Any, kind: str, options: FileOptions) -> Times:
    pl = polars()
    if not kind:
        allowed = (
            "seconds, milli-, micro- or nanoseconds since 1970, yyyymmdd, or days of a spreadsheet, of 1900 to 2200"
        )
        _refuse_cell(raw, number, first(column.is_not_null()), f"is no time: a column of numbers must hold {allowed}")
    if kind.startswith("yyyymmdd"):
        whole = column.cast(pl.Int64)
        return Times(in_utc(raw, number, _compact(whole, kind), options), kind, kind == "yyyymmdd")
    if kind == "spreadsheet serial":
        whole_days = bool((column.drop_nulls() % 1 == 0).all())
        ms = ((column.cast(pl.Float64) - 25_569) * 86_400_000).round().cast(pl.Int64)
        return Times(in_utc(raw, number, (ms * 10**6).cast(pl.Datetime("ns")), options), kind, whole_days)
    if kind == "year":
        days = (column.cast(pl.Int64).cast(pl.String) + "-01-01").str.to_date("%Y-%m-%d", strict=False)
        return Times(in_utc(raw, number, days.cast(pl.Datetime("ns")), options), kind, whole_days=True)
    factor = dict(_UNITS)[kind]
    if column.dtype.is_integer():
        return Times(column.cast(pl.Int64) * factor, kind)
    return Times(
        (column * (factor / 1000)).round().cast(pl.Int64) * 1000 if factor > 1 else column.cast(pl.Int64), kind
    )


def _of_texts(raw: RawTable, number: int, texts: Any, options: FileOptions) -> Times:
    known = _known(texts, options)
    sample = known.drop_nulls().head(_SAMPLE)
    if options.date_format:
        naive = _formatted(known, options.date_format)
        whole_days = not any(letter in options.date_format for letter in ("%H", "%I", "%T", "%R", "%s"))
        return _checked(raw, number, known, naive, options, f"text, {options.date_format}", whole_days=whole_days)
    if bool(sample.str.contains(r"^[0-9]{4,19}$").all()) and bool(known.str.contains(r"^[0-9]{4,19}$").all()):
        whole = whole_numbers(known)
        return _of_numbers(raw, number, whole, number_kind(whole), options)
    if bool(sample.str.contains(r"^[0-9]+(\.[0-9]+)?$").all()) and not options.date_format:
        held = known.cast(polars().Float64, strict=False)
        bad = held.is_null() & known.is_not_null()
        if bool(bad.any()):
            _refuse_cell(raw, number, first(bad), "is no time, unlike the numbers above it")
        return _of_numbers(raw, number, held, number_kind(held), options)
    kind = text_kind(sample) or "iso"
    if kind == "short year":
        told = "has a year of two digits, so that its parts cannot be told apart; --date-format (date_format) says them"
        _refuse_cell(raw, number, first(known.is_not_null()), f"{told}, such as %d/%m/%y")
    if kind == "slashed":
        return _slashed(raw, number, known, options)
    if kind == "iso":
        return _iso(raw, number, known, options)
    naive = _other(known, kind)
    return _checked(raw, number, known, naive, options, "text", whole_days=kind in {"month", "worded"})


def _known(texts: Any, options: FileOptions) -> Any:
    """Return texts without the markers of what is missing, which are short: most columns of times need no look at them."""
    if not options.missing and (texts.str.len_bytes().min() or 0) > _LONGEST_MARKER:
        return texts
    return texts.set(is_missing(texts, options.missing), None)


def _iso(raw: RawTable, number: int, known: Any, options: FileOptions) -> Times:
    pl = polars()
    if bool(known.str.contains(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$").all()):
        naive = known.str.to_date("%Y-%m-%d", strict=False).cast(pl.Datetime("ns"))
        return _checked(raw, number, known, naive, options, "ISO text", whole_days=True)
    plain = bool(
        known.str.contains(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,9})?)?$").all()
    )
    if plain:  # most files: places are fixed, which is faster than the pattern
        days = known.str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False)
        parts = [known.str.slice(at, 2) for at in (11, 14, 17)]
        fraction = known.str.slice(20) if bool(known.str.contains(".", literal=True).any()) else None
        naive = days.cast(pl.Datetime("ns")).cast(pl.Int64) + _clock_ns(*parts, fraction)
        return _checked(raw, number, known, naive.cast(pl.Datetime("ns")), options, "ISO text")
    groups = known.str.extract_groups(_ISO)
    held = groups.struct.unnest()
    year, month, day = held["1"], held["3"].str.zfill(2), held["4"].str.zfill(2)
    days = (year + "-" + month + "-" + day).str.to_date("%Y-%m-%d", strict=False).cast(pl.Datetime("ns")).cast(pl.Int64)
    naive = (days + _clock_ns(held["5"], held["6"], held["7"], held["8"])).cast(pl.Datetime("ns"))
    zone = held["9"]
    if zone.null_count() == zone.len():
        return _checked(raw, number, known, naive, options, "ISO text", whole_days=held["5"].null_count() == zone.len())
    bad = (naive.is_null() | zone.is_null()) & known.is_not_null()
    if bool(bad.any()):
        _refuse_cell(raw, number, first(bad), "is no ISO time with a zone, like those of the other rows")
    return Times(naive.cast(pl.Int64) - _offset_ns(zone), "ISO text")


def _slashed(raw: RawTable, number: int, known: Any, options: FileOptions) -> Times:
    """Read 31/12/2020 or 12/31/2020, where some row's 13th to 31st says which part is the day."""
    pl = polars()
    held = known.str.extract_groups(_SLASHED).struct.unnest()
    one, two = (held[name].cast(pl.Int8, strict=False) for name in ("1", "2"))
    if (one.max() or 0) <= 12 and (two.max() or 0) <= 12:
        told = "can be read day first or month first, and no row of the column says which"
        way = "--date-format (date_format) says it: %d/%m/%Y or %m/%d/%Y"
        _refuse_cell(raw, number, first(known.is_not_null()), f"{told}; {way}")
    day, month = ("1", "2") if (one.max() or 0) > 12 else ("2", "1")
    spelled = held["3"] + "-" + held[month].str.zfill(2) + "-" + held[day].str.zfill(2)
    days = spelled.str.to_date("%Y-%m-%d", strict=False).cast(pl.Datetime("ns")).cast(pl.Int64)
    naive = (days + _clock_ns(held["4"], held["5"], held["6"], held["7"])).cast(pl.Datetime("ns"))
    kind = f"text, {'day' if day == '1' else 'month'} first"
    return _checked(raw, number, known, naive, options, kind, whole_days=held["4"].null_count() == known.len())


def _other(known: Any, kind: str) -> Any:
    pl = polars()
    if kind == "month":
        return (known + "-01").str.to_date("%Y-%m-%d", strict=False).cast(pl.Datetime("ns"))
    if kind == "compact":
        digits = known.str.replace_all(r"[^0-9]", "")
        return _formatted(digits.str.pad_end(14, "0"), "%Y%m%d%H%M%S")
    spelled = known.str.replace_all(r"[,.]", "")
    formats = [spelled.str.replace_all("-", " "), *_WORDED_FORMATS]
    held = None
    for form in formats[1:]:
        read = formats[0].str.to_date(form.replace("-", " "), strict=False).cast(pl.Datetime("ns"))
        short = formats[0].str.contains(r" [0-9]{2}$").fill_null(value=False)
        read = read.set(short != form.endswith("%y"), None)
        held = read if held is None else held.fill_null(read)
    return held


def _formatted(texts: Any, form: str) -> Any:
    pl = polars()
    try:
        if any(letter in form for letter in ("%H", "%I", "%T", "%R", "%s", "%z")):
            read = texts.str.to_datetime(form, strict=False, time_unit="ns")
            return read.dt.convert_time_zone("UTC").dt.replace_time_zone(None) if "%z" in form else read
        return texts.str.to_date(form, strict=False).cast(pl.Datetime("ns"))
    except pl.exceptions.PolarsError:
        return pl.Series([None] * texts.len(), dtype=pl.Datetime("ns"))


def _checked(
    raw: RawTable, number: int, known: Any, naive: Any, options: FileOptions, kind: str, *, whole_days: bool = False
) -> Times:
    bad = naive.is_null() & known.is_not_null()
    if bool(bad.any()):
        way = f"does not fit --date-format {options.date_format}" if options.date_format else "is no time"
        if raw.column(number)[first(bad)].strip() in raw.names:
            _refuse_cell(raw, number, first(bad), "repeats the header; remove the line")
        more = (
            "" if options.date_format else "; --date-format (date_format) says how times are written, such as %d.%m.%Y"
        )
        _refuse_cell(raw, number, first(bad), f"{way}{more}")
    return Times(in_utc(raw, number, naive, options), kind, whole_days)


def _compact(values: Any, kind: str) -> Any:
    pl = polars()
    texts = values.cast(pl.Int64).cast(pl.String)
    if kind == "yyyymmdd":
        days = texts.str.to_date("%Y%m%d", strict=False)
        return days.set(~days.dt.year().is_between(*_YEARS), None).cast(pl.Datetime("ns"))
    held = texts.str.pad_end(14, "0").str.to_datetime("%Y%m%d%H%M%S", strict=False, time_unit="ns")
    return held.set(~held.dt.year().is_between(*_YEARS), None)


def _day_ns(groups: Any) -> Any:
    held = groups.struct.unnest()
    ns = _clock_ns(held["1"], held["2"], held["3"], held["4"])
    return ns.set(held["1"].is_null(), None)


def _clock_ns(hours: Any, minutes: Any, seconds: Any, fraction: Any) -> Any:
    """Return hours, minutes, seconds and the digits after the point as nanoseconds; null where there is no such time."""
    pl = polars()
    total = None
    for texts, most, factor in ((hours, 23, 3600), (minutes, 59, 60), (seconds, 59, 1)):
        part = texts.set(texts == "", None).cast(pl.Int64, strict=False)
        part = part.fill_null(0).set((part > most).fill_null(value=False), None) * (factor * 10**9)
        total = part if total is None else total + part
    if fraction is None:
        return total
    return total + fraction.fill_null("").str.pad_end(9, "0").cast(pl.Int64, strict=False).fill_null(0)


def _offset_ns(zone: Any) -> Any:
    pl = polars()
    digits = zone.str.replace_all(r"[^0-9]", "").str.pad_end(4, "0")
    minutes = digits.str.slice(0, 2).cast(pl.Int64) * 60 + digits.str.slice(2, 2).cast(pl.Int64)
    sign = zone.str.starts_with("-").cast(pl.Int64) * -2 + 1
    return minutes * sign * (60 * 10**9)


def _refuse_cell(raw: RawTable, number: int, row: int, told: str) -> NoReturn:
    cell = raw.column(number)[row]
    raise refusal(raw.source, f"{raw.place(row)}, {raw.shown(number)}: {cell!r} {told}")
