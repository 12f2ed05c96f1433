"""The choice, at the start, of the backend that computes, and of threads or a child process for it."""

import gc
import logging
import os
import sys
import time
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from gpu_kernels import backend, device
from gpu_kernels.backend import Backend
from gpu_kernels.compile import use_cache, use_lanes
from gpu_kernels.dispatch import Selection
from gpu_kernels.kernel_cache import sweep
from meanrev_server.config import Settings
from meanrev_server.shares import most_threads
from meanrev_worker import Fleet, Orders, blas

__all__ = ["ComputeBackend", "blas_threads", "choose", "limit_blas", "spare_the_loop"]

log = logging.getLogger(__name__)

_ABANDONED_S = 3600.0
"""Age at which an unfinished build of a kernel is one that a killed process left: a compiler is given five minutes."""

_TURN_S = 0.001
"""Seconds for which a thread that runs Python code may keep others waiting."""


class ComputeBackend(NamedTuple):
    """What was chosen.

    Attributes:
        backend: Where the maths runs, and why there.
        selection: The same choice as the operations take it.
        prepare: What each compute thread calls first; None where there is nothing to prepare.
        fleet: The child processes; None where the maths runs in this process.
    """

    backend: Backend
    selection: Selection
    prepare: Callable[[], None] | None = None
    fleet: Fleet | None = None


def choose(settings: Settings, changed: Callable[[], None]) -> ComputeBackend:
    """Choose a backend, and start a child process where one is to compute.

    With worker "auto" a child process uses the GPU, so that only the child imports CuPy, and an error that stays in the
    GPU's state ends with it.

    Args:
        settings: The server's settings.
        changed: Called as Fleet calls it.

    Raises:
        KernelError: the backend asked for cannot run here.
    """
    if settings.kernel_cache:
        use_cache(Path(settings.kernel_cache))
    if settings.lanes:
        use_lanes(settings.lanes)
    sweep(time.time() - _ABANDONED_S)
    threads = settings.kernel_threads or len(os.sched_getaffinity(0))
    name, tried = str(settings.backend), None
    if settings.worker == "process" or (settings.worker == "auto" and _may_be_gpu(name)):
        channels = most_threads(settings.compute_threads)
        patience_s = settings.worker_patience_s
        orders = _orders(settings, threads)
        fleet = Fleet(orders, channels, gpus=settings.gpus, patience_s=patience_s, changed=changed)
        found = fleet.backend
        if settings.gpus > 1 and found.name != "cuda":
            log.warning("there is no GPU for a second worker", extra={"gpus": settings.gpus, "backend": found.name})
        if settings.worker == "process" or found.name == "cuda":
            return ComputeBackend(found, Selection(found.name, threads, fleet.run, _lanes(found.name)), fleet=fleet)
        fleet.close()
        # The child has looked for a GPU. This process need not look again, which would leave CuPy in its memory.
        name, tried = found.name, found
    chosen = backend.choose_on(settings.device, settings.gpu_memory, name)
    # CUDA has a current device in each thread.
    prepare = partial(device.limit, settings.device, settings.gpu_memory) if chosen.name == "cuda" else None
    selected = Selection(chosen.name, threads, lanes=_lanes(chosen.name))
    return ComputeBackend(tried or chosen, selected, prepare)


def limit_blas(settings: Settings) -> None:
    """Limit the threads of matrix products in this process.

    The owner of the process decides about that: a server inside a notebook must not slow the notebook down.

    Args:
        settings: The server's settings.
    """
    blas.limit(blas_threads(settings))


def spare_the_loop() -> None:
    """Let the event loop's thread of this process wait for others as little as Python allows.

    A thread that runs Python code gives up the interpreter's lock after a millisecond, where Python's default is 5: the
    event loop's thread asks for the lock several times a round. What exists now is not looked at by the garbage
    collector any more, because no thread runs while it collects. As with limit_blas, the owner of the process decides.
    """
    sys.setswitchinterval(_TURN_S)
    gc.collect()
    gc.freeze()


def _lanes(name: str) -> bool:
    return name == "cuda" and backend.usable("native")


def blas_threads(settings: Settings) -> int:
    """Return how many threads a matrix product may use.

    Args:
        settings: The server's settings.
    """
    return settings.blas_threads or max(1, len(os.sched_getaffinity(0)) // settings.compute_threads)


def _may_be_gpu(name: str) -> bool:
    return name == "cuda" or (name == "auto" and find_spec("cupy") is not None)


def _orders(settings: Settings, threads: int) -> Orders:
    return Orders(
        backend=settings.backend,
        threads=threads,
        blas_threads=blas_threads(settings),
        device=settings.device,
        gpu_memory=settings.gpu_memory,
        kernel_cache=settings.kernel_cache,
        lanes=settings.lanes,
    )
