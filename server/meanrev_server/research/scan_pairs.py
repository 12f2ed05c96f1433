"""ScanPairs: all pairs of columns, tested for cointegration and ranked."""

from typing import Annotated, Any, Literal

from msgspec import Meta

from gpu_kernels import scans
from meanrev_server.chunks import Table
from meanrev_server.research.task import Progress, Task
from meanrev_server.rpc import options
from meanrev_server.rpc.naming import wire_names
from meanrev_wire import codec
from meanrev_wire.research_pb2 import PairColumns, ScanReply

__all__ = ["SCAN_PAIRS", "ScanOptions"]

_OPTIONS = ("lags", "split", "alpha", "top", "log", "cost", "objective", "lookback", "periods_per_year")
_NAMES = {"prices": "block", **{name: f"metadata.{name}" for name in _OPTIONS}}


class ScanOptions(options.Options, frozen=True, kw_only=True):
    """Options of ScanPairs.

    Attributes:
        lags: Lagged differences of the residual's Dickey-Fuller regression.
        split: Share of the rows that is trained on.
        alpha: Pairs whose train p-value is below it are fitted and ranked; 1 keeps all that were tested.
        top: Pairs that the reply carries; all ranked ones where null.
        log: Regress logarithms of prices, which must be positive then.
        cost: Per side, in units of the residual; five basis points of the notional in y where null.
        objective: What the thresholds maximise.
        lookback: Bars of the rolling z-score of the backtests.
        periods_per_year: For the annualised Sharpe ratios.
    """

    lags: Annotated[int, Meta(ge=0, le=100)] = 1
    split: Annotated[float, Meta(gt=0, lt=1)] = 0.7
    alpha: Annotated[float, Meta(gt=0, le=1)] = 0.05
    top: Annotated[int, Meta(ge=1)] | None = None
    log: bool = True
    cost: Annotated[float, Meta(ge=0)] | None = None
    objective: Literal["sharpe", "profit"] = "sharpe"
    lookback: Annotated[int, Meta(ge=2, le=1_000_000)] = 60
    periods_per_year: Annotated[float, Meta(gt=0)] = 252.0


def _total(table: Table, _: ScanOptions) -> int:
    n_columns: int = table.values.shape[1]
    return n_columns * (n_columns - 1) // 2


def _run(table: Table, chosen: ScanOptions, ignored: list[str], progress: Progress) -> bytes:
    with wire_names(_NAMES):
        found = scans.scan(table.values, progress=progress, **{name: getattr(chosen, name) for name in _OPTIONS})
    values: dict[str, Any] = found._asdict()
    known = PairColumns.DESCRIPTOR.fields_by_name
    result = {name: value for name, value in values.items() if name in known}
    for side in ("y", "x"):
        result[side] = [table.columns[i] for i in values[side]]
    result["status"], result["reason"] = list(found.status), list(found.reason)
    total = _total(table, chosen)
    return codec.encode(
        ScanReply,
        done=total,
        total=total,
        result=result,
        n_pairs=found.n_pairs,
        n_significant=found.n_significant,
        n_untested=found.n_untested,
        notes=[
            {"column": table.columns[note.column], "status": note.status, "reason": note.told(table.columns)}
            for note in found.notes
        ],
        metadata=options.reply_metadata(ignored, n_significant=found.n_significant),
    )


SCAN_PAIRS = Task(
    method="ScanPairs",
    options_type=ScanOptions,
    total=_total,
    run=_run,
    reply=lambda done, total: codec.encode(ScanReply, done=done, total=total),
)
"""The task."""
