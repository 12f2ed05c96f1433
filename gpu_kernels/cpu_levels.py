"""What a CPU can do: its x86-64 level, for kernels that are built on another machine, and the width of its vectors."""

import platform
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

__all__ = ["LEVELS", "features", "supported", "widest"]

_V3 = frozenset(["avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "abm", "movbe", "xsave"])
LEVELS: Mapping[str, frozenset[str]] = {
    "x86-64-v4": _V3 | frozenset(["avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"]),
    "x86-64-v3": _V3,
}
"""Levels, best first, as -march takes them, and the features of each as /proc/cpuinfo spells them (x86-64 psABI)."""


@cache
def features() -> str:
    """Return what -march=native looks at: the machine, and the lines of /proc/cpuinfo on the first CPU's features."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    wanted = ("model name", "flags", "Features")
    return platform.machine() + "".join(next((line for line in lines if line.startswith(name)), "") for name in wanted)


def supported(words: Iterable[str]) -> tuple[str, ...]:
    """Return the levels that a CPU can run, best first; none on another machine than x86-64.

    Args:
        words: Its features as /proc/cpuinfo spells them.
    """
    present = frozenset(words)
    return tuple(level for level, needed in LEVELS.items() if needed <= present)


def widest(words: Iterable[str]) -> int:
    """Return how many numbers the widest vectors of a CPU hold; lane.h takes this width unless another one is set.

    Args:
        words: Its features as /proc/cpuinfo spells them.
    """
    present = frozenset(words)
    return 8 if "avx512f" in present else 4 if "avx2" in present else 2
