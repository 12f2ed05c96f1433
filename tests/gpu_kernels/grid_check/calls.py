"""Calls of grid_check that run its twins, one of each kind."""

from gpu_kernels import grid_check, threshold_grid
from tests.gpu_kernels.samples import WALKS

__all__ = ["CALLS"]

CALLS = {
    "grid_check.check": lambda: grid_check.check(
        WALKS,
        threshold_grid.expand([1.0, 1.5], [0.0], [1e-3], [10]),
        scheme=grid_check.Scheme(resamples=99, n_blocks=2, n_folds=3, n_test_folds=1),
    ),
}
