"""The first generation's clients and functions: its arguments, its keys, plain containers.

Without MEANREV_HOST the functions compute in this process; with it they call that server, and never fall back.
"""

from meanrev.compat import generation1
from meanrev.compat.clients import AsyncioBase, BlockingBase, function
from meanrev.question import Method

__all__ = [
    "MeanRevClient",
    "MeanRevClientSync",
    "backtest_with_costs",
    "cara_optimal_weights",
    "compute_log_returns",
    "estimate_ou_params",
    "get_client",
    "multiperiod_optimize",
    "optimal_thresholds",
    "pca_portfolios",
    "sharpe_optimal_weights",
]


class _Methods:
    backtest_with_costs = Method(generation1.backtest_with_costs)
    cara_optimal_weights = Method(generation1.cara_optimal_weights)
    compute_log_returns = Method(generation1.compute_log_returns)
    estimate_ou_params = Method(generation1.estimate_ou_params)
    multiperiod_optimize = Method(generation1.multiperiod_optimize)
    optimal_thresholds = Method(generation1.optimal_thresholds)
    pca_portfolios = Method(generation1.pca_portfolios)
    sharpe_optimal_weights = Method(generation1.sharpe_optimal_weights)


class MeanRevClient(_Methods, AsyncioBase):
    """The first generation's asyncio client."""


class MeanRevClientSync(_Methods, BlockingBase):
    """The first generation's blocking client."""


backtest_with_costs = function(generation1.backtest_with_costs)
cara_optimal_weights = function(generation1.cara_optimal_weights)
compute_log_returns = function(generation1.compute_log_returns)
estimate_ou_params = function(generation1.estimate_ou_params)
get_client = MeanRevClientSync
multiperiod_optimize = function(generation1.multiperiod_optimize)
optimal_thresholds = function(generation1.optimal_thresholds)
pca_portfolios = function(generation1.pca_portfolios)
sharpe_optimal_weights = function(generation1.sharpe_optimal_weights)
