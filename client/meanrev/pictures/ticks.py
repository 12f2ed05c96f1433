"""Where the ticks of an axis stand, and what they say."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["as_numbers", "number_ticks", "time_ticks"]

_MOST = 7
_UNITS = (
    ("Y", (1, 2, 5, 10, 20, 50)),
    ("M", (1, 2, 3, 6)),
    ("D", (1, 2, 7, 14)),
    ("h", (1, 2, 6, 12)),
    ("m", (1, 5, 30)),
)
_FINEST = ("s", (1, 5, 30))


def as_numbers(across: NDArray[Any]) -> NDArray[np.float64]:
    """Return places on an axis as numbers: times as milliseconds since 1970."""
    if across.dtype.kind == "M":
        return across.astype("datetime64[ms]").astype(np.float64)
    return across.astype(np.float64)


def number_ticks(low: float, high: float, most: int = _MOST) -> list[tuple[float, str]]:
    """Return round numbers from low to high, with their texts.

    Args:
        low: Of the axis.
        high: Above low.
        most: Ticks, at most.
    """
    rough = (high - low) / most
    size = 10.0 ** math.floor(math.log10(rough))
    step = next(size * factor for factor in (1.0, 2.0, 5.0, 10.0) if size * factor >= rough * (1.0 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [(i * step, f"{i * step:.10g}") for i in range(first, last + 1)]


def time_ticks(low: float, high: float) -> list[tuple[float, str]]:
    """Return the first moments of years, months, days, hours or minutes from low to high, with their texts.

    Args:
        low: Of the axis, in milliseconds since 1970.
        high: Likewise, above low.
    """
    found: list[tuple[float, str]] = []
    for unit, steps in (*_UNITS, _FINEST):
        for step in reversed(steps):
            ticks = _moments(low, high, unit, step)
            if 4 <= len(ticks) <= _MOST:
                return ticks
            found = ticks if 0 < len(ticks) <= _MOST and len(ticks) > len(found) else found
    return found


def _moments(low: float, high: float, unit: str, step: int) -> list[tuple[float, str]]:
    begin, end = (np.datetime64(math.floor(place), "ms").astype(f"datetime64[{unit}]") for place in (low, high))
    if (end - begin).astype(np.int64) / step > 50:
        return []
    places = np.arange(begin.astype(np.int64) // step * step, end.astype(np.int64) + 1, step)
    moments = places.astype(f"datetime64[{unit}]")
    ticks = zip(moments.astype("datetime64[ms]").astype(np.float64), moments, strict=True)
    return [(float(place), str(moment).replace("T", " ")) for place, moment in ticks if low <= place <= high]
