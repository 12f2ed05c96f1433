"""One spread traded by a frozen model: a unit of it long or short, by the z-score."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpu_kernels.performance.sharpe_error import standard_errors

__all__ = ["Performance", "measure", "positions", "profits", "with_stop"]

Floats = NDArray[np.float64]


class Performance(NamedTuple):
    """What came of a stretch of time.

    Attributes:
        sharpe: Mean over standard deviation (ddof 1) of the profits, annualised; 0 where they do not vary.
        sharpe_std_error: Of it, annualised; NaN where they do not vary.
        profit: Sum of the profits.
        max_drawdown: Greatest fall of the running sum below its own peak, at least 0; in units of the profits.
        trades: Positions held at some time.
    """

    sharpe: float
    sharpe_std_error: float
    profit: float
    max_drawdown: float
    trades: int

    @property
    def sharpe_words(self) -> str:
        """The Sharpe ratio with its standard error, where it has one."""
        error = f" ± {self.sharpe_std_error:.2f}" if math.isfinite(self.sharpe_std_error) else ""
        return f"{self.sharpe:.2f}{error}"


def positions(z_score: Floats, entry_z: float, exit_z: float) -> Floats:
    """Decide a position at each bar.

    A long exits at z >= -exit_z and a short at z <= exit_z; then, if flat, z <= -entry_z buys and z >= entry_z sells.

    Args:
        z_score: (T,) distances from the frozen mean, in stationary standard deviations; no NaN.
        entry_z: Above 0.
        exit_z: From -entry_z, included, to entry_z, excluded.

    Returns:
        (T,) of -1, 0 and 1.
    """
    held = np.zeros(z_score.size)
    position = 0.0
    for i, z in enumerate(z_score):
        if position * z >= -exit_z:
            position = 0.0
        if position == 0 and abs(z) >= entry_z:
            position = -np.sign(z)
        held[i] = position
    return held


def with_stop(held: Floats, z_score: Floats, stop_z: float) -> Floats:
    """Close each position where it runs stop_z against its holder, and stand aside until its own exit is reached.

    Args:
        held: (T,) of positions.
        z_score: (T,) as given to positions.
        stop_z: In stationary standard deviations from the mean, above the entry.

    Returns:
        (T,) a copy of held, 0 where stopped.
    """
    kept = held.copy()
    stopped = False
    for i, (position, z) in enumerate(zip(held, z_score, strict=True)):
        if i > 0 and position != held[i - 1]:
            stopped = False
        stopped = stopped or -position * z >= stop_z
        if stopped:
            kept[i] = 0.0
    return kept


def profits(spread: Floats, held: Floats, round_trip_cost: float, *, delay: int = 0) -> Floats:
    """Return the profit of each bar, net of costs.

    Args:
        spread: (T,) in any unit.
        held: (T,) positions decided at each bar.
        round_trip_cost: Cost of opening and closing one unit, in the spread's unit; half is paid on either side.
        delay: Bars from decision to fill.

    Returns:
        (T,) in the spread's unit; the last position stays open.
    """
    filled = np.concatenate((np.zeros(delay + 1), held))[: spread.size + 1]
    moves = np.diff(spread, prepend=spread[0])
    return filled[:-1] * moves - np.abs(np.diff(filled)) * round_trip_cost / 2


def measure(profit: Floats, held: Floats, periods_per_year: float) -> Performance:
    """Sum up a stretch of bars.

    Args:
        profit: (T,) with T >= 2.
        held: (T,) positions.
        periods_per_year: Bars in a year.
    """
    spread_of_profit = float(np.std(profit, ddof=1))
    sharpe = float(np.mean(profit)) / spread_of_profit * np.sqrt(periods_per_year) if spread_of_profit > 0 else 0.0
    total = np.concatenate(([0.0], np.cumsum(profit)))
    opened = (held != 0) & (held != np.concatenate(([0.0], held[:-1])))
    return Performance(
        sharpe=float(sharpe),
        sharpe_std_error=float(standard_errors(profit[None])[0]) * math.sqrt(periods_per_year),
        profit=float(total[-1]),
        max_drawdown=float(np.max(np.maximum.accumulate(total) - total)),
        trades=int(opened.sum()),
    )
