"""Placeholder."""

from gpu_kernels.checks import Floats
from gpu_kernels.thresholds.host import Case

__all__ = ["solve"]


def solve(case: Case, rate: Floats) -> tuple[Floats, Floats]:
    raise NotImplementedError
