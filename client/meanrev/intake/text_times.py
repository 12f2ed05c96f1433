"""Texts as times: ISO, day and month in the order that the column shows, names of months, and given formats."""

from typing import Any, NamedTuple

from meanrev.intake.cells import is_missing
from meanrev.intake.options import polars
from meanrev.intake.stamps import YEARS

__all__ = ["CLOCK", "Read", "clock_ns", "formatted", "quick_iso", "read_texts", "text_kind", "years_of_prices"]

_PIECE = 1 << 16
"""Texts below which another core would not pay."""
_MOST = 0.7  # a line that repeats the header, or a footnote, does not make a column of dates one of texts

CLOCK = r"([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]{1,9}))?)?"
_ZONE = r"(Z|UTC|GMT|[+-][0-9]{2}:?(?:[0-9]{2})?)"
_ISO = rf"^([0-9]{{4}})([-/.])([0-9]{{1,2}})[-/.]([0-9]{{1,2}})(?:[T ]+{CLOCK})?(?: ?{_ZONE})?$"
_MONTH = r"^[0-9]{4}-[0-9]{2}$"
_COMPACT = r"^[0-9]{8}[T ][0-9]{2}:?[0-9]{2}(:?[0-9]{2})?$"
_SLASHED = rf"^([0-9]{{1,2}})[-/.]([0-9]{{1,2}})[-/.]([0-9]{{4}})(?:[T ]+{CLOCK})?$"
_SHORT_YEAR = r"^[0-9]{1,2}[-/.][0-9]{1,2}[-/.][0-9]{2}( .*)?$"
_WORDED = r"^([0-9]{1,2}[- ][A-Za-z]{3,9}[- ,]+[0-9]{2,4}|[A-Za-z]{3,9}\.?[ -][0-9]{1,2},?[ -][0-9]{4})$"
_ONLY_CLOCK = r"^[0-9]{1,2}:[0-9]{2}(:[0-9]{2}([.,][0-9]{1,9})?)?$"
_WORDED_FORMATS = ("%d %b %Y", "%d %B %Y", "%b %d %Y", "%B %d %Y", "%d %b %y")
_PATTERNS = (
    ("iso", _ISO),
    ("month", _MONTH),
    ("compact", _COMPACT),
    ("slashed", _SLASHED),
    ("short year", _SHORT_YEAR),
    ("worded", _WORDED),
    ("clock", _ONLY_CLOCK),
)
_OF_TIME = ("%H", "%I", "%T", "%R", "%s", "%z", "%c", "%X", "%+")


class Read(NamedTuple):
    """Texts as times.

    Attributes:
        times: polars Series of Datetime("ns"), null where a text is no time.
        kind: How they were read.
        whole_days: None is more precise than a day.
        is_utc: They name a zone and are in UTC; otherwise they have no zone.
        ambiguous: Why none of them can be read, and the way out; "" where they can.
    """

    times: Any
    kind: str
    whole_days: bool = False
    is_utc: bool = False
    ambiguous: str = ""


def text_kind(texts: Any) -> str:
    """Return which of the known ways of writing times most of some texts have; "" for none."""
    known = texts.str.strip_chars().drop_nulls()
    known = known.filter(~is_missing(known))
    for kind, pattern in _PATTERNS:
        if known.len() and known.str.contains(pattern).sum() >= _MOST * known.len():
            return kind
    return ""


def read_texts(known: Any, kind: str) -> Read:
    """Read texts.

    Args:
        known: polars Series of String without white space around, null where a value is missing.
        kind: As text_kind returns it; anything else is read as "iso".
    """
    if kind == "slashed":
        return _slashed(known)
    if kind == "short year":
        wrong = (
            "has a year of two digits, so that the order of its parts is unclear; --date-format (date_format) gives it"
        )
        return Read(None, kind, ambiguous=f"{wrong}, such as %d/%m/%y")
    if kind == "month":
        return Read(_days(known + "-01"), "text", whole_days=True)
    if kind == "compact":
        digits = known.str.replace_all(r"[^0-9]", "").str.pad_end(14, "0")
        return Read(formatted(digits, "%Y%m%d%H%M%S"), "text")
    if kind == "worded":
        return Read(_worded(known), "text", whole_days=True)
    return quick_iso(known) or _iso(known)


def formatted(texts: Any, form: str) -> Any:
    """Read texts by a format in strftime's letters; null where they do not fit it. Offsets lead to UTC."""
    pl = polars()
    try:
        if any(letters in form for letters in _OF_TIME):
            read = texts.str.to_datetime(form, strict=False, time_unit="us")
            read = read.dt.convert_time_zone("UTC").dt.replace_time_zone(None) if "%z" in form else read
        else:
            read = texts.str.to_date(form, strict=False)
    except pl.exceptions.PolarsError:
        return pl.Series([None] * texts.len(), dtype=pl.Datetime("ns"))
    return years_of_prices(read)


def years_of_prices(times: Any) -> Any:
    """Return times as Datetime("ns"), null outside the years 1900 to 2200."""
    pl = polars()
    numbers = times.to_physical()
    ends = pl.Series([numbers.min(), numbers.max()], dtype=numbers.dtype).cast(times.dtype).dt.year()
    if not bool(ends.is_between(*YEARS).fill_null(value=True).all()):  # only then is each one worth a look
        times = times.set(~times.dt.year().is_between(*YEARS), None)
    return times.cast(pl.Datetime("ns"))


