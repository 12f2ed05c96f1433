"""Calls of weights that run its twins, one of each kind."""

from gpu_kernels import weights
from tests.gpu_kernels.samples import COVARIANCE, MEANS

__all__ = ["CALLS"]

CALLS = {
    "weights.cara": lambda: weights.cara(MEANS, COVARIANCE),
    "weights.cara, bounds": lambda: weights.cara(MEANS, COVARIANCE, bounds=(0.0, 0.5)),
    "weights.sharpe": lambda: weights.sharpe(MEANS, COVARIANCE, mode="long_only"),
    "weights.sharpe, leverage": lambda: weights.sharpe(MEANS, COVARIANCE, leverage=1.5),
    "weights.batch": lambda: weights.batch("cara", MEANS[None], COVARIANCE[None]),
}
