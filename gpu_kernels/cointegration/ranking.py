"""The order of a scan's pairs."""

import numpy as np
from numpy.typing import NDArray

from gpu_kernels.cointegration import residual
from gpu_kernels.cointegration.model import FITTED, Figures, PairsFit, Ranked

__all__ = ["best_direction", "ranked"]


def best_direction(fit: PairsFit) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return y and x of every unordered pair, in the direction of the lower statistic; see the contract."""
    first, second = np.triu_indices(fit.adf_statistic.shape[0], 1)
    there, back = fit.adf_statistic[first, second], fit.adf_statistic[second, first]
    turned = (back < there) | (np.isnan(there) & ~np.isnan(back))
    return np.where(turned, second, first), np.where(turned, first, second)


def ranked(fit: PairsFit, top: int) -> Ranked:
    """Return the first pairs, computed from their residuals; see the contract."""
    y, x = best_direction(fit)
    tested = fit.status[y, x] == FITTED
    y, x = y[tested], x[tested]
    order = np.argsort(fit.adf_statistic[y, x], kind="stable")[:top]
    y, x = y[order], x[order]
    figures = residual.fit(fit.levels, fit.reach, y, x, fit.lag_rule)
    again = np.argsort(figures.adf_statistic, kind="stable")
    return Ranked(y[again], x[again], Figures._make(column[again] for column in figures))