def clock_ns(hours: Any, minutes: Any, seconds: Any, fraction: Any) -> Any:
    """Return hours, minutes, seconds and the digits after the point as nanoseconds; null where there is no such time.

    Args:
        hours: polars Series of String, like the others; null and "" are 0.
        minutes: Of them.
        seconds: Of them.
        fraction: Digits after the point, or None.
    """
    pl = polars()
    total = None
    for texts, most, factor in ((hours, 23, 3600), (minutes, 59, 60), (seconds, 59, 1)):
        part = texts.set(texts == "", None).cast(pl.Int64, strict=False)
        part = part.fill_null(0).set((part > most).fill_null(value=False), None) * (factor * 10**9)
        total = part if total is None else total + part
    if fraction is None:
        return total
    return total + fraction.fill_null("").str.pad_end(9, "0").cast(pl.Int64, strict=False).fill_null(0)


def quick_iso(known: Any) -> Read | None:
    """Read ISO texts of one width without a zone, which most files have; None where these are others.

    Args:
        known: polars Series of String, null where a value is missing.
    """
    pl = polars()
    sizes = known.str.len_bytes()
    size = sizes.max()
    if size is None or size != sizes.min() or size not in {10, 16, 19, *range(21, 30)}:
        return None
    if known.drop_nulls()[0][4:5] != "-":
        return None
    if size == 10:
        days = _days(known)
        return Read(days, "ISO text", whole_days=True) if days.null_count() == known.null_count() else None
    between = "T" if known.drop_nulls()[0][10:11] == "T" else " "
    form = f"%Y-%m-%d{between}%H:%M" + (":%S" if size > 16 else "")
    text = known if size <= 19 else known.str.slice(0, 19)
    times = years_of_prices(_on_all_cores(text, form))
    if times.null_count() != known.null_count():
        return None
    if size > 19:
        tail = known.str.slice(19)
        if not bool(tail.str.contains(r"^[.][0-9]+$").all()):
            return None
        digits = tail.str.slice(1).cast(pl.Int64) * 10 ** (29 - size)
        times = (times.cast(pl.Int64) + digits).cast(pl.Datetime("ns"))
    return Read(times, "ISO text")


def _on_all_cores(texts: Any, form: str) -> Any:
    """Read texts by a format, a long column in one piece a core."""
    pl = polars()
    read = pl.all().str.to_datetime(form, strict=False, time_unit="us", cache=False)
    size = max(_PIECE, -(-texts.len() // pl.thread_pool_size()))
    pieces = [texts.slice(at, size).to_frame().lazy().select(read) for at in range(0, texts.len(), size)]
    return pl.concat([piece.to_series() for piece in pl.collect_all(pieces)])


def _iso(known: Any) -> Read:
    pl = polars()
    held = known.str.extract_groups(_ISO).struct.unnest()
    days = _days(held["1"] + "-" + held["3"].str.zfill(2) + "-" + held["4"].str.zfill(2)).cast(pl.Int64)
    times = days + clock_ns(held["5"], held["6"], held["7"], held["8"])
    zone = held["9"]
    if zone.null_count() == zone.len():
        whole_days = held["5"].null_count() == zone.len()
        return Read(times.cast(pl.Datetime("ns")), "ISO text", whole_days)
    digits = zone.str.replace_all(r"[^0-9]", "").str.pad_end(4, "0")
    minutes = digits.str.slice(0, 2).cast(pl.Int64) * 60 + digits.str.slice(2, 2).cast(pl.Int64)
    sign = zone.str.starts_with("-").cast(pl.Int64) * -2 + 1
    return Read((times - minutes * sign * (60 * 10**9)).cast(pl.Datetime("ns")), "ISO text", is_utc=True)


def _slashed(known: Any) -> Read:
    """Read 31/12/2020 or 12/31/2020, where a number from 13 to 31 shows which part is the day."""
    pl = polars()
    held = known.str.extract_groups(_SLASHED).struct.unnest()
    one, two = (held[name].cast(pl.Int8, strict=False) for name in ("1", "2"))
    if (one.max() or 0) <= 12 and (two.max() or 0) <= 12:
        wrong = "can be read day first or month first, and no row of the column says which"
        return Read(None, "", ambiguous=f"{wrong}; --date-format (date_format) gives it: %d/%m/%Y or %m/%d/%Y")
    day, month = ("1", "2") if (one.max() or 0) > 12 else ("2", "1")
    days = _days(held["3"] + "-" + held[month].str.zfill(2) + "-" + held[day].str.zfill(2)).cast(pl.Int64)
    times = (days + clock_ns(held["4"], held["5"], held["6"], held["7"])).cast(pl.Datetime("ns"))
    kind = f"text, {'day' if day == '1' else 'month'} first"
    return Read(times, kind, held["4"].null_count() == known.len())


def _worded(known: Any) -> Any:
    """Read 02-Jan-2020, Jan 2, 2020 and their like."""
    spelled = known.str.replace_all(r"[,.]", "").str.replace_all(r"[- ]+", " ")
    short = spelled.str.contains(r" [0-9]{2}$").fill_null(value=False)
    times = None
    for form in _WORDED_FORMATS:
        read = formatted(spelled, form)
        read = read.set(short if form.endswith("%Y") else ~short, None)
        times = read if times is None else times.fill_null(read)
    return times


def _days(texts: Any) -> Any:
    return years_of_prices(texts.str.to_date("%Y-%m-%d", strict=False))
