"""Calls of moments that run its twins, one of each kind."""

from gpu_kernels import moments
from tests.gpu_kernels.samples import RETURNS

__all__ = ["CALLS"]

CALLS = {
    "moments.covariance": lambda: moments.covariance(RETURNS, method="oas"),
    "moments.covariances": lambda: moments.covariances(RETURNS, 30, step=5),
    "moments.portfolio_stats": lambda: moments.portfolio_stats(RETURNS),
}
