"""Which direction of a pair is the better one."""

import numpy as np
from numpy.typing import NDArray

from gpu_kernels.cointegration.model import PairsFit

__all__ = ["best_direction"]


def best_direction(fit: PairsFit) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Choose, for every unordered pair, the direction whose residual has the lower statistic.

    Args:
        fit: A scan of N series.

    Returns:
        The series regressed and those they are regressed on, each (N (N - 1) / 2,). Where only one direction has a
        statistic it is that; where none has, the lower index is regressed.
    """
    first, second = np.triu_indices(fit.adf_statistic.shape[0], 1)
    there, back = fit.adf_statistic[first, second], fit.adf_statistic[second, first]
    turned = (back < there) | (np.isnan(there) & ~np.isnan(back))
    return np.where(turned, second, first), np.where(turned, first, second)
