"""Backtests of many residuals by the sweep's accounts on the CPU's vector lanes."""

from gpu_kernels.checks import Floats
from gpu_kernels.pair_trading import host
from gpu_kernels.sweep import accounts_native
from gpu_kernels.sweep.model import Pairs, Rules

__all__ = ["trade"]


def trade(residual: Floats, pairs: Pairs, rules: Rules) -> host.Traded:
    """Backtest every residual with its thresholds; bit for bit what the NumPy twin gives."""
    return host.traded(accounts_native.run, residual, pairs, rules)
