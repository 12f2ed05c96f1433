"""Backtests of many residuals, each with thresholds of its own: the sweep's account in mode "unit"."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpu_kernels.checks import Floats
from gpu_kernels.sweep.host import returns_and_trades
from gpu_kernels.sweep.model import Rules, ThresholdPairs

__all__ = ["Traded", "sharpe", "trade", "traded"]


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


def trade(residual: Floats, pairs: ThresholdPairs, rules: Rules) -> Traded:
    """Backtest every residual with its thresholds.

    Args:
        residual: (P, T), finite.
        pairs: (P,) thresholds, and the cost per side in units of the residual.
        rules: In mode "unit".
    """
    return traded(*returns_and_trades(residual, pairs, rules))


def traded(returns: Floats, trades: NDArray[np.int64]) -> Traded:
    """Add the drawdown to what either twin of the sweep gives."""
    gained = np.cumsum(returns, axis=1)
    peak = np.maximum(np.maximum.accumulate(gained, axis=1), 0.0)
    return Traded(returns, trades, (peak - gained).max(axis=1))


def sharpe(returns: Floats) -> Floats:
    """Return the Sharpe ratios per bar of rows (P, T), with ddof 1; 0 where a row varies by rounding alone."""
    deviation = returns.std(axis=1, ddof=1)
    ratio = np.zeros(len(returns))
    varies = deviation > _ROUNDING * np.abs(returns).max(axis=1)
    np.divide(returns.mean(axis=1), deviation, out=ratio, where=varies)
    return ratio
