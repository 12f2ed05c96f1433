"""What a pair needs beside the operations that it is made of, in NumPy."""

import numpy as np

from gpu_kernels.checks import Floats

__all__ = ["levels_of", "notionals", "spread"]


def levels_of(prices: Floats, *, turned: bool, log: bool) -> tuple[Floats, Floats]:
    """Return y and x (T,), the prices or their logarithms, of a pair (T, 2)."""
    levels = np.log(prices) if log else prices
    return (levels[:, 1], levels[:, 0]) if turned else (levels[:, 0], levels[:, 1])


def spread(y: Floats, x: Floats, intercept: float, hedge_ratio: float) -> Floats:
    """Return y - a - b x, (T,)."""
    return np.asarray(y - intercept - hedge_ratio * x)


def notionals(y: Floats, x: Floats, hedge_ratio: float, *, log: bool) -> tuple[Floats, Floats]:
    """Return the sizes of both legs that a cost is a fraction of, in units of the spread: 1 and |b| for logarithms."""
    mean = np.ones(2) if log else np.abs([y, x]).mean(axis=1)
    return mean[:1], abs(hedge_ratio) * mean[1:]
