"""ReturnStats: figures of returns."""

from collections.abc import Sequence
from typing import Any

from meanrev.intake.table import Table
from meanrev.methods.chunks import matrix
from meanrev.methods.columns import read_columns
from meanrev.methods.naming import series_names
from meanrev.methods.research import Research, ResearchRequest
from meanrev.progress import Progress
from meanrev.question import About, Question
from meanrev.results import ReturnStats
from meanrev_wire.research_pb2 import ReturnStatsReply

__all__ = ["STATS", "stats"]


def _read(reply: Any, about: About, sent: Table | None = None) -> ReturnStats:
    return read_columns(ReturnStats, reply, about, sent)


STATS = Research(method="ReturnStats", reply=ReturnStatsReply, read=_read, renamed={"block": "returns"})


@STATS.declares
def stats(
    returns: Any,
    *,
    kind: str | None = None,
    periods_per_year: float | None = None,
    asset_ids: Sequence[str] | None = None,
    progress: Progress = False,
    dry_run: bool = False,
    timeout: float | None = None,
) -> Question[ReturnStats]:
    """Describe returns: growth, volatility, Sharpe, Sortino, Calmar and Omega ratios, drawdowns, moments.

    Args:
        returns: (T,) for one series, (T, N) for one a column, oldest first. NaN before a series' first entry and after
            its last is no bar; one between them is a return of 0.
        kind: "simple" (where None) or "log" returns, or "equity": values of an account, such as a backtest's equity.
        periods_per_year: Returns in a year; 252 where None.
        asset_ids: Names of the series; the frame's columns, else their numbers, where None.
        progress: True for a bar, or a function of (done, total, eta_s).
        dry_run: Upload nothing, and return an Estimate of time, memory and bytes in place of the result.
        timeout: Seconds for everything; the client's own where None.

    Returns:
        Scalars for one series, arrays with one entry a column for many. A series without figures has status "error" and
        a reason, and leaves the others as they are.

    Raises:
        MeanRevError: as every call.
    """
    read = matrix(returns, "returns")
    request = ResearchRequest(
        STATS,
        read,
        series_names(read, asset_ids),
        {"kind": kind, "periods_per_year": periods_per_year},
        lambda reply, about: _read(reply, about, read),
    )
    return request.question(progress, timeout, dry_run=dry_run)
