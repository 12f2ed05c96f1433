"""Computations that a worker of the tests is given: well-behaved ones, and others."""

import ctypes
import os
import signal
import time
import uuid
from pathlib import Path

import numpy as np

from gpu_kernels import interruption
from gpu_kernels.dispatch import current
from gpu_kernels.errors import Degenerate, InvalidInput


class Stubborn(Exception):
    """An error that cannot be pickled as it is."""

    def __init__(self, first, second):
        super().__init__(first, second, lambda: None)


def doubled(array):
    return 2.0 * array


def strides(array):
    return array.strides, array.flags.writeable


def same(*arguments):
    return arguments


def selected():
    return current(), os.getpid()


def end(status=3):
    os._exit(status)


def end_if_absent(path):
    """End the worker at the first call, and answer at the next."""
    file = Path(path)
    if not file.exists():
        file.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return "answered"


def wait_for(path):
    """Say that it began by a file, and go on when that is gone."""
    file = Path(path)
    file.touch()
    while file.exists():
        time.sleep(0.005)
    return "answered"


def invalid():
    raise InvalidInput("prices", "must be positive", value=np.float64(-1.0), index=(2, 3))


def degenerate():
    raise Degenerate("covariance", "has no inverse")


def stubborn():
    raise Stubborn(1, 2)


def break_gpu():
    """Write where no memory is: an error that stays with the process."""
    import cupy

    kernel = cupy.RawKernel('extern "C" __global__ void stray(double* p) { p[0] = 1.0; }', "stray")
    kernel((1,), (1,), (0,))
    cupy.cuda.get_current_stream().synchronize()


def missing(mapping):
    return mapping["absent"]


def too_much():
    raise MemoryError("in the child")


def wait_with_others(path):
    """Say that it began by a file of this call's own, and go on when the other file is there."""
    Path(f"{path}.{uuid.uuid4()}").touch()
    while not Path(path).exists():
        time.sleep(0.005)
    return "answered"


def work_for(seconds):
    """Work in steps of a hundredth of a second."""
    for _ in range(round(seconds / 0.01)):
        interruption.check()
        time.sleep(0.01)
    return "done"


def keep_the_lock(seconds):
    """Keep the interpreter's lock, as a fault of an extension module would."""
    ctypes.PyDLL(None).sleep(seconds)
