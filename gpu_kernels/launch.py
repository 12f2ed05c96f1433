"""A kernel's arguments as C takes them."""

import ctypes

from gpu_kernels.checks import Floats

__all__ = ["Count", "Number", "Threads", "pointer"]

Count = ctypes.c_longlong
"""An Index."""

Number = ctypes.c_double
"""A double."""

Threads = ctypes.c_int
"""How many threads share the work items."""


def pointer(array: Floats) -> ctypes.c_void_p:
    """Return where a C-contiguous float64 array lies; the caller keeps the array.

    Raises:
        TypeError: the array is of another type or layout, which a kernel would misread.
    """
    if array.dtype != "f8" or not array.flags.c_contiguous:
        raise TypeError(f"a kernel takes contiguous float64 arrays, got {array.dtype} with strides {array.strides}")
    return ctypes.c_void_p(array.ctypes.data)
