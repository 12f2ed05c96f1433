"""Calls of multiperiod that run its twins, one of each kind."""

from gpu_kernels import multiperiod
from tests.gpu_kernels.samples import COVARIANCE, RETURNS

__all__ = ["CALLS"]

CALLS = {"multiperiod.optimize": lambda: multiperiod.optimize(RETURNS[:3], COVARIANCE, bounds=(0.0, 1.0))}
