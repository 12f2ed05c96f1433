"""The messages between the parent and the child process."""

import pickle
from collections.abc import Callable, Sequence
from hashlib import blake2b
from typing import Any, NamedTuple

from gpu_kernels.backend import Backend
from meanrev_worker.channel import pickled
from meanrev_worker.supervisor import Fingerprint

__all__ = ["FAREWELL", "HEARTBEAT", "Hello", "Orders", "Outcome", "TwinCall", "fingerprint", "rough_hash"]


HEARTBEAT = b"?"
"""Asks whether the child is alive; the same comes back."""

FAREWELL = b"."
"""Asks the child to end."""


class Orders(NamedTuple):
    """How a child computes.

    Attributes:
        backend: One of gpu_kernels.backend.BACKENDS, or "auto".
        threads: Threads that a native kernel may use at once.
        blas_threads: Threads that a matrix product or a spectrum may use.
        device: Number of the GPU that backend "cuda" uses.
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
    """The first message of a child.

    Attributes:
        backend: What it computes with; None where it cannot compute.
        error: Why it cannot compute; None where it can.
    """

    backend: Backend | None = None
    error: Exception | None = None


class TwinCall(NamedTuple):
    """A call of a twin, for the child to compute.

    Attributes:
        twin: A function of a module, which travels by its name.
        arguments: Its arguments.
    """

    twin: Callable[..., Any]
    arguments: tuple[Any, ...]


class Outcome(NamedTuple):
    """The end of a computation.

    Attributes:
        value: What it returned.
        error: What it raised; None where it returned.
    """

    value: Any = None
    error: Exception | None = None

    @classmethod
    def failed(cls, error: Exception) -> "Outcome":
        """Return the outcome of a computation that raised, in a form that can always be sent.

        An error of another library becomes a RuntimeError with its text, so that the parent need not import CuPy.
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


def rough_hash(call: TwinCall) -> int:
    """Return a hash of the call and of the sizes of its arrays, without their contents."""
    return _rough_hash(*pickled(call))


def fingerprint(call: TwinCall) -> Fingerprint:
    """Return the fingerprint of a call; its arrays are hashed where they are."""
    body, buffers = pickled(call)
    digest = blake2b(body, digest_size=16)
    for buffer in buffers:
        digest.update(buffer)
    return Fingerprint(_rough_hash(body, buffers), digest.digest())


def _rough_hash(body: bytes, buffers: Sequence[memoryview]) -> int:
    return hash((body, *(buffer.nbytes for buffer in buffers)))
