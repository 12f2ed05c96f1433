"""Simulated universes, and what the oracle finds in them."""

import numpy as np

from tests.naive import residuals as naive

__all__ = ["SMALL", "followed", "naive_days", "universe", "with_gaps"]

SMALL = {"window": 40, "regression": 25}
"""Lengths for universes of a few names."""


def universe(seed, n_rows, n_names, *, n_factors=2, reversion=0.0, noise=0.01):
    """Prices (T, N) of a factor model whose residuals are white noise, or revert in 1 / `reversion` bars."""
    source = np.random.default_rng(seed)
    common = source.normal(0.0, 0.01, (n_rows, n_factors)) @ source.normal(1.0, 0.5, (n_factors, n_names))
    own = source.normal(0.0, noise, (n_rows, n_names))
    if reversion:
        level, decay = np.zeros(n_names), np.exp(-reversion)
        levels = np.empty_like(own)
        for row in range(n_rows):
            level = decay * level + own[row]
            levels[row] = level
        own = np.diff(levels, axis=0, prepend=np.zeros((1, n_names)))
    return 50.0 * np.exp(np.cumsum(common + own, axis=0))


def with_gaps(prices, seed, share=0.01):
    """Copies of the prices, some of which are missing; and of memberships that begin and end."""
    source = np.random.default_rng(seed)
    found = prices.copy()
    found[source.random(prices.shape) < share] = np.nan
    members = np.ones(prices.shape)
    members[: len(prices) // 2, -1] = 0.0
    members[3 * len(prices) // 4 :, 0] = 0.0
    return found, members


def naive_days(prices, factors, *, window, regression, max_reversion=None, members=None, **options):
    """What the oracle finds at every close; nothing before the first window is whole."""
    who = np.ones(prices.shape) if members is None else members
    slowest = regression / 2 if max_reversion is None else max_reversion
    rows = range(len(prices))
    return [naive.day(prices, who, row, factors, window, regression, slowest, **options) for row in rows]


def followed(prices, days, thresholds, first, **options):
    """What the oracle's account of these days does; see naive.account."""
    return naive.account(prices, [(score, q, b) for score, _, q, b in days], thresholds, first, **options)
