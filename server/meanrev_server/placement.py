"""Where computations run: with which backend, and in threads of this process or in a child of it."""

import logging
import os
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from gpu_kernels import backend, device
from gpu_kernels.backend import Backend
from gpu_kernels.compile import use_cache, use_lanes
from gpu_kernels.dispatch import Selection
from meanrev_server.config import Settings
from meanrev_worker import Fleet, Orders, blas

__all__ = ["Placement", "blas_threads", "limit_blas", "place"]

log = logging.getLogger(__name__)


class Placement(NamedTuple):
    """What was chosen.

    Attributes:
        backend: Where the maths runs, and why there.
        selection: The same for the operations.
        prepare: To be called first in each compute thread; None where nothing is to do.
        fleet: The children; None where the maths runs in this process.
    """

    backend: Backend
    selection: Selection
    prepare: Callable[[], None] | None = None
    fleet: Fleet | None = None


def place(settings: Settings, changed: Callable[[], None]) -> Placement:
    """Choose, and start a child where one is to compute.

    With worker "auto" a GPU is the child's: only it imports CuPy then, and what a kernel does to the GPU's state ends
    with it.

    Args:
        settings: The server's.
        changed: As in Fleet.

    Raises:
        KernelError: the backend asked for cannot run here.
    """
    if settings.kernel_cache:
        use_cache(Path(settings.kernel_cache))
    if settings.lanes:
        use_lanes(settings.lanes)
    threads = settings.kernel_threads or len(os.sched_getaffinity(0))
    name: str = settings.backend
    reason = ""
    if settings.worker == "process" or (settings.worker == "auto" and _may_be_gpu(name)):
        fleet = Fleet(_orders(settings, threads), settings.compute_threads, gpus=settings.gpus, changed=changed)
        found = fleet.backend
        if settings.gpus > 1 and found.name != "cuda":
            log.warning("there is no GPU for a second worker", extra={"gpus": settings.gpus, "backend": found.name})
        if settings.worker == "process" or found.name == "cuda":
            return Placement(found, Selection(found.name, threads, fleet.carry, _lanes(found.name)), fleet=fleet)
        fleet.close()
        # What it found out about the GPU need not be found out here, where it would stay in memory.
        name, reason = found
    chosen = backend.choose_on(settings.device, settings.gpu_memory, name)
    # CUDA remembers a device for each thread.
    prepare = partial(device.limit, settings.device, settings.gpu_memory) if chosen.name == "cuda" else None
    selected = Selection(chosen.name, threads, lanes=_lanes(chosen.name))
    return Placement(Backend(chosen.name, reason or chosen.reason), selected, prepare)


def limit_blas(settings: Settings) -> None:
    """Hold matrix products of this process to their share of the CPUs.

    This is left to whoever owns the process: a server in a notebook's must not slow down the notebook's own.

    Args:
        settings: The server's.
    """
    blas.limit(blas_threads(settings))


def _lanes(name: str) -> bool:
    return name == "cuda" and backend.usable("native")


def blas_threads(settings: Settings) -> int:
    """Return how many threads a matrix product may use.

    Args:
        settings: The server's.
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
