"""What the machine's GPUs are doing, by NVIDIA's management library, which takes none of their memory."""

import logging
from collections.abc import Callable
from importlib import import_module
from typing import Any, NamedTuple

__all__ = ["Gpu", "reader"]

log = logging.getLogger(__name__)


class Gpu(NamedTuple):
    """One GPU at one moment.

    Attributes:
        number: Its number, as nvidia-smi has it.
        memory_used: Bytes in use, by any process.
        memory_total: Bytes in all.
        utilisation: Part of the last moment in which it computed, from 0 to 1.
    """

    number: int
    memory_used: int
    memory_total: int
    utilisation: float


def reader() -> Callable[[], list[Gpu]]:
    """Return a function that reads the GPUs; it returns none where the library or the driver is missing."""
    try:
        nvml: Any = import_module("pynvml")
    except ImportError:
        log.warning("no metrics of the GPU, because nvidia-ml-py is not installed")
        return list
    try:
        nvml.nvmlInit()
    except nvml.NVMLError as error:
        log.warning("no metrics of the GPU", extra={"reason": str(error)})
        return list
    return lambda: [gpu for number in range(nvml.nvmlDeviceGetCount()) if (gpu := _read(nvml, number)) is not None]


def _read(nvml: Any, number: int) -> Gpu | None:
    """Read one GPU; None where it does not answer; the worker reports that by its end."""
    try:
        handle = nvml.nvmlDeviceGetHandleByIndex(number)
        memory = nvml.nvmlDeviceGetMemoryInfo(handle)
        busy = nvml.nvmlDeviceGetUtilizationRates(handle).gpu / 100
    except nvml.NVMLError:
        return None
    return Gpu(number, int(memory.used), int(memory.total), busy)
