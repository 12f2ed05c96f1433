"""Tests of whether a series reverts: what each computes.

x_t, t = 0..T-1, are prices; D is what the option trend leaves in: nothing ("n"), a constant ("c"), a constant and a
line ("ct"). KPSS and DF-GLS have no form without a constant, and take "c" there. S(u, L) is the long-run variance of
Newey and West (1987) with L lags, S = g_0 + 2 sum_{j=1..L} (1 - j/(L+1)) g_j, where g_j = sum u_t u_{t-j} / n.

- Augmented Dickey-Fuller: the t of b - 1 in step_t = D + (b - 1) x_{t-1} + k lagged steps + e.
- Phillips and Perron (1988), Z_tau: of the regression x_t = D + b x_{t-1} + u with n rows and p coefficients, s_b the
  standard error of b, s^2 = u'u/(n - p), g = u'u/n, S = S(u, L):

      sqrt(g/S) (b - 1)/s_b - (S - g)/(2 sqrt(S)) n s_b/s

- KPSS (Kwiatkowski, Phillips, Schmidt and Shin 1992): sum of squared partial sums of u, the residual of x on D, over
  T^2 S(u, L). Its null is that the series reverts.
- DF-GLS (Elliott, Rothenberg and Stock 1996): the Dickey-Fuller t without D of x less its D, estimated from
  x_t - a x_{t-1} with a = 1 - 7/T, and 1 - 13.5/T with a line.
- Variance ratio (Lo and MacKinlay 1988), over q steps, overlapping and without bias, with the statistic that allows for
  heteroskedasticity; below 1 is reversion.
- Hurst exponent by the rescaled range R/S of blocks of steps, of n = 8, 16, ... up to T/2 steps: 1/2 plus the slope of
  ln(R/S) - ln E(R/S) on ln n, with the expectation for independent steps of Anis and Lloyd (1976).
- Hurst exponent by the variance of increments: half the slope of ln mean (x_{t+q} - x_t - q m)^2 on ln q, with m the
  mean step, over q = 1, 2, 4, ... up to T/8. Below 1/2 is reversion.
- Half-life from the median-unbiased b; see gpu_kernels.ou.

p-values: MacKinnon's surfaces for Dickey-Fuller and Phillips-Perron, and for DF-GLS with a constant, whose limit is
that of the Dickey-Fuller t without D; KPSS by linear interpolation in the table of its authors, so that it is between
0.01 and 0.1. Critical values of Dickey-Fuller are those of samples of that length (MacKinnon 2010).

References:
    MacKinnon (2010), Critical values for cointegration tests.
    Phillips and Perron (1988), Testing for a unit root in time series regression, section 2.
    Kwiatkowski, Phillips, Schmidt and Shin (1992), Testing the null hypothesis of stationarity against the alternative
        of a unit root, equations 10 and 13.
    Elliott, Rothenberg and Stock (1996), Efficient tests for an autoregressive unit root, section 3.
    Lo and MacKinlay (1988), Stock market prices do not follow random walks, section 1.
    Anis and Lloyd (1976), The expected value of the adjusted rescaled Hurst range of independent normal summands.
    Newey and West (1987), A simple, positive semi-definite, heteroskedasticity and autocorrelation consistent
        covariance matrix.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpu_kernels.checks import Floats
from gpu_kernels.ou.model import OuFit

__all__ = ["FEWEST", "STATUSES", "TRENDS", "ReversionTests", "TestedFit"]

TRENDS = ("n", "c", "ct")
"""What the null and the alternative have beside the series' own past: nothing, a constant, a constant and a line."""

STATUSES = ("ok", "error")
"""Of a series."""

FEWEST = 32
"""Prices that a series needs."""


class ReversionTests(NamedTuple):
    """Tests of B series, every array (B,); NaN behind status "error".

    Attributes:
        n_samples: Prices, integers.
        adf_statistic: Augmented Dickey-Fuller t; low where the series reverts.
        adf_p_value: MacKinnon's.
        adf_critical_1: Value that a random walk's statistic is below in 1 % of samples of this length.
        adf_critical_5: In 5 %.
        adf_critical_10: In 10 %.
        pp_statistic: Phillips and Perron's Z_tau.
        pp_p_value: MacKinnon's.
        kpss_statistic: High where the series does not revert.
        kpss_p_value: Of the null that it reverts, between 0.01 and 0.1.
        dfgls_statistic: Low where the series reverts.
        dfgls_p_value: MacKinnon's for a constant; NaN with a line.
        variance_ratio: 1 for a random walk, below 1 with reversion.
        variance_ratio_statistic: Standard normal for a random walk.
        variance_ratio_p_value: Of both sides.
        hurst_rescaled_range: 1/2 for a random walk, below it with reversion.
        hurst_increments: Likewise.
        half_life: Median-unbiased, in steps; infinite where no reversion is left.
        half_life_lower: Lower end of its 95 % interval.
        half_life_upper: Upper end.
        status: One of STATUSES.
        reason: Why there are no tests; "" where there are.
    """

    n_samples: NDArray[np.int64]
    adf_statistic: Floats
    adf_p_value: Floats
    adf_critical_1: Floats
    adf_critical_5: Floats
    adf_critical_10: Floats
    pp_statistic: Floats
    pp_p_value: Floats
    kpss_statistic: Floats
    kpss_p_value: Floats
    dfgls_statistic: Floats
    dfgls_p_value: Floats
    variance_ratio: Floats
    variance_ratio_statistic: Floats
    variance_ratio_p_value: Floats
    hurst_rescaled_range: Floats
    hurst_increments: Floats
    half_life: Floats
    half_life_lower: Floats
    half_life_upper: Floats
    status: tuple[str, ...]
    reason: tuple[str, ...]


class TestedFit(NamedTuple):
    """Fits of B series, and tests of the same series.

    Attributes:
        fit: As from ou.fit, which leaves out prices that are NaN.
        tests: As from run_tests; a series with a price that is not finite has none.
    """

    fit: OuFit
    tests: ReversionTests
