"""A stand-in for CuPy that keeps device arrays in host memory and runs kernels on the CPU.

What it proves: staging, argument order and types, launch sizes, fetching. What it cannot: that a GPU computes the same.
"""

import ctypes
from types import SimpleNamespace

import numpy as np
import pytest

from gpu_kernels import compile as compiling
from gpu_kernels import device


class DeviceArray:
    """An array that NumPy cannot see into, as a device's."""

    def __init__(self, values):
        self.values = values

    @property
    def T(self):  # noqa: N802 - the name that CuPy gives it
        return DeviceArray(self.values.T)

    def __matmul__(self, other):
        return DeviceArray(self.values @ other.values)

    def __mul__(self, other):
        return DeviceArray(self.values * other.values)

    def __sub__(self, other):
        return DeviceArray(self.values - other.values)

    def max(self):
        return self.values.max()

    def __array__(self, *_, **__):
        pytest.fail("a device array was used as if it lay in host memory")


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
        return ctypes.c_int(int(value))
    if isinstance(value, np.int64):
        return ctypes.c_longlong(int(value))
    assert type(value) is float, f"CuPy would guess the C type of {value!r}"
    return ctypes.c_double(value)


class OutOfMemoryError(Exception):
    pass


class Stand:
    """The part of CuPy that gpu_kernels.device uses.

    Attributes:
        launches: (entry, threads) of each launch.
        room: Bytes that one array may take.
        released: How often unused memory was given back.
        limit: Fraction of the memory that may be used, once set.
        used: The device in use.
        wrong: Added to every eigenvalue.
    """

    def __init__(self):
        self.launches = []
        self.room = 2**40
        self.released = 0
        self.limit = None
        self.used = 0
        self.cuda = SimpleNamespace(
            memory=SimpleNamespace(OutOfMemoryError=OutOfMemoryError),
            Device=self._device,
            runtime=SimpleNamespace(
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

    def _hold(self, values):
        if values.nbytes > self.room:
            raise OutOfMemoryError(f"out of memory allocating {values.nbytes} bytes")
        return DeviceArray(values)

    def asarray(self, values):
        assert values.flags.c_contiguous
        return self._hold(np.array(values))

    def empty(self, shape):
        return self._hold(np.full(shape, np.nan))

    def asnumpy(self, array):
        return array.values.copy()

    def RawModule(self, path):  # noqa: N802 - the name that CuPy gives it
        return SimpleNamespace(get_function=lambda entry: Kernel(path, entry, self.launches))


@pytest.fixture
def stand(monkeypatch):
    """Put the stand-in where gpu_kernels.device looks for CuPy."""
    stand = Stand()
    monkeypatch.setattr(device, "_cupy", lambda: stand)
    monkeypatch.setattr(device, "cubin_file", lambda name, architecture: name)
    device._function.cache_clear()
    yield stand
    device._function.cache_clear()
