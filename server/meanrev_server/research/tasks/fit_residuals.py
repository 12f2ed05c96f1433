"""FitResiduals: residuals of a universe on its factors, with scores, portfolios and loadings."""

from typing import Annotated

import numpy as np
from msgspec import Meta

from gpu_kernels import residuals
from meanrev_server.matrix_upload import UploadedMatrix
from meanrev_server.outline import Outline
from meanrev_server.research.answer import Answer
from meanrev_server.research.estimate import Estimate, list_bytes, names_bytes, parts_bytes
from meanrev_server.research.task import Progress, Task
from meanrev_server.research.universe import UniverseOptions, block_bytes, memberships, score_work
from meanrev_server.rpc.naming import option_names, wire_names
from meanrev_wire.research_pb2 import ResidualPanelReply

__all__ = ["TASK", "FitResidualsOptions"]

_MATRICES = ("score", "theta", "reversion_p", "alpha", "r_squared", "hedged")


class FitResidualsOptions(UniverseOptions, frozen=True, kw_only=True):
    """Options of FitResiduals, beside those of all methods on a universe's residuals.

    Attributes:
        factors: Number of factors, or a share of the variance to explain, such as "55%".
        window: Returns behind the factors.
        regression: Returns behind the residuals.
        max_reversion: Slowest reversion time of a valid fit, in bars; half of the regression where it is left out.
        max_p: Largest reversion_p of a valid fit.
        days: Ascending rows whose residuals, portfolios and loadings the reply has.
    """

    factors: int | str = 15
    window: Annotated[int, Meta(ge=20, le=10_000)] = 252
    regression: Annotated[int, Meta(ge=20, le=1000)] = 60
    max_reversion: Annotated[float, Meta(gt=0)] | None = None
    max_p: Annotated[float, Meta(gt=0, le=1)] = 1.0
    days: tuple[Annotated[int, Meta(ge=0)], ...] = ()


_NAMES = option_names(FitResidualsOptions, prices="block", rows="metadata.days")


def _structure(chosen: FitResidualsOptions) -> residuals.Structure:
    slowest = None if chosen.max_reversion is None else [chosen.max_reversion]
    with wire_names(_NAMES):
        (found,) = residuals.structures([chosen.factors], [chosen.window], [chosen.regression], slowest, [chosen.max_p])
    return found


def _check(chosen: FitResidualsOptions) -> None:
    _structure(chosen)


def _total(outline: Outline, chosen: FitResidualsOptions) -> int:
    return max(0, outline.n_rows - chosen.window)


def _run(table: UploadedMatrix, chosen: FitResidualsOptions, progress: Progress) -> Answer:
    with wire_names(_NAMES):
        found = residuals.panel(
            table.values,
            factors=chosen.factors,
            window=chosen.window,
            regression=chosen.regression,
            max_reversion=chosen.max_reversion,
            max_p=chosen.max_p,
            filters=chosen.filters(),
            members=memberships(table, chosen.members),
            rows=np.array(chosen.days, dtype=np.float64),
            progress=progress,
        )
    result = {
        "columns": list(table.columns),
        **{name: getattr(found, name) for name in _MATRICES},
        "n_factors": found.n_factors,
        "days": found.rows,
    }
    if chosen.days:
        for name, values in (("windows", found.windows), ("portfolios", found.Q), ("loadings", found.B)):
            result[name] = values.reshape(-1, values.shape[2])
    return Answer(result)


def _estimate(outline: Outline, chosen: FitResidualsOptions) -> Estimate:
    structure = _structure(chosen)
    n_rows, n_names = outline.n_rows, outline.n_columns
    factors = residuals.most_factors(structure, chosen.filters(), n_names)
    panel = 8 * len(_MATRICES) * n_rows * n_names
    asked = 8 * len(chosen.days) * n_names * (structure.regression + 2 * factors)
    lists = list_bytes(n_rows, varints=(factors,)) + list_bytes(len(chosen.days), varints=(max(1, n_rows),))
    reply_bytes = parts_bytes(panel + asked + lists + names_bytes(outline), len(_MATRICES) + 6)
    work = score_work(outline, [structure.window], [structure.regression])
    blocks = block_bytes(outline, [structure.regression], [factors], [structure.window])
    returns = 34 * n_rows * n_names
    return Estimate(work, outline.nbytes + returns + panel + 2 * asked + blocks + 2 * 2**22, reply_bytes)


TASK = Task(
    method="FitResiduals",
    options_type=FitResidualsOptions,
    reply=ResidualPanelReply,
    check=_check,
    total=_total,
    estimate=_estimate,
    run=_run,
)
