"""RunTests: tests of every column for reversion."""

from typing import Annotated, Literal

from msgspec import Meta

from gpu_kernels import reversion
from meanrev_server.matrix_upload import UploadedMatrix
from meanrev_server.outline import Outline
from meanrev_server.research.answer import Answer
from meanrev_server.research.columns import column_groups, group_size, joined
from meanrev_server.research.estimate import Estimate, column_estimate, list_bytes, names_bytes, parts_bytes
from meanrev_server.research.reversion_columns import COPIES, ENTRIES_AT_ONCE, figures_of, tested_bytes, tested_columns
from meanrev_server.research.task import Progress, ResearchOptions, Task
from meanrev_server.rpc.naming import option_names, wire_names
from meanrev_wire.research_pb2 import RunTestsReply

__all__ = ["TASK", "RunTestsOptions"]


class RunTestsOptions(ResearchOptions, frozen=True, kw_only=True):
    """Options of RunTests.

    Attributes:
        trend: What the tests allow for: nothing, a constant, a constant and a line.
        adf_lags: Lagged differences of the Dickey-Fuller and DF-GLS regressions.
        bandwidth: Lags of the long-run variance of Phillips-Perron and KPSS; ceil(12 (T/100)^(1/4)) where null.
        periods: Steps of the variance ratio.
    """

    trend: Literal["n", "c", "ct"] = "c"
    adf_lags: Annotated[int, Meta(ge=0, le=100)] = 1
    bandwidth: Annotated[int, Meta(ge=0, le=1000)] | None = None
    periods: Annotated[int, Meta(ge=2, le=1000)] = 2


_NAMES = option_names(RunTestsOptions, prices="block")


def _run(table: UploadedMatrix, chosen: RunTestsOptions, progress: Progress) -> Answer:
    n_columns = table.values.shape[1]
    found = []
    for columns, series in column_groups(table.values, group_size(len(table.values), ENTRIES_AT_ONCE)):
        progress(columns.start, n_columns)
        with wire_names(_NAMES):
            found.append(
                reversion.run_tests(
                    series,
                    trend=chosen.trend,
                    adf_lags=chosen.adf_lags,
                    bandwidth=chosen.bandwidth,
                    periods=chosen.periods,
                )
            )
    found_columns = tested_columns(found, figures_of())
    return Answer({"columns": list(table.columns), **joined(found, ("n_samples",)), **found_columns})


def _estimate(outline: Outline, _: RunTestsOptions) -> Estimate:
    figures = figures_of()
    items = tested_bytes(outline.n_columns, figures) + list_bytes(outline.n_columns, varints=(outline.n_rows,))
    reply_bytes = parts_bytes(items + names_bytes(outline), len(figures) + 4)
    return column_estimate(outline, group_size(outline.n_rows, ENTRIES_AT_ONCE), COPIES, 2 * reply_bytes, reply_bytes)


TASK = Task(
    method="RunTests",
    options_type=RunTestsOptions,
    reply=RunTestsReply,
    estimate=_estimate,
    run=_run,
)
