"""The twins that a test of an operation runs on; conftest.py makes the fixture `twin` of them."""

import fcntl
from collections.abc import Callable
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from gpu_kernels import compile as kernels
from gpu_kernels import dispatch
from tests.gpu_kernels.native import needs_compiler
from tests.gpu_kernels.stand_in import emulated_gpu

__all__ = [
    "COMPILED",
    "CPU",
    "EVERY",
    "LAYOUTS",
    "OWN",
    "STREAMS",
    "WIDTHS",
    "Twin",
    "by_numpy",
    "compiled_once",
    "lanes",
    "on",
]

_LOCKS = Path(__file__).resolve().parents[2] / "build" / "locks"


@contextmanager
def lanes(width):
    """Run a block of code on kernels with vectors of a certain width."""
    before = kernels._lanes[:]
    kernels.use_lanes(width)
    try:
        yield
    finally:
        kernels._lanes[:] = before


class Twin(NamedTuple):
    """One implementation of the operations.

    Attributes:
        backend: As dispatch.using takes it.
        width: Numbers that a vector of the CPU's kernels holds; 0 is the CPU's own width.
    """

    backend: str
    width: int = 0

    @contextmanager
    def running(self):
        """Run a block of code on this twin, with two threads."""
        with ExitStack() as stack:
            if self.backend == "cuda":
                stack.enter_context(emulated_gpu())
            if self.width:
                stack.enter_context(lanes(self.width))
            stack.enter_context(dispatch.using(self.backend, 2))
            yield


def _parameter(twin):
    name = f"{twin.backend}-{twin.width}" if twin.width else twin.backend
    return pytest.param(twin, id=name, marks=[] if twin.backend == "numpy" else needs_compiler)


WIDTHS = [_parameter(Twin("native", width)) for width in kernels.LANES]
"""The kernels on the CPU at every width."""

COMPILED = [WIDTHS[0], WIDTHS[-1], _parameter(Twin("cuda"))]
"""Every form of a kernel; of the widths those that differ most, for tests that take long."""

OWN = [_parameter(Twin("native"))]
"""The kernels on the CPU at its own width, for code without vectors."""

STREAMS = [_parameter(Twin("numpy")), *OWN]
"""A stream in Python and one in compiled code, which has no vectors."""

CPU = [_parameter(Twin("numpy")), WIDTHS[0], WIDTHS[-1]]
"""What computes a single problem, which a GPU is not given."""

LIBRARIES = [_parameter(Twin("numpy")), _parameter(Twin("cuda"))]
"""What calls libraries, the host's or a GPU's, and has no kernel."""

EVERY = [_parameter(Twin("numpy")), *WIDTHS, _parameter(Twin("cuda"))]


def on(twins):
    """Have a test that asks for `twin` run on certain ones."""
    return pytest.mark.parametrize("twin", twins, indirect=True)


def by_numpy(operation: Callable[..., object], *arguments, **options):
    """Return what the NumPy twin answers."""
    with dispatch.using("numpy"):
        return operation(*arguments, **options)


@cache
def compiled_once(name, width):
    """Compile a source before several test processes ask for it at once, each of which would compile it."""
    _LOCKS.mkdir(parents=True, exist_ok=True)
    with (_LOCKS / f"{kernels._flat(name)}-{width}").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        kernels._library_file(name, width)


def _read_only(array):
    copy = array.copy()
    copy.flags.writeable = False
    return copy


def _every_other(array):
    spread = np.full((*array.shape[:-1], 2 * array.shape[-1]), np.nan)
    spread[..., ::2] = array
    return spread[..., ::2]


LAYOUTS = pytest.mark.parametrize(
    "layout", [_read_only, np.asfortranarray, _every_other], ids=["read-only", "Fortran order", "every other number"]
)
"""Ways to hold the numbers of an array in memory, for a test that asks for `layout`."""
