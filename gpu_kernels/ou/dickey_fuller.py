"""The augmented Dickey-Fuller test with a constant, and MacKinnon's p-values for it.

Regression: x_t - x_{t-1} = a + g x_{t-1} + sum_{i=1..k} c_i (x_{t-i} - x_{t-i-1}) + e; the statistic is the t of g.

References:
    Said and Dickey (1984), Testing for unit roots in autoregressive-moving average models of unknown order.
    MacKinnon (1994), Approximate asymptotic distribution functions for unit-root and cointegration tests, tables 3, 4.
    MacKinnon (2010), Critical values for cointegration tests, for the same surfaces.
"""

import math
from typing import NamedTuple, TypeVar

import numpy as np

from gpu_kernels import interruption
from gpu_kernels.checks import Floats

__all__ = ["p_value", "p_values", "statistics"]

_Number = TypeVar("_Number", float, Floats)


class _Surface(NamedTuple):
    """p = Phi(polynomial in t): one for t <= switch, another above; 0 below lowest, 1 above highest."""

    lowest: float
    switch: float
    highest: float
    left: tuple[float, ...]
    right: tuple[float, ...]


_SURFACES = {
    ("n", 1): _Surface(-19.04, -1.04, math.inf, (0.6344, 1.2378, 0.032496), (0.4797, 0.93557, -0.06999, 0.033066)),
    ("ct", 1): _Surface(-16.18, -2.89, 0.7, (3.2512, 1.6047, 0.049588), (2.5261, 0.61654, -0.37956, -0.060285)),
    ("c", 1): _Surface(-18.83, -1.61, 2.74, (2.1659, 1.4412, 0.038269), (1.7339, 0.93202, -0.12745, -0.010368)),
    ("c", 2): _Surface(-18.86, -2.62, 0.92, (2.92, 1.5012, 0.039796), (2.1945, 0.64695, -0.29198, -0.042377)),
}
"""By what the regression has beside the series, as reversion.TRENDS, and the number of series in it."""


def p_values(statistic: Floats, n_series: int = 1, trend: str = "c") -> Floats:
    """Return MacKinnon's asymptotic p-values of Dickey-Fuller t values.

    Args:
        statistic: (B,); NaN gives NaN.
        n_series: 1 for a series as it is, 2 for the residual of a regression of one series on another.
        trend: "c" for a constant; for one series also "n" for nothing, or "ct" for a constant and a line.

    References:
        MacKinnon (1994), equation 6 with tables 3 and 4.
    """
    surface = _SURFACES[trend, n_series]
    with np.errstate(invalid="ignore"):  # an infinite one is beyond the surface's ends
        z = np.where(statistic <= surface.switch, _horner(surface.left, statistic), _horner(surface.right, statistic))
    p = np.array([0.5 * math.erfc(x) for x in (-z / math.sqrt(2.0)).tolist()], dtype=np.float64)
    p[statistic > surface.highest] = 1.0
    p[statistic < surface.lowest] = 0.0
    return p


def p_value(t: float, n_series: int = 1) -> float:
    """Return the p-value of one t; see p_values."""
    surface = _SURFACES["c", n_series]
    if t > surface.highest:
        return 1.0
    if t < surface.lowest:
        return 0.0
    z = _horner(surface.left if t <= surface.switch else surface.right, t)
    return 0.5 * math.erfc(-z / math.sqrt(2.0))


def statistics(prices: Floats, lags: int) -> Floats:
    """Return the t value of every row of prices (B, T).

    It is NaN where there are too few equations, +inf where the regression fits without error, and -inf where its
    regressors depend on one another.

    Args:
        prices: (B, T); equations that touch a NaN are left out.
        lags: Lagged steps in the regression, k >= 0.
    """
    return np.array([_statistic(row, lags) for row in prices], dtype=np.float64)


def _horner(coefficients: tuple[float, ...], t: _Number) -> _Number:
    z = 0.0 * t
    for coefficient in reversed(coefficients):
        z = z * t + coefficient
    return z


def _statistic(prices: Floats, lags: int) -> float:
    interruption.check()
    if prices.size < lags + 2:
        return math.nan
    with np.errstate(all="ignore"):
        steps = np.diff(prices)
    windows = np.lib.stride_tricks.sliding_window_view(steps, lags + 1)
    # The level goes last: the last pivot and projection of the QR are then all the t value needs.
    design = np.column_stack([windows[:, :-1], prices[lags:-1], windows[:, -1]])
    design = design[~np.isnan(design).any(axis=1)]
    freedom = len(design) - (lags + 2)
    if freedom < 1:
        return math.nan
    return _level_t(design, freedom)


def _level_t(design: Floats, freedom: int) -> float:
    """Return the t of the last regressor, by the regression of the last column on the others and a constant."""
    with np.errstate(all="ignore"):
        design -= design[0].copy()  # a constant column becomes zeros, which its mean might not make of it
        design -= design.mean(axis=0)
        size = np.abs(design).max(axis=0)
        design /= np.where(size > 0, size, 1.0)  # tiny steps would vanish, squared
        spread = np.sqrt(np.einsum("ij,ij->j", design, design))
    if not (spread > 0).all():
        return math.inf if spread[-1] == 0 else -math.inf
    design /= spread
    triangle = np.asarray(np.linalg.qr(design, mode="r"), dtype=np.float64)
    tiny = 8.0 * len(design) * np.finfo(np.float64).eps
    if (np.abs(np.diagonal(triangle))[:-1] <= tiny).any():
        return math.inf if _exact(design, tiny) else -math.inf
    if abs(triangle[-1, -1]) <= tiny:
        return math.inf
    level, sse = triangle[-2, -1] * np.sign(triangle[-2, -2]), triangle[-1, -1] ** 2
    return float(level * math.sqrt(freedom) / math.sqrt(sse))


def _exact(design: Floats, tiny: float) -> bool:
    """Return whether the last column depends on the others, which depend on one another; all are of length 1."""
    target = design[:, -1]
    left = target - design[:, :-1] @ np.linalg.lstsq(design[:, :-1], target, rcond=tiny)[0]
    return bool(np.sqrt(left @ left) <= np.sqrt(tiny))
