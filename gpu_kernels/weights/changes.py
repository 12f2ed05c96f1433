"""How much a change of weights trades."""

import numpy as np

from gpu_kernels.checks import Floats

__all__ = ["turnover"]


def turnover(weights: Floats, before: Floats) -> Floats:
    """Return the sum of the absolute changes of weights.

    Args:
        weights: (..., N), after the change. A sum with a NaN is NaN.
        before: The same before it.

    Returns:
        (...) sums, as a share of wealth: 2 where everything is sold and as much of other assets is bought.
    """
    changes: Floats = np.abs(weights - before).sum(axis=-1)
    return changes
