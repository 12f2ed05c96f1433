"""Backtests of a z-score rule with costs: rule, accounting and results.

The score is rolling unless the rules say otherwise (scores.py): z_t = (P_t - mean) / std over the `lookback` prices
ending at t, ddof 0. There is none (NaN) during the first lookback - 1 bars and where std <= 1e-12 |mean|: prices that
differ by less are equal but for the rounding of what computed them. Equal prices have a std of exactly 0. No rule here
has a unit: prices times a factor trade alike, in mode "unit" where the cost and the capital are multiplied too.

Rule, at bar t, with entry e > 0 and exit -e <= x < e: a long position exits if z >= -x, a short one if z <= x; then,
if flat, z <= -e buys and z >= e sells. NaN keeps the state. The rule follows its own decisions, not the fills. An order
fills at the close of bar t + execution_delay, closing leg first; one that is still waiting at the end is not filled.

With a stop s > e, a long position also exits if z <= -s, a short one if z >= s. The account is halted then: it opens
no trade before a score with |z| < e. The entry does not look at the stop: what opens beyond it closes at the next score
that is beyond it too.

Accounting, kappa the cost per side, q the signed quantity, E the equity:

- "compounding", positive prices: an entry buys q = side E / ((1 + kappa) P), each side pays kappa |q| P, nothing is
  rebalanced inside a trade, r_t = E_t / E_{t-1} - 1, drawdown = 1 - E_t / peak.
- "unit", any prices (spreads): q = side, each side pays kappa, r_t = (E_t - E_{t-1}) / initial_capital,
  drawdown = (peak - E_t) / initial_capital.

E_t = initial + realized + unrealized, realized = sum over closed trades of q (P_exit - P_entry) - both fees,
unrealized = q (P_t - P_entry) - entry fee. The peak starts at the initial capital, and r_0 is taken against it.

With a borrow rate, yearly, a short position pays borrow / periods_per_year of its notional for each bar that it is held
from one close to the next: |q| times the magnitude of the last price before the bar, which in mode "unit" is the price
of the spread and not of its short leg. It pays at the bar's close, before what fills there: nothing at the bar of the
entry, and once at the bar of the exit. What was paid is part of the trade's pnl, not of the fees, and can ruin. A bar
without a price costs the same; it is paid at the next bar that has one.

Ruin, "compounding" only: equity at or below 1e-12 of what it was before the trade, at a bar's end or between the
closing and the opening leg. An equity that is 0 by algebra is a rounding of either sign, so that 0 itself would not do.
What is held is sold at that bar's price with its fee, trading stops, returns are 0 afterwards.

A series' span is the bars from its first price to its last. Bars before and behind it count in no mean, deviation or
number of bars, so that the figures are those of the span alone. A NaN bar inside the span has no
score and return 0: the window skips it, the last price marks it, fills wait for the next price.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gpu_kernels.checks import Floats
from gpu_kernels.performance.sharpe_error import probability
from gpu_kernels.time_units import PERIODS_PER_YEAR

__all__ = [
    "ERROR",
    "FLAT",
    "IN_TRADE",
    "MODES",
    "RUIN",
    "SCORES",
    "STATUSES",
    "BarMetric",
    "ReturnMoments",
    "Rules",
    "SweepMetrics",
    "ThresholdPairs",
]

SCORES = ("rolling", "fixed", "online")
"""What a price is measured against: the last prices, a known process, or one fitted to the prices before it."""

MODES = ("compounding", "unit")
"""How a position is sized and its return measured."""

FLAT, IN_TRADE, ERROR = 0, 1, 2
"""Codes of a lane's status; ERROR is a ruined account or a series that cannot be traded."""

RUIN = 1e-12
"""Equity at or below this share of what it was before the trade is ruin, as in settle.h."""

STATUSES = ("flat", "in_trade", "error")
"""The codes' names."""


