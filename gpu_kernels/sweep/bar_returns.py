"""The NumPy twin of the returns of one series' backtests: account by account, a block of pairs at a time."""

import numpy as np

from gpu_kernels import interruption
from gpu_kernels.checks import Floats
from gpu_kernels.sweep import trades
from gpu_kernels.sweep.model import Rules, ThresholdPairs

__all__ = ["compute", "of_each"]

_AT_ONCE = 2**17
"""Bars of a block, each with five numbers."""


@np.errstate(over="ignore", invalid="ignore", divide="ignore")  # returns beyond the doubles are what they are
def compute(prices: Floats, pairs: ThresholdPairs, rules: Rules) -> Floats:
    """Return the returns of one series that can be traded, (G, T): NaN before its first price and behind its last."""
    found = np.empty((pairs.entry_z.size, prices.size))
    for rows in interruption.pieces(len(found), max(1, _AT_ONCE // prices.size)):
        some = ThresholdPairs(*(np.ascontiguousarray(column[rows]) for column in pairs))
        found[rows] = trades.run(np.broadcast_to(prices, found[rows].shape), some, of_each(rules, some)).paths.returns
    return found


def of_each(rules: Rules, pairs: ThresholdPairs) -> Rules:
    """Return the rules of one series for as many copies of it as there are pairs."""
    return rules.of(np.zeros(pairs.entry_z.size, dtype=np.intp))
