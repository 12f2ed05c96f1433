"""Backtests of many residuals, each with thresholds of its own, in mode "unit" of gpu_kernels.sweep.

Whether a trade is open follows from the last bar that opened or closed one, so that there is no loop over bars: a long
position is opened where z <= -entry and closed where z >= -exit, a short one where z >= entry and z <= exit. Because of
-entry <= exit < entry, what opens one side closes the other, and no bar both opens and closes the same side.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpu_kernels.checks import Floats
from gpu_kernels.pair_trading.model import EXECUTION_DELAY

__all__ = ["Traded", "positions", "sharpe", "trade"]


_ROUNDING = 1e-12
"""Share of the largest return up to which the deviation of returns is rounding."""


class Traded(NamedTuple):
    """Backtests of P residuals.

    Attributes:
        returns: (P, T) per bar, in units of the residual, net of costs.
        trades: (P,) closed round trips.
        max_drawdown: (P,) largest drawdown, positive, in units of the residual.
    """

    returns: Floats
    trades: NDArray[np.int64]
    max_drawdown: Floats


def positions(scores: Floats, entry_z: Floats, exit_z: Floats) -> NDArray[np.int8]:
    """Return the side held after each bar's fills: -1, 0 or 1.

    Args:
        scores: (P, T) z-scores; NaN keeps the state.
        entry_z: (P,) above 0.
        exit_z: (P,) at least -entry_z and below entry_z.
    """
    entry, leave = entry_z[:, None], exit_z[:, None]
    decided = _open(scores <= -entry, scores >= -leave) - _open(scores >= entry, scores <= leave)
    held = np.zeros_like(decided)
    held[:, EXECUTION_DELAY:] = decided[:, :-EXECUTION_DELAY]
    return held


def trade(residual: Floats, scores: Floats, entry_z: Floats, exit_z: Floats, cost: float | Floats) -> Traded:
    """Backtest every residual with its thresholds.

    Args:
        residual: (P, T), finite.
        scores: (P, T) z-scores of it.
        entry_z: (P,) above 0.
        exit_z: (P,) at least -entry_z and below entry_z.
        cost: Per side, in units of the residual, one for all or (P,).
    """
    held = positions(scores, entry_z, exit_z)
    returns = np.zeros(residual.shape)
    np.multiply(np.diff(residual, axis=1), held[:, :-1], out=returns[:, 1:])
    turned = np.diff(held, axis=1)
    returns[:, 1:] -= np.reshape(cost, (-1, 1)) * np.abs(turned)
    # A position is never changed twice at a bar, and at the first bar none is held.
    trades = np.count_nonzero((turned != 0) & (held[:, :-1] != 0), axis=1)
    gained = np.cumsum(returns, axis=1)
    peak = np.maximum(np.maximum.accumulate(gained, axis=1), 0.0)
    return Traded(returns, trades.astype(np.int64), (peak - gained).max(axis=1))


def sharpe(returns: Floats) -> Floats:
    """Return the Sharpe ratios per bar of rows (P, T), with ddof 1; 0 where a row varies by rounding alone."""
    deviation = returns.std(axis=1, ddof=1)
    ratio = np.zeros(len(returns))
    varies = deviation > _ROUNDING * np.abs(returns).max(axis=1)
    np.divide(returns.mean(axis=1), deviation, out=ratio, where=varies)
    return ratio


def _open(opens: NDArray[np.bool_], closes: NDArray[np.bool_]) -> NDArray[np.int8]:
    """Tell where a trade is open: 1 from an opening bar until a closing one."""
    bars = np.arange(2, 2 * opens.shape[1] + 2, 2, dtype=np.int32)
    # The last event at or before each bar has the largest number, odd if it opened.
    events = np.where(opens, bars + 1, np.where(closes, bars, 0))
    return (np.maximum.accumulate(events, axis=1) & 1).astype(np.int8)
