"""What crosses between the two processes."""

import pickle
from collections.abc import Callable
from hashlib import blake2b
from typing import Any, NamedTuple

from gpu_kernels.backend import Backend
from meanrev_worker.channel import pickled
from meanrev_worker.supervisor import Fingerprint

__all__ = ["Hello", "Orders", "Outcome", "Task", "fingerprint", "outline"]


class Orders(NamedTuple):
    """How a worker computes.

    Attributes:
        backend: One of gpu_kernels.backend.BACKENDS, or "auto".
        threads: Threads that a native kernel may use at once.
        blas_threads: Threads that a matrix product or a spectrum may use.
        device: Number of the GPU that "cuda" uses.
        gpu_memory: Fraction of its memory that may be used.
        kernel_cache: Folder of compiled kernels; "" is the user's cache folder.
        lanes: Numbers that a vector of a compiled kernel holds; 0 is what the CPU's vectors hold.
    """

    backend: str = "auto"
    threads: int = 1
    blas_threads: int = 1
    device: int = 0
    gpu_memory: float = 0.9
    kernel_cache: str = ""
    lanes: int = 0


class Hello(NamedTuple):
    """What a worker says first.

    Attributes:
        backend: What it computes with; None where it cannot.
        error: Why it cannot; None where it can.
    """

    backend: Backend | None = None
    error: Exception | None = None


class Task(NamedTuple):
    """A computation.

    Attributes:
        twin: A function of a module.
        arguments: Its arguments.
    """

    twin: Callable[..., Any]
    arguments: tuple[Any, ...]


class Outcome(NamedTuple):
    """How a computation ended.

    Attributes:
        value: What it returned.
        error: What it raised; None where it returned.
    """

    value: Any = None
    error: Exception | None = None

    @classmethod
    def failed(cls, error: Exception) -> "Outcome":
        """Return the outcome of a computation that raised, which can be sent in any case.

        The types of others become a RuntimeError with their words: the parent shall not have to import CuPy.
        """
        try:
            again = pickle.loads(pickle.dumps(error))  # noqa: S301 - written the moment before
        except Exception:  # noqa: BLE001 - an error of any library may refuse either
            again = None
        known = type(error).__module__.partition(".")[0] in {"builtins", "gpu_kernels"}
        if known and type(again) is type(error):
            return cls(error=error)
        told = RuntimeError(repr(error))
        for note in getattr(error, "__notes__", ()):
            told.add_note(note)
        return cls(error=told)


def outline(task: Task) -> int:
    """Return a hash of what is computed and of how large the arrays are."""
    body, buffers = pickled(task)
    return hash((body, *(buffer.nbytes for buffer in buffers)))


def fingerprint(task: Task) -> Fingerprint:
    """Return what tells a computation from others."""
    body, buffers = pickled(task)
    found = blake2b(body, digest_size=16)
    for buffer in buffers:
        found.update(buffer)
    return Fingerprint(outline(task), found.digest())
