"""BLAS and LAPACK of SciPy's wheel, called without the interpreter's lock.

SciPy's own wrappers keep the lock, so that the spectrum of a thousand assets would hold up every other thread, a
server's event loop among them. What SciPy offers to Cython are the functions themselves, in capsules with their
types.

All products around the spectrum are SciPy's as well, and not NumPy's: NumPy's wheel has a BLAS of its own, and where
both have threads, those of the one that is done spin on the cores that the other needs, which doubled the time of all.

Arrays are row by row here, or are copied so; a matrix that LAPACK takes column by column is its transpose.
"""

import ctypes
import re
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from gpu_kernels.checks import Floats

__all__ = ["available", "gram", "largest_pairs", "product", "symmetric_product"]

_TYPES = {
    "dsyrk": "cciiddiddi",
    "dgemm": "cciiiddididdi",
    "dsymm": "cciiddididdi",
    "dsyevr": "cccididdiididdiidiiii",
}
"""Of each function's arguments, all of them pointers: to a character, an int, or a double."""


@cache
def available() -> bool:
    """Return whether SciPy is there, with functions of the types that are known here."""
    try:
        return all(_function(name) is not None for name in _TYPES)
    except ImportError:
        return False


def gram(matrix: Floats) -> Floats:
    """Return A'A of (M, N) A; of it only the lower triangle is set, and the rest is 0."""
    rows, columns = matrix.shape
    found = np.zeros((columns, columns))
    _call("dsyrk", b"U", b"N", columns, rows, 1.0, _by_rows(matrix), columns, 0.0, found, columns)
    return found


def largest_pairs(lower: Floats, kept: int) -> tuple[Floats, Floats] | None:
    """Return the largest eigenvalues (K,), smallest first, and their eigenvectors as rows (K, N).

    Args:
        lower: (N, N), symmetric, of which the lower triangle is read.
        kept: K.

    Returns:
        None where the driver does not find them.
    """
    size = len(lower)
    values, vectors, support = np.empty(size), np.empty((kept, size)), np.empty(2 * size, dtype=np.int32)
    count, status = ctypes.c_int(), ctypes.c_int()
    held = lower.copy(order="C")

    def driver(work: Floats, n_work: int, whole: np.ndarray[Any, np.dtype[np.int32]], n_whole: int) -> None:
        bounds = 0.0, 0.0, size - kept + 1, size  # of the values, which are not asked by, and of their places
        room = work, n_work, whole, n_whole
        _call(
            "dsyevr",
            b"V",
            b"I",
            b"U",
            size,
            held,
            size,
            *bounds,
            0.0,
            count,
            values,
            vectors,
            size,
            support,
            *room,
            status,
        )

    work, whole = np.empty(1), np.empty(1, dtype=np.int32)
    driver(work, -1, whole, -1)  # queries the size of the working space
    n_work, n_whole = int(work[0]), int(whole[0])
    driver(np.empty(n_work), n_work, np.empty(n_whole, dtype=np.int32), n_whole)
    return (values[:kept], vectors) if status.value == 0 and count.value == kept else None


def product(left: Floats, right: Floats) -> Floats:
    """Return A B' of (M, N) A and (K, N) B."""
    (rows, inner), columns = left.shape, len(right)
    found = np.empty((rows, columns))
    _call(
        "dgemm",
        b"T",
        b"N",
        columns,
        rows,
        inner,
        1.0,
        _by_rows(right),
        inner,
        _by_rows(left),
        inner,
        0.0,
        found,
        columns,
    )
    return found


def symmetric_product(vectors: Floats, lower: Floats) -> Floats:
    """Return V S of (K, N) V and symmetric (N, N) S, of which the lower triangle is read."""
    count, size = vectors.shape
    found = np.empty((count, size))
    _call("dsymm", b"L", b"U", size, count, 1.0, _by_rows(lower), size, _by_rows(vectors), size, 0.0, found, size)
    return found


def _by_rows(matrix: Floats) -> Floats:
    return np.ascontiguousarray(matrix)


def _call(name: str, *arguments: Any) -> None:
    function = _function(name)
    assert function is not None  # noqa: S101 - available says so
    held = [_held(argument) for argument in arguments]  # until the call returns
    function(*(each.ctypes.data if isinstance(each, np.ndarray) else ctypes.addressof(each) for each in held))


def _held(argument: Any) -> Any:
    if isinstance(argument, np.ndarray):
        if not argument.flags.c_contiguous:
            raise TypeError(f"LAPACK takes contiguous arrays, got strides {argument.strides}")
        return argument
    if isinstance(argument, bytes):
        return ctypes.c_char(argument)
    if isinstance(argument, float):
        return ctypes.c_double(argument)
    return argument if isinstance(argument, ctypes.c_int) else ctypes.c_int(argument)


@cache
def _function(name: str) -> Callable[..., None] | None:
    """Return a function that takes addresses; None where its types are others than those known here."""
    from scipy.linalg import cython_blas, cython_lapack  # noqa: PLC0415 - costs a tenth of a second, and only here

    holder = cython_lapack if name == "dsyevr" else cython_blas
    capsule = holder.__pyx_capi__[name]
    signature_of, address_of = ctypes.pythonapi.PyCapsule_GetName, ctypes.pythonapi.PyCapsule_GetPointer
    signature_of.restype, signature_of.argtypes = ctypes.c_char_p, [ctypes.py_object]
    address_of.restype, address_of.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    signature = signature_of(capsule)
    parsed = re.fullmatch(r"void \((.*)\)", signature.decode())
    types = parsed and "".join(_letter(each) for each in parsed[1].split(", "))
    if types != _TYPES[name]:
        return None
    return ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * len(types))(address_of(capsule, signature))


def _letter(declared: str) -> str:
    """Return c, i or d for a pointer to a char, an int or a double, ? for another type."""
    known = {"char *": "c", "int *": "i", "double *": "d"}
    return "d" if re.fullmatch(r"__pyx_t_\w+_d \*", declared) else known.get(declared, "?")
