"""The second generation's clients and functions: its arguments, its keys, plain containers.

Without MEANREV_HOST the functions compute in this process; with it they call that server, and never fall back.
"""

from meanrev.compat import generation2
from meanrev.compat.clients import AsyncioBase, BlockingBase, function, live_function
from meanrev.question import LiveMethod, Method

__all__ = [
    "MeanRevClient",
    "MeanRevClientSync",
    "backtest_with_costs",
    "cara_optimal_weights",
    "compute_log_returns",
    "estimate_ou_params",
    "generate_signals",
    "get_client",
    "multiperiod_optimize",
    "optimal_thresholds",
    "pca_portfolios",
    "portfolio_health_stream",
    "portfolio_stats",
    "sharpe_optimal_weights",
]


backtest_with_costs = function(generation2.backtest_with_costs)
cara_optimal_weights = function(generation2.cara_optimal_weights)
compute_log_returns = function(generation2.compute_log_returns)
estimate_ou_params = function(generation2.estimate_ou_params)
generate_signals = function(generation2.generate_signals)
multiperiod_optimize = function(generation2.multiperiod_optimize)
optimal_thresholds = function(generation2.optimal_thresholds)
pca_portfolios = function(generation2.pca_portfolios)
portfolio_health_stream = live_function(generation2.portfolio_health_stream)
portfolio_stats = function(generation2.portfolio_stats)
sharpe_optimal_weights = function(generation2.sharpe_optimal_weights)


class _Methods:
    backtest_with_costs = Method(generation2.backtest_with_costs)
    cara_optimal_weights = Method(generation2.cara_optimal_weights)
    compute_log_returns = Method(generation2.compute_log_returns)
    estimate_ou_params = Method(generation2.estimate_ou_params)
    generate_signals = Method(generation2.generate_signals)
    multiperiod_optimize = Method(generation2.multiperiod_optimize)
    optimal_thresholds = Method(generation2.optimal_thresholds)
    pca_portfolios = Method(generation2.pca_portfolios)
    portfolio_health_stream = LiveMethod(generation2.portfolio_health_stream)
    portfolio_stats = Method(generation2.portfolio_stats)
    sharpe_optimal_weights = Method(generation2.sharpe_optimal_weights)


class MeanRevClient(_Methods, AsyncioBase):
    """The second generation's asyncio client."""


class MeanRevClientSync(_Methods, BlockingBase):
    """The second generation's blocking client."""


get_client = MeanRevClientSync
