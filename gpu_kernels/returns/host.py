"""The NumPy twin of returns."""

import numpy as np

from gpu_kernels.checks import Floats
from gpu_kernels.returns.model import Returns

__all__ = ["compute"]


def compute(prices: Floats, kind: str) -> Returns:
    """Compute returns along the first axis; see the contract."""
    if prices.shape[0] < 2:
        return Returns(prices[:0].copy(), 0.0, 0.0, 0)
    before, after = prices[:-1], prices[1:]
    values = np.log1p((after - before) / before) if kind == "log" else after / before - 1.0
    std = float(values.std(ddof=1)) if values.size > 1 else 0.0
    return Returns(values, float(values.mean()), std, values.shape[0])
