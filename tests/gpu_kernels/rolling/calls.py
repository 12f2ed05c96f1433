"""Calls of rolling that run its twins, one of each kind."""

from gpu_kernels import rolling
from tests.gpu_kernels.samples import RETURNS

__all__ = ["CALLS"]

CALLS = {
    "rolling.weights": lambda: rolling.weights(RETURNS, "sharpe", window=30, step=5),
    "rolling.weights, bounds": lambda: rolling.weights(RETURNS, "cara", window=30, step=5, bounds=(0.0, 0.5)),
    "rolling.components": lambda: rolling.components(RETURNS, window=30, step=10),
}
