"""ScanPairs: all pairs of columns, tested for cointegration and ranked."""

import math
from typing import Annotated, Literal

from msgspec import Meta

from gpu_kernels import pair_trading
from gpu_kernels.ou.unit_root_note import SIZE, unit_root_note
from gpu_kernels.performance.sharpe_error import few
from gpu_kernels.time_units import PERIODS_PER_YEAR
from meanrev_server.matrix_upload import UploadedMatrix
from meanrev_server.outline import Outline
from meanrev_server.research.answer import Answer
from meanrev_server.research.estimate import Estimate, list_bytes, parts_bytes
from meanrev_server.research.scored import LONGEST_NOTE
from meanrev_server.research.task import Progress, ResearchOptions, Task
from meanrev_server.rpc.naming import option_names, same_fields, wire_names
from meanrev_server.rpc.trading_options import Lookback
from meanrev_wire.research_pb2 import PairColumns, ScanReply

__all__ = ["TASK", "ScanOptions"]

_DOUBLES = 21 + 2 * 3
"""Numbers of a pair in the reply, those of three sub-periods among them."""
_COPIES, _SQUARES = 4, 18
"""Arrays of the matrix's size, and of all pairs of columns, that a scan holds where all pairs are significant."""
_SIDE, _OF_A_TILE = 512, 9
"""Columns of a tile's block, and arrays of its pairs beside one for each lag."""
_RESIDUALS = 12 * 8 * (1 << 18)
"""Bytes of the residuals that it trades at once."""
_NULLS_AT_ONCE = 1 << 18
"""Levels of the null universes that are drawn and tested together, where one of them does not have more."""

_ROWS_AT_ONCE = 32
"""Rows from which a kernel forms the products of a null universe at a time."""


class ScanOptions(ResearchOptions, frozen=True, kw_only=True):
    """Options of ScanPairs.

    Attributes:
        lags: Lagged differences of the residual's Dickey-Fuller regression.
        split: Share of the rows that is trained on.
        alpha: Pairs whose train p-value is below it are fitted and ranked; 1 keeps all that were tested.
        top: Pairs that the reply carries; all ranked ones where null.
        log: Regress logarithms of prices, which must be positive then.
        cost: Per side: with log a fraction of each leg's notional, else in units of the residual; five basis points of
            each leg's notional where null.
        objective: What the thresholds maximise.
        lookback: Bars of the rolling z-score of the backtests.
        periods_per_year: For the annualised Sharpe ratios.
        cost_legs: Legs of a pair that pay the cost.
        score: The z-score that is traded: of the process fitted on the train part, or of the last lookback bars.
        bias: Small-sample correction of the fitted theta.
        rank_by: What pairs are ranked by.
        null_universes: Universes without a pair that reverts, which p_best compares with; 0 for none. Where null, 199
            if they take no more than some ten seconds.
        null_kind: Draw the steps of null universes, or resample those of each column.
        seed: Of the null universes.
    """

    lags: Annotated[int, Meta(ge=0, le=100)] = 1
    split: Annotated[float, Meta(gt=0, lt=1)] = 0.7
    alpha: Annotated[float, Meta(gt=0, le=1)] = 0.05
    top: Annotated[int, Meta(ge=1)] | None = None
    log: bool = True
    cost: Annotated[float, Meta(ge=0)] | None = None
    objective: Literal["sharpe", "profit"] = "sharpe"
    lookback: Lookback = 60
    periods_per_year: Annotated[float, Meta(gt=0)] = PERIODS_PER_YEAR
    score: Literal["fixed", "rolling"] = "fixed"
    cost_legs: Annotated[int, Meta(ge=1, le=2)] = 2
    bias: Literal["none", "median_unbiased"] = "median_unbiased"
    rank_by: Literal["p_value", "train_sharpe", "deflated_sharpe"] = "p_value"
    null_universes: Annotated[int, Meta(ge=0, le=100_000)] | None = None
    null_kind: Literal["walks", "bootstrap"] = "walks"
    seed: Annotated[int, Meta(ge=0)] = 0


