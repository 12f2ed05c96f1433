"""Small prices and returns, for the calls of operations in tests/gpu_kernels/<operation>/calls.py."""

import numpy as np

__all__ = ["COVARIANCE", "MEANS", "RETURNS", "WALKS"]

RNG = np.random.default_rng(1)
WALKS = 100.0 + np.cumsum(RNG.normal(size=(3, 60)), axis=1)
RETURNS = 0.01 * RNG.normal(size=(60, 4))
MEANS, COVARIANCE = RETURNS.mean(axis=0), np.cov(RETURNS, rowvar=False)
