"""One pair of series that may revert to each other: equations and result.

With y and x the prices, or their logarithms, over T bars:

1. y = a + b x + u by least squares; b is the hedge ratio and a the intercept (gpu_kernels.cointegration).
2. u is tested for a unit root without a constant, with k lagged steps; p is MacKinnon's for two series.
3. The spread is X = y - a - b x. As an Ornstein-Uhlenbeck process (gpu_kernels.ou), with a step of one bar, it has
   theta, mu, sigma and a half-life.
4. The thresholds maximise the objective (gpu_kernels.thresholds) for a round trip of 2 cost. A cost that is a fraction
   of the notional is paid on both legs, as in a scan: 1 + |b| times the fraction, of logarithms.

The interval of the hedge ratio is that of dynamic least squares (dynamic_least_squares.py).

Direction "given" regresses the first column on the second. "best" chooses the direction with the lower statistic, as a
scan of all pairs does (gpu_kernels.pair_trading). The lower of two statistics is smaller than one, so that its p errs
on the low side.

References:
    Engle and Granger (1987), Co-integration and error correction, section 5.
    MacKinnon (1994), Approximate asymptotic distribution functions for unit-root and cointegration tests.
"""

from typing import NamedTuple

from gpu_kernels.checks import Floats

__all__ = ["DIRECTIONS", "EngleGranger"]

DIRECTIONS = ("given", "best")
"""Which column is regressed on the other."""


class EngleGranger(NamedTuple):
    """The fit of one pair; y is the series regressed, x the other one.

    With status "no_process" the figures from theta to exit_zscore are NaN, with "too_costly" the two thresholds are.

    Attributes:
        turned: Whether y is the second column, which happens for direction "best" alone.
        hedge_ratio: b, in units of y per unit of x; of logarithms where these were regressed.
        intercept: a, in units of the spread.
        spread: (T,) y - a - b x, in units of y, or of its logarithm.
        adf_statistic: t of the residual's Dickey-Fuller test.
        p_value: MacKinnon's asymptotic p-value of it, for two series.
        lags: Lagged steps in the test.
        theta: Speed of reversion of the spread, per bar.
        theta_std_error: Of theta.
        half_life: In bars.
        mu: Mean of the spread.
        sigma: Volatility of the spread, per square root of a bar.
        entry_zscore: Threshold at which a trade opens, in stationary standard deviations.
        exit_zscore: A trade of side d closes when d z >= -exit_zscore.
        status: "traded", or why the spread has no thresholds: one of pair_trading.STATUSES.
        reason: The same in words; "" where status is "traded".
        hedge_ratio_lower: Lower end of the 95 % confidence interval of the slope of the relation behind hedge_ratio, by
            dynamic least squares (dynamic_least_squares.py). It need not hold hedge_ratio, and means nothing of series
            that do not revert to each other. NaN where bars are too few.
        hedge_ratio_upper: Upper end of it.
    """

    turned: bool
    hedge_ratio: float
    intercept: float
    spread: Floats
    adf_statistic: float
    p_value: float
    lags: int
    theta: float
    theta_std_error: float
    half_life: float
    mu: float
    sigma: float
    entry_zscore: float
    exit_zscore: float
    status: str
    reason: str
    hedge_ratio_lower: float
    hedge_ratio_upper: float
