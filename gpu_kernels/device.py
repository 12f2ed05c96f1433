"""The GPU: arrays to it and back, and launches of the kernels through CuPy.

CuPy is imported when a device is first asked for; without CuPy, a driver or a device, DeviceFault says what is missing.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from gpu_kernels.checks import Floats
from gpu_kernels.compile import cubin_file
from gpu_kernels.errors import KernelError

__all__ = [
    "BLOCK",
    "DeviceFault",
    "OutOfMemory",
    "describe",
    "empty",
    "fetch",
    "launch",
    "limit",
    "memory",
    "release",
    "spectrum",
    "stage",
]

BLOCK = 128
"""Threads of a block, as lane.h says."""


class DeviceFault(KernelError):
    """A GPU that is not there or does not answer.

    Attributes:
        fix: What would help.
    """

    def __init__(self, message: str, fix: str) -> None:
        self.fix = fix
        super().__init__(message)


class OutOfMemory(DeviceFault):
    """The GPU's memory does not hold the request."""


@cache
def _cupy() -> Any:
    """Return CuPy with a device that answers.

    Raises:
        DeviceFault: CuPy, a driver or a device is missing.
    """
    try:
        import cupy  # noqa: PLC0415 - costs a second, and only where a GPU is meant
    except ImportError:
        raise DeviceFault("CuPy is not installed", "pip install 'meanrev[gpu]'") from None
    try:
        count = cupy.cuda.runtime.getDeviceCount()
    except cupy.cuda.runtime.CUDARuntimeError as error:
        raise DeviceFault(
            f"no CUDA driver or device: {error}", "install the NVIDIA driver; nvidia-smi tests it"
        ) from None
    if count == 0:
        raise DeviceFault("the driver shows no device", "make a GPU visible (CUDA_VISIBLE_DEVICES)")
    return cupy


def describe() -> str:
    """Return the device's name, memory and compute capability.

    Raises:
        DeviceFault: there is none.
    """
    cupy = _cupy()
    properties = cupy.cuda.runtime.getDeviceProperties(cupy.cuda.Device().id)
    name = properties["name"].decode()
    return f"{name}, {properties['totalGlobalMem'] / 2**30:.0f} GiB, sm_{cupy.cuda.Device().compute_capability}"


def stage(array: Floats) -> Any:
    """Copy a host array to the device, C-contiguous.

    Raises:
        OutOfMemory: it does not fit.
    """
    cupy = _cupy()
    try:
        return cupy.asarray(np.ascontiguousarray(array))
    except cupy.cuda.memory.OutOfMemoryError as error:
        raise OutOfMemory(str(error), "send a smaller batch") from None


def empty(shape: tuple[int, ...]) -> Any:
    """Return an uninitialised float64 array on the device.

    Raises:
        OutOfMemory: it does not fit.
    """
    cupy = _cupy()
    try:
        return cupy.empty(shape)
    except cupy.cuda.memory.OutOfMemoryError as error:
        raise OutOfMemory(str(error), "send a smaller batch") from None


def fetch(array: Any) -> Floats:
    """Copy a device array to the host."""
    host: Floats = _cupy().asnumpy(array)
    return host


def limit(index: int, fraction: float) -> None:
    """Use one device, and at most a fraction of its memory.

    Args:
        index: The device's number.
        fraction: Of its memory, above 0 and at most 1.

    Raises:
        DeviceFault: there is no such device.
    """
    cupy = _cupy()
    count = cupy.cuda.runtime.getDeviceCount()
    if not 0 <= index < count:
        raise DeviceFault(f"there is no device {index}", f"name one of 0 to {count - 1}")
    cupy.cuda.Device(index).use()
    cupy.get_default_memory_pool().set_limit(fraction=fraction)


def memory() -> tuple[int, int]:
    """Return the device's free bytes and all its bytes.

    Raises:
        DeviceFault: there is no device.
    """
    free, total = _cupy().cuda.runtime.memGetInfo()
    return int(free), int(total)


def release() -> None:
    """Give memory that no array uses back to the device."""
    _cupy().get_default_memory_pool().free_all_blocks()


def spectrum(matrix: Floats) -> tuple[Floats, Floats]:
    """Return the eigenvalues of A'A, smallest first, and its eigenvectors as columns.

    Raises:
        OutOfMemory: the matrices do not fit.
        DeviceFault: A'A V is not V L: old solvers have been seen to fail without a word.
    """
    cupy = _cupy()
    held = stage(matrix)
    try:
        gram = held.T @ held
        values, vectors = cupy.linalg.eigh(gram)
        residual = float(cupy.abs(gram @ vectors - vectors * values).max())
        largest = float(cupy.abs(values).max())
    except cupy.cuda.memory.OutOfMemoryError as error:
        raise OutOfMemory(str(error), "send a smaller matrix") from None
    if not residual <= 1e-11 * matrix.shape[1] * largest:
        raise DeviceFault(f"the spectrum's residual is {residual:.1e}", "update CuPy and the driver")
    return fetch(values), fetch(vectors)


def launch(kernel: str, entry: str, items: int, arguments: Sequence[Any]) -> None:
    """Run a kernel over work items, one thread each.

    Args:
        kernel: As compile.sources names it.
        entry: The function in it.
        items: Threads that have work.
        arguments: Device arrays, int (an Index) and float (a double); the threads argument of the host form is added.
    """
    grid = (max(1, -(-items // BLOCK)),)
    values = [np.int64(value) if isinstance(value, int) else value for value in arguments]
    _function(kernel, entry)(grid, (BLOCK,), (*values, np.int32(1)))


@cache
def _function(kernel: str, entry: str) -> Any:
    cupy = _cupy()
    architecture = f"sm_{cupy.cuda.Device().compute_capability}"
    return cupy.RawModule(path=str(cubin_file(kernel, architecture))).get_function(entry)
