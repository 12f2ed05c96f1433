"""Requests of FitOu."""

from tests.server.making import matrix

__all__ = ["CASES", "OPTIONS"]

OPTIONS = {"FitOu": {"adf_lags": 1}}
CASES = {
    "FitOu": (matrix(20), (50, 10_000)),
    "FitOu, with tests": (matrix(20, tests=["adf", "pp", "kpss", "dfgls", "hurst"]), (50, 10_000)),
}
