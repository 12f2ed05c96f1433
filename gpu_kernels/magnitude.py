"""The one bound on the size of returns and weights, so that their powers and products stay finite."""

import numpy as np

from gpu_kernels.checks import Floats
from gpu_kernels.errors import InvalidInput

__all__ = ["LARGEST_MAGNITUDE", "within_reach"]

LARGEST_MAGNITUDE = 1e50
"""Above this the fourth power of a return, or the square of a return times a weight, comes near to overflow."""


def within_reach(field: str, values: Floats) -> None:
    """Refuse magnitudes above LARGEST_MAGNITUDE; NaN passes.

    Raises:
        InvalidInput: naming the first entry that is too large.
    """
    far = np.abs(values) > LARGEST_MAGNITUDE
    if far.any():
        place = tuple(int(i) for i in np.unravel_index(int(np.argmax(far)), far.shape))
        index = place if len(place) > 1 else place[0]
        rule = f"must be at most {LARGEST_MAGNITUDE:.0e} in magnitude"
        raise InvalidInput(field, rule, value=values[place].item(), index=index)
