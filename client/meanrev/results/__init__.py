"""Results: frozen dataclasses that also read as mappings."""

from meanrev.results.base import Result
from meanrev.results.portfolio import Health, MultiperiodPlan, Pca, PortfolioStats, Weights
from meanrev.results.series import (
    BacktestMetric,
    BacktestPath,
    BacktestResult,
    LogReturns,
    OuFit,
    Signal,
    Thresholds,
)

__all__ = [
    "BacktestMetric",
    "BacktestPath",
    "BacktestResult",
    "Health",
    "LogReturns",
    "MultiperiodPlan",
    "OuFit",
    "Pca",
    "PortfolioStats",
    "Result",
    "Signal",
    "Thresholds",
    "Weights",
]
