"""Requests of RollingWeights."""

from tests.server.making import matrix

__all__ = ["ARGUMENTS", "CASES", "OPTIONS"]

OPTIONS = {
    "RollingWeights": {"kind": "cara", "window": 50, "step": 7},
    "RollingWeights, tangency": {"window": 30, "step": 11},
    "RollingWeights, components": {"kind": "pca", "window": 60},
}
CASES = {
    "RollingWeights": (matrix(20, window=40), (50, 20_000)),
    "RollingWeights, components": (matrix(20, kind="pca", window=40), (50, 5_000)),
}
ARGUMENTS = {"rolling": {"kind": "cara", "window": 100}}
