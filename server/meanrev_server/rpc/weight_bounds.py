"""The option bounds of portfolio weights: as JSON has it, and as the operations take it."""

from typing import Any

import numpy as np

__all__ = ["Side", "sides"]

Side = float | tuple[float | None, ...] | None
"""A bound for all assets, or one an asset; null where there is none."""


def sides(bounds: tuple[Side, Side] | None) -> tuple[Any, Any] | None:
    """Return bounds as the operations take them: infinite where an asset has none, and None where no asset has one.

    Args:
        bounds: Lowest and highest weights, or None.
    """
    if bounds is None:
        return None
    low, high = (_filled(side, nothing) for side, nothing in zip(bounds, (-np.inf, np.inf), strict=True))
    return low, high


def _filled(side: Side, nothing: float) -> Any:
    return [nothing if bound is None else bound for bound in side] if isinstance(side, tuple) else side
