"""Moments of returns: estimators of a covariance, and the statistics of one portfolio.

Rows with NaN are dropped listwise before anything else; T counts the rows that are left, R is T x N, m the column
means, X = R - m.

Covariance estimators:

- "sample": S = X'X / (T - 1).
- "ledoit_wolf": S0 = X'X / T, target F = tr(S0)/N I, (1 - d) S0 + d F with d = min(b, D)/D, D = |S0 - F|^2 / N and
  b = (sum_t |x_t|^4 / T - |S0|^2) / (N T), Frobenius norms (Ledoit and Wolf 2004, section 3.3).
- "oas": the same target with d = min(1, (q + f^2) / ((T + 1) (q - f^2/N))), q = mean squared entry of S0, f = tr(S0)/N
  (Chen et al. 2010, equation 23, as scikit-learn computes it).
- "ewma": weights w_t in proportion to 2^(-(T - 1 - t)/halflife) with sum 1, about the weighted mean, divided by
  1 - sum w_t^2.

A sample or ewma matrix that cannot carry weights (T <= N, or a condition number above 1e10) is replaced by the
Ledoit-Wolf matrix, and `fallback` says why.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpu_kernels.checks import Floats
from gpu_kernels.errors import Degenerate, InvalidInput

__all__ = ["DEFAULT_HALFLIFE", "LARGEST_CONDITION", "METHODS", "Covariance", "PortfolioStats", "WindowCovariances"]

METHODS = ("sample", "ledoit_wolf", "oas", "ewma")
"""The covariance estimators."""

LARGEST_CONDITION = 1e10
"""Above this condition number a sample or ewma matrix is replaced by the Ledoit-Wolf one."""

DEFAULT_HALFLIFE = 63.0
"""Periods; a quarter of trading days."""


class Covariance(NamedTuple):
    """Means and covariance of returns.

    Attributes:
        mean: (N,) column means, per period; equally weighted under every method.
        matrix: (N, N) symmetric, per period.
        shrinkage: Weight of the target in [0, 1]; 0 for "sample" and "ewma".
        method: The estimator that was used, "ledoit_wolf" after a fallback.
        fallback: Why the asked estimator was replaced; "" where it was not.
        dropped_rows: Rows with NaN.
        n_periods: Rows used, T.
    """

    mean: Floats
    matrix: Floats
    shrinkage: float
    method: str
    fallback: str
    dropped_rows: int
    n_periods: int


class WindowCovariances(NamedTuple):
    """Means and covariances of W windows of returns, as Covariance has those of one.

    Attributes:
        mean: (W, N); NaN where a window has no covariance.
        matrix: (W, N, N); NaN likewise.
        shrinkage: (W,); 0 likewise.
        fallback: W texts: why the asked estimator was replaced; "" where it was not.
        dropped_rows: (W,) rows with NaN.
        errors: W entries: the error that covariance raises for the window alone; None where it has a covariance.
    """

    mean: Floats
    matrix: Floats
    shrinkage: Floats
    fallback: list[str]
    dropped_rows: NDArray[np.int64]
    errors: list[InvalidInput | Degenerate | None]


class PortfolioStats(NamedTuple):
    """Statistics of the portfolio return p = R w.

    Skewness is m3 / m2^1.5 and kurtosis m4 / m2^2 (3 for a normal), with population moments m2, m3, m4. A portfolio
    that does not vary has std_return, skewness, kurtosis, sharpe_ratio and contributions 0.

    Attributes:
        mean_return: Mean of p, per period.
        std_return: Standard deviation of p, ddof 1, per period.
        skewness: Third standardised moment.
        kurtosis: Fourth standardised moment, not in excess of 3.
        correlation: (N, N); an asset that does not vary has 1 on the diagonal and 0 elsewhere.
        covariance: (N, N), ddof 1, per period.
        marginal_contrib: (N,) w_i (S w)_i / std_return, which sum to std_return.
        annual_return: mean_return times periods_per_year.
        annual_volatility: std_return times sqrt(periods_per_year).
        sharpe_ratio: annual_return / annual_volatility, over a rate of 0.
        sharpe_std_error: Of it, annualised likewise, as performance.sharpe_error has it; NaN where p does not vary, or
            of fewer than three rows.
        probability_sharpe_positive: That the true ratio is above 0; NaN where the error is.
        levels: (L,) confidence levels of the next two.
        value_at_risk: (L,) smallest loss x with at least a share `level` of the losses -p at or below x.
        expected_shortfall: (L,) mean of the worst share 1 - level of the losses, the boundary loss taken in part.
        dropped_rows: Rows with NaN.
        n_periods: Rows used, T.
    """

    mean_return: float
    std_return: float
    skewness: float
    kurtosis: float
    correlation: Floats
    covariance: Floats
    marginal_contrib: Floats
    annual_return: float
    annual_volatility: float
    sharpe_ratio: float
    sharpe_std_error: float
    probability_sharpe_positive: float
    levels: Floats
    value_at_risk: Floats
    expected_shortfall: Floats
    dropped_rows: int
    n_periods: int
