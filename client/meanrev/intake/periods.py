"""Periods of pandas in a file: numbers of days, months or other units since 1970, read as the times they begin at."""

import json
import re
from typing import Any

from meanrev.intake.options import polars, refusal

__all__ = ["as_times"]

_UNITS = {
    **dict.fromkeys(("Y", "A", "Y-DEC", "A-DEC", "YE-DEC"), ("Y", 1)),
    **dict.fromkeys(("Q", "Q-DEC", "QE-DEC"), ("M", 3)),
    **dict.fromkeys(("M", "ME"), ("M", 1)),
    "D": ("D", 1),
    **dict.fromkeys(("h", "H"), ("h", 1)),
    **dict.fromkeys(("min", "T"), ("m", 1)),
    **dict.fromkeys(("s", "S"), ("s", 1)),
    **dict.fromkeys(("ms", "L"), ("ms", 1)),
    **dict.fromkeys(("us", "U"), ("us", 1)),
    **dict.fromkeys(("ns", "N"), ("ns", 1)),
}
"""NumPy's unit of a frequency, and how many of them a period holds."""

_PERIOD = "pandas.period"


def as_times(source: str, frame: Any) -> Any:
    """Return a frame of polars whose columns of periods are times.

    Args:
        source: The file's name, for messages.
        frame: As it was read; its other columns stay as they are.

    Raises:
        InvalidInput: periods are of weeks, business days, or years or quarters that do not end with December.
    """
    periods = [name for name, kind in frame.schema.items() if _extension(kind) == _PERIOD]
    return frame.with_columns([_begins(source, frame[name]) for name in periods]) if periods else frame


def _extension(kind: Any) -> str:
    return str(kind.ext_name()) if kind.is_extension() else ""


def _begins(source: str, column: Any) -> Any:
    pl = polars()
    given = json.loads(column.dtype.ext_metadata() or "{}").get("freq", "")
    # The numbers count single units, whatever multiple of them a period spans.
    unit, count = _UNITS.get(re.sub(r"^\d+", "", given), ("", 0))
    if not count:
        rule = f"holds periods of frequency {given!r} in column {column.name!r}, which are not read"
        raise refusal(source, f"{rule}; frame.to_timestamp() in pandas turns an index of them into times")
    numbers = column.ext.storage()
    exact = "ns" if unit == "ns" else "us"
    times = (count * numbers.fill_null(0).to_numpy()).astype(f"datetime64[{unit}]").astype(f"datetime64[{exact}]")
    return pl.select(pl.when(numbers.is_not_null()).then(pl.Series(times)).alias(column.name)).to_series()
