"""What the machine itself can do: rates of copies by events, and the solvers of symmetric eigenproblems."""

from collections.abc import Iterator

import numpy as np

from bench.gpu.rows import Row, Sizes
from bench.gpu.timing import between_events, crossing, device_rate, wall
from gpu_kernels import device

__all__ = ["ceilings", "eigensolvers"]


def ceilings(sizes: Sizes) -> Iterator[Row]:
    """Yield rates of copies: on the device, from and to page-locked memory, and from memory that is not."""
    rate, size = device_rate(sizes), sizes.crossing
    yield Row(
        f"copy of {sizes.moved / 1e9:.3g} GB on the device",
        2 * sizes.moved / rate,
        note=f"{rate / 1e12:.3g} TB/s read and written",
    )
    for name, up, down in (("up", size, 0), ("down", 0, size)):
        seconds = crossing(up, down, sizes)
        yield Row(f"page-locked, {size / 2**20:.0f} MiB {name}", seconds, note=f"{size / seconds / 1e9:.3g} GB/s")
    plain, held = np.ones(size // 8), device.empty((size // 8,))

    def upload() -> None:
        held.set(plain)
        device.arrays().cuda.get_current_stream().synchronize()

    seconds = wall(upload, sizes.rounds)
    yield Row(f"pageable, {size / 2**20:.0f} MiB up", seconds, note=f"{size / seconds / 1e9:.3g} GB/s by the clock")


def eigensolvers(sizes: Sizes) -> Iterator[Row]:
    """Yield the solvers of cuSOLVER for one matrix and for a stack, beside LAPACK through NumPy."""
    cupy, rng = device.arrays(), np.random.default_rng(2)
    n_rows, n_columns = sizes.components
    one, stack = rng.normal(size=(n_rows, n_columns)), rng.normal(size=sizes.stack)
    grams = {f"eigenproblem of {n_columns}": one.T @ one}
    stacked = f"{sizes.stack[0]} eigenproblems of {sizes.stack[2]} at once"
    grams[stacked] = np.matmul(stack.transpose(0, 2, 1), stack)
    for name, gram in grams.items():
        held, peer = device.stage(gram), wall(lambda gram=gram: np.linalg.eigh(gram), sizes.rounds)

        def solved(held: object = held) -> object:
            return cupy.linalg.eigh(held)

        yield Row(f"{name}, eigh", between_events(solved, sizes), "numpy.linalg.eigh", peer)
        try:
            from cupyx import cusolver

            jacobi = between_events(lambda held=held: cusolver.syevj(held, with_eigen_vector=True), sizes)
        except (ImportError, AttributeError, RuntimeError) as error:
            yield Row(f"{name}, Jacobi", None, note=f"cupyx.cusolver.syevj: {error}")
            continue
        yield Row(f"{name}, Jacobi", jacobi, "numpy.linalg.eigh", peer)
