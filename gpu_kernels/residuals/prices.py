"""Returns of prices with gaps, and who is eligible."""

import numpy as np
from numpy.typing import NDArray

from gpu_kernels.checks import Floats

__all__ = ["account_returns", "eligible", "simple_returns", "without_price"]


def simple_returns(prices: Floats) -> Floats:
    """Return P_t / P_(t-1) - 1 of (T, N) prices, (T, N); NaN in the first row and beside a price that is missing."""
    found = np.full(prices.shape, np.nan)
    good = _good(prices)
    with np.errstate(all="ignore"):
        found[1:] = np.where(good[1:] & good[:-1], (prices[1:] - prices[:-1]) / prices[:-1], np.nan)
    return found


def account_returns(prices: Floats) -> Floats:
    """Return what a held name earns at each row: 0 without a price, and all of the move at the first price after it."""
    good = _good(prices)
    rows = np.where(good, np.arange(len(prices))[:, None], 0)
    last = np.maximum.accumulate(rows, axis=0)
    filled = np.take_along_axis(prices, last, axis=0)
    found = np.zeros(prices.shape)
    with np.errstate(all="ignore"):
        found[1:] = np.where(good[1:], (filled[1:] - filled[:-1]) / filled[:-1], 0.0)
    known = np.zeros(prices.shape, dtype=np.bool_)
    known[1:] = np.logical_or.accumulate(good, axis=0)[:-1]
    found[~known] = 0.0
    return found


def without_price(prices: Floats) -> NDArray[np.bool_]:
    """Return at which rows a name has no price, (T, N)."""
    return ~_good(prices)


def eligible(prices: Floats, members: NDArray[np.bool_] | None, window: int) -> NDArray[np.bool_]:
    """Return which names are members and have the window + 1 prices that end at each row, (T, N).

    Whether their returns vary is found out where the window is read.

    Args:
        prices: (T, N).
        members: (T, N), or None for all.
        window: M.
    """
    good = _good(prices)
    counted = np.zeros((len(prices) + 1, prices.shape[1]), dtype=np.int32)
    np.cumsum(good, axis=0, out=counted[1:])
    found = np.zeros(prices.shape, dtype=np.bool_)
    found[window:] = counted[window + 1 :] - counted[: -window - 1] == window + 1
    return found if members is None else found & members


def _good(prices: Floats) -> NDArray[np.bool_]:
    with np.errstate(invalid="ignore"):
        return np.isfinite(prices) & (prices > 0)
