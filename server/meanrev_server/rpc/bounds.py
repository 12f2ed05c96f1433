"""Bounds of weights as they travel: JSON has no infinity, so an open side is null."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["Bounds", "sides"]

Side = float | tuple[float | None, ...] | None

Bounds = tuple[Side, Side]
"""The lowest and the highest weights: each a number, a number for each asset, or null for none."""


def sides(bounds: Bounds | None) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Return the lowest and the highest weights, () or (N,), infinite where a side is open; None where both are.

    Args:
        bounds: As they came.
    """
    if bounds is None or bounds == (None, None):
        return None
    return _side(bounds[0], -np.inf), _side(bounds[1], np.inf)


def _side(given: Side, absent: float) -> NDArray[np.float64]:
    if isinstance(given, tuple):
        return np.array([absent if one is None else one for one in given], dtype=np.float64)
    return np.array(absent if given is None else given, dtype=np.float64)