_NAMES = option_names(ScanOptions, prices="block")
_OF_THE_SERVER = ResearchOptions.__struct_fields__
"""Options that the operation does not take."""


def _n_pairs(outline: Outline) -> int:
    return outline.n_columns * (outline.n_columns - 1) // 2


def _n_universes(outline: Outline, chosen: ScanOptions) -> int:
    n_rows = outline.n_rows
    n_train = pair_trading.train_rows(n_rows, chosen.split)
    return pair_trading.plan(outline.n_columns, n_rows, n_train, chosen.null_universes).n_universes


def _total(outline: Outline, chosen: ScanOptions) -> int:
    return _n_pairs(outline) * (1 + _n_universes(outline, chosen))


def _run(table: UploadedMatrix, chosen: ScanOptions, progress: Progress) -> Answer:
    given = {name: getattr(chosen, name) for name in chosen.__struct_fields__ if name not in _OF_THE_SERVER}
    with wire_names(_NAMES):
        found = pair_trading.scan(table.values, progress=progress, **given)
    result = same_fields(PairColumns, found)
    for side in ("y", "x"):
        result[side] = [table.columns[i] for i in result[side]]
    result["status"], result["reason"] = list(found.status), list(found.reason)
    result["test_note"] = list(found.test_note)
    fields = {
        "n_pairs": found.n_pairs,
        "n_significant": found.n_significant,
        "n_untested": found.n_untested,
        "null_universes": found.null_universes,
        "null_reason": found.null_reason,
        "notes": [
            {"column": table.columns[note.column], "status": note.status, "reason": note.sentence(table.columns)}
            for note in found.notes
        ],
    }
    return Answer(result, fields, {"n_significant": found.n_significant})


def _estimate(outline: Outline, chosen: ScanOptions) -> Estimate:
    """Return the estimate of a scan whose pairs are all significant: how many are is not known before."""
    n_rows, n_columns = outline.n_rows, outline.n_columns
    total = _n_pairs(outline)
    n_shown = total if chosen.top is None else min(total, chosen.top)
    name = outline.longest_name
    note = _longest_note(n_rows, chosen)
    items = list_bytes(n_shown, doubles=_DOUBLES, varints=(n_rows,), texts=(name, name, "traded", "", note))
    reply_bytes = parts_bytes(items, _DOUBLES)
    n_universes = _n_universes(outline, chosen)
    held = _nulls_bytes(pair_trading.train_rows(n_rows, chosen.split), n_columns, n_universes, chosen.lags)
    held += 8 * (_OF_A_TILE + chosen.lags) * min(n_columns, _SIDE) ** 2
    peak = _COPIES * outline.nbytes + _SQUARES * 8 * n_columns**2 + _RESIDUALS + held + 2 * reply_bytes
    return Estimate(total * n_rows * (1 + n_universes), peak, reply_bytes, least_bytes=0)


def _nulls_bytes(n_train: int, n_columns: int, n_universes: int, lags: int) -> int:
    """Return the bytes of the null universes of a group: their levels, and copies and products of rows of eights."""
    at_once = min(n_universes, max(1, _NULLS_AT_ONCE // max(1, n_train * n_columns)))
    wide = -(-n_columns // 8) * 8
    products = (2 + 2 * lags) * (wide + _ROWS_AT_ONCE) * wide
    return 8 * (at_once * (2 * n_train * n_columns + 2 * n_train * wide + products) + n_universes)


def _longest_note(n_rows: int, chosen: ScanOptions) -> str:
    """Return a note as long as that of any pair can be."""
    n_trained = math.floor(chosen.split * n_rows + 1e-9)
    parts = [f"train part: {few(n_trained, 0)}", few(n_rows - n_trained, 0)]
    if chosen.score == "rolling":
        parts.append(LONGEST_NOTE)
    if chosen.alpha > SIZE:
        parts.append(unit_root_note(0.12))
    return "; ".join(parts)


TASK = Task(
    method="ScanPairs",
    options_type=ScanOptions,
    reply=ScanReply,
    total=_total,
    estimate=_estimate,
    run=_run,
)
