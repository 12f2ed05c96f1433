"""Times without a zone in the zone that the caller names, as UTC."""

from typing import Any

from meanrev.intake.cells import first
from meanrev.intake.options import FileOptions, polars, refusal, shown
from meanrev.intake.raw import RawTable

__all__ = ["in_utc"]


def in_utc(raw: RawTable, number: int, naive: Any, options: FileOptions) -> Any:
    """Return times without a zone as nanoseconds since 1970 in UTC.

    Args:
        raw: The table that they are in, for messages.
        number: Of their column.
        naive: polars Series of Datetime("ns") without a zone.
        options: Whose tz is their zone; UTC where it is "".

    Raises:
        InvalidInput: a time comes twice or not at all in that zone, because clocks change then.
    """
    pl = polars()
    if not options.tz:
        return naive.cast(pl.Int64)
    placed = naive.dt.replace_time_zone(options.tz, ambiguous="null", non_existent="null")
    bad = placed.is_null() & naive.is_not_null()
    if bool(bad.any()):
        row = first(bad)
        wrong = f"comes twice or not at all in {options.tz}, because clocks change then"
        way = "write the offset into the file (2020-10-25T02:30:00+01:00), or times in UTC without --tz (tz)"
        cell = raw.column(number)[row]
        raise refusal(raw.source, f"{raw.place(row)}, {raw.shown(number)}: {shown(cell)} {wrong}; {way}")
    return placed.dt.convert_time_zone("UTC").dt.replace_time_zone(None).cast(pl.Int64)
