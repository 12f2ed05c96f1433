"""Which implementation of the operations runs: each is probed by a self-test, and the choice comes with its reason."""

from contextlib import suppress
from functools import cache
from typing import NamedTuple

import numpy as np

from gpu_kernels import device, rehearsal, sweep
from gpu_kernels.checks import one_of
from gpu_kernels.compile import library, maker, sources
from gpu_kernels.dispatch import using
from gpu_kernels.errors import CompileError, DeviceFault, KernelError

__all__ = ["BACKENDS", "Backend", "Probe", "choose", "choose_on", "probe", "self_test", "usable"]

BACKENDS = ("cuda", "native", "numpy")
"""Implementations, best first."""


class Probe(NamedTuple):
    """What was found out about one implementation.

    Attributes:
        name: One of BACKENDS.
        usable: It runs here and passes its self-test.
        reason: Why, or why not, for a person.
        fix: What would make it usable; "" where it is.
        public: The reason as a server may tell it to its callers, without a path; "" where it is the same.
    """

    name: str
    usable: bool
    reason: str
    fix: str = ""
    public: str = ""


class Backend(NamedTuple):
    """A chosen implementation.

    Attributes:
        name: One of BACKENDS.
        reason: Why it was chosen, for a person.
        public: The reason as a server may tell it to its callers, without a path; "" where it is the same.
        missing: Why no better one was chosen, a line each; none where it was asked for.
    """

    name: str
    reason: str
    public: str = ""
    missing: tuple[str, ...] = ()


def probe() -> tuple[Probe, ...]:
    """Try every implementation, best first. Kernels that were never compiled on this machine are compiled now."""
    return tuple(_PROBES[name]() for name in BACKENDS)


def usable(name: str) -> bool:
    """Return whether one implementation passes its self-test here; as probe.

    Args:
        name: One of BACKENDS.
    """
    return _PROBES[name]().usable


def choose(name: str = "auto") -> Backend:
    """Choose an implementation that passes its self-test.

    Args:
        name: One of BACKENDS, or "auto" for the best of them.

    Raises:
        InvalidInput: no such backend.
        KernelError: the one asked for cannot run here; the message says why, and what would help.
    """
    one_of("backend", name, ("auto", *BACKENDS))
    if name != "auto":
        found = _PROBES[name]()
        if not found.usable:
            raise KernelError(f"backend {name!r} cannot run here: {found.reason}; {found.fix}")
        return Backend(name, f"asked for; {found.reason}")
    passed_over: list[Probe] = []
    for candidate in BACKENDS:
        found = _PROBES[candidate]()
        if found.usable:
            better = "".join(f"; no {each.name}: {each.reason}" for each in passed_over)
            public = "".join(f"; no {each.name}: {each.public or each.reason}" for each in passed_over)
            missing = tuple(f"no {each.name}: {each.reason}; {each.fix}" for each in passed_over)
            return Backend(candidate, f"{found.reason}{better}", f"{found.public or found.reason}{public}", missing)
        passed_over.append(found)
    raise KernelError(f"no backend passes its self-test: {passed_over[-1].reason}; {passed_over[-1].fix}")


def choose_on(index: int, fraction: float, name: str = "auto") -> Backend:
    """Choose as choose does, where the GPU to be tried is a certain one; this thread uses it from then on.

    Args:
        index: The GPU's number.
        fraction: Of its memory that may be used.
        name: As in choose.

    Raises:
        InvalidInput: no such backend.
        KernelError: the one asked for cannot run here, or the best one is a GPU, and not that.
    """
    if name in {"auto", "cuda"}:
        with suppress(DeviceFault):  # choose finds the reason, or the GPU has another number
            device.limit(index, fraction)
    chosen = choose(name)
    if chosen.name == "cuda":
        device.limit(index, fraction)
    return chosen


@cache
def _numpy() -> Probe:
    wrong = self_test("numpy")
    if wrong:
        return Probe("numpy", usable=False, reason=wrong, fix="reinstall numpy and meanrev")
    return Probe("numpy", usable=True, reason=f"numpy {np.__version__}")


@cache
def _native() -> Probe:
    try:
        made = maker()
        for kernel in sources():
            library(kernel)
    except CompileError as error:
        return _not_compiled("native", error)
    except OSError as error:
        fix = "let kernel_cache name a folder from which programs may be loaded"
        return Probe("native", usable=False, reason=str(error), fix=fix, public="the kernels cannot be loaded")
    wrong = self_test("native") or rehearsal.disagreement("native")
    if wrong:
        return Probe(
            "native", usable=False, reason=wrong, fix="empty the kernel cache, and report it if that is no help"
        )
    return Probe("native", usable=True, reason=made)


@cache
def _cuda() -> Probe:
    try:
        found = device.describe()
        wrong = self_test("cuda") or rehearsal.disagreement("cuda")
    except DeviceFault as fault:
        return Probe("cuda", usable=False, reason=str(fault), fix=fault.fix)
    except CompileError as error:
        return _not_compiled("cuda", error)
    if wrong:
        return Probe("cuda", usable=False, reason=wrong, fix="update the driver, and report it if that is no help")
    return Probe("cuda", usable=True, reason=found)


def _not_compiled(name: str, error: CompileError) -> Probe:
    # A compiler's message has many lines, and a report or a log gives each reason one.
    return Probe(name, usable=False, reason=" ".join(str(error).split()), fix=error.fix, public=error.public)


_PROBES = {"numpy": _numpy, "native": _native, "cuda": _cuda}


def self_test(name: str) -> str:
    """Return what is wrong with one backtest, "" if nothing: long at 9, short at 12, three fills at 0.25 make 2.25.

    Args:
        name: One of BACKENDS.

    Raises:
        Exception: whatever an implementation that does not work raises.
    """
    prices, rules = np.array([[10.0, 8.0, 9.0, 12.0]]), sweep.Rules(lookback=2, mode="unit")
    with using(name):
        answer = sweep.backtest(prices, 0.5, 0.0, 0.25, rules).cumulative_return[0, 0]
    return "" if abs(answer - 2.25) < 1e-12 else f"the self-test's backtest gains {answer!r}, and 2.25 is right"
