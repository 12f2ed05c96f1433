"""A client of the meanrev server, and the same code in process.

Client and AsyncClient are the way in; serve starts a server. errors holds what a call can raise, results what it
returns, and compat the functions and clients of earlier generations, which can be imported from here too.

Importing this package loads the standard library alone; grpc and NumPy load with the first name that needs them.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from meanrev import compat, errors, results
    from meanrev.aio import AsyncClient
    from meanrev.client import Client
    from meanrev.compat.v2 import backtest_with_costs as backtest_with_costs
    from meanrev.compat.v2 import cara_optimal_weights as cara_optimal_weights
    from meanrev.compat.v2 import compute_log_returns as compute_log_returns
    from meanrev.compat.v2 import estimate_ou_params as estimate_ou_params
    from meanrev.compat.v2 import generate_signals as generate_signals
    from meanrev.compat.v2 import get_client as get_client
    from meanrev.compat.v2 import multiperiod_optimize as multiperiod_optimize
    from meanrev.compat.v2 import optimal_thresholds as optimal_thresholds
    from meanrev.compat.v2 import pca_portfolios as pca_portfolios
    from meanrev.compat.v2 import portfolio_health_stream as portfolio_health_stream
    from meanrev.compat.v2 import portfolio_stats as portfolio_stats
    from meanrev.compat.v2 import sharpe_optimal_weights as sharpe_optimal_weights
    from meanrev.errors import (
        ConnectionFailed,
        DeadlineExceeded,
        InvalidInput,
        MeanRevError,
        Overloaded,
        PermissionDenied,
        ServerError,
        Unauthenticated,
    )
    from meanrev.jobs import AsyncJob, Job
    from meanrev.ranges import grid
    from meanrev.serving import serve
    from meanrev.transport.credentials import TlsFiles

    __version__: str

__all__ = [
    "AsyncClient",
    "AsyncJob",
    "Client",
    "ConnectionFailed",
    "DeadlineExceeded",
    "InvalidInput",
    "Job",
    "MeanRevError",
    "Overloaded",
    "PermissionDenied",
    "ServerError",
    "TlsFiles",
    "Unauthenticated",
    "__version__",
    "compat",
    "errors",
    "grid",
    "results",
    "serve",
]

_MODULES = {
    "AsyncClient": "meanrev.aio",
    "AsyncJob": "meanrev.jobs",
    "Client": "meanrev.client",
    "ConnectionFailed": "meanrev.errors",
    "DeadlineExceeded": "meanrev.errors",
    "InvalidInput": "meanrev.errors",
    "Job": "meanrev.jobs",
    "MeanRevError": "meanrev.errors",
    "Overloaded": "meanrev.errors",
    "PermissionDenied": "meanrev.errors",
    "ServerError": "meanrev.errors",
    "TlsFiles": "meanrev.transport.credentials",
    "Unauthenticated": "meanrev.errors",
    "grid": "meanrev.ranges",
    "serve": "meanrev.serving",
}
_SUBMODULES = frozenset({"compat", "errors", "results"})
_EARLIER = "meanrev.compat.v2"
"""The module whose functions this package held once; they stay importable from here."""


def __getattr__(name: str) -> Any:
    value = _found(name)
    globals()[name] = value
    return value


def _found(name: str) -> Any:
    if name in _MODULES:
        return getattr(import_module(_MODULES[name]), name)
    if name in _SUBMODULES:
        return import_module(f"meanrev.{name}")
    if name == "__version__":
        from importlib.metadata import version  # noqa: PLC0415 - it takes longer to import than all else here

        return version("meanrev")
    if not name.startswith("_"):
        earlier = import_module(_EARLIER)
        if name in earlier.__all__:
            return getattr(earlier, name)
    raise AttributeError(f"module 'meanrev' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
