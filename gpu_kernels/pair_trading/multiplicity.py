"""What many tries do to a p-value and to a Sharpe ratio."""

import math

import numpy as np

from gpu_kernels.checks import Floats
from gpu_kernels.threshold_grid.deflated import expected_maximum

__all__ = ["deflated", "q_values", "ranked_by"]


def q_values(p_values: Floats) -> Floats:
    """Return the false discovery rate at which each hypothesis is just rejected.

    Args:
        p_values: (m,); a NaN was not tried, and stays.

    References:
        Benjamini and Hochberg (1995), section 3, as adjusted p-values.
    """
    tried = np.flatnonzero(~np.isnan(p_values))
    order = tried[np.argsort(p_values[tried], kind="stable")]
    raised = p_values[order] * (tried.size / np.arange(1, tried.size + 1))
    out = np.full(p_values.shape, np.nan)
    out[order] = np.minimum(np.minimum.accumulate(raised[::-1])[::-1], 1.0)
    return out


def deflated(sharpe: Floats, skewness: Floats, kurtosis: Floats, n_bars: int) -> tuple[Floats, Floats]:
    """Return the deflated Sharpe ratios of tries, and their distances from the best of no skill in standard errors.

    Args:
        sharpe: (P,) per bar; NaN is no try, and stays.
        skewness: (P,) of the returns.
        kurtosis: (P,) of the returns, 3 for a normal.
        n_bars: Returns behind each.

    References:
        Bailey and Lopez de Prado (2014), equations 1 and 2.
    """
    tries = sharpe[~np.isnan(sharpe)]
    if tries.size == 0:
        return np.full_like(sharpe, np.nan), np.full_like(sharpe, np.nan)
    variance = float(tries.var(ddof=1)) if tries.size > 1 else 0.0
    above = sharpe - expected_maximum(tries.size, variance)
    spread = 1.0 - skewness * sharpe + (kurtosis - 1.0) / 4.0 * sharpe * sharpe
    with np.errstate(divide="ignore", invalid="ignore"):  # returns of two values alone leave no spread, by rounding
        distance = above * math.sqrt(n_bars - 1) / np.sqrt(np.maximum(spread, 0.0))
    distance = np.where((above == 0.0) & (spread <= 0.0), 0.0, distance)
    probability = [0.5 * math.erfc(-value / math.sqrt(2.0)) for value in distance.tolist()]
    return np.array(probability, dtype=np.float64), distance


def ranked_by(rank_by: str, adf: Floats, tries: tuple[Floats, Floats, Floats], n_bars: int) -> Floats:
    """Return what pairs are ranked by, (P,), larger for better ones; NaN where there is none.

    Args:
        rank_by: One of model.RANKINGS.
        adf: (P,) statistics of the test; a p-value orders as they do, until it is 0 to the last digit.
        tries: Sharpe ratios per bar, skewness and kurtosis of all pairs of a universe, as in deflated.
        n_bars: Returns behind each.
    """
    if rank_by == "p_value":
        return -adf
    return tries[0] if rank_by == "train_sharpe" else deflated(*tries, n_bars)[1]
