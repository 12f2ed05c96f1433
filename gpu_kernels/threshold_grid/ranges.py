"""Ranges written as "a:b:step", with the very numbers that one would type."""

from decimal import Decimal, DecimalException

import numpy as np

from gpu_kernels.checks import Floats
from gpu_kernels.errors import InvalidInput
from gpu_kernels.threshold_grid.model import MAX_CELLS

__all__ = ["points"]

_LARGEST = Decimal("1e100")
_RULE = "must be 'a:b:step' with finite numbers, a <= b and step > 0"


def points(text: str) -> Floats:
    """Return the points of a range; see the contract's grid."""
    try:
        first, last, step = (Decimal(part.strip()) for part in text.split(":"))
    except (AttributeError, DecimalException, ValueError):
        raise InvalidInput("grid", _RULE, value=text) from None
    finite = all(number.is_finite() and abs(number) <= _LARGEST for number in (first, last, step))
    if not finite or first > last or step <= 0:
        raise InvalidInput("grid", _RULE, value=text)
    steps = (last - first) / step
    if steps >= MAX_CELLS:
        raise InvalidInput("grid", f"must have at most {MAX_CELLS} points", value=text)
    # Decimals, because 0.5 + 20 * 0.05 must be the double 1.5 and meet an equal threshold of another range.
    return np.array([float(first + count * step) for count in range(round(steps) + 1)])
