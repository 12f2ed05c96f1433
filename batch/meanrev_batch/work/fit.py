"""Ornstein-Uhlenbeck fits of series."""

from typing import Any

from gpu_kernels import ou
from gpu_kernels.ou.claims import FIELDS, claimed
from meanrev_batch.model import Floats, SeriesList
from meanrev_batch.options import FitOptions
from meanrev_batch.work.series import values

__all__ = ["fit"]


def fit(prices: Floats, series: SeriesList, options: FitOptions) -> dict[str, Any]:
    """Fit series, and return their columns.

    Args:
        prices: (N, T).
        series: Which.
        options: Of the fits.
    """
    found = ou.fit(values(prices, series, log=options.log), dt=options.dt, bias=options.bias, adf_lags=options.adf_lags)
    figures = claimed({name: getattr(found, name) for name in FIELDS}, found.status)
    return {"y": series.y, "x": series.x, **figures, "status": found.status, "reason": found.reason}
