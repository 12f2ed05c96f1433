"""Results of the tests for cointegration. Fields are named as on the wire, where their units are stated."""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from meanrev.pictures import Chart, of_results
from meanrev.results.base import Pictured

__all__ = ["JohansenTest", "PairFit"]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class PairFit(Pictured):
    """The fit of one pair of series.

    Attributes:
        y: Label of the series that is regressed.
        x: Label of the one that it is regressed on.
        hedge_ratio: Units of y per unit of x, of logarithms where these were regressed.
        hedge_ratio_lower: Lower end of the 95 % confidence interval of the slope behind it, by dynamic least squares.
            The interval need not hold hedge_ratio, and means nothing of series that do not revert to each other; NaN
            where bars are too few.
        hedge_ratio_upper: Upper end of it.
        intercept: Of the regression.
        spread: (T,) y - intercept - hedge_ratio x, in the container of the prices.
        adf_statistic: Of the residual.
        p_value: MacKinnon's, for two series.
        lags: Lagged differences in the test.
        theta: Of the spread, per bar.
        theta_std_error: Its standard error.
        half_life: In bars.
        mu: Mean of the spread.
        sigma: Its volatility, per square root of a bar.
        entry_zscore: Optimal threshold.
        exit_zscore: A position with side d exits when d z >= -exit_zscore.
        status: "traded", or why there are no thresholds: "no_process", "too_costly".
        reason: The same in words; "" for "traded".
        note: A warning about the thresholds, such as a unit root that is not rejected; "" for none.
    """

    y: Hashable
    x: Hashable
    hedge_ratio: float
    hedge_ratio_lower: float
    hedge_ratio_upper: float
    intercept: float
    spread: Any
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
    note: str

    def chart(self) -> Chart:
        """Return a picture of the spread with its mean, its bands and the levels of entries."""
        return of_results.of_pair(self)


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class JohansenTest(Pictured):
    """Johansen's test of N series; entry r of a statistic, and row r of its critical values, are of rank <= r.

    Attributes:
        eigenvalues: (N,), largest first.
        vectors: (N, N) in the container of the prices; row i has the weights of combination i, one a series. The rows
            below the rank are the combinations that revert.
        trace_statistic: (N,).
        trace_critical_values: (N, 3), at 90, 95 and 99 %.
        trace_rank: Combinations that revert, by the trace test at 95 %.
        max_eigenvalue_statistic: (N,).
        max_eigenvalue_critical_values: (N, 3), at 90, 95 and 99 %.
        max_eigenvalue_rank: Combinations that revert, by the maximum-eigenvalue test at 95 %.
        n_samples: Rows of the regression.
        spread: (T,) the first vector times the levels, less intercept and trend, in the container of the prices.
        intercept: What is taken out of the spread at the first bar.
        trend: What is taken out more with each bar.
        theta: Of the spread, per bar.
        mu: Its mean.
        sigma: Its volatility, per square root of a bar.
        half_life: In bars.
        status: "ok", or "no_process" where theta to half_life are NaN.
        reason: Why, in words; "" for "ok".
    """

    eigenvalues: NDArray[np.float64]
    vectors: Any
    trace_statistic: NDArray[np.float64]
    trace_critical_values: NDArray[np.float64]
    trace_rank: int
    max_eigenvalue_statistic: NDArray[np.float64]
    max_eigenvalue_critical_values: NDArray[np.float64]
    max_eigenvalue_rank: int
    n_samples: int
    spread: Any
    intercept: float
    trend: float
    theta: float
    mu: float
    sigma: float
    half_life: float
    status: str
    reason: str

    def chart(self) -> Chart:
        """Return a picture of the spread of the first combination, with its mean and its bands."""
        return of_results.of_combination(self)
