"""Contract checks shared by the operations: each names the field, the value and the rule."""

from collections.abc import Collection
from typing import cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gpu_kernels.choices import choice_rule
from gpu_kernels.errors import InvalidInput

__all__ = [
    "Floats",
    "all_finite",
    "array",
    "at_least",
    "no_infinity",
    "non_negative",
    "one_of",
    "positive",
]

Floats = NDArray[np.float64]


def array(field: str, values: ArrayLike, *, ndim: int, shape: str) -> Floats:
    """Return values as a float64 array of ndim dimensions, without a copy where possible.

    Args:
        field: Name for the message.
        values: Anything NumPy can turn into floats.
        ndim: Required number of dimensions.
        shape: The required shape in words, such as "(B, T)".

    Raises:
        InvalidInput: values are not numeric, or have another number of dimensions.
    """
    try:
        out = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise InvalidInput(field, f"must be numbers of shape {shape}", value=type(values).__name__) from None
    if out.ndim != ndim:
        raise InvalidInput(field, f"must have shape {shape}", value=out.shape)
    return out


def no_infinity(field: str, values: Floats) -> None:
    """Refuse +inf and -inf; NaN passes.

    Raises:
        InvalidInput: naming the first infinite entry.
    """
    _refuse(field, values, np.isinf(values), "must not be infinite")


def all_finite(field: str, values: Floats, *, remedy: str = "") -> None:
    """Refuse NaN and infinities.

    Args:
        field: Name for the message.
        values: Of any shape.
        remedy: What the caller can do, such as "leave its row out"; "" for nothing beside the rule.

    Raises:
        InvalidInput: naming the first entry that is not finite.
    """
    _refuse(field, values, ~np.isfinite(values), f"must be finite: {remedy}" if remedy else "must be finite")


def positive(field: str, value: float) -> float:
    """Return a finite value above zero.

    Raises:
        InvalidInput: value is NaN, infinite, zero or negative.
    """
    if not (0 < value < np.inf):
        raise InvalidInput(field, "must be finite and > 0", value=value)
    return float(value)


def non_negative(field: str, value: float) -> float:
    """Return a finite value of at least zero.

    Raises:
        InvalidInput: value is NaN, infinite or negative.
    """
    if not (0 <= value < np.inf):
        raise InvalidInput(field, "must be finite and >= 0", value=value)
    return float(value)


def at_least(field: str, value: int, least: int) -> int:
    """Return an integer of at least `least`.

    Raises:
        InvalidInput: value is smaller.
    """
    if value < least:
        raise InvalidInput(field, f"must be >= {least}", value=value)
    return int(value)


def one_of(field: str, value: str, allowed: Collection[str]) -> str:
    """Return a value that is one of the allowed names.

    Raises:
        InvalidInput: value is another one; the rule lists the names.
    """
    if value not in allowed:
        raise InvalidInput(field, choice_rule(value, allowed), value=value)
    return value


def _refuse(field: str, values: Floats, bad: NDArray[np.bool_], rule: str) -> None:
    if not bad.any():
        return
    place = np.unravel_index(int(np.argmax(bad)), bad.shape)
    index: int | tuple[int, ...] | None = tuple(int(i) for i in place)
    if len(cast("tuple[int, ...]", index)) == 1:
        index = int(place[0])
    if values.ndim == 0:
        index = None
    raise InvalidInput(field, rule, value=values[place].item(), index=index)
