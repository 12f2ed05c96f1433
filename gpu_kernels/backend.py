"""Which implementation of the operations runs: chosen once, by a self-test, and said with its reason."""

from typing import NamedTuple

import numpy as np

from gpu_kernels import returns
from gpu_kernels.checks import one_of
from gpu_kernels.errors import KernelError

__all__ = ["BACKENDS", "Backend", "choose"]

BACKENDS = ("numpy",)
"""Implementations this build holds, best first."""


class Backend(NamedTuple):
    """A chosen implementation.

    Attributes:
        name: One of BACKENDS.
        reason: Why it was chosen, for a person.
    """

    name: str
    reason: str


def choose(name: str = "auto") -> Backend:
    """Choose an implementation that passes its self-test.

    Args:
        name: One of BACKENDS, or "auto" for the best of them.

    Raises:
        InvalidInput: no such backend.
        KernelError: the backend computes a wrong answer on this machine.
    """
    one_of("backend", name, ("auto", *BACKENDS))
    _self_test()
    reason = "asked for" if name != "auto" else f"the only one in this build: {np.__name__} {np.__version__}"
    return Backend("numpy", reason)


def _self_test() -> None:
    """Compute a known answer: a price that doubles twice has two log returns of ln 2 and no spread."""
    answer = returns.compute(np.array([1.0, 2.0, 4.0]))
    if abs(answer.mean - 0.6931471805599453) > 1e-15 or answer.n_periods != 2:
        raise KernelError("the numpy backend fails its self-test: the returns of 1, 2, 4 are not ln 2")
