"""Listed pairs by a kernel that forms their residuals on the CPU's vector lanes."""

import numpy as np
from numpy.typing import NDArray

from gpu_kernels.checks import Floats
from gpu_kernels.cointegration import residual
from gpu_kernels.cointegration.model import COLLINEAR, FITTED, LagRule, PairFigures
from gpu_kernels.cointegration.sums import reversion
from gpu_kernels.compile import library
from gpu_kernels.launch import Count, launch, pointer
from gpu_kernels.ou.dickey_fuller import p_values

__all__ = ["covers", "listed"]

_ROWS, _MOST = 6, 8
"""Rows that the kernel writes, and the most lags that it holds."""

Indices = NDArray[np.int64]


def covers(_series: Floats, _begin: int, _stop: int, _reach: Floats, y: Indices, _x: Indices, rule: LagRule) -> bool:
    """Return whether the kernel computes a request."""
    return rule.most <= _MOST and not rule.by_aic and y.size > 0


def listed(series: Floats, begin: int, stop: int, reach: Floats, y: Indices, x: Indices, rule: LagRule) -> PairFigures:
    """Compute listed pairs; see residual.listed. Those whose regression loses digits are computed by NumPy."""
    n_samples = stop - begin
    out = np.empty((_ROWS, y.size))
    held = np.ascontiguousarray(series)
    rows = y.astype(np.float64), x.astype(np.float64)
    name = f"listed_{rule.most if rule.most <= 1 else _MOST}"
    shape = map(Count, (y.size, held.shape[1], begin, n_samples, rule.most))
    launch(library("cointegration/listed")[name], *shape, *map(pointer, (held, *rows, out)))
    slope, intercept, statistic, change, total, lossy = out
    real = residual.genuine(total, slope, n_samples, reach[y], reach[x])
    statistic[~real], change[~real] = np.nan, np.nan
    theta, half_life = reversion(change, n_samples)
    figures = PairFigures(
        hedge_ratio=slope,
        intercept=intercept,
        adf_statistic=statistic,
        adf_p_value=p_values(statistic, 2),
        lags=np.where(real, rule.most, -1),
        ar1=1.0 + change,
        theta=theta,
        half_life=half_life,
        residual_std=np.where(real, np.sqrt(total / (n_samples - 2)), np.nan),
        status=np.where(real, FITTED, COLLINEAR).astype(np.int8),
    )
    unsure = np.flatnonzero(real & (lossy != 0))
    if unsure.size:
        again = residual.listed(held, begin, stop, reach, y[unsure], x[unsure], rule)
        for name, values in again._asdict().items():
            getattr(figures, name)[unsure] = values
    return figures
