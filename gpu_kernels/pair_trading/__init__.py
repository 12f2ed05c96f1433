"""Scans of a universe for pairs worth trading: tested, fitted and traded on a train part, shown on a test part."""

import math

import numpy as np
from numpy.typing import ArrayLike

from gpu_kernels.checks import Floats, array, at_least, non_negative, one_of, positive
from gpu_kernels.errors import InvalidInput
from gpu_kernels.ou import FIT_BIASES
from gpu_kernels.pair_trading import columns, scanning
from gpu_kernels.pair_trading.model import (
    DEFAULT_COST,
    N_PERIODS,
    RANKINGS,
    SCORES,
    STATUSES,
    ColumnNote,
    PairTable,
    Progress,
    ScanRules,
)
from gpu_kernels.pair_trading.null_universes import KINDS, MOST_UNIVERSES, NullPlan, plan
from gpu_kernels.pair_trading.trading_levels import TradingLevels, cost_per_side, trading_levels
from gpu_kernels.thresholds import OBJECTIVES
from gpu_kernels.time_units import PERIODS_PER_YEAR

__all__ = [
    "DEFAULT_COST",
    "STATUSES",
    "ColumnNote",
    "NullPlan",
    "PairTable",
    "Progress",
    "TradingLevels",
    "cost_per_side",
    "legs",
    "plan",
    "scan",
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
    checked = _matrix(prices)
    _shares(split, alpha)
    n_train = train_rows(len(checked), split)
    planned = plan(checked.shape[1], len(checked), n_train, _universes(null_universes))
    tests = lags, n_train, alpha, top, log
    trades = cost, objective, lookback, periods_per_year, score, cost_legs, bias
    ranks = rank_by, planned.n_universes, null_kind, seed, planned.reason
    rules = _checked(ScanRules._make((*tests, *trades, *ranks)))
    _has_bars(len(checked), rules)
    return _scanned(checked, rules, progress)


def _checked(given: ScanRules) -> ScanRules:
    """Check the options that stand alone."""
    return given._replace(
        lags=at_least("lags", given.lags, 0),
        alpha=float(given.alpha),
        top=None if given.top is None else at_least("top", given.top, 1),
        cost=None if given.cost is None else non_negative("cost", given.cost),
        objective=one_of("objective", given.objective, OBJECTIVES),
        lookback=at_least("lookback", given.lookback, 2),
        periods_per_year=positive("periods_per_year", given.periods_per_year),
        score=one_of("score", given.score, SCORES),
        cost_legs=legs(given.cost_legs),
        bias=one_of("bias", given.bias, FIT_BIASES),
        rank_by=one_of("rank_by", given.rank_by, RANKINGS),
        null_kind=one_of("null_kind", given.null_kind, KINDS),
        seed=at_least("seed", given.seed, 0),
    )


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


def _matrix(prices: ArrayLike) -> Floats:
    checked = array("prices", prices, ndim=2, shape="(T, N)")
    if checked.shape[1] < 2:
        raise InvalidInput("prices", "must be (T, N) with N >= 2", value=checked.shape)
    return checked


def legs(cost_legs: int) -> int:
    """Check how many legs of a pair pay its cost: 1 or 2."""
    if at_least("cost_legs", cost_legs, 1) > 2:
        raise InvalidInput("cost_legs", "must be 1 or 2", value=cost_legs)
    return cost_legs


def _shares(split: float, alpha: float) -> None:
    if not 0.0 < split < 1.0:
        raise InvalidInput("split", "must be above 0 and below 1", value=split)
    if not 0.0 < alpha <= 1.0:
        raise InvalidInput("alpha", "must be above 0 and at most 1", value=alpha)


def _pairs(n_columns: int) -> int:
    return n_columns * (n_columns - 1) // 2


def _beside(progress: Progress, left_out: int) -> Progress:
    """Count the pairs of columns that were left out as examined."""
    return lambda done, total: progress(done + left_out, total + left_out)


def _has_bars(n_bars: int, rules: ScanRules) -> None:
    needed = N_PERIODS * (2 * rules.lags + 4)
    if rules.n_train < needed:
        rule = f"must leave at least {needed} rows in the train part, for {rules.lags} lags in each third of it"
        raise InvalidInput("prices", rule, value=rules.n_train)
    if n_bars - rules.n_train < 2:
        raise InvalidInput("prices", "must leave at least 2 rows in the test part", value=n_bars - rules.n_train)
    if rules.lookback > rules.n_train:
        raise InvalidInput(
            "lookback", f"must be at most the {rules.n_train} rows of the train part", value=rules.lookback
        )
