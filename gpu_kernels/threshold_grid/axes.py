"""The checks of a grid's axes."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gpu_kernels.checks import Floats, all_finite, array
from gpu_kernels.errors import InvalidInput

__all__ = ["ascending", "distinct", "lookbacks"]


def distinct(field: str, values: ArrayLike, shape: str) -> Floats:
    """Return finite values without repetition.

    Raises:
        InvalidInput: there is none, one is NaN, infinite or comes twice, or the shape is another one.
    """
    axis = array(field, values, ndim=1, shape=shape)
    if axis.size == 0:
        raise InvalidInput(field, "must not be empty")
    all_finite(field, axis)
    ordered = np.sort(axis)
    if (ordered[1:] == ordered[:-1]).any():
        raise InvalidInput(field, "must not repeat a value", value=axis.tolist())
    return axis


def ascending(field: str, values: ArrayLike, shape: str) -> Floats:
    """Return finite values that ascend.

    Raises:
        InvalidInput: as distinct, or naming the first value that does not ascend.
    """
    axis = distinct(field, values, shape)
    falling = np.flatnonzero(axis[1:] < axis[:-1])
    if falling.size:
        place = int(falling[0]) + 1
        raise InvalidInput(field, "must ascend", value=axis[place], index=place)
    return axis


def lookbacks(lookback: Sequence[int] | NDArray[np.int64]) -> NDArray[np.int64]:
    """Return windows in prices, whole numbers of at least 2.

    Raises:
        InvalidInput: as distinct, or naming the first that is no such number.
    """
    axis = distinct("lookback", lookback, "(L,)")
    bad = (axis != np.floor(axis)) | (axis < 2) | (axis >= 2**31)
    if bad.any():
        place = int(np.argmax(bad))
        raise InvalidInput("lookback", "must be a whole number >= 2", value=axis[place], index=place)
    return axis.astype(np.int64)
