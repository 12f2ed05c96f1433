"""A 95 % confidence interval of the hedge ratio of two cointegrated series, by dynamic least squares.

The least-squares slope of y on x has no usual standard error: its distribution is not normal where steps of x and the
residual are correlated, and the residual is autocorrelated. With D x the steps of x and p leads and lags,

    y_t = a + b x_t + sum_{j=-p..p} c_j D x_{t+j} + v_t

has an estimate of b that is asymptotically normal with the long-run variance w of v. Its interval is about that
estimate, not about the least-squares slope, which it may leave out. p is ceil(4 (T / 100)^(1/4)), at most 12.

w is estimated with Parzen's kernel and Andrews's bandwidth from v prewhitened by a first-order autoregression r. Fitted
residuals make r too small, by about (2 + 4 r) / n where a trend was estimated; (2 + 6 r) / n is added, which covers
better in simulation (docs/calibration.md), and r is at most 1 - 2 / n. w counts n over n less the regressors.

References:
    Saikkonen (1991), Asymptotically efficient estimation of cointegration regressions.
    Stock and Watson (1993), A simple estimator of cointegrating vectors in higher order integrated systems.
    Andrews and Monahan (1992), An improved heteroskedasticity and autocorrelation consistent covariance matrix
        estimator.
"""

import math
from collections.abc import Iterator

import numpy as np

from gpu_kernels import interruption
from gpu_kernels.bounds import units
from gpu_kernels.checks import Floats

__all__ = ["dynamic_slope", "hedge_interval"]

_NORMAL_975 = 1.959963984540054
_MOST_LEADS = 12
_ROWS_AT_ONCE = 4096
_MOST_AUTOREGRESSION = 0.97
"""What the autoregression of the prewhitened residual counts at most in the bandwidth."""


def hedge_interval(y: Floats, x: Floats) -> tuple[float, float]:
    """Return the ends of the interval of b, NaN where too few bars, or steps of x that do not vary, give none.

    Args:
        y: (T,) levels, which vary.
        x: (T,) levels, which vary.
    """
    slope, error = dynamic_slope(y, x)
    return slope - _NORMAL_975 * error, slope + _NORMAL_975 * error


def dynamic_slope(y: Floats, x: Floats) -> tuple[float, float]:
    """Return the slope b by dynamic least squares and its standard error, both NaN where there is none.

    Args:
        y: (T,) levels, which vary.
        x: (T,) levels, which vary.
    """
    # What varies by about 1 has squares that are numbers.
    size_y, size_x = units(np.array([np.ptp(y), np.ptp(x)])).tolist()
    slope, error = _slope(y / size_y, x / size_x)
    return slope * (size_y / size_x), error * (size_y / size_x)


def _slope(y: Floats, x: Floats) -> tuple[float, float]:
    n_leads = min(_MOST_LEADS, math.ceil(4 * (y.size / 100) ** 0.25))
    n_rows, n_regressors = y.size - 1 - 2 * n_leads, 2 * n_leads + 3
    if n_rows <= 2 * n_regressors:
        return math.nan, math.nan
    left = y[n_leads + 1 : n_leads + 1 + n_rows]
    left = left - left.mean()
    square, product = np.zeros((n_regressors - 1, n_regressors - 1)), np.zeros(n_regressors - 1)
    for rows, some in _regressors(x, n_leads, n_rows):
        square += some.T @ some
        product += left[rows] @ some
    scale = np.sqrt(np.diagonal(square))
    if not scale.all():
        return math.nan, math.nan
    square /= np.multiply.outer(scale, scale)
    if np.linalg.eigvalsh(square)[0] <= n_rows * np.finfo(np.float64).eps:
        return math.nan, math.nan
    inverse = np.linalg.inv(square)
    slopes = inverse @ (product / scale) / scale
    residual = left
    for rows, some in _regressors(x, n_leads, n_rows):
        residual[rows] -= some @ slopes
    variance = _long_run_variance(residual) * n_rows / (n_rows - n_regressors)
    return float(slopes[-1]), math.sqrt(variance * float(inverse[-1, -1])) / float(scale[-1])


def _regressors(x: Floats, n_leads: int, n_rows: int) -> Iterator[tuple[slice, Floats]]:
    """Yield rows and their regressors less their means: the steps of x around each row, and x itself as the last."""
    steps = np.lib.stride_tricks.sliding_window_view(np.diff(x), 2 * n_leads + 1)
    means = np.array([(x[j + n_rows] - x[j]) / n_rows for j in range(2 * n_leads + 1)])
    levels = x[n_leads + 1 : n_leads + 1 + n_rows]
    mean = levels.mean()
    for rows in interruption.pieces(n_rows, _ROWS_AT_ONCE):
        yield rows, np.column_stack([steps[rows] - means, levels[rows] - mean])


def _long_run_variance(residual: Floats) -> float:
    """Return the prewhitened estimate of the module; 0 where the residual is 0 throughout."""
    unit = float(np.abs(residual).max())
    if unit == 0.0:
        return 0.0
    v = residual / unit
    r = _autoregression(v)
    r = min(r + (2 + 6 * r) / v.size, 1 - 2 / v.size)
    return _parzen(v[1:] - r * v[:-1]) / (1 - r) ** 2 * unit**2


def _autoregression(v: Floats) -> float:
    square = float(v[:-1] @ v[:-1])
    return float(v[1:] @ v[:-1]) / square if square > 0.0 else 0.0


def _parzen(v: Floats) -> float:
    """Return the long-run variance of v about 0, with Andrews's bandwidth for a first-order autoregression."""
    r = min(max(_autoregression(v), -_MOST_AUTOREGRESSION), _MOST_AUTOREGRESSION)
    bandwidth = 2.6614 * (4 * r * r / (1 - r) ** 4 * v.size) ** 0.2
    total = float(v @ v)
    for lag in range(1, min(v.size, math.ceil(bandwidth))):
        interruption.check()
        share = lag / bandwidth
        weight = 1 - 6 * share**2 * (1 - share) if share <= 0.5 else 2 * (1 - share) ** 3
        total += 2 * weight * float(v[lag:] @ v[:-lag])
    return max(0.0, total / v.size)
