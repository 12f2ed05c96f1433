"""ScanPairs: all pairs of columns, tested for cointegration and ranked, with progress."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from meanrev.methods.chunks import matrix
from meanrev.methods.naming import series_names
from meanrev.methods.research import Research, ResearchRequest
from meanrev.progress import Progress
from meanrev.question import About, Question
from meanrev.results import ScanResult
from meanrev.results.scans import ColumnNote
from meanrev_wire import codec
from meanrev_wire.research_pb2 import ScanReply

__all__ = ["SCAN", "read_scan", "scan"]

_HOUR_S = 3600.0
_TEXTS = ("y", "x", "status", "reason", "test_note")
_PERIODS = ("period_half_life", "period_p_value")
_COUNTS = ("n_pairs", "n_significant", "n_untested", "null_universes")
_N_PERIODS = 3
_NUMBERS = tuple(
    name
    for name in ScanResult.__dataclass_fields__
    if name not in {*_TEXTS, *_PERIODS, *_COUNTS, "null_reason", "notes", "meta", "test_trades", "p_best"}
)


def read_scan(reply: Any, about: About) -> ScanResult:
    """Read a ScanReply.

    Args:
        reply: With a result; several, joined, where it is large.
        about: What is known about the call.
    """
    result = reply.result
    columns: dict[str, Any] = {
        **{name: tuple(getattr(result, name)) for name in _TEXTS},
        **{name: codec.doubles(getattr(result, name)) for name in _NUMBERS},
        **{name: _periods(getattr(result, name), name) for name in _PERIODS},
        "test_trades": codec.integers(result.test_trades),
        "p_best": _p_best(result),
    }
    counts = {name: getattr(reply, name) for name in _COUNTS}
    notes = tuple(ColumnNote(note.column, note.status, note.reason) for note in reply.notes)
    return ScanResult(**columns, **counts, null_reason=reply.null_reason, notes=notes, meta=about)


def _p_best(result: Any) -> Any:
    """Read p_best, which a server of an earlier version does not send."""
    found = codec.doubles(result.p_best)
    return found if found.size else np.full(len(result.y), np.nan)


def _periods(values: Any, name: str) -> Any:
    return codec.matrix(values, name) if values.rows else np.empty((0, _N_PERIODS))


SCAN = Research(method="ScanPairs", reply=ScanReply, read=read_scan, renamed={"cost": "cost_per_side"})


@SCAN.declares
def scan(
    prices: Any,
    *,
    top: int | None = None,
    alpha: float | None = None,
    split: float | None = None,
    lags: int | None = None,
    log: bool | None = None,
    cost_per_side: float | None = None,
    objective: str | None = None,
    lookback: int | None = None,
    periods_per_year: float | None = None,
    score: str | None = None,
    cost_legs: int | None = None,
    bias: str | None = None,
    rank_by: str | None = None,
    null_universes: int | None = None,
    null_kind: str | None = None,
    seed: int | None = None,
    asset_ids: Sequence[str] | None = None,
    progress: Progress = False,
    dry_run: bool = False,
    timeout: float = _HOUR_S,
) -> Question[ScanResult]:
    """Test all pairs of columns for cointegration on a train part, trade those that pass, and rank them by it.

    Args:
        prices: (T, N), oldest first. A column with a gap or, with log, a price <= 0 is left out, as the notes say.
        top: Most pairs that come back; all significant ones where None.
        alpha: p-value below which a pair is significant; 0.05 where None. 1 keeps every pair that was tested.
        split: Share of the bars that is the train part; 0.7 where None.
        lags: Lagged differences in the test of the residual; 1 where None.
        log: Regress logarithms of the prices; True where None.
        cost_per_side: With log a fraction of each leg's notional, else in units of the residual; 0.0005 where None.
        objective: What the thresholds maximise: "sharpe" (where None) or "profit".
        lookback: Bars of the rolling z-score; 60 where None.
        periods_per_year: For the Sharpe ratios; 252 where None.
        score: "fixed" (where None), the z-score of the process fitted on the train part, or "rolling".
        cost_legs: 2 where None; 1 for costs of y alone.
        bias: "median_unbiased" (where None) or "none": correction of the fitted theta for small samples.
        rank_by: "p_value" (where None), "train_sharpe" or "deflated_sharpe".
        null_universes: What p_best compares with, 19 at least; 0 for none. Where None, 199 unless they take long.
        null_kind: "walks" (where None), independent ones, or "bootstrap": the steps of each series, resampled.
        seed: Of the null universes; 0 where None.
        asset_ids: Names of the series; the frame's columns, else their numbers, where None.
        progress: True for a bar, or a function of (done, total, eta_s).
        dry_run: Upload nothing, and return an Estimate of time, memory and bytes in place of the result.
        timeout: Seconds for everything.

    Returns:
        Significant pairs, best first, by the train part alone.

    Raises:
        MeanRevError: as every call.
    """
    options: dict[str, Any] = {"top": top, "alpha": alpha, "split": split, "lags": lags, "log": log, "bias": bias}
    options |= {"objective": objective, "periods_per_year": periods_per_year, "lookback": lookback, "score": score}
    options |= {"cost": cost_per_side, "cost_legs": cost_legs, "rank_by": rank_by, "seed": seed}
    options |= {"null_universes": null_universes, "null_kind": null_kind}
    return _request(prices, asset_ids, options).question(progress, timeout, dry_run=dry_run)


def _request(prices: Any, asset_ids: Sequence[str] | None, options: dict[str, Any]) -> ResearchRequest[ScanResult]:
    read = matrix(prices).matrix("prices")
    return ResearchRequest(SCAN, read, series_names(read, asset_ids), options, read_scan)
