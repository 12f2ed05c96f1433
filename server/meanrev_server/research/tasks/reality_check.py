"""RealityCheck: what the best of many strategies is worth after the search for it."""

from typing import Annotated

from msgspec import Meta

from gpu_kernels import data_snooping
from gpu_kernels.errors import InvalidInput
from gpu_kernels.performance.sharpe_error import probability_positive
from meanrev_server.matrix_upload import UploadedMatrix
from meanrev_server.outline import Outline
from meanrev_server.research.answer import Answer
from meanrev_server.research.estimate import Estimate, list_bytes, names_bytes, parts_bytes
from meanrev_server.research.searches import search_demand
from meanrev_server.research.task import Progress, ResearchOptions, Task
from meanrev_server.rpc.naming import option_names, wire_names
from meanrev_wire.research_pb2 import RealityCheckReply

__all__ = ["TASK", "RealityCheckOptions"]

_DOUBLES = 5
"""Numbers of a strategy in the reply."""


class RealityCheckOptions(ResearchOptions, frozen=True, kw_only=True):
    """Options of RealityCheck.

    Attributes:
        benchmark: The column whose returns are subtracted from the others, and that is no strategy.
        resamples: Of the stationary bootstrap.
        block_length: Mean length of its blocks, in periods; the whole part of the root of their number where 0.
        size: Chance that StepM calls any strategy superior that is not.
        seed: Of the resamples.
        n_blocks: Blocks of the probability of overfitting, even.
        n_folds: Folds of cross-validation.
        n_test_folds: Those that are tested at a time.
        purged: Periods left out of training on either side of a test fold.
        embargo: Further ones left out after a test fold.
    """

    benchmark: str | None = None
    resamples: Annotated[int, Meta(ge=99, le=data_snooping.MOST_ENTRIES)] = 1000
    block_length: Annotated[int, Meta(ge=0)] = 0
    size: Annotated[float, Meta(gt=0, lt=1)] = 0.05
    seed: Annotated[int, Meta(ge=0)] = 0
    n_blocks: Annotated[int, Meta(ge=2, le=16)] = 16
    n_folds: Annotated[int, Meta(ge=2, le=100)] = 10
    n_test_folds: Annotated[int, Meta(ge=1)] = 2
    purged: Annotated[int, Meta(ge=0)] = 0
    embargo: Annotated[int, Meta(ge=0)] = 0


_NAMES = option_names(RealityCheckOptions, returns="block")
_OF_THE_SERVER = {*ResearchOptions.__struct_fields__, "benchmark"}


def _run(table: UploadedMatrix, chosen: RealityCheckOptions, progress: Progress) -> Answer:
    progress(0, table.values.shape[1])
    benchmark = None if chosen.benchmark is None else _place(table.columns, chosen.benchmark)
    names = [name for place, name in enumerate(table.columns) if place != benchmark]
    given = {name: getattr(chosen, name) for name in chosen.__struct_fields__ if name not in _OF_THE_SERVER}
    with wire_names(_NAMES):
        found = data_snooping.examine(table.values, benchmark=benchmark, **given)
    columns = ("mean", "std_error", "sharpe_ratio", "superior", "sharpe_std_error")
    result = {
        "columns": names,
        "status": list(found.status),
        "reason": list(found.reason),
        **{name: getattr(found, name) for name in columns},
        "probability_sharpe_positive": probability_positive(found.sharpe_ratio, found.sharpe_std_error),
    }
    paths = found.paths
    singles = ("n_tested", "p_reality_check", "p_lower", "p_consistent", "p_upper", "effective_tries", "block_length")
    fields = {
        **{name: getattr(found, name) for name in singles},
        **found.overfitting._asdict(),
        "best": names[found.best],
        "path_sharpe_ratios": paths.path_sharpe_ratios,
        "path_sharpe_std_errors": paths.path_std_errors,
        "path_probabilities_positive": probability_positive(paths.path_sharpe_ratios, paths.path_std_errors),
        "path_note": paths.note,
        "chosen": [names[strategy] for strategy in paths.chosen],
    }
    return Answer(result, fields)


def _place(columns: tuple[str, ...], benchmark: str) -> int:
    if benchmark not in columns:
        raise InvalidInput("metadata.benchmark", "must be the name of a column", value=benchmark)
    return columns.index(benchmark)


def _estimate(outline: Outline, chosen: RealityCheckOptions) -> Estimate:
    n_rows, n_columns = outline.n_rows, outline.n_columns
    demand = search_demand(n_rows, n_columns, chosen)
    items = list_bytes(n_columns, doubles=_DOUBLES, varints=(1,), texts=("ok", ""))
    choices = list_bytes(demand.n_ways, texts=(outline.longest_name,)) + 3 * 8 * demand.n_paths
    reply_bytes = parts_bytes(items + names_bytes(outline) + choices, _DOUBLES + 9)
    return Estimate(demand.work, outline.nbytes + demand.nbytes + 2 * reply_bytes, reply_bytes, least_bytes=0)


TASK = Task(
    method="RealityCheck",
    options_type=RealityCheckOptions,
    reply=RealityCheckReply,
    estimate=_estimate,
    run=_run,
)
