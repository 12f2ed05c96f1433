"""The order of rows: their times must strictly increase, and an error names the first row that breaks the order."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from meanrev.errors import InvalidInput

__all__ = ["DUPLICATES", "Ordered", "in_order", "shown_time"]

DUPLICATES = ("refuse", "first", "last")
"""What may be done with rows of one time: refuse them, or keep the first or the last of them as they came."""

_WAYS_OUT = {"sort": "sort the rows by time first", "duplicates": "keep one row a time"}


class Ordered(NamedTuple):
    """Which rows remain, in which order.

    Attributes:
        rows: (K,) row numbers in order of time, or None where all rows stay where they are.
        n_duplicates: Rows dropped because another one has their time.
        was_sorted: The order changed.
    """

    rows: NDArray[np.intp] | None
    n_duplicates: int
    was_sorted: bool


def in_order(
    times_ns: NDArray[np.int64],
    *,
    field: str,
    sort: bool = False,
    duplicates: str = "refuse",
    sort_option: str = "",
    duplicates_option: str = "",
) -> Ordered:
    """Return the rows in strictly increasing order of time.

    Args:
        times_ns: (T,) nanoseconds since the epoch, or any integers that grow with time.
        field: The argument or column that the times come from, for messages.
        sort: Sort rows that are not in order; where False they are refused.
        duplicates: One of DUPLICATES.
        sort_option: The option that sorts, for the message: "--sort"; a phrase where there is no option.
        duplicates_option: Likewise: "--duplicates last".

    Raises:
        InvalidInput: a row's time is not after the one before, and no option says what to do about it. Names
            the first such row, both times, and the way out.
    """
    if times_ns.size < 2 or bool((times_ns[1:] > times_ns[:-1]).all()):
        return Ordered(None, 0, was_sorted=False)
    back = np.flatnonzero(times_ns[1:] < times_ns[:-1])
    if back.size and not sort:
        way = sort_option or _WAYS_OUT["sort"]
        raise _refusal(field, times_ns, int(back[0]) + 1, "must increase from row to row, oldest first", way)
    rows = np.argsort(times_ns, kind="stable") if back.size else np.arange(times_ns.size)
    ordered = times_ns[rows]
    twice = np.flatnonzero(ordered[1:] == ordered[:-1])
    if twice.size and duplicates == "refuse":
        way = duplicates_option or _WAYS_OUT["duplicates"]
        raise _refusal(field, times_ns, int(rows[twice[0] + 1]), "must be different in every row", way)
    if twice.size:
        kept = np.ones(rows.size, dtype=np.bool_)
        kept[twice + 1 if duplicates == "first" else twice] = False
        rows = rows[kept]
    return Ordered(rows, int(twice.size), was_sorted=bool(back.size))


def shown_time(time_ns: int) -> str:
    """Return a time as ISO 8601 text, without the parts that are zero."""
    return str(np.datetime64(time_ns, "ns")).removesuffix("000000").removesuffix(".000").removesuffix("T00:00:00")


def _refusal(field: str, times_ns: NDArray[np.int64], row: int, rule: str, way: str) -> InvalidInput:
    before = shown_time(int(times_ns[row - 1]))
    return InvalidInput(
        field, f"{rule} (the row before has {before}; to go on: {way})", value=shown_time(int(times_ns[row])), index=row
    )
