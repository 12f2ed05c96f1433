"""Calls of residuals that run its twins, one of each kind."""

from gpu_kernels import residuals
from tests.gpu_kernels.samples import WALKS

__all__ = ["CALLS"]

CALLS = {
    "residuals.trade": lambda: residuals.trade(
        WALKS.T, factors=[1], window=[30], regression=[20], filters=residuals.Filters(min_dof=5)
    ),
    "residuals.panel": lambda: residuals.panel(WALKS.T, factors=1, window=30, regression=20, rows=[40]),
}
