"""Johansen's test of how many combinations of N series revert: equations and results.

With y_t the levels of N series (prices or their logarithms) at bars t = 0 .. T-1, d_t = y_t - y_{t-1}, and k lags,

    d_t = P y_{t-1} + G_1 d_{t-1} + .. + G_k d_{t-k} + m + e_t,  t = k+1 .. T-1, n = T - 1 - k rows

The rank of P is the number of combinations that revert, and P = a b' with the combinations as columns of b.

Deterministic terms, by det_order: -1 has none; 0 has the constant m; 1 takes a straight line out of each series over
all T bars first, and then has the constant m.

R0 is what least squares on d_{t-1} .. d_{t-k} (and the constant) leaves of d_t, R1 what it leaves of y_{t-1}; both are
(n, N). With R0 = Q0 U0 and R1 = Q1 U1 by QR, the singular values c_1 >= .. >= c_N of Q1'Q0 are the canonical
correlations, and

    eigenvalue_i = c_i^2      vector_i = sqrt(n) U1^-1 w_i,  w_i the left singular vector

These are the eigenvalues of S11^-1 S10 S00^-1 S01 with S_ij = Ri'Rj / n (Johansen 1988, equation 10), without the
inverse of a matrix of moments. vector_i' S11 vector_i = 1, and the first weight of each vector is positive.

    trace_statistic[r] = -n sum over i > r of ln(1 - eigenvalue_i)      tests rank <= r against any rank
    max_eigenvalue_statistic[r] = -n ln(1 - eigenvalue_{r+1})           tests rank <= r against rank r + 1

with r = 0 .. N-1. The rank that a test accepts is the first r whose statistic is at most its critical value at 95 %, N
where there is none.

The spread is X_t = vector_1' y_t - intercept - trend t, where intercept and trend are those of the least-squares line
for det_order 1, the mean and 0 for det_order 0, and 0 and 0 for det_order -1. As an Ornstein-Uhlenbeck process
(gpu_kernels.ou), with a step of one bar, it has theta, mu, sigma and a half-life.

References:
    Johansen (1988), Statistical analysis of cointegration vectors, section 3.
    Johansen (1991), Estimation and hypothesis testing of cointegration vectors in Gaussian vector autoregressive
        models.
    Bjorck and Golub (1973), Numerical methods for computing angles between linear subspaces, theorem 1.
"""

from typing import NamedTuple

from gpu_kernels.checks import Floats

__all__ = ["DET_ORDERS", "MOST_LAGS", "MOST_SERIES", "STATUSES", "Johansen", "ReducedRank"]

DET_ORDERS = (-1, 0, 1)
"""Deterministic terms: none, a constant, a straight line taken out first."""

MOST_SERIES = 12
"""Critical values are tabulated for so many series."""

MOST_LAGS = 24
"""With 12 series each equation has 288 coefficients of lagged differences then."""

STATUSES = ("ok", "no_process")
"""Whether the first spread is an Ornstein-Uhlenbeck process."""


class ReducedRank(NamedTuple):
    """The reduced-rank regression of N series.

    Attributes:
        eigenvalues: (N,) squared canonical correlations, largest first, at most 1.
        vectors: (N, N), row i the weights of vector i, in units of 1 / level; the first one of each is positive.
        trace_statistic: (N,), of rank <= r at r.
        max_eigenvalue_statistic: (N,), likewise.
        n_samples: n, rows of the regression.
        intercept: (N,) of the line that the levels are taken around, at bar 0, in units of the level.
        trend: (N,) slope of that line per bar.
    """

    eigenvalues: Floats
    vectors: Floats
    trace_statistic: Floats
    max_eigenvalue_statistic: Floats
    n_samples: int
    intercept: Floats
    trend: Floats


class Johansen(NamedTuple):
    """The test of N series; entry r of a statistic, and row r of its critical values, are of rank <= r.

    With status "no_process" the figures from theta to half_life are NaN.

    Attributes:
        eigenvalues: (N,), largest first.
        vectors: (N, N), row i the weights of vector i, one a series, in units of 1 / level.
        trace_statistic: (N,).
        trace_critical_values: (N, 3), at the levels of critical_values.LEVELS.
        trace_rank: Combinations that revert by the trace test at 95 %, 0 .. N.
        max_eigenvalue_statistic: (N,).
        max_eigenvalue_critical_values: (N, 3), likewise.
        max_eigenvalue_rank: By the maximum-eigenvalue test at 95 %, 0 .. N.
        n_samples: Rows of the regression.
        spread: (T,) the first vector times the levels, less intercept and trend t; has no unit.
        intercept: What is taken out of the spread at bar 0; 0 for det_order -1.
        trend: What is taken out more with each bar; 0 unless det_order is 1.
        theta: Speed of reversion of the spread, per bar.
        mu: Its mean.
        sigma: Its volatility, per square root of a bar.
        half_life: In bars.
        status: One of STATUSES.
        reason: Why there is no process, in words; "" for "ok".
    """

    eigenvalues: Floats
    vectors: Floats
    trace_statistic: Floats
    trace_critical_values: Floats
    trace_rank: int
    max_eigenvalue_statistic: Floats
    max_eigenvalue_critical_values: Floats
    max_eigenvalue_rank: int
    n_samples: int
    spread: Floats
    intercept: float
    trend: float
    theta: float
    mu: float
    sigma: float
    half_life: float
    status: str
    reason: str
