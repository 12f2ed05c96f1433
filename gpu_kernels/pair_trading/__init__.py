"""Scans of a universe for pairs worth trading: tested, fitted and traded on a train part, shown on a test part."""

import math

import numpy as np
from numpy.typing import ArrayLike

from gpu_kernels.checks import Floats, at_least
from gpu_kernels.errors import InvalidInput
from gpu_kernels.pair_trading import columns, options, scanning
from gpu_kernels.pair_trading.model import (
    DEFAULT_COST,
    STATUSES,
    ColumnNote,
    PairTable,
    Progress,
    ScanRules,
)
from gpu_kernels.pair_trading.null_universes import MOST_UNIVERSES, NullPlan, plan
from gpu_kernels.pair_trading.options import legs
from gpu_kernels.pair_trading.steps import PairTrades, trade_pairs
from gpu_kernels.pair_trading.tiles import PairTests, test_pairs
from gpu_kernels.pair_trading.trading_levels import TradingLevels, cost_per_side, trading_levels
from gpu_kernels.time_units import PERIODS_PER_YEAR

__all__ = [
    "DEFAULT_COST",
    "STATUSES",
    "ColumnNote",
    "NullPlan",
    "PairTable",
    "PairTests",
    "PairTrades",
    "Progress",
    "TradingLevels",
    "cost_per_side",
    "legs",
    "plan",
    "scan",
    "test_pairs",
    "trade_pairs",
    "trading_levels",
    "train_rows",
]


def scan(
    prices: ArrayLike,
    *,
    lags: int = 1,
    split: float = 0.7,
    alpha: float = 0.05,
    top: int | None = None,
    log: bool = True,
    cost: float | None = None,
    objective: str = "sharpe",
    lookback: int = 60,
    periods_per_year: float = PERIODS_PER_YEAR,
    score: str = "fixed",
    cost_legs: int = 2,
    bias: str = "median_unbiased",
    rank_by: str = "p_value",
    null_universes: int | None = None,
    null_kind: str = "walks",
    seed: int = 0,
    progress: Progress | None = None,
) -> PairTable:
    """Test all pairs of columns for cointegration on the train part, trade those that pass, and rank them by it.

    Args:
        prices: (T, N), oldest first, N >= 2. A column with an unusable price is left out, and noted.
        lags: Lagged steps in the test of the residual, at least 0.
        split: Share of the bars that is the train part, the first floor(split T) of them.
        alpha: p-value below which a pair is significant, above 0 and at most 1, which keeps every pair tried.
        top: Most pairs to return, the first of the ranking; None for all significant ones.
        log: Regress the logarithms of the prices, which must be positive.
        cost: Per side: with log a fraction of each leg's notional, else in residuals' units; DEFAULT_COST where None.
        objective: What the thresholds maximise, one of thresholds.OBJECTIVES.
        lookback: Bars in the window of the z-score, at least 2, at most the train part.
        periods_per_year: Bars in a year, for Sharpe ratios.
        cost_legs: 2, or 1 for costs of y alone; without log, a cost that is given counts once.
        score: "fixed" trades the z-score of the process of the train part, "rolling" that of the last lookback bars.
        bias: Correction of the fitted speed, one of ou.FIT_BIASES.
        rank_by: What pairs are ranked by: "p_value", "train_sharpe" or "deflated_sharpe".
        null_universes: What p_best compares with, FEWEST_UNIVERSES at least; 0 for none, None for what `plan` says.
        null_kind: "walks" draws normal steps, "bootstrap" resamples the steps of each name in blocks.
        seed: Of the null universes.
        progress: Called with the pairs examined and all, those of null universes too; what it raises ends the scan.

    Returns:
        PairTable, best pair first; a pair that cannot be traded has NaN, a status and a reason.

    Raises:
        InvalidInput: fewer than two columns are usable in every row, bars are too few, or an option is out of range.
    References: those of model.py, which has the equations.
    """
    checked = options.matrix(prices)
    if not 0.0 < split < 1.0:
        raise InvalidInput("split", "must be above 0 and below 1", value=split)
    n_train = train_rows(len(checked), split)
    planned = plan(checked.shape[1], len(checked), n_train, _universes(null_universes))
    trades = cost, objective, lookback, periods_per_year, score, cost_legs, bias
    ranks = rank_by, planned.n_universes, null_kind, seed, planned.reason
    rules = options.checked(ScanRules._make((lags, n_train, alpha, top, log, *trades, *ranks)))
    options.has_bars(len(checked), rules)
    return _scanned(checked, rules, progress)


def _scanned(checked: Floats, rules: ScanRules, progress: Progress | None) -> PairTable:
    """Scan the columns that have a usable price in every row, and count and note the others."""
    kept, notes = columns.complete(checked, log=rules.log)
    n_columns = checked.shape[1]
    if kept.size == n_columns:
        return scanning.scan(checked, rules, progress)
    left_out = _pairs(n_columns) - _pairs(kept.size)
    rest = np.ascontiguousarray(checked[:, kept])  # in the layout of a matrix without the others, to the same bits
    table = scanning.scan(
        rest, rules, None if progress is None else _beside(progress, left_out * (1 + rules.null_universes))
    )
    places = kept.tolist()
    placed = [
        note._replace(column=places[note.column], others=tuple(places[other] for other in note.others))
        for note in table.notes
    ]
    return table._replace(
        y=kept[table.y],
        x=kept[table.x],
        n_untested=table.n_untested + left_out,
        notes=tuple(sorted([*notes, *placed], key=lambda note: note.column)),
    )


def train_rows(n_rows: int, split: float) -> int:
    """Return the bars of the train part."""
    return math.floor(split * n_rows + 1e-9)  # 0.29 * 100 falls short of the bar by its last digit


def _universes(asked: int | None) -> int | None:
    if asked is not None and at_least("null_universes", asked, 0) > MOST_UNIVERSES:
        raise InvalidInput("null_universes", f"must be at most {MOST_UNIVERSES}", value=asked)
    return asked


def _pairs(n_columns: int) -> int:
    return n_columns * (n_columns - 1) // 2


def _beside(progress: Progress, left_out: int) -> Progress:
    """Count the pairs of columns that were left out as examined."""
    return lambda done, total: progress(done + left_out, total + left_out)
