"""The NumPy twin of returns."""

import math

import numpy as np

from gpu_kernels.checks import Floats
from gpu_kernels.returns.model import Returns

__all__ = ["compute"]


def compute(prices: Floats, kind: str) -> Returns:
    """Compute returns along the first axis; see the contract."""
    if prices.shape[0] < 2:
        return Returns(prices[:0].copy(), 0.0, 0.0, 0)
    before, after = prices[:-1], prices[1:]
    # The contract refuses what overflows here.
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        values = after - before
        values /= before
        if kind == "log":
            # A fall to almost nothing rounds to -1, whose log1p is no number.
            great = ~(np.abs(values) < 0.5)
            np.log1p(values, out=values)
            if great.any():
                values[great] = np.log(after[great] / before[great])
        mean = float(values.mean())
        apart = (values - mean).reshape(-1)
        std = math.sqrt(float(apart @ apart) / (apart.size - 1)) if apart.size > 1 else 0.0
    return Returns(values, mean, std, values.shape[0])
