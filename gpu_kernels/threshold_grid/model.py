"""Grids of thresholds, costs and lookbacks: cells, choices, deflated Sharpe ratios and walk-forward steps.

A cell is one backtest of the sweep: entry e, exit x, cost per side and lookback. It is valid if -e <= x < e; an invalid
one is never run and has NaN everywhere, so that a rectangle of thresholds may be asked for.

The best of many tries is biased upwards. With V the variance (ddof 1) of the N tried Sharpe ratios per bar,

    expected maximum SR0 = sqrt(V) ((1 - g) Z^-1(1 - 1/N) + g Z^-1(1 - 1/(N e))),  g = 0.5772... (Euler-Mascheroni)
    deflated Sharpe = Z((SR - SR0) sqrt(n - 1) / sqrt(1 - g3 SR + (g4 - 1)/4 SR^2))

is the probability that the true Sharpe ratio of the best cell is above what N tries without any skill would find:
SR per bar, n bars of the series' span, g3 and g4 the skewness and kurtosis (3 for a normal) of its returns, Z the
normal distribution function. Neighbouring cells are alike, so that fewer than N tries are independent: the figure errs
on the low side.

A cell whose lookback is longer than a series has prices was not tried on it: no window fills, so that its figures would
be those of no trade at all. It has NaN there, like an invalid cell, and is not chosen or counted among the tries.

Walk-forward, with s = 0, test, 2 test, ... as long as all bars exist:

    train [s, s + train)  purge [s + train, s + train + purge)  test [s + train + purge, s + train + purge + test)

References:
    Bailey and Lopez de Prado (2014), The deflated Sharpe ratio, equations 1 and 2.
    Bailey and Lopez de Prado (2012), The Sharpe ratio efficient frontier, equation 11.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpu_kernels.checks import Floats

__all__ = [
    "CRITERIA",
    "ERROR",
    "MAX_CELLS",
    "OK",
    "TIE",
    "Cells",
    "Choice",
    "GridMetrics",
    "PooledWalk",
    "Progress",
    "Spans",
    "WalkStep",
]

MAX_CELLS = 1_000_000
"""Most cells of a grid, invalid ones included, and most points of a range."""

CRITERIA = ("sharpe_ratio", "cumulative_return", "avg_profit_per_trade", "win_rate")
"""Figures by which a cell may be chosen; the largest wins."""

OK, ERROR = "ok", "error"
"""Status of a series or a step: whether it has figures; where it has none, its reason says why."""

TIE = 1e-9
"""Figures this close, relative to the series' largest, are equal: the first such cell wins, whichever twin computed."""

Progress = Callable[[int, int], None]
"""Called with what is done and the total after each part of a long computation; what it raises ends the work."""


class Spans(NamedTuple):
    """Lengths in bars of a walk-forward step's parts; steps follow each other by `test` bars."""

    train: int
    test: int
    purge: int


class Cells(NamedTuple):
    """The cells of a grid in a row, each attribute (G,): lookback outermost, then cost, entry, and exit innermost.

    Attributes:
        entry_z: Score at which a trade opens.
        exit_z: A trade of side d closes when d z >= -exit_z.
        cost: Cost per side: a fraction, or units of the price in mode "unit".
        lookback: Prices in the window of the score.
        valid: Whether -entry_z <= exit_z < entry_z.
    """

    entry_z: Floats
    exit_z: Floats
    cost: Floats
    lookback: NDArray[np.int64]
    valid: NDArray[np.bool_]


class GridMetrics(NamedTuple):
    """Figures of every series in every cell: (B, G) arrays, as in sweep.SweepMetrics.

    Invalid cells, those with a lookback longer than the series has prices, and series that cannot be traded have NaN,
    and counts 0.

    Attributes:
        sharpe_ratio: Annualised.
        cumulative_return: E / initial - 1.
        max_drawdown: Largest drawdown, positive, a fraction.
        num_trades: Closed round trips.
        win_rate: Share of closed trades that gained; 0 without trades.
        avg_profit_per_trade: Mean pnl of closed trades over the initial capital; 0 without trades.
        total_costs: Sum of all fees, in units of the equity.
    """

    sharpe_ratio: Floats
    cumulative_return: Floats
    max_drawdown: Floats
    num_trades: NDArray[np.int64]
    win_rate: Floats
    avg_profit_per_trade: Floats
    total_costs: Floats


