"""What a pair needs beside the operations that it is made of, in NumPy."""

import numpy as np

from gpu_kernels.checks import Floats

__all__ = ["levels_of", "notional", "spread"]


def levels_of(prices: Floats, *, turned: bool, log: bool) -> tuple[Floats, Floats]:
    """Return y and x (T,), the prices or their logarithms, of a pair (T, 2)."""
    levels = np.log(prices) if log else prices
    return (levels[:, 1], levels[:, 0]) if turned else (levels[:, 0], levels[:, 1])


def spread(y: Floats, x: Floats, intercept: float, hedge_ratio: float) -> Floats:
    """Return y - a - b x, (T,)."""
    return np.asarray(y - intercept - hedge_ratio * x)


def notional(levels: Floats, *, log: bool) -> float:
    """Return the size of one leg's levels that a cost is a fraction of: 1 for logarithms."""
    return 1.0 if log else float(np.abs(levels).mean())
