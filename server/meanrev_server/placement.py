"""Where computations run: with which backend, and in threads of this process or in a child of it."""

import os
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from gpu_kernels import backend, device
from gpu_kernels.backend import Backend
from gpu_kernels.compile import use_cache
from gpu_kernels.selection import Selection
from meanrev_server.config import Settings
from meanrev_worker import Orders, Worker

__all__ = ["Placement", "place"]


class Placement(NamedTuple):
    """What was chosen.

    Attributes:
        backend: Where the maths runs, and why there.
        selection: The same for the operations.
        prepare: To be called first in each compute thread; None where nothing is to do.
        worker: The child; None where the maths runs in this process.
    """

    backend: Backend
    selection: Selection
    prepare: Callable[[], None] | None = None
    worker: Worker | None = None


def place(settings: Settings, changed: Callable[[bool], None]) -> Placement:
    """Choose, and start a child where one is to compute.

    With worker "auto" a GPU is the child's: only it imports CuPy then, and what a kernel does to the GPU's state ends
    with it.

    Args:
        settings: The server's.
        changed: As in Worker.

    Raises:
        KernelError: the backend asked for cannot run here.
    """
    if settings.kernel_cache:
        use_cache(Path(settings.kernel_cache))
    threads = settings.kernel_threads or len(os.sched_getaffinity(0))
    name: str = settings.backend
    reason = ""
    if settings.worker == "process" or (settings.worker == "auto" and _may_be_gpu(name)):
        worker = Worker(_orders(settings, threads), settings.compute_threads, changed)
        found = worker.backend
        if settings.worker == "process" or found.name == "cuda":
            return Placement(found, Selection(found.name, threads, worker.carry), worker=worker)
        worker.close()
        # What it found out about the GPU need not be found out here, where it would stay in memory.
        name, reason = found
    chosen = backend.choose(name)
    prepare = None
    if chosen.name == "cuda":
        # CUDA remembers a device for each thread; here too, so that a wrong number is refused at the start.
        prepare = partial(device.limit, settings.device, settings.gpu_memory)
        prepare()
    return Placement(Backend(chosen.name, reason or chosen.reason), Selection(chosen.name, threads), prepare)


def _may_be_gpu(name: str) -> bool:
    return name == "cuda" or (name == "auto" and find_spec("cupy") is not None)


def _orders(settings: Settings, threads: int) -> Orders:
    return Orders(settings.backend, threads, settings.device, settings.gpu_memory, settings.kernel_cache)
