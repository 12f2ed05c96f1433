"""Kernels on an emulated GPU: emulated_gpu.h compiles the code for a GPU on the CPU, and here launches reach it.

The libraries are in the cache of compiled kernels.
"""

import ctypes
import fcntl
from functools import cache
from pathlib import Path
from threading import Lock

from gpu_kernels import compile as kernels
from gpu_kernels.kernel_cache import cached
from tests.proof.builds import EMULATION, entries, flat

__all__ = ["Entry", "LaunchFault", "compiled"]

_LOCKS = Path(__file__).resolve().parents[2] / "build" / "locks"
_FLAGS = ("-std=c++20", "-O2", "-ffp-contract=off", "-fPIC", "-shared", "-Wno-psabi", "-Wno-narrowing")
_C_TYPES = {"P": ctypes.c_void_p, "d": ctypes.c_double, "q": ctypes.c_longlong, "i": ctypes.c_int}

_one_at_a_time = Lock()
"""Held by a launch, because lanes, blocks and their shared memory are static variables of a library."""


class LaunchFault(Exception):
    """A launch that a GPU would not carry out, or would carry out wrongly."""


class Entry:
    """An entry of a kernel, launched on the emulated GPU.

    Attributes:
        name: As the source has it.
        kinds: The types of its parameters, a letter each: P a pointer, d a double, q an Index, i an int.
    """

    def __init__(self, library, name):
        """Find it.

        Raises:
            LaunchFault: the library has no such entry.
        """
        try:
            kinds = library[f"kinds_of_{name}"]
        except AttributeError:
            raise LaunchFault(f"no kernel is named {name}") from None
        kinds.restype = ctypes.c_char_p
        self.name, self.kinds = name, kinds().decode()
        self._launch = library[f"launch_{name}"]
        self._launch.restype = ctypes.c_char_p

    def launch(self, grid, block, arguments):
        """Run the blocks of a grid, and wait.

        Args:
            grid: Number of blocks.
            block: Lanes of each.
            arguments: (kind, value) of each, the kinds as in `kinds`.

        Raises:
            LaunchFault: other arguments than the kernel takes, no block, or lanes that do not meet at a barrier.
        """
        given = "".join(kind for kind, _ in arguments)
        if given != self.kinds:
            raise LaunchFault(f"{self.name} takes arguments of kinds {self.kinds}, got {given}")
        if grid < 1:
            raise LaunchFault(f"{self.name} is launched with {grid} blocks")
        held = [_C_TYPES[kind](value) for kind, value in arguments]
        places = (ctypes.c_void_p * len(held))(*map(ctypes.addressof, held))
        with _one_at_a_time:
            wrong = self._launch(ctypes.c_uint(grid), ctypes.c_uint(block), places)
        if wrong is not None:
            raise LaunchFault(f"{self.name}: {wrong.decode()}")


@cache
def compiled(operation):
    """Return the library of a kernel for the emulated GPU, compiled once for all test processes.

    Args:
        operation: A name of compile.sources().
    """
    source = kernels.sources()[operation]
    return ctypes.CDLL(str(library_file(source, flat(operation), entries(operation))))


def library_file(source, name, names):
    """Return the file of a library, built where it is missing.

    Args:
        source: The kernel's.
        name: Of the file.
        names: The entries of the kernel.
    """
    path, version = kernels.compiler()
    text = "".join(f"LAUNCHED({each})\n" for each in names)
    key = kernels._key(source, version, *_FLAGS, text, EMULATION.read_text(encoding="utf-8"))

    def build(out):
        whole = out.with_suffix(".cc")
        whole.write_text(f'#include "{source}"\n{text}', encoding="utf-8")
        include = ["-include", str(EMULATION), "-I", str(Path(kernels.__file__).parent)]
        kernels._run([path, *_FLAGS, *include, str(whole), "-o", str(out)])

    _LOCKS.mkdir(parents=True, exist_ok=True)
    with (_LOCKS / f"emulated-{name}").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return cached(f"emulated-{name}-{key}.so", build)
