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
from meanrev.results import OuFit, OuFitWithTests
from meanrev_wire.research_pb2 import FitOuReply

__all__ = ["FIT_OU", "fit_ou", "read_fits"]

_NAMED_OTHERWISE = {"asset_id": "columns"}
_FIELDS = tuple(name for name in OuFit.__dataclass_fields__ if name not in {"meta", "timestamp_ms"})
_TESTS = ("adf", "pp", "kpss", "dfgls", "variance_ratio", "hurst", "half_life")
_OF_TESTS = tuple(name for name in OuFitWithTests.__dataclass_fields__ if name not in OuFit.__dataclass_fields__)
_HOUR_S = 3600.0


def read_fits(reply: Any, about: About) -> OuFit:
    """Read the fits of a FitOuReply.

    Args:
        reply: With a result; several, joined, where it is large.
        about: What is known about the call.
    """
    return OuFit(**_fits(reply.result, None), meta=about)


def _read(reply: Any, about: About, sent: Table | None = None) -> OuFitWithTests:
    """Read the fits and the tests of a FitOuReply.

    Args:
        reply: With a result; several, joined, where it is large.
        about: What is known about the call.
        sent: The prices, where they are at hand: a single series becomes scalars.
    """
    result = reply.result
    columns = {**_fits(result, sent), **_tests(result.tests)}
    return OuFitWithTests(**(first_of(columns) if sent is not None and sent.values.ndim == 1 else columns), meta=about)


def _fits(result: Any, sent: Table | None) -> dict[str, Any]:
    columns: dict[str, Any] = {name: column_of(result, _NAMED_OTHERWISE.get(name, name)) for name in _FIELDS}
    for name in _FIELDS:
        if len(columns[name]) < len(result.columns):
            columns[name] = np.full(len(result.columns), np.nan)  # an earlier server does not send the field
    last = 0 if sent is None or sent.timestamps_ms is None else int(sent.timestamps_ms[-1])
    columns["timestamp_ms"] = np.full(len(result.columns), last)
    return columns


def _tests(tests: Any) -> dict[str, Any]:
    """Return the figures that TestColumns hold; none where no tests were asked for."""
    columns = {name: column_of(tests, name.removeprefix("tests_")) for name in _OF_TESTS}
    return {name: column for name, column in columns.items() if len(column)}


FIT_OU = Research(method="FitOu", reply=FitOuReply, read=_read, renamed={"block": "prices"})


@FIT_OU.declares
def fit_ou(
    prices: Any,
    *,
    asset_ids: Sequence[str] | None = None,
    dt: float | None = None,
    bias: str | None = None,
    adf_lags: int | None = None,
    tests: bool | Sequence[str] | None = None,
    trend: str | None = None,
    bandwidth: int | None = None,
    periods: int | None = None,
    progress: Progress = False,
    dry_run: bool = False,
    timeout: float = _HOUR_S,
) -> Question[OuFitWithTests]:
    """Fit an Ornstein-Uhlenbeck process to each column of a matrix of any size, in one call.

    Args:
        prices: (T, N), one series a column, or (T,), oldest first. NaN is skipped; negative is legal.
        asset_ids: Names of the series; the frame's columns, else their numbers, where None.
        dt: Time between prices, in theta's unit; 1 where None.
        bias: "none", "tang_chen", "jackknife" or "median_unbiased"; "none" where None.
        adf_lags: Lagged differences of the Dickey-Fuller regression, and of those of the tests; 0 where None.
        tests: Tests of reversion to answer beside the fit: none where None, True for all, or names among "adf",
            "pp", "kpss", "dfgls", "variance_ratio", "hurst" and "half_life". The figures are those of the method tests.
        trend: What these tests allow for: "n" nothing, "c" (where None) a constant, "ct" a constant and a line.
        bandwidth: Lags of the long-run variance of Phillips-Perron and KPSS; ceil(12 (T/100)^(1/4)) where None.
        periods: Steps of the variance ratio; 2 where None.
        progress: True for a bar, or a function of (done, total, eta_s).
        dry_run: Upload nothing, and return an Estimate of time, memory and bytes in place of the result.
        timeout: Seconds for everything.

    Returns:
        As from ou: scalars for one series, arrays for many; a series that cannot be fitted has status "error", NaN and
        a reason. With tests, their figures too, and tests_status and tests_reason.

    Raises:
        MeanRevError: as every call.
    """
    read = matrix(prices)
    request = ResearchRequest(
        FIT_OU,
        read,
        series_names(read, asset_ids),
        {
            "dt": dt,
            "bias": bias,
            "adf_lags": adf_lags,
            "tests": {True: _TESTS, False: None}[tests] if isinstance(tests, bool) else tests,
            "trend": trend,
            "bandwidth": bandwidth,
            "periods": periods,
        },
        lambda reply, about: _read(reply, about, read),
    )
    return request.question(progress, timeout, dry_run=dry_run)
