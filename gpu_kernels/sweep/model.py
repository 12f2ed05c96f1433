"""Backtests of a z-score rule with costs: rule, accounting and results.

Rolling score: z_t = (P_t - mean) / std over the `lookback` prices ending at t, ddof 0. There is none (NaN) during the
first lookback - 1 bars and where std <= 1e-12 |mean|: prices that differ by less are equal but for the rounding of what
computed them. Equal prices have a std of exactly 0. No rule here has a unit: prices times a factor trade alike, in mode
"unit" where the cost and the capital are multiplied too.

Rule, at bar t, with entry e > 0 and exit -e <= x < e: a long position exits if z >= -x, a short one if z <= x; then,
if flat, z <= -e buys and z >= e sells. NaN keeps the state. The rule follows its own decisions, not the fills. An order
fills at the close of bar t + execution_delay, closing leg first; one that is still waiting at the end is not filled.

Accounting, kappa the cost per side, q the signed quantity, E the equity:

- "compounding", positive prices: an entry buys q = side E / ((1 + kappa) P), each side pays kappa |q| P, nothing is
  rebalanced inside a trade, r_t = E_t / E_{t-1} - 1, drawdown = 1 - E_t / peak.
- "unit", any prices (spreads): q = side, each side pays kappa, r_t = (E_t - E_{t-1}) / initial_capital,
  drawdown = (peak - E_t) / initial_capital.

E_t = initial + realized + unrealized, realized = sum over closed trades of q (P_exit - P_entry) - both fees,
unrealized = q (P_t - P_entry) - entry fee. The peak starts at the initial capital, and r_0 is taken against it.

Ruin, "compounding" only: equity at or below 1e-12 of what it was before the trade, at a bar's end or between the
closing and the opening leg. An equity that is 0 by algebra is a rounding of either sign, so that 0 itself would not do.
What is held is sold at that bar's price with its fee, trading stops, returns are 0 afterwards.

A series' span is the bars from its first price to its last. Bars before and behind belong to nobody: they count in no
mean, deviation or number of bars, so that the figures are those of the span alone. A NaN bar inside the span has no
score and return 0: the window skips it, the last price marks it, fills wait for the next price.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpu_kernels.checks import Floats

__all__ = [
    "ERROR",
    "FLAT",
    "IN_TRADE",
    "MODES",
    "RUIN",
    "STATUSES",
    "BacktestPaths",
    "BarMetric",
    "FinalMetrics",
    "Pairs",
    "ReturnMoments",
    "Rules",
    "SweepMetrics",
]

MODES = ("compounding", "unit")
"""How a position is sized and its return measured."""

FLAT, IN_TRADE, ERROR = 0, 1, 2
"""Codes of a lane's status; ERROR is a ruined account or a series that cannot be traded."""

RUIN = 1e-12
"""Equity at or below this share of what it was before the trade is ruin; RUIN of the kernels."""

STATUSES = ("flat", "in_trade", "error")
"""The codes' names."""


class Rules(NamedTuple):
    """What all lanes of a sweep share.

    Attributes:
        lookback: Prices in the window of the score, at least 2.
        execution_delay: Bars from a decision to its fill, at least 0.
        mode: One of MODES.
        initial_capital: Equity before the first bar.
        periods_per_year: Bars in a year, for the Sharpe ratio.
    """

    lookback: int
    execution_delay: int
    mode: str
    initial_capital: float
    periods_per_year: float


class Pairs(NamedTuple):
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


class FinalMetrics(NamedTuple):
    """The figures of one backtest, as in SweepMetrics, as Python scalars."""

    cumulative_return: float
    sharpe_ratio: float
    max_drawdown: float
    num_trades: int
    win_rate: float
    avg_profit_per_trade: float
    total_costs: float
    realized_pnl: float
    unrealized_pnl: float
    equity: float
    position: int
    status: int


class BacktestPaths(NamedTuple):
    """One backtest bar by bar: arrays of shape (T,).

    Attributes:
        equity: Account value at the bar's end.
        returns: r_t, per bar; NaN before the first price and behind the last, which count in no figure.
        position: Side held after the bar's fills: -1, 0 or 1.
        zscore: Rolling score; NaN where there is none.
        pnl: Change of the equity, fees included.
        drawdown: Drawdown from the running peak, positive, a fraction.
        fees: Fees paid at the bar.
        final: The figures at the last bar.
    """

    equity: Floats
    returns: Floats
    position: NDArray[np.int8]
    zscore: Floats
    pnl: Floats
    drawdown: Floats
    fees: Floats
    final: FinalMetrics


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
    num_trades: int
    win_rate: float
    avg_profit_per_trade: float
    status: str
    timestamp_ms: int
    equity: float
    total_costs: float
    position: int
    zscore: float
