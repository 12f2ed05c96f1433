"""A stand-in for CuPy that keeps device arrays in host memory and launches kernels on an emulated GPU.

It proves staging, the number, order and types of arguments, launch sizes, the kernels' code for a GPU, and that a copy
to the host is waited for before anything reads it. It cannot prove that a GPU's compiler and memory do the same.
"""

import time
from collections import Counter
from contextlib import contextmanager
from threading import local
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
import pytest

from gpu_kernels import device, device_pipeline
from tests.gpu_kernels.emulation import Entry, compiled


class CUDADriverError(Exception):
    pass


class Traffic(NamedTuple):
    """What was asked of the device.

    Attributes:
        launches: How often each entry of a kernel was launched.
        copies_up: Copies from the host.
        bytes_up: Bytes of those.
        copies_down: Copies to the host, single numbers among them.
        bytes_down: Bytes of those.
    """

    launches: dict[str, int]
    copies_up: int
    bytes_up: int
    copies_down: int
    bytes_down: int


class DeviceArray(np.lib.mixins.NDArrayOperatorsMixin):
    """An array that NumPy cannot see into, as a device's; arithmetic with its like, and with numbers, gives another."""

    numbers_read = 0
    """Arrays of one number that were read as it, each of which is a copy to the host."""

    def __init__(self, values):
        self.values = values

    def __getattr__(self, name):
        found = getattr(self.values, name)
        if callable(found):
            return lambda *arguments, **options: _held(found(*arguments, **options))
        return _held(found)

    def __getitem__(self, place):
        return _held(self.values[_bare(place)])

    def __setitem__(self, place, values):
        self.values[place] = _bare(values)

    def set(self, values, stream=None):
        self.values[...] = values

    def __array_ufunc__(self, ufunc, method, *inputs, **options):
        assert method == "__call__"
        assert all(isinstance(each, DeviceArray | int | float) for each in inputs), "a host array among a device's"
        options = {name: tuple(map(_bare, value)) if name == "out" else value for name, value in options.items()}
        return _held(ufunc(*map(_bare, inputs), **options))

    def __float__(self):
        DeviceArray.numbers_read += 1
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
        self._stand.check()
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


class Event:
    """A point in a stream; it is reached at once, because nothing runs later here but copies to the host."""

    def __init__(self, stand):
        self._stand = stand
        self.at = None

    def record(self):
        self.at = time.perf_counter()

    def synchronize(self):
        self._stand.stream.synchronize()


class Kernel:
    """A function of a cubin, called the way CuPy calls it."""

    def __init__(self, name, entry, launches):
        self._entry = Entry(compiled(name), entry)
        self._launches = launches

    def __call__(self, grid, block, arguments):
        self._launches.append((self._entry.name, grid[0] * block[0]))
        self._entry.launch(*grid, *block, [_argument(value) for value in arguments])


class Stray:
    """A kernel that writes where no memory is: the device reports it later, and from then on at every allocation."""

    def __init__(self, stand):
        self._stand = stand

    def __call__(self, grid, block, arguments):
        self._stand.broken = True


def _argument(value):
    """Return the kind of an argument, as Entry.launch takes it, and the argument as ctypes does."""
    if isinstance(value, DeviceArray):
        return "P", value.values.ctypes.data
    if isinstance(value, np.int32):
        return "i", int(value)
    if isinstance(value, np.int64):
        return "q", int(value)
    assert type(value) is float, f"CuPy would guess the C type of {value!r}"
    return "d", value


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
        stream: The current one of a thread.
        streams: All that were made.
        released: How often unused memory was given back.
        limit: Fraction of the memory that may be used, once set.
        used: The device in use.
        wrong: Added to every eigenvalue.
        broken: A kernel has written where no memory is.
    """

    def __init__(self):
        self.launches = []
        self.room = self.pinned_room = 2**40
        self.streams = []
        self._default, self._own = self._stream(), local()
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
                memGetInfo=lambda: (2**33, 2**34),
            ),
            driver=SimpleNamespace(CUDADriverError=CUDADriverError),
            Event=lambda: Event(self),
            get_elapsed_time=lambda begin, end: 1e3 * (end.at - begin.at),
        )
        self.linalg = SimpleNamespace(eigh=self._eigh)
        self.wrong = 0.0
        self.broken = False
        self.forget()

    @property
    def stream(self):
        return getattr(self._own, "stream", self._default)

    @stream.setter
    def stream(self, stream):
        self._own.stream = stream

    def forget(self):
        """Count launches and copies from here on."""
        self.launches.clear()
        self._up, self._down, self._read_before = [], [], DeviceArray.numbers_read

    @property
    def traffic(self):
        """What has been asked of the device since it was made, or since forget."""
        n_read = DeviceArray.numbers_read - self._read_before
        launches = dict(Counter(entry for entry, _ in self.launches))
        down = len(self._down) + n_read, sum(self._down) + 8 * n_read
        return Traffic(launches, len(self._up), sum(self._up), *down)

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

        def limit(*, fraction=None, size=None):
            self.limit = fraction
            if size is not None:
                self.room = size or 2**40

        return SimpleNamespace(free_all_blocks=free, set_limit=limit)

    def _eigh(self, matrix):
        values, vectors = np.linalg.eigh(matrix.values)
        return DeviceArray(values + self.wrong), DeviceArray(vectors)

    def abs(self, array):
        return DeviceArray(np.abs(array.values))

    def matmul(self, left, right, out):
        np.matmul(left.values, right.values, out=out.values)

    def einsum(self, subscripts, *arrays):
        return DeviceArray(np.einsum(subscripts, *(array.values for array in arrays)))

    def where(self, chosen, one, other):
        return self._hold(np.where(chosen.values, _bare(one), _bare(other)))

    def ascontiguousarray(self, array):
        return DeviceArray(np.ascontiguousarray(array.values))

    def concatenate(self, arrays):
        return self._hold(np.concatenate([array.values for array in arrays]))

    def stack(self, arrays):
        return self._hold(np.stack([array.values for array in arrays]))

    def check(self):
        if self.broken:
            raise CUDARuntimeError("cudaErrorIllegalAddress: an illegal memory access was encountered", 700)

    def _hold(self, values):
        self.check()
        if values.nbytes > self.room:
            raise OutOfMemoryError(f"out of memory allocating {values.nbytes} bytes")
        return DeviceArray(values)

    def asarray(self, values):
        assert values.flags.c_contiguous
        self._up.append(values.nbytes)
        return self._hold(np.array(values))

    def empty(self, shape):
        return self._hold(np.full(shape, np.nan))

    def asnumpy(self, array, out, *, blocking):
        assert not blocking
        self._down.append(array.values.nbytes)
        self.stream.copy(array.values, out)

    def RawKernel(self, code, name):  # noqa: N802 - the name that CuPy gives it
        return Stray(self)

    def RawModule(self, path):  # noqa: N802 - as above
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
