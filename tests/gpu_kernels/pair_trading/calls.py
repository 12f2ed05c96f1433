"""Calls of pair_trading that run its twins, one of each kind."""

import numpy as np

from gpu_kernels import pair_trading

__all__ = ["CALLS"]

BARS = np.arange(200)
LEADER = 100.0 + 5.0 * np.sin(BARS / 30.0) + np.random.default_rng(1).normal(size=200).cumsum()
PRICES = np.stack([LEADER, 50.0 + 0.5 * LEADER + np.sin(BARS / 3.0)], axis=1)
"""Two series, one of which follows the other with a deviation that reverts."""


def scan(**options):
    """Return both pairs of the two series."""
    return pair_trading.scan(PRICES, alpha=1.0, lookback=20, **options)


CALLS = {
    "pair_trading.scan": lambda: scan(score="fixed", null_universes=19),
    "pair_trading.scan, ranked by trades": lambda: scan(score="rolling", rank_by="train_sharpe", null_universes=0),
}
