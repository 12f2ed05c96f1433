"""ReturnStats: figures of every column of returns."""

from typing import Annotated, Literal

from msgspec import Meta

from gpu_kernels import performance
from gpu_kernels.time_units import PERIODS_PER_YEAR
from meanrev_server.matrix_upload import UploadedMatrix
from meanrev_server.outline import Outline
from meanrev_server.research.answer import Answer
from meanrev_server.research.columns import column_groups, group_size
from meanrev_server.research.estimate import Estimate, column_estimate, parts_bytes
from meanrev_server.research.return_figures import figure_bytes, return_columns
from meanrev_server.research.task import Progress, ResearchOptions, Task
from meanrev_server.rpc.naming import option_names, wire_names
from meanrev_wire.research_pb2 import ReturnStatsReply

__all__ = ["TASK", "ReturnStatsOptions"]

_ENTRIES_AT_ONCE = 2**22
"""Most entries of a group that has several columns."""
_COPIES = 12
"""Arrays of the size of a group's columns that are held at once."""


class ReturnStatsOptions(ResearchOptions, frozen=True, kw_only=True):
    """Options of ReturnStats.

    Attributes:
        kind: What the matrix holds: simple returns, logarithmic ones, or values of accounts.
        periods_per_year: For the annual figures.
    """

    kind: Literal["equity", "log", "simple"] = "simple"
    periods_per_year: Annotated[float, Meta(gt=0)] = PERIODS_PER_YEAR


_NAMES = option_names(ReturnStatsOptions, values="block")


def _run(table: UploadedMatrix, chosen: ReturnStatsOptions, progress: Progress) -> Answer:
    n_columns = table.values.shape[1]
    found = []
    for columns, series in column_groups(table.values, group_size(len(table.values), _ENTRIES_AT_ONCE)):
        progress(columns.start, n_columns)
        with wire_names(_NAMES):
            found.append(performance.figures(series, kind=chosen.kind, periods_per_year=chosen.periods_per_year))
    return Answer(return_columns(table.columns, found))


def _estimate(outline: Outline, _: ReturnStatsOptions) -> Estimate:
    reply_bytes = parts_bytes(figure_bytes(outline), len(performance.ReturnFigures._fields) + 4)
    return column_estimate(outline, group_size(outline.n_rows, _ENTRIES_AT_ONCE), _COPIES, 2 * reply_bytes, reply_bytes)


TASK = Task(
    method="ReturnStats",
    options_type=ReturnStatsOptions,
    reply=ReturnStatsReply,
    estimate=_estimate,
    run=_run,
)
