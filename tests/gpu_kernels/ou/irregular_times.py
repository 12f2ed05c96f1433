"""The fit at irregular times, as streams with timestamps use it, for times that series share."""

import numpy as np

from gpu_kernels.ou import irregular

__all__ = ["fit_irregular"]


def fit_irregular(prices, times, bias="none", adf_lags=0):
    """Fit series (B, T) at times (T,) or (B, T)."""
    held = np.asarray(prices, dtype=float)
    return irregular.fit(held, np.broadcast_to(np.asarray(times, dtype=float), held.shape), bias, adf_lags)
