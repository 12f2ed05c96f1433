"""Backtests of many residuals by the sweep's accounts on the CPU's vector lanes."""

import numpy as np

from gpu_kernels.checks import Floats
from gpu_kernels.pair_trading import host
from gpu_kernels.sweep import accounts_native
from gpu_kernels.sweep.model import Rules, ThresholdPairs

__all__ = ["trade"]


def trade(residual: Floats, pairs: ThresholdPairs, rules: Rules) -> host.Traded:
    """Backtest every residual with its thresholds; bit for bit what the NumPy twin gives."""
    ran = accounts_native.run(residual, pairs, rules)
    closed = np.bincount(ran.trades.series[ran.trades.closed], minlength=len(residual))
    return host.traded(ran.paths.returns, closed.astype(np.int64))
