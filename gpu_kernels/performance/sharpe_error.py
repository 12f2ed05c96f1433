"""Standard errors of Sharpe ratios, for returns that are neither normal nor independent.

With x_t = (r_t - m)/s (ddof 0) and S = m/s, the estimate of S is to first order a mean of psi_t = x_t - S (x_t^2 - 1)/2
so that n times its variance is the long-run variance of psi,

    gamma_0 + 2 sum_{l=1..q} (1 - l/(q + 1)) gamma_l,    q = floor(4 (n/100)^(2/9)),

gamma_l the autocovariances of psi. gamma_0 = 1 - S skewness + S^2 (kurtosis - 1)/4 is the formula for independent
returns; the others allow for autocorrelation.

References:
    Lo (2002), The statistics of Sharpe ratios, Financial Analysts Journal 58, appendix A (autocorrelated returns).
    Opdyke (2007), Comparing Sharpe ratios: so where are the p-values?, Journal of Asset Management 8, equation 6.
    Newey and West (1987), A simple, positive semi-definite covariance matrix; (1994), Automatic lag selection.
"""

import math
from typing import Any

import numpy as np

from gpu_kernels import interruption
from gpu_kernels.checks import Floats

__all__ = [
    "FEWEST",
    "FEW_BARS",
    "FEW_TRADES",
    "few",
    "independent_error",
    "lag_weights",
    "portfolio_error",
    "probability",
    "probability_positive",
    "standard_errors",
]

FEWEST = 3
"""Returns that a standard error needs."""

_AT_ONCE = 2**18
"""Returns that are read at once, so that the memory does not grow with the rows."""

FEW_BARS, FEW_TRADES = 30, 5
"""Below so many bars, or closed trades, a Sharpe ratio says next to nothing, and neither does its standard error."""


def few(n_bars: int, n_trades: int) -> str:
    """Return the warning about a Sharpe ratio of so many bars and trades; "" for nothing."""
    bars = f"{n_bars} bars, which is fewer than {FEW_BARS}" if n_bars < FEW_BARS else ""
    trades = f"closed trades: {n_trades}, which is fewer than {FEW_TRADES}" if n_trades < FEW_TRADES else ""
    return "; ".join(part for part in (bars, trades) if part)


def standard_errors(returns: Floats) -> Floats:
    """Return the standard error of each row's Sharpe ratio, per period, (B,).

    Args:
        returns: (B, n), finite.

    Returns:
        NaN where a row has fewer than FEWEST returns, or returns that do not vary.
    """
    n_rows, n_bars = returns.shape
    if n_bars < FEWEST:
        return np.full(n_rows, np.nan)
    size = max(1, _AT_ONCE // n_bars)
    return np.concatenate(
        [np.empty(0), *(_standard_errors(returns[row : row + size]) for row in range(0, n_rows, size))]
    )


def _standard_errors(returns: Floats) -> Floats:
    interruption.check()
    n_bars = returns.shape[1]
    mean = returns.mean(axis=1)
    centred = returns - mean[:, None]
    largest = np.abs(centred).max(axis=1)  # squares of tiny returns would leave the doubles
    scale = np.where(largest > 0, largest, np.nan)
    centred /= scale[:, None]
    deviation = np.sqrt(np.einsum("bt,bt->b", centred, centred) / n_bars)
    x = centred / deviation[:, None]
    ratio = mean / (scale * deviation)
    psi = x - 0.5 * ratio[:, None] * (x * x - 1.0)
    variance = np.einsum("bt,bt->b", psi, psi)
    for lag, weight in enumerate(lag_weights(n_bars), 1):
        variance += weight * np.einsum("bt,bt->b", psi[:, lag:], psi[:, :-lag])
    return np.asarray(np.sqrt(np.maximum(variance, 0.0)) / n_bars)


def lag_weights(n_bars: int) -> Floats:
    """Return the weights (q,) of the autocovariances of psi, both signs of the lag together."""
    lags = min(n_bars - 1, int(4.0 * (n_bars / 100.0) ** (2.0 / 9.0)))
    return 2.0 * (1.0 - np.arange(1, lags + 1) / (lags + 1.0))


def portfolio_error(returns: Floats, weights: Floats, risk_free_rate: float = 0.0) -> float:
    """Return the standard error of the Sharpe ratio, per period, that weights have over returns.

    Args:
        returns: (T, N); rows with NaN are left out.
        weights: (N,) shares of wealth. Where they do not sum to 1, the rest earns the riskless rate.
        risk_free_rate: Rate per period.

    Returns:
        NaN where fewer than FEWEST rows are left, or the portfolio's returns do not vary.
    """
    excess = weights @ returns[~np.isnan(returns).any(axis=1)].T - risk_free_rate * weights.sum()
    return float(standard_errors(excess[None])[0])


def independent_error(n_bars: Any, mean: Any, second: Any, third: Any, fourth: Any) -> Any:
    """Return the standard error of Sharpe ratios of independent returns, per period; numbers or arrays.

    Args:
        n_bars: Returns.
        mean: Of the returns, in any unit.
        second: Sum of squared deviations from it, above 0.
        third: Sum of their third powers.
        fourth: Sum of their fourth powers.
    """
    root: Any = (
        math.sqrt if isinstance(second, float) else np.sqrt
    )  # both round correctly: a number has an array's bits
    deviation = root(second / n_bars)
    ratio = mean / deviation
    skewness, kurtosis = third / (second * deviation), n_bars * fourth / (second * second)
    variance = 1.0 - ratio * skewness + 0.25 * ratio * ratio * (kurtosis - 1.0)
    return root(0.5 * (variance + abs(variance)) / n_bars)  # no less than 0, whatever the rounding


def probability(sharpe: float, standard_error: float) -> float:
    """Return the probability that a true Sharpe ratio is above 0; NaN where its error is not known."""
    return 0.5 * math.erfc(-sharpe / (standard_error * math.sqrt(2.0))) if standard_error > 0 else math.nan


def probability_positive(sharpe: Floats, standard_error: Floats) -> Floats:
    """Return the probability that true Sharpe ratios are above 0, of any shape; NaN where an error is not known."""
    shape = np.shape(sharpe)
    pairs = zip(np.ravel(sharpe).tolist(), np.ravel(standard_error).tolist(), strict=True)
    found = [probability(ratio, error) for ratio, error in pairs]
    return np.array(found, dtype=np.float64).reshape(shape)
