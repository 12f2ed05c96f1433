"""The rows of returns that can be used: those without a missing entry."""

import numpy as np
from numpy.typing import NDArray

from gpu_kernels.bounds import within_reach
from gpu_kernels.checks import Floats, no_infinity
from gpu_kernels.errors import InvalidInput

__all__ = ["complete_rows"]


def complete_rows(checked: Floats) -> tuple[Floats, int]:
    """Return the rows of returns (T, N) without NaN, and how many rows have one.

    Raises:
        InvalidInput: there is no column, an entry is infinite or above 1e50 in magnitude, or fewer than two rows are
            left; the rule names the asset at fault where there is one.
    """
    if checked.shape[1] == 0:
        raise InvalidInput("returns", "must have at least one column", value=checked.shape)
    no_infinity("returns", checked)
    within_reach("returns", checked)
    whole: NDArray[np.bool_] = np.asarray(~np.isnan(checked).any(axis=1))
    count = int(np.count_nonzero(whole))
    if count < 2:
        raise _incomplete(np.isnan(checked), count)
    return (checked if count == len(whole) else checked[whole]), len(whole) - count


def _incomplete(missing: NDArray[np.bool_], count: int) -> InvalidInput:
    """Return why so few rows are without NaN, and name the asset if without it there were enough."""
    n_rows, n_assets = missing.shape
    rule = "must have at least 2 rows without NaN"
    if n_rows < 2:
        return InvalidInput("returns", rule, value=count)
    held = n_rows - missing.sum(axis=0)
    worst = int(np.argmin(held))
    n_held = f"{held[worst]} of {n_rows} returns" if held[worst] else "no finite return"
    others = np.delete(missing, worst, axis=1)
    if n_assets > 1 and np.count_nonzero(~others.any(axis=1)) >= 2:
        advice = f"{rule}: asset {worst} has {n_held}; leave it out or fill its gaps"
        return InvalidInput("returns", advice, value=count, index=(0, worst))
    index = None if held[worst] else (0, worst)
    return InvalidInput("returns", f"{rule}: asset {worst} has the fewest, {n_held}", value=count, index=index)
