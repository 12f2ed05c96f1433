"""Times of rows as milliseconds since the epoch in UTC: their unit is checked, and that they strictly increase."""

import datetime as dt
import re
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from meanrev.errors import InvalidInput
from meanrev.intake.order import in_order
from meanrev.intake.table import Ints

__all__ = [
    "DAYS",
    "FIRST_MS",
    "LAST_MS",
    "YEARS",
    "Times",
    "Ways",
    "calendar_days",
    "gaps",
    "increasing",
    "iso_times",
    "looks_iso",
    "unit_checked",
]

YEARS = (1900, 2200)
"""The first and the last year of a time."""

DAYS = (10_000 * YEARS[0] + 101, 10_000 * YEARS[1] + 1231)
"""Their first and their last day, written as yyyymmdd."""

FIRST_MS, LAST_MS = (int(np.datetime64(f"{year}-01-01", "ms").astype(np.int64)) for year in (YEARS[0], YEARS[1] + 1))
"""The first millisecond that a stamp may be, and the first that it may not be."""

_TOO_FINE = {"microseconds": 1_000, "nanoseconds": 1_000_000}
_SECONDS = (631_152_000, 4_102_444_800)
"""1990 to 2100, were these seconds; in milliseconds they are days of January and February 1970."""

_ISO = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d(:?\d\d(:?\d\d([.,]\d+)?)?)?\s?(Z|[+-]\d\d(:?\d\d)?)?)?|(19|2[01])\d{6}")
_ABSENT = frozenset({"NAType", "NaTType"})
_LONG_GAP = 3.0


class Times(NamedTuple):
    """Times of all rows.

    Attributes:
        ns: (T,) nanoseconds since the epoch in UTC.
        name: Where they come from: a column's name, or "index".
        kind: As in Report.time_kind.
    """

    ns: Ints
    name: str
    kind: str

    def milliseconds(self) -> Ints | None:
        """Return (T,) milliseconds, or None where two rows share one: such times are finer than the wire's."""
        stamps = self.ns // 1_000_000
        return stamps if stamps.size < 2 or bool((stamps[1:] > stamps[:-1]).all()) else None


class Ways(NamedTuple):
    """How a caller puts rows in order, for messages.

    Attributes:
        sort: Code that sorts.
        duplicates: Code that keeps one row a time.
    """

    sort: str = ""
    duplicates: str = ""


def increasing(field: str, days: NDArray[Any], ways: Ways = Ways()) -> Ints:  # noqa: B008 - a constant
    """Return datetime64 as nanoseconds, which must be there, between 1900 and 2200, and strictly increasing.

    Args:
        field: Name for messages.
        days: (T,) datetime64 of any unit, in UTC.
        ways: How the caller puts rows in order.

    Raises:
        InvalidInput: one is NaT, outside the range, or not after the one before.
    """
    absent = np.isnat(days)
    if absent.any():
        row = int(np.argmax(absent))
        raise InvalidInput(field, "must hold a time in every row (drop rows without one)", value="NaT", index=row)
    stamps = days.astype("datetime64[ms]").astype(np.int64)
    outside = (stamps < FIRST_MS) | (stamps >= LAST_MS)
    if outside.any():
        row = int(np.argmax(outside))
        raise InvalidInput(field, "must be between the years 1900 and 2200", value=str(days[row]), index=row)
    times = days.astype("datetime64[ns]").astype(np.int64)
    in_order(times, field=field, sort_option=ways.sort, duplicates_option=ways.duplicates)
    return times


def unit_checked(field: str, stamps: Ints, *, whole_call: bool = True) -> Ints:
    """Return integer stamps, which must be milliseconds of the years 1900 to 2200.

    Args:
        field: Name for messages.
        stamps: (T,) as given.
        whole_call: These are all stamps of a call, so that their range shows seconds and yyyymmdd too; a part of a
            stream of artificial stamps may lie anywhere.

    Raises:
        InvalidInput: they have another unit; the message names the likely one.
    """
    if not stamps.size:
        return stamps
    outside = (stamps < FIRST_MS) | (stamps >= LAST_MS)
    if outside.any():
        row = int(np.argmax(outside))
        value = int(stamps[row])
        rule = "must be milliseconds since the epoch, of the years 1900 to 2200"
        like = next((unit for unit, per in _TOO_FINE.items() if FIRST_MS <= value // per < LAST_MS), "")
        if like:
            rule += f" (these look like {like}: divide by {_TOO_FINE[like]:,})"
        raise InvalidInput(field, rule, value=value, index=row)
    if whole_call and stamps.size > 1:
        low, high = int(stamps.min()), int(stamps.max())
        like = ""
        if _SECONDS[0] <= low and high < _SECONDS[1]:
            like = "seconds: multiply by 1,000"
        elif DAYS[0] <= low and high <= DAYS[1] and bool(calendar_days(stamps).all()):
            like = "days written as yyyymmdd: give dates"
        if like:
            rule = f"must be milliseconds since the epoch (these look like {like})"
            raise InvalidInput(field, rule, value=int(stamps[0]), index=0)
    return stamps


def looks_iso(texts: Sequence[Any]) -> bool:
    """Return whether most of these are ISO 8601 dates or times: then the others are faults, not labels."""
    present = [text for text in texts if isinstance(text, str)]
    others = sum(not isinstance(text, str | float | None) and type(text).__name__ not in _ABSENT for text in texts)
    matching = sum(_ISO.fullmatch(text.strip()) is not None for text in present)
    return matching > (len(present) + others) / 2


def iso_times(field: str, texts: Sequence[Any]) -> NDArray[np.datetime64]:
    """Return (T,) datetime64[us] in UTC; texts without an offset are taken for UTC.

    Raises:
        InvalidInput: a text is no ISO 8601 date or time; names the first.
    """
    out = np.empty(len(texts), dtype="datetime64[us]")
    for row, text in enumerate(texts):
        try:
            moment = dt.datetime.fromisoformat(text.strip())
        except (AttributeError, ValueError):
            value = text if isinstance(text, str) else type(text).__name__
            raise InvalidInput(field, "must be an ISO 8601 date or time", value=value, index=row) from None
        out[row] = np.datetime64(_naive(moment), "us")
    return out


def gaps(times: Ints) -> int:
    """Return how many steps between rows are longer than three times the median step."""
    steps = np.diff(times)
    return int((steps > _LONG_GAP * np.median(steps)).sum()) if steps.size else 0


def _naive(moment: dt.datetime) -> dt.datetime:
    return moment if moment.tzinfo is None else moment.astimezone(dt.UTC).replace(tzinfo=None)


def calendar_days(values: Ints) -> NDArray[np.bool_]:
    """Return which whole numbers are a day written as yyyymmdd."""
    month, day = values // 100 % 100, values % 100
    months = ((values // 10_000 - 1970) * 12 + month - 1).astype("datetime64[M]")
    length = ((months + 1).astype("datetime64[D]") - months.astype("datetime64[D]")).astype(np.int64)
    known: NDArray[np.bool_] = (month >= 1) & (month <= 12) & (day >= 1) & (day <= length)
    return known
