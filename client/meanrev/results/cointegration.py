"""Results of the tests for cointegration. Fields are named as on the wire, where their units are stated."""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

from meanrev.results.base import Result

__all__ = ["PairFit"]


@dataclass(frozen=True, eq=False, kw_only=True)
class PairFit(Result):
    """The fit of one pair of series.

    Attributes:
        y: Label of the series that is regressed.
        x: Label of the one that it is regressed on.
        hedge_ratio: Units of y per unit of x, of logarithms where these were regressed.
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
    """

    y: Hashable
    x: Hashable
    hedge_ratio: float
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
