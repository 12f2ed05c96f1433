"""ReturnStats: figures of every column of returns."""

from typing import Annotated, Any, Literal

import numpy as np
from msgspec import Meta

from gpu_kernels import performance
from meanrev_server.chunks import Table
from meanrev_server.research.task import Progress, Task
from meanrev_server.rpc import options
from meanrev_server.rpc.naming import wire_names
from meanrev_wire import codec
from meanrev_wire.research_pb2 import ReturnStatsReply

__all__ = ["RETURN_STATS", "ReturnStatsOptions", "return_columns"]

_COLUMNS_AT_ONCE = 512
_NAMES = {"values": "block", "kind": "metadata.kind", "periods_per_year": "metadata.periods_per_year"}


class ReturnStatsOptions(options.Options, frozen=True, kw_only=True):
    """Options of ReturnStats.

    Attributes:
        kind: What the matrix holds: simple returns, logarithmic ones, or values of accounts.
        periods_per_year: For the annual figures.
    """

    kind: Literal["equity", "log", "simple"] = "simple"
    periods_per_year: Annotated[float, Meta(gt=0)] = 252.0


def return_columns(columns: tuple[str, ...], found: list[performance.Performance]) -> dict[str, Any]:
    """Return the fields of a ReturnColumns.

    Args:
        columns: N names.
        found: Of the columns, in parts that follow each other.
    """
    figures = {
        name: np.concatenate([getattr(part.figures, name) for part in found]) for name in performance.Figures._fields
    }
    return {
        "columns": list(columns),
        "status": [status for part in found for status in part.status],
        "reason": [reason for part in found for reason in part.reason],
        "n_bars": np.concatenate([part.n_bars for part in found]),
        **figures,
    }


def _run(table: Table, chosen: ReturnStatsOptions, ignored: list[str], progress: Progress) -> bytes:
    n_columns = table.values.shape[1]
    found = []
    for start in range(0, n_columns, _COLUMNS_AT_ONCE):
        progress(start, n_columns)
        series = np.ascontiguousarray(table.values[:, start : start + _COLUMNS_AT_ONCE].T)
        with wire_names(_NAMES):
            found.append(performance.figures(series, kind=chosen.kind, periods_per_year=chosen.periods_per_year))
    return codec.encode(
        ReturnStatsReply,
        done=n_columns,
        total=n_columns,
        result=return_columns(table.columns, found),
        metadata=options.reply_metadata(ignored),
    )


RETURN_STATS = Task(
    method="ReturnStats",
    options_type=ReturnStatsOptions,
    total=lambda table, _: table.values.shape[1],
    run=_run,
    reply=lambda done, total: codec.encode(ReturnStatsReply, done=done, total=total),
)
"""The task."""
