"""Calls of johansen that run its twins, one of each kind."""

from gpu_kernels import johansen
from tests.gpu_kernels.samples import WALKS

__all__ = ["CALLS"]

CALLS = {"johansen.fit": lambda: johansen.fit(WALKS.T)}
