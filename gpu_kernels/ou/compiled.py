"""One stream in compiled code: its sums, and the estimate from them, by two kernels with arguments made ahead.

running and scalar are the same in Python, where twenty figures in turn take several times as long.
"""

import ctypes
from functools import partial
from struct import Struct

import numpy as np

from gpu_kernels.checks import Floats
from gpu_kernels.compile import library, library_holding_the_lock
from gpu_kernels.constants import integer
from gpu_kernels.launch import Count, Number, Threads, pointer
from gpu_kernels.ou import verdicts
from gpu_kernels.ou.model import BIASES, OuEstimate
from gpu_kernels.ou.running import ROUNDING
from gpu_kernels.ou.sums import Sums

__all__ = ["CompiledStream"]

_SUMS = len(Sums._fields)
_LAST, _FORGETTING, _STATE = (integer(name, "ou/verdict.h", "ou/stream.h") for name in ("LAST", "FORGETTING", "STATE"))
"""Places in the state of a stream behind its sums, and its size."""

_ONE, _NO, _ALONE = Count.from_param(1), Count.from_param(0), Threads.from_param(1)
"""Arguments as a call takes them, so that none is made in a call."""

_BRIEF = 4096
"""Prices in less time than it takes to get the interpreter's lock back from another thread."""


class CompiledStream:
    """The sums over the pairs of a stream, in constant time a price, and the estimate from them.

    Args:
        dt: Time between prices.
        bias: "none" or "tang_chen".
        forgetting: Weight lambda of the past at each new pair; 1 forgets nothing.

    Raises:
        CompileError: the kernels are not there.
    """

    __slots__ = ("_add", "_bias", "_found", "_judge", "_price", "_state", "_unpack")

    def __init__(self, dt: float, bias: str, forgetting: float = 1.0) -> None:
        self._bias = bias
        self._price = ctypes.c_double()
        state = (ctypes.c_double * _STATE)()
        state[_SUMS - 1], state[_LAST], state[_FORGETTING] = ROUNDING, float("nan"), forgetting
        self._found = (ctypes.c_double * verdicts.ROWS)()
        self._unpack = Struct(f"{verdicts.ROWS}d").unpack
        extend, judge = library_holding_the_lock("ou").ou_extend, library_holding_the_lock("ou").ou_verdicts
        extend.restype = judge.restype = None  # a kernel returns nothing, and an int takes a while to make
        self._add = partial(extend, _ONE, _ONE, ctypes.byref(self._price), ctypes.byref(state), _ALONE)
        step, method = Number.from_param(dt), Count.from_param(BIASES.index(bias))
        sums, found = ctypes.byref(state), ctypes.byref(self._found)
        self._judge = partial(judge, _ONE, sums, step, method, _NO, None, None, found, _ALONE)
        self._state = state

    def add(self, price: float) -> None:
        """Take the next price; after a NaN no pair is formed."""
        self._price.value = price
        self._add()

    def extend(self, prices: Floats) -> None:
        """Take the next prices (T,), one by one; other Python threads go on meanwhile where they are many."""
        held = np.ascontiguousarray(prices)
        load = library_holding_the_lock if held.size <= _BRIEF else library
        load("ou").ou_extend(_ONE, Count(held.size), pointer(held), self._state, _ALONE)

    def estimate(self) -> OuEstimate:
        """Return the estimate from the sums, with the test without lags; see the contract."""
        self._judge()
        return verdicts.of_values(self._unpack(self._found), self._bias)
