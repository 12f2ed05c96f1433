"""The GPU: arrays to it and back, and launches of the kernels through CuPy.

CuPy is imported when a device is first asked for; without CuPy, a driver or a device, DeviceFault says what is missing.

Arrays are copied in both directions through page-locked memory, so that no copy blocks the host: CuPy's asarray copies
an upload into a pool of such memory first, and a download is written to it directly. A thread that `limit` has prepared
has a stream of its own, so that one thread's copies overlap another's kernels; device_pipeline.in_parts does the same
within a request.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from threading import local
from typing import Any

import numpy as np

from gpu_kernels.checks import Floats
from gpu_kernels.compile import cubin_file
from gpu_kernels.constants import integer
from gpu_kernels.errors import DeviceFault, OutOfMemory

__all__ = [
    "BLOCK",
    "answering",
    "arrays",
    "describe",
    "download",
    "empty",
    "fetch",
    "launch",
    "limit",
    "memory",
    "release",
    "spectrum",
    "stage",
    "within_memory",
]

BLOCK = integer("GPU_BLOCK", "lane.h")
"""Threads of a block."""

_own = local()
"""Keeps a reference to each thread's stream, because CuPy may not keep one."""


@cache
def _cupy() -> Any:
    """Return CuPy with a device that answers.

    Raises:
        DeviceFault: CuPy, a driver or a device is missing.
    """
    try:
        import cupy  # noqa: PLC0415 - costs a second, and only where a GPU is meant
    except ImportError:
        raise DeviceFault("CuPy is not installed", "pip install '.[gpu]' in a checkout of meanrev") from None
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


def arrays() -> Any:
    """Return CuPy, for what is written for NumPy's and CuPy's arrays alike.

    Raises:
        DeviceFault: there is no device.
    """
    return _cupy()


@contextmanager
def answering() -> Iterator[None]:
    """Raise DeviceFault where CUDA reports an error in a block of code: its own, or that of an earlier kernel.

    Raises:
        DeviceFault: the GPU does not answer, or a library of CUDA is missing.
    """
    cuda = _cupy().cuda
    try:
        yield
    except (cuda.runtime.CUDARuntimeError, cuda.driver.CUDADriverError) as fault:
        raise DeviceFault(f"the GPU reports {fault}", "start this process again; dmesg has lines with Xid") from None
    except ImportError as fault:
        raise DeviceFault(
            f"a library of CUDA is missing: {fault}", "pip install '.[gpu]' in a checkout of meanrev"
        ) from None


@contextmanager
def within_memory() -> Iterator[None]:
    """Raise OutOfMemory where CuPy does not find the memory for a block of code, and DeviceFault as answering does.

    Raises:
        OutOfMemory: an array does not fit.
        DeviceFault: the GPU does not answer, or a library of CUDA is missing.
    """
    error = _cupy().cuda.memory.OutOfMemoryError
    try:
        with answering():
            yield
    except error as fault:
        raise OutOfMemory(str(fault), "send a smaller batch") from None


def stage(array: Floats) -> Any:
    """Copy a host array to the device, C-contiguous; the array may change at once, and kernels find it complete.

    Raises:
        OutOfMemory: it does not fit.
    """
    with within_memory():
        return _cupy().asarray(np.ascontiguousarray(array))


def empty(shape: tuple[int, ...]) -> Any:
    """Return an uninitialised float64 array on the device.

    Raises:
        OutOfMemory: it does not fit.
    """
    with within_memory():
        return _cupy().empty(shape)


def fetch(array: Any) -> Floats:
    """Copy a device array to the host, and wait for it.

    Raises:
        OutOfMemory: the host has no page-locked memory for it.
        DeviceFault: the GPU does not answer.
    """
    values = download(array)
    with answering():
        _cupy().cuda.get_current_stream().synchronize()
    return values


def download(array: Any) -> Floats:
    """Begin to copy a device array to page-locked memory.

    What comes back is complete once the current stream has been waited for, and must be kept until then.

    Raises:
        OutOfMemory: the host has no page-locked memory for it.
        DeviceFault: the GPU does not answer.
    """
    if not array.size:
        return np.empty(array.shape)
    cupy = _cupy()
    with answering():
        try:
            memory = cupy.cuda.alloc_pinned_memory(array.nbytes)
        except cupy.cuda.runtime.CUDARuntimeError as error:
            if error.status != cupy.cuda.runtime.errorMemoryAllocation:
                raise  # the error of an earlier kernel, which CUDA reports here
            fix = "free memory of the host, or send a smaller batch"
            raise OutOfMemory(f"no page-locked memory: {error}", fix) from None
        values: Floats = np.frombuffer(memory, np.float64, array.size).reshape(array.shape)
        cupy.asnumpy(array, out=values, blocking=False)
    return values


def limit(index: int, fraction: float) -> None:
    """Have this thread use one device, at most a fraction of its memory, and a stream of its own.

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
    _own.stream = cupy.cuda.Stream(non_blocking=True)
    _own.stream.use()


def memory() -> tuple[int, int]:
    """Return the device's free bytes and all its bytes.

    Raises:
        DeviceFault: there is no device.
    """
    free, total = _cupy().cuda.runtime.memGetInfo()
    return int(free), int(total)


def release() -> None:
    """Give memory that no array uses back to the device, and page-locked memory to the host."""
    cupy = _cupy()
    cupy.get_default_memory_pool().free_all_blocks()
    cupy.get_default_pinned_memory_pool().free_all_blocks()


def spectrum(matrix: Floats, kept: int) -> tuple[Floats, Floats]:
    """Return all eigenvalues of A'A, smallest first, and the eigenvectors of the largest as columns in that order.

    Args:
        matrix: A.
        kept: Number of eigenvectors.

    Raises:
        OutOfMemory: the matrices do not fit.
        DeviceFault: A'A V is not V L: old solvers have been seen to fail without a word.
    """
    cupy = _cupy()
    held = stage(matrix)
    with within_memory():
        gram = held.T @ held
        values, vectors = cupy.linalg.eigh(gram)
        checked = cupy.stack([cupy.abs(gram @ vectors - vectors * values).max(), cupy.abs(values).max()])
        last = cupy.ascontiguousarray(vectors[:, -kept:])
    found = download(values), download(last)
    residual, largest = fetch(checked)  # what was begun before is complete too
    if not residual <= 1e-11 * matrix.shape[1] * largest:
        raise DeviceFault(f"the spectrum's residual is {residual:.1e}", "update CuPy and the driver")
    return found


def launch(kernel: str, entry: str, items: int, arguments: Sequence[Any]) -> None:
    """Run a kernel over work items, one thread each.

    Args:
        kernel: As compile.sources names it.
        entry: The function in it.
        items: Threads that have work.
        arguments: Device arrays, int (an Index) and float (a double); the threads argument of the host form is added.

    Raises:
        DeviceFault: the GPU does not answer.
    """
    grid = (max(1, -(-items // BLOCK)),)
    values = [np.int64(value) if isinstance(value, int) else value for value in arguments]
    with answering():
        _function(kernel, entry, _cupy().cuda.Device().compute_capability)(grid, (BLOCK,), (*values, np.int32(1)))


@cache
def _function(kernel: str, entry: str, capability: str) -> Any:
    return _cupy().RawModule(path=str(cubin_file(kernel, f"sm_{capability}"))).get_function(entry)
