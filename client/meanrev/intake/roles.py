"""Columns of numbers that are no prices: counters of rows, and times that came as numbers."""

from collections.abc import Hashable
from typing import NamedTuple

import numpy as np

from meanrev.intake.column_names import is_index_name, is_saved_index_name, is_time_name
from meanrev.intake.stamps import DAYS, calendar_days
from meanrev.intake.table import Floats

__all__ = [
    "COUNTED",
    "LEAST_TIME",
    "Role",
    "is_counter",
    "means_time",
    "numeric_time",
    "role",
]

COUNTED = "numbers of rows"
"""What a column of 0, 1, 2, ... looks like."""

_FEW = 5
"""Rows below which a counter without a counter's name may be prices in a small example."""

_PER = {"seconds": 1, "milliseconds": 1_000, "microseconds": 1_000_000, "nanoseconds": 1_000_000_000}
_EPOCH = (315_532_800, 4_102_444_800)
"""Seconds of the years 1980 to 2099, which no unit shares with another."""

LEAST_TIME = DAYS[0]
"""The least number that is a time whatever the column is called."""

_STEP_S = 60
"""Times of bars are whole multiples of this many seconds apart; prices are not, over many rows."""

_SERIAL = (20_000, 80_000)
"""Spreadsheets' day numbers of the years 1954 to 2119."""


class Role(NamedTuple):
    """What a column of numbers is, if not prices.

    Attributes:
        kind: "price", "index" (to be left out), "time" or "unclear" (both to be refused).
        said: What it looks like, for messages.
    """

    kind: str
    said: str = ""


_PRICE = Role("price")


def role(name: Hashable, values: Floats, *, whole: bool, alone: bool) -> Role:
    """Return what a column of a frame is.

    Args:
        name: Its label.
        values: (T,).
        whole: Its type is one of whole numbers.
        alone: It is the only one.
    """
    counter = is_counter(values)
    if is_index_name(name) and counter and not alone:
        return Role("index")
    time = numeric_time(values, certain=whole or is_time_name(name) or is_saved_index_name(name))
    if not time and is_time_name(name):
        time = _named_time(values)
    if time:
        return Role("time", time)
    if is_saved_index_name(name) and not alone:
        return Role("unclear", "the index of a frame that was saved with it")
    if not alone and whole and counter and values.size >= _FEW and values[0] in {0.0, 1.0}:
        return Role("unclear", COUNTED)
    return _PRICE


def means_time(name: Hashable) -> bool:
    """Return whether a label may be one of an index or of times, so that its values are looked at."""
    return is_index_name(name) or is_time_name(name)


def is_counter(values: Floats) -> bool:
    """Return whether numbers are whole and grow by 1 from row to row."""
    if values.size < 2 or not _whole(values[:1]) or values[-1] - values[0] != values.size - 1:
        return False
    return _whole(values) and bool((np.diff(values) == 1).all())


def numeric_time(values: Floats, *, certain: bool = False) -> str:
    """Return what times as numbers look like ("seconds since the epoch"), or "" where they look like none.

    Args:
        values: (T,).
        certain: A name or a type shows that they are times, so that they need not be whole minutes apart.
    """
    if values.size < 3 or not (values[0] >= DAYS[0] and _whole(values) and _monotone(values)):
        return ""
    unit = _unit(values)
    if unit == "yyyymmdd":
        return "dates written as yyyymmdd"
    steps = np.abs(np.diff(values)).astype(np.int64) if unit else np.ones(1, dtype=np.int64)
    regular = unit and np.gcd.reduce(steps) % (_STEP_S * _PER[unit]) == 0
    return f"{unit} since the epoch" if unit and (certain or regular) else ""


def _named_time(values: Floats) -> str:
    """Return what a column is whose name means time and whose numbers are in no strict order, or "" for prices."""
    if not (values.size and _whole(values)):
        return ""
    unit = _unit(values)
    if unit:
        return "dates written as yyyymmdd" if unit == "yyyymmdd" else f"{unit} since the epoch"
    steps = np.diff(values)
    if values.size > 1 and bool((steps >= 0).all() or (steps <= 0).all()) and bool(steps.any()):
        serial = _SERIAL[0] <= values.min() and values.max() < _SERIAL[1]
        return "day numbers of a spreadsheet" if serial else "times in a unit of their own"
    return ""


def _unit(values: Floats) -> str:
    """Return the unit in which whole numbers are times: "seconds" to "nanoseconds", "yyyymmdd", or ""."""
    low, high = float(values.min()), float(values.max())
    for unit, per in _PER.items():
        if _EPOCH[0] * per <= low and high < _EPOCH[1] * per:
            return unit
    days = DAYS[0] <= low and high <= DAYS[1] and bool(calendar_days(values.astype(np.int64)).all())
    return "yyyymmdd" if days else ""


def _whole(values: Floats) -> bool:
    return bool(np.isfinite(values).all()) and bool((np.mod(values, 1) == 0).all())


def _monotone(values: Floats) -> bool:
    steps = np.diff(values)
    return bool((steps > 0).all() or (steps < 0).all())
