"""A client of the meanrev server, and the same code in process.

Importing this package touches the standard library alone; grpc and NumPy load with the first name that needs them.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from meanrev.aio import AsyncClient
    from meanrev.client import Client
    from meanrev.compat.v2 import (
        backtest_with_costs,
        cara_optimal_weights,
        compute_log_returns,
        estimate_ou_params,
        generate_signals,
        get_client,
        multiperiod_optimize,
        optimal_thresholds,
        pca_portfolios,
        portfolio_health_stream,
        portfolio_stats,
        sharpe_optimal_weights,
    )
    from meanrev.errors import (
        ConnectionFailed,
        DeadlineExceeded,
        InvalidInput,
        MeanRevError,
        Overloaded,
        ServerError,
    )
    from meanrev.ranges import grid
    from meanrev.serving import serve

__all__ = [
    "AsyncClient",
    "Client",
    "ConnectionFailed",
    "DeadlineExceeded",
    "InvalidInput",
    "MeanRevError",
    "Overloaded",
    "ServerError",
    "backtest_with_costs",
    "cara_optimal_weights",
    "compute_log_returns",
    "estimate_ou_params",
    "generate_signals",
    "get_client",
    "grid",
    "multiperiod_optimize",
    "optimal_thresholds",
    "pca_portfolios",
    "portfolio_health_stream",
    "portfolio_stats",
    "serve",
    "sharpe_optimal_weights",
]

_FUNCTIONS = (
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
)
_ERRORS = ("ConnectionFailed", "DeadlineExceeded", "InvalidInput", "MeanRevError", "Overloaded", "ServerError")
_MODULES = {
    "AsyncClient": "meanrev.aio",
    "Client": "meanrev.client",
    "grid": "meanrev.ranges",
    "serve": "meanrev.serving",
    **dict.fromkeys(_FUNCTIONS, "meanrev.compat.v2"),
    **dict.fromkeys(_ERRORS, "meanrev.errors"),
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module 'meanrev' has no attribute {name!r}")
    value = getattr(import_module(_MODULES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
