"""Requests of SweepThresholds."""

from tests.server.making import matrix

__all__ = ["ARGUMENTS", "CASES", "OPTIONS"]

OPTIONS = {
    "SweepThresholds": {"entry": "0.5:2.5:0.1", "lookback": [10, 20], "figures": ["max_drawdown", "num_trades"]},
}
CASES = {"SweepThresholds": (matrix(4, entry=[1.0, 1.5, 2.0], lookback=[20]), (100, 200))}
ARGUMENTS = {"sweep": {"entry": [1.0, 2.0], "exit": [0.0], "lookback": [10], "walk_forward": (200, 50)}}
