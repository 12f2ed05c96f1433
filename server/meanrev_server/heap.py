"""Free memory of the C library, given back to the operating system after a burst.

glibc gives back what is free at the end of a heap alone. After a burst of calls a few small pieces that are still used
keep hundreds of megabytes of free pages in the process; docs/decisions/0017 has the figures.
"""

import asyncio
import ctypes
from collections.abc import Callable
from typing import cast

import psutil  # type: ignore[import-untyped] # it ships no types

__all__ = ["INTERVAL_S", "SPARE_BYTES", "give_back"]

INTERVAL_S = 30.0
"""Seconds between two looks at the memory."""

SPARE_BYTES = 16 * 1024 * 1024
"""Growth since free memory was given back last below which none is: looking through the heap takes milliseconds."""


async def give_back() -> None:
    """Give free memory back whenever the process has grown, until cancelled; nothing where glibc is not there."""
    trim = _trim()
    if trim is None:
        return
    least = 0
    while True:
        await asyncio.sleep(INTERVAL_S)
        if _resident() > least + SPARE_BYTES:
            await asyncio.to_thread(trim, 0)  # without the interpreter's lock
            least = _resident()


def _trim() -> Callable[[int], int] | None:
    """Return glibc's malloc_trim, None where the C library is another."""
    found = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if found is None:
        return None
    found.argtypes, found.restype = [ctypes.c_size_t], ctypes.c_int
    return cast("Callable[[int], int]", found)


def _resident() -> int:
    return int(psutil.Process().memory_info().rss)
