"""RunTests: tests of series for reversion."""

from collections.abc import Sequence
from typing import Any

from meanrev.intake.table import Table
from meanrev.methods.chunks import matrix
from meanrev.methods.columns import read_columns
from meanrev.methods.naming import series_names
from meanrev.methods.research import Research, ResearchRequest
from meanrev.progress import Progress
from meanrev.question import About, Question
from meanrev.results import ReversionTests
from meanrev_wire.research_pb2 import RunTestsReply

__all__ = ["TESTS", "tests"]


def _read(reply: Any, about: About, sent: Table | None = None) -> ReversionTests:
    return read_columns(ReversionTests, reply, about, sent)


TESTS = Research(method="RunTests", reply=RunTestsReply, read=_read, renamed={"block": "prices"})


@TESTS.declares
def tests(
    prices: Any,
    *,
    trend: str | None = None,
    adf_lags: int | None = None,
    bandwidth: int | None = None,
    periods: int | None = None,
    asset_ids: Sequence[str] | None = None,
    progress: Progress = False,
    dry_run: bool = False,
    timeout: float | None = None,
) -> Question[ReversionTests]:
    """Test series for reversion: Dickey-Fuller, Phillips-Perron, KPSS, DF-GLS, variance ratio and Hurst exponents.

    Args:
        prices: (T,) for one series, (T, N) for one a column, oldest first. A column with a gap has no tests.
        trend: What the tests allow for: "n" nothing, "c" (where None) a constant, "ct" a constant and a line.
        adf_lags: Lagged differences of the Dickey-Fuller and DF-GLS regressions; 1 where None.
        bandwidth: Lags of the long-run variance of Phillips-Perron and KPSS; ceil(12 (T/100)^(1/4)) where None.
        periods: Steps of the variance ratio; 2 where None.
        asset_ids: Names of the series; the frame's columns, else their numbers, where None.
        progress: True for a bar, or a function of (done, total, eta_s).
        dry_run: Upload nothing, and return an Estimate of time, memory and bytes in place of the result.
        timeout: Seconds for everything; the client's own where None.

    Returns:
        Scalars for one series, arrays with one entry a column for many. A series without tests has status "error", NaN
        and a reason, and leaves the others as they are.

    Raises:
        MeanRevError: as every call.
    """
    read = matrix(prices)
    request = ResearchRequest(
        TESTS,
        read,
        series_names(read, asset_ids),
        {"trend": trend, "adf_lags": adf_lags, "bandwidth": bandwidth, "periods": periods},
        lambda reply, about: _read(reply, about, read),
    )
    return request.question(progress, timeout, dry_run=dry_run)
