"""Pairs of series that may revert to each other: equations and results.

Step one, for the pair [i, j], regresses y = series i on x = series j with an intercept. With demeaned levels and their
cross products S over T samples

    b = S_xy / S_xx      a = mean(y) - b mean(x)      u = y - a - b x

Step two tests the residual u for a unit root without a constant, with d_t = u_t - u_{t-1} and k lags,

    d_t = g u_{t-1} + sum_{i=1..k} c_i d_{t-i} + e_t,  t = k+1 .. T-1

where the statistic is the t of g; its p-value is MacKinnon's for a constant and two series (Engle and Granger 1987).
Chosen by AIC, k is the least n ln(SSE_k) + 2k over the sample n = T - 1 - K that all of k = 0 .. K share, and the
regression is then run again on all the samples that k lags leave.

The residual as an Ornstein-Uhlenbeck process with a step of one period: beta = 1 + S_ld / S_ll with centred sums over
l = u[:-1] and d, theta = -ln(beta), half_life = ln 2 / theta.

No residual is needed for any of this. As u = y - b x is linear, each sum over products of its steps is a quadratic form

    sum_t d_t d_{t-h} = G_yy(h) - 2 b G_yx(h) + b^2 G_xx(h),  G(h) the symmetric part of sum_t D_t' D_{t-h}

less a few products at the ends, where the sample begins k steps late; and sums of levels times steps telescope:

    sum_t u_{t-1} d_t = (u_last^2 - u_first^2 - sum_t d_t^2) / 2
    sum_t u_{t-1} d_{t-i} = sum_t u_{t-i-1} d_{t-i} + sum_{j=1..i} sum_t d_{t-j} d_{t-i}

so that the N x N matrices X'X, G(0) .. G(K) give all N (N - 1) directed pairs. Where a difference would lose digits (a
residual, or what a regression leaves of a column, below 1e-6 of the sum of squares it comes from) the pair is computed
from its residual instead.

References:
    Engle and Granger (1987), Co-integration and error correction: representation, estimation, and testing, section 5.
    MacKinnon (1994), Approximate asymptotic distribution functions for unit-root and cointegration tests, tables 3, 4.
    Hamilton (1994), Time Series Analysis, section 19.2.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpu_kernels.checks import Floats

__all__ = ["COLLINEAR", "CONSTANT", "FITTED", "ITSELF", "LOSSY", "STATUSES", "LagRule", "PairFigures", "PairsFit"]

STATUSES = ("fitted", "constant", "collinear", "itself")
"""What a pair's status says, by its number."""

FITTED, CONSTANT, COLLINEAR, ITSELF = range(4)

LOSSY = 1e-6
"""A difference below this share of what it was taken from is computed anew from the residual."""


class LagRule(NamedTuple):
    """How many lagged steps the test of the residual has.

    Attributes:
        most: The number of lags, or the most that AIC may choose.
        by_aic: Whether AIC chooses.
    """

    most: int
    by_aic: bool


class PairFigures(NamedTuple):
    """What is computed of a pair, in arrays of one shape.

    Attributes:
        hedge_ratio: b, in units of y per unit of x.
        intercept: a, in units of y.
        adf_statistic: t of g.
        adf_p_value: MacKinnon's asymptotic p-value of it.
        lags: k, integers; -1 where there is no test.
        ar1: beta, the residual's autoregressive coefficient of order one.
        theta: Speed of reversion per period; 0 for beta >= 1, NaN for beta <= 0, which no such process has. Rounding
            decides of neither.
        half_life: In periods; +inf for beta >= 1, NaN for beta <= 0.
        residual_std: Standard error of the first regression, sqrt(u'u / (T - 2)), in units of y.
        status: FITTED; CONSTANT where one of the series is; COLLINEAR where the residual is rounding; ITSELF.
    """

    hedge_ratio: Floats
    intercept: Floats
    adf_statistic: Floats
    adf_p_value: Floats
    lags: NDArray[np.int64]
    ar1: Floats
    theta: Floats
    half_life: Floats
    residual_std: Floats
    status: NDArray[np.int8]


class PairsFit(NamedTuple):
    """All directed pairs; [i, j] is series i regressed on series j, and the diagonal is NaN.

    A pair with a constant series has NaN throughout, a collinear one in everything that its residual would give.

    Attributes:
        hedge_ratio: (N, N), as in PairFigures, here and below.
        intercept: (N, N).
        adf_statistic: (N, N).
        adf_p_value: (N, N).
        lags: (N, N) integers.
        ar1: (N, N).
        theta: (N, N).
        half_life: (N, N).
        residual_std: (N, N).
        status: (N, N) integers, indices into STATUSES.
        constant: (N,) which series do not vary.
        lag_rule: As asked.
    """

    hedge_ratio: Floats
    intercept: Floats
    adf_statistic: Floats
    adf_p_value: Floats
    lags: NDArray[np.int64]
    ar1: Floats
    theta: Floats
    half_life: Floats
    residual_std: Floats
    status: NDArray[np.int8]
    constant: NDArray[np.bool_]
    lag_rule: LagRule
