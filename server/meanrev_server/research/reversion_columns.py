"""Tests for reversion as columns of a reply: RunTests has all of them, and FitOu those that are asked for."""

from collections.abc import Collection, Sequence
from typing import Any, Literal

from gpu_kernels import reversion
from meanrev_server.research.columns import joined
from meanrev_server.research.estimate import list_bytes

__all__ = ["COPIES", "ENTRIES_AT_ONCE", "ReversionTest", "figures_of", "tested_bytes", "tested_columns"]

ReversionTest = Literal["adf", "pp", "kpss", "dfgls", "variance_ratio", "hurst", "half_life"]
"""A test; the names of its figures begin with it."""

COPIES = 30
"""Arrays of the size of a group's columns that the tests hold at once."""

ENTRIES_AT_ONCE = 2**21
"""Most entries of a group that has several columns."""

_FIGURES = tuple(name for name in reversion.ReversionTests._fields if name not in {"n_samples", "status", "reason"})


def figures_of(tests: Collection[ReversionTest] | None = None) -> tuple[str, ...]:
    """Return the names of the figures of some tests, in the order of the message; of all tests where None."""
    return _FIGURES if tests is None else tuple(name for name in _FIGURES if name.startswith(tuple(tests)))


def tested_columns(found: Sequence[reversion.ReversionTests], figures: Collection[str]) -> dict[str, Any]:
    """Return fields of TestColumns: figures, status and reason of every column.

    Args:
        found: The groups' tests, in the order of their columns.
        figures: Names of the figures.
    """
    status = [status for each in found for status in each.status]
    reason = [reason for each in found for reason in each.reason]
    return {**joined(found, figures), "status": status, "reason": reason}


def tested_bytes(n_columns: int, figures: Collection[str]) -> int:
    """Return the bytes of what tested_columns returns, where every column has its figures."""
    return list_bytes(n_columns, doubles=len(figures), texts=("error", ""))
