"""The bounds on the size of what is computed with, so that powers, products and quotients stay finite."""

import numpy as np
from numpy.typing import NDArray

from gpu_kernels.checks import Floats, all_finite, positive
from gpu_kernels.errors import InvalidInput

__all__ = [
    "LARGEST_MAGNITUDE",
    "SMALLEST_MAGNITUDE",
    "finite_within_reach",
    "moderate",
    "sizeable",
    "sizeable_variances",
    "units",
    "within_reach",
]

LARGEST_MAGNITUDE = 1e50
"""Above this the fourth power of a return, or the square of a return times a weight, comes near to overflow."""

SMALLEST_MAGNITUDE = 1e-50
"""A quotient of the largest magnitude by this, twice, is as far from overflow."""


def within_reach(field: str, values: Floats) -> None:
    """Refuse magnitudes above LARGEST_MAGNITUDE; NaN passes.

    Args:
        field: Name for the message.
        values: Of any shape, () for a single number.

    Raises:
        InvalidInput: naming the first entry that is too large.
    """
    far = np.abs(values) > LARGEST_MAGNITUDE
    if far.any():
        raise _named(field, values, far, f"must be at most {LARGEST_MAGNITUDE:.0e} in magnitude")


def finite_within_reach(field: str, values: Floats) -> None:
    """Refuse NaN, infinities and magnitudes above LARGEST_MAGNITUDE.

    Args:
        field: Name for the message.
        values: Of any shape, () for a single number.

    Raises:
        InvalidInput: naming the first entry that is not finite, else the first that is too large.
    """
    # Two passes without a copy; NaN is both the least and the largest.
    if values.size and not max(-values.min(), values.max()) <= LARGEST_MAGNITUDE:
        all_finite(field, values)
        within_reach(field, values)


def sizeable(field: str, values: Floats) -> None:
    """Refuse numbers other than 0 that are below SMALLEST_MAGNITUDE in magnitude; NaN passes.

    Raises:
        InvalidInput: naming the first entry that is too small.
    """
    near = (np.abs(values) < SMALLEST_MAGNITUDE) & (values != 0)
    if near.any():
        raise _named(field, values, near, f"must be 0 or at least {SMALLEST_MAGNITUDE:.0e} in magnitude")


def sizeable_variances(field: str, covariances: Floats) -> None:
    """Refuse variances other than 0 that are below SMALLEST_MAGNITUDE.

    Args:
        field: Name for the message.
        covariances: (N, N), or (K, N, N).

    Raises:
        InvalidInput: naming the first variance that is too small, by its place in covariances.
    """
    variances = np.diagonal(covariances, axis1=-2, axis2=-1)
    if ((np.abs(variances) < SMALLEST_MAGNITUDE) & (variances != 0)).any():
        sizeable(field, np.where(np.eye(covariances.shape[-1], dtype=np.bool_), covariances, 0.0))


def moderate(field: str, value: float) -> float:
    """Return a value above zero that is neither above LARGEST_MAGNITUDE nor below SMALLEST_MAGNITUDE.

    Raises:
        InvalidInput: value is NaN, infinite, zero, negative, or of another size.
    """
    if not (SMALLEST_MAGNITUDE <= positive(field, value) <= LARGEST_MAGNITUDE):
        rule = f"must be between {SMALLEST_MAGNITUDE:.0e} and {LARGEST_MAGNITUDE:.0e}"
        raise InvalidInput(field, rule, value=value)
    return float(value)


def units(sizes: Floats) -> Floats:
    """Return powers of two near sizes (...) >= 0, 1 where a size is 0: what is divided by them is about 1, bit for bit.

    Squares of what is far smaller would underflow. None is below 2^-1000, whose inverse is finite.
    """
    exponents = np.maximum(np.frexp(sizes)[1], -1000)
    return np.ldexp(np.ones_like(sizes), np.where(sizes > 0, exponents, 0))


def _named(field: str, values: Floats, wrong: NDArray[np.bool_], rule: str) -> InvalidInput:
    place = tuple(int(i) for i in np.unravel_index(int(np.argmax(wrong)), wrong.shape))
    index = place if len(place) > 1 else place[0] if place else None
    return InvalidInput(field, rule, value=values[place].item(), index=index)
