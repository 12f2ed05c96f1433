"""The column of a frame with the times of its rows: dates, times or ISO texts."""

from typing import Any, NamedTuple

import narwhals as nw
import numpy as np

from meanrev.errors import InvalidInput
from meanrev.intake.column_names import is_index_name
from meanrev.intake.stamps import Times, Ways, increasing, iso_times, looks_iso

__all__ = ["Clock", "clock"]

_SAMPLE = 1000
_WAYS = {
    "polars": Ways(".sort({0!r})", ".unique({0!r}, keep='last').sort({0!r})"),
    "pyarrow": Ways(".sort_by({0!r})", "keep one row a time"),
}


class Clock(NamedTuple):
    """The times of the rows of a frame.

    Attributes:
        column: As it is in the frame.
        times: Its times; None for a column of labels, which is no time.
    """

    column: Any
    times: Times | None


def clock(field: str, frame: Any) -> Clock | None:
    """Return the column of times of a frame, or None where it has none.

    Args:
        field: The argument's name, for messages.
        frame: As narwhals reads it.

    Raises:
        InvalidInput: there is more than one, a row has no time, or one is not after the one before.
    """
    found = [name for name, kind in frame.schema.items() if kind in (nw.Date, nw.Datetime)]
    texts = [name for name, kind in frame.schema.items() if kind in (nw.String, nw.Categorical, nw.Enum)]
    found += [name for name in texts if looks_iso(frame[name].head(_SAMPLE).to_list()) and len(frame)]
    if len(found) > 1:
        rule = f"must hold one column of times at most, and has {', '.join(map(repr, found))}: drop all but one"
        raise InvalidInput(field, rule)
    if found:
        return Clock(frame[found[0]], _times(field, frame, found[0]))
    saved = [name for name in texts if is_index_name(name) and len(texts) == 1]
    return Clock(frame[saved[0]], None) if saved else None


def _times(field: str, frame: Any, name: str) -> Times:
    column = frame[name]
    where = f"{field}[{name!r}]"
    library = frame.implementation.name.lower()
    ways = _WAYS.get(library, Ways())
    shown = Ways(*(way.format(name) if not way.startswith(".") else f"{field}{way.format(name)}" for way in ways))
    if column.null_count():
        row = column.is_null().to_list().index(True)
        raise InvalidInput(where, "must hold a time in every row (drop rows without one)", value="null", index=row)
    if column.dtype in (nw.Date, nw.Datetime):
        days, kind = _moments(column), "date" if column.dtype == nw.Date else "datetime"
    else:
        days, kind = iso_times(where, column.to_list()), "ISO text"
    return Times(increasing(where, days, shown), name, kind)


def _moments(column: Any) -> Any:
    """Return dates or times as datetime64, in UTC."""
    if column.dtype == nw.Date:
        return np.asarray(column.cast(nw.Datetime("us")).dt.timestamp("us").to_numpy()).astype("datetime64[us]")
    unit = "ns" if column.dtype.time_unit == "ns" else "us"
    return np.asarray(column.dt.timestamp(unit).to_numpy()).astype(f"datetime64[{unit}]")
