"""p-values and critical values of the tests.

References:
    MacKinnon (1994), Approximate asymptotic distribution functions for unit-root and cointegration tests, tables 3, 4.
    MacKinnon (2010), Critical values for cointegration tests, table 2.
    Kwiatkowski, Phillips, Schmidt and Shin (1992), Testing the null hypothesis of stationarity, table 1.
"""

import math

import numpy as np

from gpu_kernels.checks import Floats
from gpu_kernels.ou import dickey_fuller

__all__ = ["dickey_fuller_critical_values", "dickey_fuller_p_values", "kpss_p_values", "normal_p_values"]

_POLYNOMIALS = {
    "n": (
        (-2.56574, -2.2358, -3.627, 0.0),
        (-1.94100, -0.2686, -3.365, 31.223),
        (-1.61682, 0.2656, -2.714, 25.364),
    ),
    "c": (
        (-3.43035, -6.5393, -16.786, -79.433),
        (-2.86154, -2.8903, -4.234, -40.040),
        (-2.56677, -1.5384, -2.809, 0.0),
    ),
    "ct": (
        (-3.95877, -9.0531, -28.428, -134.155),
        (-3.41049, -4.3904, -9.036, -45.374),
        (-3.12705, -2.5856, -3.925, -22.380),
    ),
}
"""At 1, 5 and 10 %: coefficients of the powers of 1/n."""

_KPSS = {"c": (0.347, 0.463, 0.574, 0.739), "ct": (0.119, 0.146, 0.176, 0.216)}
_KPSS_LEVELS = (0.1, 0.05, 0.025, 0.01)


def dickey_fuller_p_values(statistic: Floats, trend: str) -> Floats:
    """Return MacKinnon's asymptotic p-values (B,) of Dickey-Fuller t values with a trend."""
    return dickey_fuller.p_values(statistic, trend=trend)


def dickey_fuller_critical_values(trend: str, n_equations: int) -> tuple[float, float, float]:
    """Return what the t of a random walk is below in 1, 5 and 10 % of samples with so many equations."""
    values = [math.fsum(c / n_equations**k for k, c in enumerate(each)) for each in _POLYNOMIALS[trend]]
    return values[0], values[1], values[2]


def kpss_p_values(statistic: Floats, trend: str) -> Floats:
    """Return p-values (B,) between 0.01 and 0.1, by linear interpolation in the authors' table."""
    table = _KPSS["ct" if trend == "ct" else "c"]
    return np.where(np.isnan(statistic), np.nan, np.interp(statistic, table, _KPSS_LEVELS))


def normal_p_values(statistic: Floats) -> Floats:
    """Return p-values (B,) of both sides of standard normal statistics."""
    return np.array([math.erfc(abs(z) / math.sqrt(2.0)) for z in statistic.tolist()], dtype=np.float64)
