"""Launches of a kernel on the CPU's lanes: its arguments as C takes them, and the call."""

import ctypes
from collections.abc import Callable
from threading import local
from typing import Any

from gpu_kernels import interruption
from gpu_kernels.checks import Floats
from gpu_kernels.dispatch import current

__all__ = ["Count", "Number", "Threads", "launch", "pointer"]

Count = ctypes.c_longlong
"""An Index."""

Number = ctypes.c_double
"""A double."""


class Threads(ctypes.Structure):
    """The struct Launch of lane_items.h, which a kernel takes by reference.

    Attributes:
        count: How many threads share the work items.
        interrupted: Address of the flag that interrupts the launch; None where nothing can.
    """

    _fields_ = (("count", ctypes.c_int), ("interrupted", ctypes.c_void_p))


class _Own(local):
    """The struct of the launches of one thread, which takes longer to make than to change."""

    def __init__(self) -> None:
        self.threads = Threads()
        self.reference = ctypes.byref(self.threads)


_own = _Own()


def pointer(array: Floats) -> ctypes.c_void_p:
    """Return where a C-contiguous float64 array lies; the caller keeps the array.

    Raises:
        TypeError: the array is of another type or layout, which a kernel would misread.
    """
    if array.dtype != "f8" or not array.flags.c_contiguous:
        raise TypeError(f"a kernel takes contiguous float64 arrays, got {array.dtype} with strides {array.strides}")
    return ctypes.c_void_p(array.ctypes.data)


def launch(kernel: Callable[..., Any], *arguments: Any, threads: int = 0) -> None:
    """Run a kernel with the selected number of threads, and wait for it.

    Args:
        kernel: An entry of a library.
        *arguments: Those of the entry without the last one, the threads.
        threads: Threads that share the work items; 0 is what dispatch.current says.

    Raises:
        Interrupted: the launch was interrupted; what it has written means nothing.
    """
    flag, held = interruption.current(), _own.threads
    held.count, held.interrupted = threads or current().threads, None if flag is None else flag.address
    kernel(*arguments, _own.reference)
    if flag is not None:
        flag.check()
