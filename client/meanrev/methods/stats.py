"""ReturnStats: figures of returns."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from meanrev.intake.table import Table
from meanrev.methods.chunks import matrix
from meanrev.methods.naming import series_names
from meanrev.methods.task import Task
from meanrev.progress import Progress
from meanrev.question import About, Question
from meanrev.results import ReturnStats
from meanrev_wire.research_pb2 import ReturnStatsReply

__all__ = ["figures_of", "first_of", "read_stats", "stats", "stats_task"]

_FIELDS = tuple(name for name in ReturnStats.__dataclass_fields__ if name not in {"meta", "column"})


def stats(
    returns: Any,
    *,
    kind: str | None = None,
    periods_per_year: float | None = None,
    asset_ids: Sequence[str] | None = None,
    progress: Progress = False,
    dry_run: bool = False,
    timeout: float | None = None,
) -> Question[ReturnStats]:
    """Describe returns: growth, volatility, Sharpe, Sortino, Calmar and Omega ratios, drawdowns, moments.

    Args:
        returns: (T,) for one series, (T, N) for one a column, oldest first. NaN before a series' first entry and after
            its last is no bar; one between them is a return of 0.
        kind: "simple" (where None) or "log" returns, or "equity": values of an account, such as a backtest's equity.
        periods_per_year: Returns in a year; 252 where None.
        asset_ids: Names of the series; the frame's columns, else their numbers, where None.
        progress: True for a bar, or a function of (done, total, eta_s).
        dry_run: Upload nothing, and return an Estimate of time, memory and bytes in place of the result.
        timeout: Seconds for everything; the client's own where None.

    Returns:
        Scalars for one series, arrays with one entry a column for many. A series without figures has status "error" and
        a reason, and leaves the others as they are.

    Raises:
        MeanRevError: as every call.
    """
    task = stats_task(returns, kind=kind, periods_per_year=periods_per_year, asset_ids=asset_ids)
    return task.question(progress, timeout, dry_run=dry_run)


def stats_task(
    returns: Any,
    *,
    kind: str | None = None,
    periods_per_year: float | None = None,
    asset_ids: Sequence[str] | None = None,
) -> Task[ReturnStats]:
    """Check the arguments of stats."""
    read = matrix(returns, "returns")
    return Task(
        method="ReturnStats",
        reply=ReturnStatsReply,
        prices=read,
        names=series_names(read, asset_ids),
        options={"kind": kind, "periods_per_year": periods_per_year},
        read=lambda reply, about: read_stats(reply, about, read),
        renamed={"block": "returns"},
    )


def read_stats(reply: Any, about: About, sent: Table | None = None) -> ReturnStats:
    """Read a ReturnStatsReply.

    Args:
        reply: With a result.
        about: What is known about the call.
        sent: The returns, where they are at hand: a single series becomes scalars.
    """
    columns = {"column": tuple(reply.result.columns), **figures_of(reply.result, _FIELDS)}
    single = sent is not None and sent.values.ndim == 1
    return ReturnStats(**(first_of(columns) if single else columns), meta=about)


def figures_of(message: Any, names: Sequence[str]) -> dict[str, Any]:
    """Return a message's lists as arrays, and those of texts as tuples."""
    found = {}
    for name in names:
        values = getattr(message, name)
        found[name] = tuple(values) if len(values) and isinstance(values[0], str) else np.asarray(values)
    return found


def first_of(columns: dict[str, Any]) -> dict[str, Any]:
    """Return the first entry of each field as a plain Python value."""
    firsts = {name: values[0] for name, values in columns.items()}
    return {name: value.item() if isinstance(value, np.generic) else value for name, value in firsts.items()}
