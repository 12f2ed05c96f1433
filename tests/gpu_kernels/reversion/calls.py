"""Calls of reversion that run its twins, one of each kind."""

from gpu_kernels import reversion
from tests.gpu_kernels.samples import WALKS

__all__ = ["CALLS"]

CALLS = {"reversion.run_tests": lambda: reversion.run_tests(WALKS)}
