"""Ranges written as "a:b:step", with the very numbers that one would type."""

from decimal import Decimal, DecimalException
from typing import NamedTuple

import numpy as np

from gpu_kernels.checks import Floats
from gpu_kernels.errors import InvalidInput
from gpu_kernels.threshold_grid.model import MAX_CELLS

__all__ = ["grid", "grid_size"]

_LARGEST = Decimal("1e100")
_SMALLEST = Decimal("1e-100")
_RULE = "must be 'a:b:step' with finite numbers, a <= b and step > 0"
_MOST_DIGITS = 15
_MOST_OF_MANY_DIGITS = 10_000
"""Most points where the numbers have more digits: such points are computed one by one."""

_EXACT_POWERS = 22
_EXACT_WHOLE = 2**53


class _Range(NamedTuple):
    """A range, and how many steps it has."""

    first: Decimal
    step: Decimal
    n_steps: int


def grid(text: str) -> Floats:
    """Return the points a, a + step, ... of a range "a:b:step", both ends included.

    Args:
        text: Three decimal numbers, a <= b and step > 0; round((b - a) / step) + 1 points. The last is b where step
            divides b - a, and within half a step of b otherwise. Each point is the double nearest to its decimal.

    Raises:
        InvalidInput: text is not such a range, or has more than MAX_CELLS points.
    """
    first, step, n_steps = _read(text)
    # Decimals, because 0.5 + 20 * 0.05 must be the double 1.5 and meet an equal threshold of another range. A quotient
    # of whole numbers that are doubles themselves is the double nearest to it, as the decimal's own double is.
    power = max(0, -_exponent(first), -_exponent(step))
    largest = max(abs(first), abs(first + n_steps * step), step)
    if power <= _EXACT_POWERS and largest.scaleb(power) < _EXACT_WHOLE:
        return (int(first.scaleb(power)) + int(step.scaleb(power)) * np.arange(n_steps + 1)) / 10.0**power
    if n_steps >= _MOST_OF_MANY_DIGITS:
        rule = f"must have at most {_MOST_OF_MANY_DIGITS} points where a number has more than {_MOST_DIGITS} digits"
        raise InvalidInput("grid", rule, value=text)
    return np.array([float(first + count * step) for count in range(n_steps + 1)])


def grid_size(text: str) -> int:
    """Return how many points a range has, by arithmetic alone.

    Args:
        text: As in grid.

    Raises:
        InvalidInput: as grid.
    """
    return _read(text).n_steps + 1


def _read(text: str) -> _Range:
    try:
        first, last, step = (Decimal(part.strip()) for part in text.split(":"))
    except (AttributeError, DecimalException, ValueError):
        raise InvalidInput("grid", _RULE, value=text) from None
    numbers = (first, last, step)
    if not all(number.is_finite() and number.copy_abs() <= _LARGEST for number in numbers) or first > last or step <= 0:
        raise InvalidInput("grid", _RULE, value=text)
    # A product, because the quotient may be larger than any decimal.
    if first < last and last - first >= MAX_CELLS * step:
        raise InvalidInput("grid", f"must have at most {MAX_CELLS} points", value=text)
    if any(0 < number.copy_abs() < _SMALLEST for number in numbers):  # abs would round them to 0
        raise InvalidInput("grid", f"{_RULE}, each 0 or at least 1e-100 in size", value=text)
    return _Range(first, step, round((last - first) / step))


def _exponent(number: Decimal) -> int:
    exponent = number.as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0
