"""Requests of TradeResiduals and FitResiduals."""

from tests.server.making import matrix

__all__ = ["ARGUMENTS", "CASES", "OPTIONS"]

OPTIONS = {
    "TradeResiduals": {"factors": [1], "window": [60], "regression": [30], "min_dof": 5, "train": 60, "test": 30},
    "TradeResiduals, positions": {"factors": [1], "window": [60], "positions": True, "train": 80, "test": 40},
    "FitResiduals": {"factors": 1, "window": 60, "regression": 30, "min_dof": 5, "days": [100, 200]},
}
CASES = {
    "TradeResiduals": (matrix(20, factors=[5], entry=[1.0, 1.5, 2.0]), (300, 1_500)),
    "TradeResiduals, positions": (matrix(20, factors=[5], positions=True), (300, 1_500)),
    "FitResiduals": (matrix(20, factors=5, days=[260, 270]), (300, 1_500)),
}
ARGUMENTS = {
    "statarb": {"factors": 1, "window": 60, "regression": 30, "min_dof": 5},
    "residuals": {"factors": 1, "window": 60, "regression": 30, "min_dof": 5, "days": [100, 200]},
}