class Choice(NamedTuple):
    """The cells chosen for each series: (B,) arrays.

    Attributes:
        best: Cell with the largest figure; -1 where there is none.
        best_value: That figure; NaN where there is none.
        deflated_sharpe: Probability that the best cell's Sharpe ratio is above what as many tries find by chance.
        plateau: Cell with the largest mean over its 3 x 3 neighbours in the plane of entries and exits, of the same
            cost and lookback; invalid neighbours and those beyond the edge are left out of the mean.
        plateau_value: That mean.
        status: OK, or ERROR where no cell has a figure.
        reason: Why none has; "" where one has.
        n_bars: Bars of the series' span, from its first price to its last, which the figures are of.
        sharpe_std_error: Of the best cell's Sharpe ratio, annualised like it, for independent returns of any skewness
            and kurtosis; NaN where they do not vary.
        probability_sharpe_positive: That the true ratio is above 0. It does not allow for the choice, as
            deflated_sharpe does.
    """

    best: NDArray[np.int64]
    best_value: Floats
    deflated_sharpe: Floats
    plateau: NDArray[np.int64]
    plateau_value: Floats
    status: NDArray[np.str_]
    reason: NDArray[np.str_]
    n_bars: NDArray[np.int64]
    sharpe_std_error: Floats
    probability_sharpe_positive: Floats


class WalkStep(NamedTuple):
    """One step of one series: a cell chosen on bars [train_start, train_stop), traded on [test_start, test_stop).

    Attributes:
        series: Row of the prices.
        train_start: First train bar.
        train_stop: One past the last train bar.
        test_start: First test bar, `purge` bars later.
        test_stop: One past the last test bar.
        cell: The train part's best by Sharpe ratio; -1 where it has none, and the rest is NaN.
        train_sharpe: Its annualised Sharpe ratio over the train bars.
        test_sharpe: The same over the test bars alone, started flat.
        test_return: Return over the test bars; an open position is marked at the last one, not closed.
        test_trades: Round trips closed within the test bars.
        test_max_drawdown: Largest drawdown within the test bars, positive.
        status: OK, or ERROR where the train part has no cell, or the test part no figures.
        reason: Why; "" where both have them.
        test_sharpe_std_error: Of test_sharpe, annualised like it; NaN where the returns do not vary.
        probability_sharpe_positive: That the true Sharpe ratio behind test_sharpe is above 0.
        note: A warning about either part, such as few bars or trades; "" for none.
        train_sharpe_std_error: Of train_sharpe, annualised like it; it does not allow for the choice of the cell.
    """

    series: int
    train_start: int
    train_stop: int
    test_start: int
    test_stop: int
    cell: int
    train_sharpe: float
    test_sharpe: float
    test_return: float
    test_trades: int
    test_max_drawdown: float
    status: str
    reason: str
    test_sharpe_std_error: float
    probability_sharpe_positive: float
    note: str
    train_sharpe_std_error: float


class PooledWalk(NamedTuple):
    """The test parts of all steps of a series together.

    Attributes:
        series: Row of the prices.
        n_steps: Steps with figures.
        n_bars: Their test bars.
        n_trades: Round trips closed in them.
        sharpe_ratio: Mean of the steps' ratios, weighted by their bars, annualised.
        sharpe_std_error: Of it: the steps share no bar, so that their errors add up by squares.
        probability_sharpe_positive: That the true ratio is above 0.
        sharpe_lower: Lower end of the interval of 95 %.
        sharpe_upper: Upper end of it.
        note: A warning, such as few bars or trades; "" for none.
    """

    series: int
    n_steps: int
    n_bars: int
    n_trades: int
    sharpe_ratio: float
    sharpe_std_error: float
    probability_sharpe_positive: float
    sharpe_lower: float
    sharpe_upper: float
    note: str
