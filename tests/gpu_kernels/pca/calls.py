"""Calls of pca that run its twins, one of each kind."""

from gpu_kernels import pca
from tests.gpu_kernels.samples import RETURNS

__all__ = ["CALLS"]

CALLS = {"pca.fit": lambda: pca.fit(RETURNS)}
