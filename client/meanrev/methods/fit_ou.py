"""FitOu: Ornstein-Uhlenbeck fits of every column of a matrix, with progress."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from meanrev.intake.table import Table
from meanrev.methods.chunks import matrix
from meanrev.methods.columns import column_of, first_of
from meanrev.methods.naming import series_names
from meanrev.methods.research import Research, ResearchRequest
from meanrev.progress import Progress
from meanrev.question import About, Question
from meanrev.results import OuFit
from meanrev_wire.research_pb2 import FitOuReply

__all__ = ["FIT_OU", "fit_ou", "read_fits"]

_NAMED_OTHERWISE = {"asset_id": "columns"}
_FIELDS = tuple(name for name in OuFit.__dataclass_fields__ if name not in {"meta", "timestamp_ms"})
_HOUR_S = 3600.0


def read_fits(reply: Any, about: About, sent: Table | None = None) -> OuFit:
    """Read a FitOuReply.

    Args:
        reply: With a result; several, joined, where it is large.
        about: What is known about the call.
        sent: The prices, where they are at hand: a single series becomes scalars.
    """
    result = reply.result
    columns: dict[str, Any] = {name: column_of(result, _NAMED_OTHERWISE.get(name, name)) for name in _FIELDS}
    for name in _FIELDS:
        if len(columns[name]) < len(result.columns):
            columns[name] = np.full(len(result.columns), np.nan)  # an earlier server does not know the field
    last = 0 if sent is None or sent.timestamps_ms is None else int(sent.timestamps_ms[-1])
    columns["timestamp_ms"] = np.full(len(result.columns), last)
    return OuFit(**(first_of(columns) if sent is not None and sent.values.ndim == 1 else columns), meta=about)


FIT_OU = Research(method="FitOu", reply=FitOuReply, read=read_fits)


@FIT_OU.declares
def fit_ou(
    prices: Any,
    *,
    asset_ids: Sequence[str] | None = None,
    dt: float | None = None,
    bias: str | None = None,
    adf_lags: int | None = None,
    progress: Progress = False,
    dry_run: bool = False,
    timeout: float = _HOUR_S,
) -> Question[OuFit]:
    """Fit an Ornstein-Uhlenbeck process to each column of a matrix of any size, in one call.

    Args:
        prices: (T, N), one series a column, or (T,), oldest first. NaN is skipped; negative is legal.
        asset_ids: Names of the series; the frame's columns, else their numbers, where None.
        dt: Time between prices, in theta's unit; 1 where None.
        bias: "none", "tang_chen", "jackknife" or "median_unbiased"; "none" where None.
        adf_lags: Lagged differences of the Dickey-Fuller regression.
        progress: True for a bar, or a function of (done, total, eta_s).
        dry_run: Upload nothing, and return an Estimate of time, memory and bytes in place of the result.
        timeout: Seconds for everything.

    Returns:
        As from ou: scalars for one series, arrays for many; a series that cannot be fitted has status "error", NaN and
        a reason.

    Raises:
        MeanRevError: as every call.
    """
    read = matrix(prices)
    request = ResearchRequest(
        FIT_OU,
        read,
        series_names(read, asset_ids),
        {"dt": dt, "bias": bias, "adf_lags": adf_lags},
        lambda reply, about: read_fits(reply, about, read),
    )
    return request.question(progress, timeout, dry_run=dry_run)
