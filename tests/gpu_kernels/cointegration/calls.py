"""Calls of cointegration that run its twins, one of each kind."""

import numpy as np

from gpu_kernels import cointegration
from tests.gpu_kernels.samples import WALKS

__all__ = ["CALLS"]

BLOCKS = [
    cointegration.Block(np.arange(3.0)[part], WALKS[part].T, np.abs(WALKS[part]).max(axis=1))
    for part in (slice(0, 2), slice(2, 3))
]

CALLS = {
    "cointegration.scan": lambda: cointegration.scan(WALKS.T),
    "cointegration.significant": lambda: cointegration.significant(*BLOCKS, 1, 0.9),
    "cointegration.listed": lambda: cointegration.listed(
        WALKS, slice(0, 60), np.abs(WALKS).max(axis=1), np.array([0, 2]), np.array([1, 0]), 1
    ),
}
