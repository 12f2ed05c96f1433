"""Evenly spaced numbers, ends included."""

from decimal import Decimal, InvalidOperation

import numpy as np
from numpy.typing import NDArray

from meanrev.errors import InvalidInput

__all__ = ["grid"]

_MOST = 1_000_000


def grid(start: float, stop: float, step: float) -> NDArray[np.float64]:
    """Return start, start + step, ..., both ends included: what "start:stop:step" means to a sweep.

    Each point is the float64 nearest to its decimal: grid(0.5, 3, 0.05)[2] is 0.6, not 0.6000000000000001.

    Args:
        start: First point.
        stop: At least start; the last point is within half a step of it.
        step: Above zero.

    Returns:
        (K,) points, K = round((stop - start) / step) + 1.

    Raises:
        InvalidInput: an argument is no finite number, they are out of order, or there are more than a million points.
    """
    first, last, width = (_decimal(*given) for given in (("start", start), ("stop", stop), ("step", step)))
    if width <= 0:
        raise InvalidInput("step", "must be > 0", value=step)
    if last < first:
        raise InvalidInput("stop", "must be at least start", value=stop)
    if (last - first) / width >= _MOST:
        raise InvalidInput("step", f"must leave at most {_MOST} points", value=step)
    return np.array([float(first + i * width) for i in range(round((last - first) / width) + 1)])


def _decimal(field: str, given: float) -> Decimal:
    try:
        number = Decimal(repr(float(given)))
    except (InvalidOperation, OverflowError, TypeError, ValueError):
        number = Decimal("nan")
    if not number.is_finite():
        raise InvalidInput(field, "must be a finite number", value=given)
    return number
