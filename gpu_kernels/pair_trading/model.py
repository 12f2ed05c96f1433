"""Scans of a universe for tradable pairs: what is computed of each, from which bars, and how they are ranked.

Of T bars the first n = floor(split T) are the train part, the rest is the test part. All figures are of the train part
but the four named test_*.

1. Of every unordered pair the direction with the lower Engle-Granger statistic (gpu_kernels.cointegration), with hedge
   ratio b and intercept a; p by MacKinnon's surface for two series. Of the m pairs that have a statistic, in the order
   of p,

       q_(i) = min over j >= i of min(1, 2 m p_(j) / j)

   (Benjamini and Hochberg 1995; the 2 is for the directions, of which p is the better one's). The pairs with p < alpha
   are significant, and only they go on; with alpha 1 all do. Columns without a usable price in every row are left out
   before.
2. The residual X = y - a - b x as an Ornstein-Uhlenbeck process (gpu_kernels.ou, with a median-unbiased theta), and its
   optimal thresholds (gpu_kernels.thresholds) for a round trip of 2 cost, or of SMALLEST_COST stationary standard
   deviations where that is more: without a cost no optimum exists.
3. The rule of gpu_kernels.sweep in mode "unit" on X, filled one bar after the decision, initial capital 1: returns are
   in units of X. Its z-score is that of the fitted process of step 2, which the thresholds are the optimum of
   (score "fixed"), or the rolling one over `lookback` bars.
4. The significant pairs that were traded are N tries. With V the variance (ddof 1) of their Sharpe ratios per bar, each
   has the deflated Sharpe ratio of gpu_kernels.threshold_grid against the same expected maximum of N tries without
   skill. It is a score, not a probability: the tries passed the test, and were hedged, fitted and traded on the same
   bars, so that their Sharpe ratios without skill are not 0 on average.
   Pairs are ranked by p (rank_by "p_value"), by the Sharpe ratio, or by the deflated one; where p, or the deflated
   ratio, is 0 or 1 to the last digit, the statistic, or the distance in standard errors, still orders them. p_best
   compares them with the best pairs of null universes by the same ranking (null_universes.py).
5. The test part is traded with the train part's a, b, process and thresholds. A rolling score's first windows reach
   back into the train part; no position does. It neither chooses nor ranks.
6. Step 1 anew on each third of the train part, in the same direction: half-life and p.

The lower of two statistics is smaller than one, so that p errs on the low side: see the page.

References:
    Engle and Granger (1987), Co-integration and error correction, section 5.
    Benjamini and Hochberg (1995), Controlling the false discovery rate, section 3.
    Bailey and Lopez de Prado (2014), The deflated Sharpe ratio, equations 1 and 2.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpu_kernels.checks import Floats

__all__ = [
    "DEFAULT_COST",
    "MOST_NAMED",
    "N_PERIODS",
    "RANKINGS",
    "SCORES",
    "STATUSES",
    "ColumnNote",
    "PairTable",
    "Progress",
    "ScanRules",
]

STATUSES = ("traded", "no_process", "too_costly")
"""What became of a pair: no_process where no Ornstein-Uhlenbeck process fits its residual, too_costly where a round
trip costs more than thresholds.LARGEST_COST stationary standard deviations of it."""

SCORES = ("fixed", "rolling")
"""z-scores that a scan can trade."""

RANKINGS = ("p_value", "train_sharpe", "deflated_sharpe")
"""What pairs can be ranked by."""

DEFAULT_COST = 0.0005
"""Per side, as a fraction of the notional of each leg: five basis points."""

N_PERIODS = 3
"""Parts of the train part in which stability is judged."""

MOST_NAMED = 20
"""Columns that a note names: with N columns all alike, notes that name all of them would hold N^2 names."""

Progress = Callable[[int, int], None]
"""Called with the pairs examined and all pairs after each part of the work; what it raises ends the work."""


class ScanRules(NamedTuple):
    """What all pairs of a scan share, checked.

    Attributes:
        lags: Lagged steps in the test of a residual.
        n_train: Bars of the train part.
        alpha: p-value below which a pair is significant.
        top: Most pairs to return; None for all significant ones.
        log: Whether logarithms of the prices are regressed.
        cost: Per side: with log a fraction of each leg's notional, else in units of the residual; None for DEFAULT_COST
            of each leg's notional.
        objective: One of thresholds.OBJECTIVES.
        lookback: Bars in the window of the z-score, for score "rolling".
        score: "fixed" or "rolling".
        cost_legs: 2 where both legs of a pair pay, 1 where y alone does.
        periods_per_year: Bars in a year, for Sharpe ratios.
        bias: Correction of the fitted speed, one of ou.FIT_BIASES.
        rank_by: One of RANKINGS.
        null_universes: Null universes that the pairs are compared with; 0 for none.
        null_kind: One of null_universes.KINDS.
        seed: Of the null universes.
        null_reason: Why there are none; "" where there are, or where none were asked for.
    """

    lags: int
    n_train: int
    alpha: float
    top: int | None
    log: bool
    cost: float | None
    objective: str
    lookback: int
    periods_per_year: float
    score: str
    cost_legs: int
    bias: str = "median_unbiased"
    rank_by: str = "p_value"
    null_universes: int = 0
    null_kind: str = "walks"
    seed: int = 0
    null_reason: str = ""


class ColumnNote(NamedTuple):
    """A note on a column that some pairs or all could not be tested with.

    Attributes:
        column: Its number.
        status: "error" where no pair of it was tested, "ok" where some were.
        reason: Why; a phrase that the others' names may follow.
        others: Numbers of the columns that it was not tested with, where these are some.
    """

    column: int
    status: str
    reason: str
    others: tuple[int, ...] = ()

    def sentence(self, names: Sequence[str]) -> str:
        """Return the reason with the names of the first others, and the number of those behind them.

        Args:
            names: Of all columns.
        """
        listed = ", ".join(names[other] for other in self.others[:MOST_NAMED])
        more = len(self.others) - MOST_NAMED
        return " ".join([self.reason, listed, f"and {more} more" if more > 0 else ""]).rstrip()


class PairTable(NamedTuple):
    """Significant pairs, best first; arrays are (P,) unless stated otherwise, figures are of the train part.

    A pair of status "no_process" has NaN from theta to test_max_drawdown, one of status "too_costly" from entry_zscore
    on, and both have test_trades 0; they come last.

    Attributes:
        y: Column of the series regressed.
        x: Column of the series it is regressed on.
        hedge_ratio: b, in units of y per unit of x.
        intercept: a, in units of the residual: log price, or price.
        adf_statistic: t of the residual's Dickey-Fuller test.
        p_value: MacKinnon's, for two series.
        q_value: Benjamini and Hochberg's, over both directions of all pairs tried.
        theta: Speed of reversion of the residual, per bar.
        theta_std_error: Of theta.
        half_life: In bars.
        mu: Mean of the residual.
        sigma: Volatility of the residual, per square root of a bar.
        entry_zscore: Threshold at which a trade opens.
        exit_zscore: A trade of side d closes when d z >= -exit_zscore.
        train_sharpe: Annualised.
        deflated_sharpe: A score from 0 to 1, not a probability: how far train_sharpe is above what as many tries find
            by chance.
        test_sharpe: Annualised, over the test bars alone.
        test_return: Sum of the test part's gains in units of the residual; an open trade is marked, not closed.
        test_trades: Round trips closed within the test part.
        test_max_drawdown: Largest drawdown within the test part, positive, in units of the residual.
        period_half_life: (P, 3) in bars, of each third of the train part; +inf or NaN as in cointegration.PairFigures.
        period_p_value: (P, 3) likewise.
        status: P of STATUSES.
        reason: P texts, why a pair was not traded; "" where it was.
        train_sharpe_std_error: Of train_sharpe, annualised like it; NaN where its returns do not vary.
        test_sharpe_std_error: Of test_sharpe, likewise.
        probability_sharpe_positive: That the true Sharpe ratio behind test_sharpe is above 0.
        test_note: P texts, a warning about the Sharpe ratios of both parts; "" for none.
        p_best: Share of the null universes whose best pair is at least as good, this universe counted among them; for
            the best pair the p-value of the whole search. NaN for a pair that was not traded, and without null
            universes.
        n_pairs: Unordered pairs that were tried, those without a statistic left out.
        n_significant: Pairs with p < alpha (with alpha 1 all that were tried), whatever `top` left of them.
        n_untested: The other pairs: without a statistic, or of a column that was left out.
        null_universes: Null universes that the pairs were compared with; 0 for none.
        null_reason: Why there are none, although the caller did not turn them off; "" otherwise.
        notes: Of the columns behind n_untested, in their order.
    """

    y: NDArray[np.int64]
    x: NDArray[np.int64]
    hedge_ratio: Floats
    intercept: Floats
    adf_statistic: Floats
    p_value: Floats
    q_value: Floats
    theta: Floats
    theta_std_error: Floats
    half_life: Floats
    mu: Floats
    sigma: Floats
    entry_zscore: Floats
    exit_zscore: Floats
    train_sharpe: Floats
    deflated_sharpe: Floats
    test_sharpe: Floats
    test_return: Floats
    test_trades: NDArray[np.int64]
    test_max_drawdown: Floats
    period_half_life: Floats
    period_p_value: Floats
    status: tuple[str, ...]
    reason: tuple[str, ...]
    train_sharpe_std_error: Floats
    test_sharpe_std_error: Floats
    probability_sharpe_positive: Floats
    test_note: tuple[str, ...]
    p_best: Floats
    n_pairs: int
    n_significant: int
    n_untested: int
    null_universes: int
    null_reason: str
    notes: tuple[ColumnNote, ...]
