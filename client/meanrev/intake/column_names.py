"""The names of columns that hold times, and of those that count rows: one vocabulary for files and frames."""

import re
from collections.abc import Hashable

__all__ = ["is_index_name", "is_saved_index_name", "is_time_name"]

_INDEX = re.compile(
    r"unnamed: ?\d+|__index_level_\d+__|level_\d+|index|row(_?(nr|id|num|number|index))?|no\.?|nr\.?|#|",
    re.IGNORECASE,
)
_SAVED_INDEX = re.compile(r"unnamed: ?0|__index_level_\d+__", re.IGNORECASE)

_FIRST = frozenset({"date", "datetime", "timestamp"})
_LAST = frozenset(
    {"date", "datetime", "time", "timestamp", "ts", "epoch", "unix", "year", "quarter", "month", "week", "day"}
)
_UNITS = frozenset({"s", "ms", "us", "ns", "utc", "gmt"})
_WHOLE = frozenset(
    {"dt", "asof", "datum", "fecha", "zeit", "datumzeit", "unixtime", "unixms", "epochms", "timeutc", "timegmt"}
    | {"gmttime", "localtime", "tradingday", "businessday", "dateutc", "dategmt", "timems", "timens"}
)


def is_time_name(name: Hashable) -> bool:
    """Return whether a column is called like a time: Date, <DATE>, open_time, tradeDate, observation_date, epoch_ms."""
    words = re.findall(r"[a-z0-9]+", re.sub(r"([a-z])([A-Z])", r"\1 \2", str(name)).lower())
    if not words:
        return False
    if words[0] in _FIRST or "".join(words) in _WHOLE:
        return True
    last = words[-2] if len(words) > 1 and words[-1] in _UNITS else words[-1]
    return last in _LAST or (last[-1] == "s" and last[:-1] in _LAST)


def is_index_name(name: Hashable) -> bool:
    """Return whether a label is one that libraries and people give to a column that counts rows."""
    return name is None or _INDEX.fullmatch(str(name).strip()) is not None


def is_saved_index_name(name: Hashable) -> bool:
    """Return whether a label is one that a library gave to the index of a frame as it was saved."""
    return _SAVED_INDEX.fullmatch(str(name).strip()) is not None
