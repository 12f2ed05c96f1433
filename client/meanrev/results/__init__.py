"""Results: frozen dataclasses that also read as mappings."""

from meanrev.results.accounts import AccountPaths, BacktestPath, BacktestResult, Backtests, Trades
from meanrev.results.base import Result
from meanrev.results.book_parts import BookCounts, BookToday, BookWalk
from meanrev.results.cointegration import JohansenTest, PairFit
from meanrev.results.matrices import KeptMatrix
from meanrev.results.performance import ReturnStats
from meanrev.results.portfolio import Health, MultiperiodPlan, Pca, PortfolioStats, Weights
from meanrev.results.residual_books import (
    BestBook,
    BookCells,
    BookControls,
    BookYears,
    ResidualBook,
    ResidualPanel,
)
from meanrev.results.reversion import OuFitWithTests, ReversionTests
from meanrev.results.scans import ScanResult
from meanrev.results.searches import GridChecks, RealityCheck
from meanrev.results.series import (
    BacktestMetric,
    LogReturns,
    OuFit,
    Signal,
    Thresholds,
)
from meanrev.results.service import Estimate, JobState, Portfolio, ServerInfo
from meanrev.results.sweeps import BestCells, CellFigures, Surface, SweepResult
from meanrev.results.walks import PooledWalks, WalkForward

__all__ = [
    "AccountPaths",
    "BacktestMetric",
    "BacktestPath",
    "BacktestResult",
    "Backtests",
    "BestBook",
    "BestCells",
    "BookCells",
    "BookControls",
    "BookCounts",
    "BookToday",
    "BookWalk",
    "BookYears",
    "CellFigures",
    "Estimate",
    "GridChecks",
    "Health",
    "JobState",
    "JohansenTest",
    "KeptMatrix",
    "LogReturns",
    "MultiperiodPlan",
    "OuFit",
    "OuFitWithTests",
    "PairFit",
    "Pca",
    "PooledWalks",
    "Portfolio",
    "PortfolioStats",
    "RealityCheck",
    "ResidualBook",
    "ResidualPanel",
    "Result",
    "ReturnStats",
    "ReversionTests",
    "ScanResult",
    "ServerInfo",
    "Signal",
    "Surface",
    "SweepResult",
    "Thresholds",
    "Trades",
    "WalkForward",
    "Weights",
]
