"""FitOu: an Ornstein-Uhlenbeck fit of every column."""

from typing import Annotated, Literal

import numpy as np
from msgspec import Meta

from gpu_kernels import ou
from meanrev_server.matrix_upload import UploadedMatrix
from meanrev_server.outline import Outline
from meanrev_server.research.answer import Answer
from meanrev_server.research.columns import column_groups, group_size, joined
from meanrev_server.research.estimate import Estimate, column_estimate, list_bytes, names_bytes, parts_bytes
from meanrev_server.research.task import Progress, ResearchOptions, Task
from meanrev_server.rpc.naming import option_names, wire_names
from meanrev_wire.research_pb2 import FitOuReply

__all__ = ["TASK", "FitOuOptions"]

_ENTRIES_AT_ONCE = 2**22
"""Most entries of a group that has several columns."""
_COPIES = 6
"""Arrays of the size of a group's columns that a fit holds at once."""

_PLACED = ("b_median_unbiased", "b_lower", "b_upper", "theta_lower", "theta_upper", "mu_lower", "mu_upper")
"""Figures that a series has whose estimate does not revert, where it has enough pairs."""

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
    *_PLACED,
)


class FitOuOptions(ResearchOptions, frozen=True, kw_only=True):
    """Options of FitOu.

    Attributes:
        dt: Time between rows, in theta's time unit.
        bias: Small-sample correction of theta and half_life.
        adf_lags: Lagged differences of the Dickey-Fuller regression.
    """

    dt: Annotated[float, Meta(gt=0)] = 1.0
    bias: Literal["none", "tang_chen", "jackknife", "median_unbiased"] = "none"
    adf_lags: Annotated[int, Meta(ge=0, le=100)] = 0


_NAMES = option_names(FitOuOptions)


def _run(table: UploadedMatrix, chosen: FitOuOptions, progress: Progress) -> Answer:
    n_columns = table.values.shape[1]
    fits = []
    for columns, series in column_groups(table.values, group_size(len(table.values), _ENTRIES_AT_ONCE)):
        progress(columns.start, n_columns)
        with wire_names(_NAMES):
            fits.append(ou.fit(series, dt=chosen.dt, bias=chosen.bias, adf_lags=chosen.adf_lags))
    figures = joined(fits, _FIELDS)
    status = [status for fit in fits for status in fit.status]
    failed = np.array([each == "error" for each in status])
    # What has too few prices for a claim is "updating" with numbers at 0; sigma is 0 in no other such series.
    silent = ~failed & (figures["sigma"] == 0)
    placed = figures["b_median_unbiased"] > 0
    for name in _FIELDS:
        if figures[name].dtype == np.float64:
            missing = silent if name.startswith("half_life") else silent | (failed & ~(placed & (name in _PLACED)))
            figures[name] = np.where(missing, np.nan, figures[name])
    for name in ("b_median_unbiased", "b_lower", "b_upper"):
        figures[name] = np.where(placed, figures[name], np.nan)
    reason = [reason for fit in fits for reason in fit.reason]
    return Answer({"columns": list(table.columns), **figures, "status": status, "reason": reason})


def _estimate(outline: Outline, _: FitOuOptions) -> Estimate:
    doubles = len(_FIELDS) - 1
    items = list_bytes(outline.n_columns, doubles=doubles, varints=(outline.n_rows,), texts=("converged", ""))
    reply_bytes = parts_bytes(items + names_bytes(outline), len(_FIELDS) + 3)
    return column_estimate(outline, group_size(outline.n_rows, _ENTRIES_AT_ONCE), _COPIES, 2 * reply_bytes, reply_bytes)


TASK = Task(
    method="FitOu",
    options_type=FitOuOptions,
    reply=FitOuReply,
    estimate=_estimate,
    run=_run,
)
