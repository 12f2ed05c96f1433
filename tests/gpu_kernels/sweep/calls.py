"""Calls of sweep that run its twins, one of each kind."""

import numpy as np

from gpu_kernels import sweep
from tests.gpu_kernels.samples import WALKS

__all__ = ["CALLS"]

RULES = sweep.Rules(lookback=10)

CALLS = {
    "sweep.backtest": lambda: sweep.backtest(WALKS, [1.0, 1.5], 0.0, 1e-3, RULES),
    "sweep.moments": lambda: sweep.moments(WALKS, 1.0, 0.0, 1e-3, RULES),
    "sweep.accounts": lambda: sweep.accounts(WALKS, 1.0, 0.0, 1e-3, RULES, trades=True, path=True),
    "sweep.OnlineBacktest, a whole block": lambda: sweep.OnlineBacktest(RULES).whole(
        WALKS[0], 1.0, 0.0, 1e-3, np.zeros(60, dtype=np.int64)
    ),
    "sweep.bar_returns": lambda: sweep.bar_returns(WALKS[0], [1.0, 1.5], 0.0, 1e-3, RULES),
}
