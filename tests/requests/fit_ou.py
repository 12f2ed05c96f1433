"""Requests of FitOu."""

__all__ = ["ARGUMENTS", "OPTIONS"]

OPTIONS = {
    "FitOu": {"adf_lags": 1},
    "FitOu, with tests": {"tests": ["adf", "pp", "kpss", "dfgls", "hurst"]},
    "FitOu, a test": {"tests": ["half_life"]},
}
ARGUMENTS = {"fit_ou": {"dt": 0.5}}
