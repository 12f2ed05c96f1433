"""Oracle of rolling windows: each by itself, its moments as exact fractions, its weights by exact elimination."""

from itertools import pairwise

import numpy as np

from tests.naive import moments, weights

__all__ = ["tangencies", "turnover"]


def tangencies(returns, window, step):
    """Return the tangency portfolio of each window, scaled to the sum 1 whatever its sign, (W, N)."""
    found = []
    start = 0
    while start + window <= len(returns):
        rows = returns[start : start + window]
        means = np.array([moments.mean(column) for column in moments.columns(rows)])
        found.append(weights.tangency(means, np.array(moments.sample(rows)), 0.0)[0])
        start += step
    return np.array(found)


def turnover(held):
    """Return sums of |changes|, None for the first window."""
    return [None, *(sum(abs(a - b) for a, b in zip(one, other, strict=True)) for one, other in pairwise(held))]
