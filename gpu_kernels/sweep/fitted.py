"""The process that score "fixed" trades, fitted to a train part."""

import numpy as np

from gpu_kernels import ou
from gpu_kernels.checks import Floats

__all__ = ["stationary"]


def stationary(prices: Floats) -> tuple[Floats, Floats]:
    """Return mean and stationary standard deviation of each series, (B,) each; NaN where no process fits.

    Args:
        prices: (B, T) of the train part, NaN where a bar is missing.
    """
    fit = ou.fit(prices)
    with np.errstate(divide="ignore", invalid="ignore"):
        deviation = fit.sigma / np.sqrt(2.0 * fit.theta)
    known = np.isfinite(fit.mu) & np.isfinite(deviation) & (deviation > 0) & (np.array(fit.status) != "error")
    return np.where(known, fit.mu, np.nan), np.where(known, deviation, np.nan)
