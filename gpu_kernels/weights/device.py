"""Many portfolios' weights on a GPU, a thread a problem; one problem alone is the CPU's, which is faster at it."""

from typing import Any

import numpy as np

from gpu_kernels import device, device_pipeline
from gpu_kernels.checks import Floats
from gpu_kernels.weights import native
from gpu_kernels.weights.model import Weights

__all__ = ["batch", "solve"]

_ROOM = 2**27
"""Numbers of all working spaces together: 1 GiB."""


def batch(
    means: Floats, matrices: Floats, objective: str, gamma: float, rate: float, mode: str
) -> list[Weights | None]:
    """Find the weights of B problems; as native.batch.

    Raises:
        DeviceFault: the GPU is not there, does not answer, or has too little memory.
    """
    return native.batch(means, matrices, objective, gamma, rate, mode, solve)


def solve(linear: Floats, along: Floats, matrices: Floats, long_only: bool) -> native.Solved:
    """Find B minima, in halves where the device's memory does not hold them; as native.solve."""
    n_problems, n_assets = linear.shape
    wide = n_assets + native.FIGURES

    def run(part: slice) -> Any:
        count = part.stop - part.start
        space = (2 * native.stride(n_assets) + 7) * native.stride(n_assets)
        n_spaces = max(1, min(count, _ROOM // space))
        found = device.empty((count * wide,))
        given = [device.stage(values[part]) for values in (matrices, linear, along)]
        working = device.empty((n_spaces, space))
        shape = (count, n_spaces, n_assets, int(long_only))
        arguments = (*shape, *given, working, found[: count * n_assets], found[count * n_assets :])
        device.launch("weights", "optimal_weights", n_spaces, arguments)
        return found

    n_parts = device_pipeline.parts(n_problems, matrices.nbytes, n_problems)
    parts = device_pipeline.in_parts(n_problems, n_parts, run)
    split = [part.size // wide * n_assets for part in parts]
    x = np.concatenate([part[:stop] for part, stop in zip(parts, split, strict=True)])
    figures = np.concatenate([part[stop:] for part, stop in zip(parts, split, strict=True)])
    return native.Solved(x.reshape(n_problems, n_assets), *figures.reshape(n_problems, native.FIGURES).T)
