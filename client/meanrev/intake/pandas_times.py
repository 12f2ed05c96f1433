"""The index of a pandas object as times, whatever its type, or none where it holds labels."""

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd

from meanrev.errors import InvalidInput
from meanrev.intake.objects import RowLabel
from meanrev.intake.stamps import Times, Ways, increasing, iso_times, looks_iso

__all__ = ["index_times", "row_label"]

_WAYS = Ways("{0}.sort_index()", '{0}[~{0}.index.duplicated(keep="last")]')
_LONG = Ways("{0}.sort_index(), or {0}.unstack() where a level holds the series' names", "{0}.unstack()")
_SAMPLE = 1000


def index_times(field: str, given: Any) -> Times | None:
    """Return the times of a Series' or a frame's rows, or None where its index holds numbers or names.

    Args:
        field: The argument's name, for messages.
        given: A Series or a DataFrame.

    Raises:
        InvalidInput: a row has no time, or none after the one before; or some rows have dates and others have not.
    """
    index = given.index
    if isinstance(index, pd.MultiIndex):
        for level in range(index.nlevels):
            times = _times(f"{field}.index", index.get_level_values(level), _named(_LONG, field))
            if times is not None:
                return times
        return None
    return _times(f"{field}.index", index, _named(_WAYS, field))


def row_label(index: Any) -> RowLabel:
    """Return what names a row by its label, or nothing where rows are numbered."""
    if isinstance(index, pd.RangeIndex):
        return lambda _row: ""
    return lambda row: str(index[row]).removesuffix(" 00:00:00")


def _times(field: str, index: Any, ways: Ways) -> Times | None:
    if isinstance(index, pd.CategoricalIndex):
        index = index.astype(index.categories.dtype)
    if isinstance(index, pd.TimedeltaIndex):
        increasing(field, np.datetime64("1970-01-01", "ns") + index.to_numpy(), ways)
        return None
    found = _dated(field, index)
    if found is None:
        return None
    days, kind = found
    return Times(increasing(field, days, ways), "index", kind)


def _dated(field: str, index: Any) -> tuple[Any, str] | None:
    """Return an index's datetime64 and what they came as, or None where it holds no dates."""
    if isinstance(index, pd.PeriodIndex):
        index = index.to_timestamp()
    if getattr(index.dtype, "kind", "O") == "M":
        return _utc(pd.DatetimeIndex(index)), "datetime"
    if pd.api.types.is_numeric_dtype(index.dtype) or not len(index):
        return None
    return _of_objects(field, index, pd.api.types.infer_dtype(index[:_SAMPLE], skipna=True))


def _of_objects(field: str, index: Any, kind: str) -> tuple[Any, str] | None:
    """Return the times of an index of objects, which pandas infers to be of a kind."""
    if kind == "period":
        return _utc(pd.PeriodIndex(index).to_timestamp()), "datetime"
    mixed = kind.startswith("mixed") and any(isinstance(label, dt.date) for label in index[:_SAMPLE])
    if mixed or kind in {"date", "datetime", "datetime64"}:
        return _utc(_converted(field, index)), "date" if kind == "date" else "datetime"
    if kind == "string" and looks_iso(list(index[:_SAMPLE])):
        return iso_times(field, list(index)), "ISO text"
    return None


def _converted(field: str, index: Any) -> Any:
    """Return an index of dates as a DatetimeIndex; pandas alone would make years of numbers and texts among them."""
    known = (isinstance(label, dt.date | np.datetime64) or pd.isna(label) for label in index)
    row = next((i for i, is_date in enumerate(known) if not is_date), None)
    if row is None:
        try:
            return pd.DatetimeIndex(pd.to_datetime(index, utc=True))
        except (TypeError, ValueError, OverflowError):
            row = 0
    rule = "must be dates or times in every row, between the years 1900 and 2200"
    raise InvalidInput(field, rule, value=str(index[row]), index=row)


def _utc(index: Any) -> Any:
    utc = index if index.tz is None else index.tz_convert("UTC").tz_localize(None)
    return utc.to_numpy()


def _named(ways: Ways, field: str) -> Ways:
    return Ways(*(way.format(field) for way in ways))
