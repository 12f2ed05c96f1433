"""Calls of thresholds that run its twins, one of each kind."""

from gpu_kernels import thresholds

__all__ = ["CALLS"]

CALLS = {
    "thresholds.optimal": lambda: thresholds.optimal(1.0, 0.0, 1.0, [0.1, 0.2]),
    "thresholds.evaluate": lambda: thresholds.evaluate(1.0, 0.0, 1.0, 0.1, [1.0, 2.0], 0.0),
}