class Rules(NamedTuple):
    """What all backtests of a request share, with the defaults of every operation that trades by the rule.

    Attributes:
        lookback: Prices in the window of the score, at least 2.
        execution_delay: Bars from a decision to its fill, at least 0.
        mode: "compounding" invests the whole equity, for positive prices; "unit" trades one unit, for spreads.
        initial_capital: Equity before the first bar, above 0.
        periods_per_year: Bars in a year, above 0, for annual figures and for the borrow rate.
        stop: A trade of side d closes when d z <= -stop; above every entry_z, infinite for none.
        borrow: Yearly rate on the notional of a short position, at least 0: 0.03 is 3 % a year.
        score: One of SCORES, see scores.py.
        mean: For "fixed": of the process, a number or (B,), NaN of a series without a process, which never trades.
        deviation: For "fixed": its stationary standard deviation, above 0, a number or (B,).
        forgetting: For "online": weight of a price relative to the next one, above 0 and at most 1.
    """

    lookback: int = 20
    execution_delay: int = 1
    mode: str = "compounding"
    initial_capital: float = 1.0
    periods_per_year: float = PERIODS_PER_YEAR
    stop: float = math.inf
    borrow: float = 0.0
    score: str = "rolling"
    mean: ArrayLike | None = None
    deviation: ArrayLike | None = None
    forgetting: float = 1.0

    def of(self, series: NDArray[np.bool_] | NDArray[np.intp] | slice) -> "Rules":
        """Return the rules of some of the series, whose means and deviations are arrays (B,) then."""
        if self.score != "fixed" or self.mean is None or not np.ndim(self.mean):
            return self
        mean, deviation = np.asarray(self.mean), np.asarray(self.deviation)
        return self._replace(mean=mean[series], deviation=deviation[series])

    @property
    def compounding(self) -> bool:
        """Whether the whole equity is invested."""
        return self.mode == "compounding"

    @property
    def plain(self) -> bool:
        """Whether there is neither a stop nor a borrow rate, which the plain variants of the kernels leave out."""
        return self.stop == math.inf and self.borrow == 0.0


class ThresholdPairs(NamedTuple):
    """Thresholds and costs per side, each (G,)."""

    entry_z: Floats
    exit_z: Floats
    cost: Floats


class SweepMetrics(NamedTuple):
    """Final figures of every lane: each attribute is a (B, G) array.

    A series that cannot be traded (no price at all, or one that is not positive in mode "compounding") has NaN, counts
    0 and status ERROR; a ruined lane has status ERROR and its figures.

    Attributes:
        cumulative_return: E / initial - 1.
        sharpe_ratio: mean(r) / std(r, ddof 1) sqrt(periods_per_year); 0 where std is 0.
        max_drawdown: Largest drawdown, positive, a fraction.
        num_trades: Closed round trips.
        win_rate: Share of closed trades with pnl > 0; 0 without trades.
        avg_profit_per_trade: Mean pnl of closed trades over the initial capital; 0 without trades.
        total_costs: Sum of all fees, in units of the equity.
        realized_pnl: Sum of the closed trades' pnl.
        unrealized_pnl: Pnl of the open trade, net of its entry fee.
        equity: Account value at the last bar.
        position: Side held at the end: -1, 0 or 1.
        status: FLAT, IN_TRADE or ERROR.
    """

    cumulative_return: Floats
    sharpe_ratio: Floats
    max_drawdown: Floats
    num_trades: NDArray[np.int64]
    win_rate: Floats
    avg_profit_per_trade: Floats
    total_costs: Floats
    realized_pnl: Floats
    unrealized_pnl: Floats
    equity: Floats
    position: NDArray[np.int8]
    status: NDArray[np.int8]


class ReturnMoments(NamedTuple):
    """Population moments of the returns of one backtest a series, over all bars of its span: (B,) arrays.

    Attributes:
        skewness: 0 where the returns do not vary; NaN where a series cannot be traded.
        kurtosis: 3 for a normal, and where the returns do not vary; NaN where a series cannot be traded.
    """

    skewness: Floats
    kurtosis: Floats


class BarMetric(NamedTuple):
    """State of a running backtest after its latest bar; figures as in SweepMetrics, over the bars so far.

    Attributes:
        bar_number: Bars so far.
        cumulative_return: E / initial - 1.
        daily_return: Return since the last bar of the previous UTC day (since the start on the first day), or r_t
            where the timestamp is 0.
        open_positions: 1 in a trade, else 0.
        unrealized_pnl: Pnl of the open trade.
        realized_pnl: Sum of the closed trades' pnl.
        max_drawdown: Largest drawdown so far.
        sharpe_ratio: Annualised.
        sharpe_std_error: Of it, annualised likewise, for independent returns of any skewness and kurtosis; NaN where
            they do not vary.
        num_trades: Closed round trips.
        win_rate: Share of them that gained.
        avg_profit_per_trade: Mean pnl over the initial capital.
        status: "flat", "in_trade" or "error".
        timestamp_ms: The bar's, as given.
        equity: Account value.
        total_costs: Sum of all fees.
        position: -1, 0 or 1.
        zscore: The bar's score; NaN where there is none.
    """

    bar_number: int
    cumulative_return: float
    daily_return: float
    open_positions: int
    unrealized_pnl: float
    realized_pnl: float
    max_drawdown: float
    sharpe_ratio: float
    sharpe_std_error: float
    num_trades: int
    win_rate: float
    avg_profit_per_trade: float
    status: str
    timestamp_ms: int
    equity: float
    total_costs: float
    position: int
    zscore: float

    @property
    def probability_sharpe_positive(self) -> float:
        """Probability that the true Sharpe ratio is above 0; NaN where the error is."""
        return probability(self.sharpe_ratio, self.sharpe_std_error)
