"""Requests of Backtest."""

from tests.server.making import matrix

__all__ = ["ARGUMENTS", "CASES", "OPTIONS"]

OPTIONS = {"Backtest": {"entry": 1.0, "exit": 0.0, "path": True}}
CASES = {"Backtest": (matrix(5, entry=1.5, exit=0.3, lookback=10), (100, 3_000))}
ARGUMENTS = {"backtest": {"entry_zscore": 1.0, "exit_zscore": 0.0, "cost_per_side": 0.0}}
