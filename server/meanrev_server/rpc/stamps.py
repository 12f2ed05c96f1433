"""The timestamps of a block of prices: one a price, strictly increasing, in milliseconds; or none."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gpu_kernels.errors import InvalidInput
from meanrev_wire import codec

__all__ = ["check_soon", "check_stamps", "stamps_of"]

Stamps = NDArray[np.int64]

_NONE = np.empty(0, dtype=np.int64)
_EARLIEST_MS = -2_208_988_800_000
"""1900-01-01."""
_LATEST_MS = 7_258_118_400_000
"""2200-01-01."""
_DAY_MS = 86_400_000
_UNITS = ((1_000, "microseconds"), (1_000_000, "nanoseconds"), (1_000_000_000, "picoseconds"))


def stamps_of(
    timestamps_ms: Sequence[int], n_prices: int, field: str = "timestamps_ms", *, ordered: bool = True
) -> Stamps:
    """Return the timestamps of n_prices prices, (n_prices,) or (0,).

    Args:
        timestamps_ms: A message's repeated field.
        n_prices: Prices that they belong to.
        field: Its path in the request, for messages.
        ordered: They are of one series, so that each must be after the one before.

    Raises:
        InvalidInput: there are some, but not one a price, or as check_stamps.
    """
    if not len(timestamps_ms):
        return _NONE
    stamps = codec.integers(timestamps_ms)
    if stamps.size != n_prices:
        rule = f"must hold one timestamp for each of the {n_prices} prices, or none"
        raise InvalidInput(field, rule, value=stamps.size)
    if ordered:
        check_stamps(stamps, field)
    return stamps


def check_stamps(stamps: Stamps, field: str, *, first_row: int = 0, before: int | None = None) -> None:
    """Refuse timestamps that do not run forward, or are no milliseconds.

    Small ones such as 0, 1, 2 are allowed, because some callers number their rows.

    Args:
        stamps: (T,), milliseconds since the epoch.
        field: Their path in the request, for messages.
        first_row: Row of the matrix that the first one belongs to.
        before: The timestamp of the row before; None where there is none.

    Raises:
        InvalidInput: one is not after the one before, or lies outside the years 1900 to 2200; names the first such row,
            the timestamps and the way out.
    """
    outside = (stamps < _EARLIEST_MS) | (stamps >= _LATEST_MS)
    if outside.any():
        row = int(np.argmax(outside))
        raise InvalidInput(field, _unit_rule(int(stamps[row])), value=int(stamps[row]), index=first_row + row)
    known = stamps if before is None else np.concatenate([[before], stamps])
    back = np.flatnonzero(known[1:] <= known[:-1])
    if back.size:
        place = int(back[0]) + 1
        row = first_row + place - (before is not None)
        earlier, value = int(known[place - 1]), int(known[place])
        way = "keep one row a timestamp" if value == earlier else "sort the rows by time, oldest first"
        rule = f"must increase strictly from row to row (row {row - 1} has {earlier}; {way})"
        raise InvalidInput(field, rule, value=value, index=row)


def check_soon(stamp: int, field: str, now_ms: float, *, index: int | None = None) -> None:
    """Refuse the timestamp of a mark that lies far ahead: no later mark would be newer.

    Args:
        stamp: Milliseconds since the epoch.
        field: Its path in the request, for messages.
        now_ms: The server's clock.
        index: Its place in the field, where that has several.

    Raises:
        InvalidInput: it is more than a day after the server's clock.
    """
    if stamp > now_ms + _DAY_MS:
        raise InvalidInput(field, "must be at most one day after the server's clock", value=stamp, index=index)


def _unit_rule(stamp: int) -> str:
    rule = "must be milliseconds since the epoch, within the years 1900 to 2200"
    unit = next((each for each in _UNITS if _EARLIEST_MS <= stamp // each[0] < _LATEST_MS), None)
    return rule if unit is None else f"{rule} (it looks like {unit[1]}: divide by {unit[0]})"
