"""Calls of performance that run its twins, one of each kind."""

from gpu_kernels import performance
from tests.gpu_kernels.samples import RETURNS

__all__ = ["CALLS"]

CALLS = {"performance.figures": lambda: performance.figures(RETURNS.T)}
