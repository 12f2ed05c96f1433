"""A stand-in for CuPy that keeps device arrays in host memory and runs kernels on the CPU.

It proves staging, the order and types of arguments, launch sizes, and that a copy to the host is waited for before
anything reads it. It cannot prove that a GPU computes the same.
"""

import ctypes
from contextlib import contextmanager
from threading import local
from types import SimpleNamespace

import numpy as np
import pytest

from gpu_kernels import compile as compiling
from gpu_kernels import device, device_pipeline
from gpu_kernels.launch import Threads


class DeviceArray(np.lib.mixins.NDArrayOperatorsMixin):
    """An array that NumPy cannot see into, as a device's; arithmetic with its like, and with numbers, gives another."""

    def __init__(self, values):
        self.values = values

    def __getattr__(self, name):
        found = getattr(self.values, name)
        if callable(found):
            return lambda *arguments, **options: _held(found(*arguments, **options))
        return _held(found)

    def __getitem__(self, place):
        return _held(self.values[place])

    def __setitem__(self, place, values):
        self.values[place] = _bare(values)

    def __array_ufunc__(self, ufunc, method, *inputs, **options):
        assert method == "__call__"
        assert all(isinstance(each, DeviceArray | int | float) for each in inputs), "a host array among a device's"
        options = {name: tuple(map(_bare, value)) if name == "out" else value for name, value in options.items()}
        return _held(ufunc(*map(_bare, inputs), **options))

    def __float__(self):
        return float(self.values)

    def __array__(self, *_, **__):
        pytest.fail("a device array was used as if it lay in host memory")


def _held(values):
    return DeviceArray(values) if isinstance(values, np.ndarray | np.generic) else values


def _bare(value):
    return value.values if isinstance(value, DeviceArray) else value


class Stream:
    """A stream on which copies to the host wait until it is synchronized."""

    def __init__(self, stand):
        self._stand = stand
        self._copies = []
        self.waited_for = []

    def copy(self, values, out):
        self._copies.append((values.copy(), out))

    def synchronize(self):
        for values, out in self._copies:
            out[...] = values
        self._copies.clear()

    def record(self):
        return self

    def wait_event(self, event):
        self.waited_for.append(event)

    def use(self):
        self._stand.stream = self

    def __enter__(self):
        self._before, self._stand.stream = self._stand.stream, self

    def __exit__(self, *_):
        self._stand.stream = self._before


class Kernel:
    """A function of a host library, called the way CuPy calls one of a cubin."""

    def __init__(self, name, entry, launches):
        self._function = compiling.library(name)[entry]
        self._entry = entry
        self._launches = launches

    def __call__(self, grid, block, arguments):
        self._launches.append((self._entry, grid[0] * block[0]))
        assert isinstance(arguments[-1], np.int32)
        self._function(*map(_as_c, arguments))


def _as_c(value):
    if isinstance(value, DeviceArray):
        return ctypes.c_void_p(value.values.ctypes.data)
    if isinstance(value, np.int32):
        return ctypes.byref(Threads(int(value)))
    if isinstance(value, np.int64):
        return ctypes.c_longlong(int(value))
    assert type(value) is float, f"CuPy would guess the C type of {value!r}"
    return ctypes.c_double(value)


class OutOfMemoryError(Exception):
    pass


class CUDARuntimeError(Exception):
    def __init__(self, message, status=2):
        self.status = status
        super().__init__(message)


class Stand:
    """The part of CuPy that gpu_kernels.device uses.

    Attributes:
        launches: (entry, threads) of each launch.
        room: Bytes that one array may take.
        pinned_room: Bytes that one array in page-locked memory may take.
        stream: The current one.
        streams: All that were made.
        released: How often unused memory was given back.
        limit: Fraction of the memory that may be used, once set.
        used: The device in use.
        wrong: Added to every eigenvalue.
    """

    def __init__(self):
        self.launches = []
        self.room = self.pinned_room = 2**40
        self.streams = []
        self.stream = self._stream()
        self.released = 0
        self.limit = None
        self.used = 0
        self.cuda = SimpleNamespace(
            memory=SimpleNamespace(OutOfMemoryError=OutOfMemoryError),
            Device=self._device,
            Stream=self._stream,
            get_current_stream=lambda: self.stream,
            alloc_pinned_memory=self._pinned,
            runtime=SimpleNamespace(
                CUDARuntimeError=CUDARuntimeError,
                errorMemoryAllocation=2,
                getDeviceProperties=lambda _: {"name": b"Stand-in", "totalGlobalMem": 2**34},
                getDeviceCount=lambda: 2,
            ),
        )
        self.linalg = SimpleNamespace(eigh=self._eigh)
        self.wrong = 0.0

    def _device(self, index=0):
        def use():
            self.used = index

        return SimpleNamespace(compute_capability="90", id=index, use=use)

    def _stream(self, *, non_blocking=True):
        assert non_blocking
        self.streams.append(Stream(self))
        return self.streams[-1]

    def _pinned(self, nbytes):
        if nbytes > self.pinned_room:
            raise CUDARuntimeError("cudaErrorMemoryAllocation: out of memory")
        return np.full(nbytes, 0xFF, dtype=np.uint8)  # read as float64 that is NaN

    def get_default_pinned_memory_pool(self):
        return SimpleNamespace(free_all_blocks=lambda: None)

    def get_default_memory_pool(self):
        def free():
            self.released += 1

        def limit(*, fraction):
            self.limit = fraction

        return SimpleNamespace(free_all_blocks=free, set_limit=limit)

    def _eigh(self, matrix):
        values, vectors = np.linalg.eigh(matrix.values)
        return DeviceArray(values + self.wrong), DeviceArray(vectors)

    def abs(self, array):
        return DeviceArray(np.abs(array.values))

    def matmul(self, left, right, out):
        np.matmul(left.values, right.values, out=out.values)

    def ascontiguousarray(self, array):
        return DeviceArray(np.ascontiguousarray(array.values))

    def concatenate(self, arrays):
        return self._hold(np.concatenate([array.values for array in arrays]))

    def stack(self, arrays):
        return self._hold(np.stack([array.values for array in arrays]))

    def _hold(self, values):
        if values.nbytes > self.room:
            raise OutOfMemoryError(f"out of memory allocating {values.nbytes} bytes")
        return DeviceArray(values)

    def asarray(self, values):
        assert values.flags.c_contiguous
        return self._hold(np.array(values))

    def empty(self, shape):
        return self._hold(np.full(shape, np.nan))

    def asnumpy(self, array, out, *, blocking):
        assert not blocking
        self.stream.copy(array.values, out)

    def RawModule(self, path):  # noqa: N802 - the name that CuPy gives it
        return SimpleNamespace(get_function=lambda entry: Kernel(path, entry, self.launches))


@contextmanager
def emulated_gpu():
    """Put the stand-in where gpu_kernels.device looks for CuPy."""
    stand = Stand()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(device, "_cupy", lambda: stand)
        patch.setattr(device, "cubin_file", lambda name, architecture: name)
        patch.setattr(device_pipeline, "_own", local())
        device._function.cache_clear()
        yield stand
    device._function.cache_clear()


@pytest.fixture
def stand():
    """The stand-in, for a test that looks at what it was asked for."""
    with emulated_gpu() as stand:
        yield stand
