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

import numpy as np

from gpu_kernels.checks import Floats

__all__ = ["FEWEST", "FEW_BARS", "FEW_TRADES", "few", "probability_positive", "standard_errors"]

FEWEST = 3
"""Returns that a standard error needs."""


FEW_BARS, FEW_TRADES = 30, 5
"""Below so many bars, or closed trades, a Sharpe ratio says next to nothing, and neither does its standard error."""


def few(n_bars: int, n_trades: int) -> str:
    """Return what to beware of in a Sharpe ratio of so many bars and trades; "" for nothing."""
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
    mean = returns.mean(axis=1)
    centred = returns - mean[:, None]
    largest = np.abs(centred).max(axis=1)  # squares of tiny returns would leave the doubles
    scale = np.where(largest > 0, largest, np.nan)
    centred /= scale[:, None]
    deviation = np.sqrt(np.einsum("bt,bt->b", centred, centred) / n_bars)
    x = centred / deviation[:, None]
    ratio = mean / (scale * deviation)
    psi = x - 0.5 * ratio[:, None] * (x * x - 1.0)
    lags = min(n_bars - 1, int(4.0 * (n_bars / 100.0) ** (2.0 / 9.0)))
    variance = np.einsum("bt,bt->b", psi, psi)
    for lag in range(1, lags + 1):
        weight = 2.0 * (1.0 - lag / (lags + 1.0))
        variance += weight * np.einsum("bt,bt->b", psi[:, lag:], psi[:, :-lag])
    return np.asarray(np.sqrt(np.maximum(variance, 0.0)) / n_bars)


def probability_positive(sharpe: Floats, standard_error: Floats) -> Floats:
    """Return the probability that true Sharpe ratios are above 0, of any shape; NaN where an error is not known."""
    shape = np.shape(sharpe)
    pairs = zip(np.ravel(sharpe).tolist(), np.ravel(standard_error).tolist(), strict=True)
    found = [0.5 * math.erfc(-ratio / (error * math.sqrt(2.0))) if error > 0 else math.nan for ratio, error in pairs]
    return np.array(found, dtype=np.float64).reshape(shape)
