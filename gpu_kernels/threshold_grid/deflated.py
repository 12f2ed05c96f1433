"""The deflated Sharpe ratio: what is left of a best Sharpe ratio once the number of tries is taken into account."""

import math
from functools import lru_cache
from statistics import NormalDist

__all__ = ["expected_maximum", "probability"]

_NORMAL = NormalDist()
_EULER_MASCHERONI = 0.57721566490153286


def expected_maximum(n_tries: int, variance: float) -> float:
    """Return the largest Sharpe ratio that tries without skill find, 0 for a single one.

    Args:
        n_tries: N, at least 1.
        variance: Of the tried Sharpe ratios.

    References:
        Bailey and Lopez de Prado (2014), equation 1.
    """
    return 0.0 if n_tries == 1 else math.sqrt(variance) * _of_normals(n_tries)


@lru_cache(maxsize=1024)
def _of_normals(n_tries: int) -> float:
    # The quantile of 1 - p is minus that of p, which keeps its digits.
    upper = -_NORMAL.inv_cdf(1.0 / n_tries)
    beyond = -_NORMAL.inv_cdf(1.0 / (n_tries * math.e))
    return (1.0 - _EULER_MASCHERONI) * upper + _EULER_MASCHERONI * beyond


def probability(sharpe: float, benchmark: float, n_bars: int, skewness: float, kurtosis: float) -> float:
    """Return the probability that the true Sharpe ratio is above a benchmark: the probabilistic Sharpe ratio.

    Args:
        sharpe: Estimate, per bar.
        benchmark: Per bar.
        n_bars: Returns behind the estimate, at least 2.
        skewness: Of the returns.
        kurtosis: Of the returns, 3 for a normal.

    References:
        Bailey and Lopez de Prado (2012), equation 11.
    """
    spread = 1.0 - skewness * sharpe + (kurtosis - 1.0) / 4.0 * sharpe * sharpe
    distance = (sharpe - benchmark) * math.sqrt(n_bars - 1)
    if spread <= 0.0:  # returns of two values alone, by rounding
        return 0.5 * (1.0 + (distance > 0) - (distance < 0))
    return 0.5 * math.erfc(-distance / math.sqrt(2.0 * spread))
