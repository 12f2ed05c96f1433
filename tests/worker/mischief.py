"""Computations that a worker of the tests is given: well-behaved ones, and others."""

import os
import signal
import time
from pathlib import Path

import numpy as np

from gpu_kernels.errors import Degenerate, InvalidInput
from gpu_kernels.selection import current


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
