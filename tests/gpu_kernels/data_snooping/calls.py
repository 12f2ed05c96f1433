"""Calls of data_snooping that run its twins, one of each kind."""

from gpu_kernels import data_snooping
from tests.gpu_kernels.samples import WALKS

__all__ = ["CALLS"]

CALLS = {
    "data_snooping.examine": lambda: data_snooping.examine(
        WALKS.T, resamples=99, n_blocks=2, n_folds=3, n_test_folds=1
    ),
}
