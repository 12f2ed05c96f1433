"""Results of the methods for portfolios. Fields are named as on the wire, where their units are stated.

Axes: T time, N assets, K components or periods.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from meanrev.pictures import Chart, of_results
from meanrev.results.base import Pictured, Result

__all__ = [
    "Health",
    "MultiperiodPlan",
    "Pca",
    "PortfolioStats",
    "Weights",
]

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Pca(Pictured):
    """Principal components.

    Attributes:
        explained_variance_ratio: (K,).
        components: (K, N), in the container of the returns.
        transformed: (T, K), likewise.
        total_variance_explained: Sum of the ratios that were kept.
    """

    explained_variance_ratio: Floats
    components: Any
    transformed: Any
    total_variance_explained: float

    def chart(self) -> Chart:
        """Return a picture of each component's share of the variance."""
        return of_results.of_pca(self)


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Weights(Pictured):
    """Portfolio weights.

    Attributes:
        weights: (N,), in the container of the returns.
        expected_return: Per period.
        expected_volatility: Per period.
        sharpe_ratio: Per period.
        sharpe_std_error: Of the Sharpe ratio of these weights over the returns; NaN where means or covariance were
            given.
        probability_sharpe_positive: That their true ratio is above 0, which does not allow for their choice by the
            same returns.
        utility: Certainty equivalent at gamma.
        status: "optimized", "constrained" or "error".
        timestamp_ms: As sent.
    """

    weights: Any
    expected_return: float
    expected_volatility: float
    sharpe_ratio: float
    sharpe_std_error: float
    probability_sharpe_positive: float
    utility: float
    status: str
    timestamp_ms: int

    def chart(self) -> Chart:
        """Return a picture of the weights by asset."""
        return of_results.of_weights(self)


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class MultiperiodPlan(Result):
    """Weights for several periods.

    Attributes:
        weights_sequence: (K, N), one row a period.
        expected_return: (K,).
        expected_volatility: (K,).
        sharpe_ratio: (K,).
        sharpe_std_error: (K,) of these; NaN where means or covariance were given.
        probability_sharpe_positive: (K,) that the true ratio is above 0, as in Weights.
        utility: (K,), net of that period's cost.
        status: K of them.
        cumulative_utility: The objective, net of costs.
        avg_turnover: Mean over rebalances of sum |dw|.
        rebalance_times: Period indices.
    """

    weights_sequence: Any
    expected_return: Floats
    expected_volatility: Floats
    sharpe_ratio: Floats
    sharpe_std_error: Floats
    probability_sharpe_positive: Floats
    utility: Floats
    status: tuple[str, ...]
    cumulative_utility: float
    avg_turnover: float
    rebalance_times: NDArray[np.int64]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class PortfolioStats(Result):
    """Moments of a portfolio, and its assets' covariance.

    Attributes:
        mean_return: Per period.
        std_return: Per period, ddof 1.
        skewness: Of the portfolio's returns.
        kurtosis: Of a normal distribution: 3.
        correlation: (N, N), in the container of the returns.
        covariance: (N, N), likewise.
        marginal_contrib: (N,) contributions that sum to std_return.
    """

    mean_return: float
    std_return: float
    skewness: float
    kurtosis: float
    correlation: Any
    covariance: Any
    marginal_contrib: Any


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Health(Result):
    """A portfolio's value, risk and alerts at one moment.

    Attributes:
        portfolio_id: As asked for.
        timestamp_ms: When.
        total_value: Cash and holdings at the last marks.
        daily_return: Since the last mark of the previous UTC day.
        volatility_24h: Realised over 24 hours.
        max_drawdown: Since registration.
        open_positions: Holdings that are not zero.
        status: "healthy", "warning" or "risk".
        alerts: What is wrong, in words.
    """

    portfolio_id: str
    timestamp_ms: int
    total_value: float
    daily_return: float
    volatility_24h: float
    max_drawdown: float
    open_positions: int
    status: str
    alerts: tuple[str, ...]
