"""FitOu: an Ornstein-Uhlenbeck fit of every column."""

from typing import Annotated, Any, Literal

import numpy as np
from msgspec import Meta

from gpu_kernels import ou
from meanrev_server.chunks import Table
from meanrev_server.outline import Outline
from meanrev_server.research.answer import Answer
from meanrev_server.research.cost import Cost, list_bytes, names_bytes, parts_bytes
from meanrev_server.research.task import Progress, ResearchOptions, Task
from meanrev_server.rpc import options
from meanrev_server.rpc.naming import wire_names
from meanrev_wire.research_pb2 import FitOuReply

__all__ = ["FIT_OU", "FitOuOptions"]

_COLUMNS_AT_ONCE = 512
_COPIES = 6
"""Arrays of the size of such columns that a fit holds at once."""

_FIELDS = (
    "theta",
    "mu",
    "sigma",
    "half_life",
    "n_samples",
    "r_squared",
    "theta_std_error",
    "mu_std_error",
    "sigma_std_error",
    "half_life_lower",
    "half_life_upper",
    "theta_bias_corrected",
    "adf_statistic",
    "adf_p_value",
    "log_likelihood",
)


class FitOuOptions(ResearchOptions, frozen=True, kw_only=True):
    """Options of FitOu.

    Attributes:
        dt: Time between rows, in theta's time unit.
        bias: Small-sample correction of theta and half_life.
        adf_lags: Lagged differences of the Dickey-Fuller regression.
    """

    dt: Annotated[float, Meta(gt=0)] = 1.0
    bias: Literal["none", "tang_chen", "jackknife"] = "none"
    adf_lags: Annotated[int, Meta(ge=0, le=100)] = 0


def _run(table: Table, chosen: FitOuOptions, ignored: list[str], progress: Progress) -> Answer:
    n_columns = table.values.shape[1]
    fits = []
    for start in range(0, n_columns, _COLUMNS_AT_ONCE):
        progress(start, n_columns)
        series = np.ascontiguousarray(table.values[:, start : start + _COLUMNS_AT_ONCE].T)
        with wire_names({name: f"metadata.{name}" for name in ("dt", "bias", "adf_lags")}):
            fits.append(ou.fit(series, dt=chosen.dt, bias=chosen.bias, adf_lags=chosen.adf_lags))
    columns: dict[str, Any] = {name: np.concatenate([getattr(fit, name) for fit in fits]) for name in _FIELDS}
    status = [status for fit in fits for status in fit.status]
    failed = np.array([each == "error" for each in status])
    for name in _FIELDS:
        if columns[name].dtype == np.float64 and not name.startswith("half_life"):
            columns[name] = np.where(failed, np.nan, columns[name])
    reason = [reason for fit in fits for reason in fit.reason]
    result = {"columns": list(table.columns), **columns, "status": status, "reason": reason}
    metadata = options.reply_metadata(ignored)
    return Answer.of(FitOuReply, result, done=n_columns, total=n_columns, metadata=metadata)


def _cost(outline: Outline, _: FitOuOptions) -> Cost:
    n_rows, n_columns = outline.n_rows, outline.n_columns
    items = list_bytes(n_columns, doubles=len(_FIELDS) - 1, varints=(n_rows,), texts=("converged", ""))
    reply_bytes = parts_bytes(items + names_bytes(outline), len(_FIELDS) + 3)
    at_once = 8 * n_rows * min(n_columns, _COLUMNS_AT_ONCE)
    return Cost(n_rows * n_columns, outline.nbytes + _COPIES * at_once + 2 * reply_bytes, reply_bytes)


FIT_OU = Task(
    method="FitOu",
    options_type=FitOuOptions,
    reply=FitOuReply,
    total=lambda outline, _: outline.n_columns,
    cost=_cost,
    run=_run,
)
"""The task."""
