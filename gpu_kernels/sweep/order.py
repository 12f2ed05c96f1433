"""The order in which pairs of thresholds become lanes."""

import numpy as np

from gpu_kernels.checks import Floats
from gpu_kernels.sweep.model import ThresholdPairs

__all__ = ["alike"]


def alike(pairs: ThresholdPairs) -> Floats:
    """Return the pairs' numbers (G,), as float64, in an order in which neighbours trade alike.

    Lanes of one vector, or threads of one warp, wait for whichever of them trades: they should do so at the same bars.
    Entries decide most, then exits, which go up and down in turn, so that the step to the next entry is a small one;
    costs decide nothing.
    """
    _, level = np.unique(pairs.entry_z, return_inverse=True)
    leave = np.where(level % 2, -pairs.exit_z, pairs.exit_z)
    return np.lexsort((pairs.cost, leave, level)).astype(np.float64)
