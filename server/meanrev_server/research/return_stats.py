"""ReturnStats: figures of every column of returns."""

from typing import Annotated, Any, Literal

import numpy as np
from msgspec import Meta

from gpu_kernels import performance
from meanrev_server.chunks import Table
from meanrev_server.outline import Outline
from meanrev_server.research.answer import Answer
from meanrev_server.research.cost import Cost, list_bytes, names_bytes, parts_bytes
from meanrev_server.research.task import Progress, ResearchOptions, Task
from meanrev_server.rpc import options
from meanrev_server.rpc.naming import wire_names
from meanrev_wire.research_pb2 import ReturnStatsReply

__all__ = ["RETURN_STATS", "ReturnStatsOptions", "figure_bytes", "return_columns"]

_COLUMNS_AT_ONCE = 512
_COPIES = 12
"""Arrays of the size of such columns that are held at once."""

_NAMES = {"values": "block", "kind": "metadata.kind", "periods_per_year": "metadata.periods_per_year"}


class ReturnStatsOptions(ResearchOptions, frozen=True, kw_only=True):
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


def _run(table: Table, chosen: ReturnStatsOptions, ignored: list[str], progress: Progress) -> Answer:
    n_columns = table.values.shape[1]
    found = []
    for start in range(0, n_columns, _COLUMNS_AT_ONCE):
        progress(start, n_columns)
        series = np.ascontiguousarray(table.values[:, start : start + _COLUMNS_AT_ONCE].T)
        with wire_names(_NAMES):
            found.append(performance.figures(series, kind=chosen.kind, periods_per_year=chosen.periods_per_year))
    result, metadata = return_columns(table.columns, found), options.reply_metadata(ignored)
    return Answer.of(ReturnStatsReply, result, done=n_columns, total=n_columns, metadata=metadata)


def figure_bytes(outline: Outline) -> int:
    """Return the bytes of a ReturnColumns of columns that have figures."""
    n_doubles = len(performance.Figures._fields) - 1
    lists = list_bytes(outline.n_columns, doubles=n_doubles, varints=(outline.n_rows,) * 2, texts=("ok", ""))
    return lists + names_bytes(outline)


def _cost(outline: Outline, _: ReturnStatsOptions) -> Cost:
    n_rows, n_columns = outline.n_rows, outline.n_columns
    reply_bytes = parts_bytes(figure_bytes(outline), len(performance.Figures._fields) + 4)
    at_once = 8 * n_rows * min(n_columns, _COLUMNS_AT_ONCE)
    return Cost(n_rows * n_columns, outline.nbytes + _COPIES * at_once + 2 * reply_bytes, reply_bytes)


RETURN_STATS = Task(
    method="ReturnStats",
    options_type=ReturnStatsOptions,
    reply=ReturnStatsReply,
    total=lambda outline, _: outline.n_columns,
    cost=_cost,
    run=_run,
)
"""The task."""
