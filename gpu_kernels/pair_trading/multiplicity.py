"""Corrections of p-values and Sharpe ratios for the number of tries."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpu_kernels.checks import Floats
from gpu_kernels.threshold_grid.deflated import expected_maximum

__all__ = ["Tries", "deflated", "q_values", "q_values_among", "raised", "ranked_by", "ranking", "tries_of"]


class Tries(NamedTuple):
    """What a deflated Sharpe ratio needs of all tries: their number, and the ddof-1 variance of their ratios."""

    number: int
    variance: float


_DIRECTIONS = 2
"""A pair is tested in both, and its p-value is that of the better one."""


def q_values(p_values: Floats, directions: int = _DIRECTIONS) -> Floats:
    """Return the false discovery rate at which each pair is just rejected.

    Args:
        p_values: (m,) of the better direction of each pair, which counts double for that (Bonferroni); a NaN was not
            tried, and stays.
        directions: Tests that each p-value is the least of.

    References:
        Benjamini and Hochberg (1995), section 3, as adjusted p-values.
    """
    tried = np.flatnonzero(~np.isnan(p_values))
    order = tried[np.argsort(p_values[tried], kind="stable")]
    out = np.full(p_values.shape, np.nan)
    out[order] = np.minimum(np.minimum.accumulate(raised(p_values[order], 1, tried.size, directions)[::-1])[::-1], 1.0)
    return out


def raised(ascending: Floats, first: int, n_tried: int, directions: int = _DIRECTIONS) -> Floats:
    """Return p-values times the number of tests over their rank: the q-values before the least of those above is taken.

    Args:
        ascending: (m,) consecutive p-values of all in ascending order.
        first: Rank of the first, from 1.
        n_tried: Pairs tried.
        directions: As in q_values.
    """
    return ascending * (directions * n_tried / np.arange(first, first + ascending.size))


def q_values_among(p_values: Floats, tried: Floats) -> Floats:
    """Return the q-values of some hypotheses, bit for bit those of q_values over all that were tried.

    Args:
        p_values: (P,) of some of them.
        tried: (m,) of all, ascending, no NaN: the tiles' p_values, joined and sorted.
    """
    found = np.minimum.accumulate(raised(tried, 1, tried.size)[::-1])[::-1]
    return np.minimum(found[np.searchsorted(tried, p_values)], 1.0)  # equal p-values have equal q-values


def tries_of(sharpe: Floats) -> Tries:
    """Count the tries of a scan, and take the variance of their Sharpe ratios.

    Args:
        sharpe: (P,) per bar of all significant pairs, NaN where a pair was not traded. The variance's last digits
            depend on the order: a scan has the order of the smaller column number of a pair, then of the larger.
    """
    tried = sharpe[~np.isnan(sharpe)]
    return Tries(tried.size, float(tried.var(ddof=1)) if tried.size > 1 else 0.0)


def deflated(
    sharpe: Floats, skewness: Floats, kurtosis: Floats, n_bars: int, tries: Tries | None = None
) -> tuple[Floats, Floats]:
    """Return the deflated Sharpe ratios of tries, and their distances from the best of no skill in standard errors.

    Args:
        sharpe: (P,) per bar; NaN is no try, and stays.
        skewness: (P,) of the returns.
        kurtosis: (P,) of the returns, 3 for a normal.
        n_bars: Returns behind each.
        tries: Of all pairs, where these are some of them; those of the given ones where None.

    References:
        Bailey and Lopez de Prado (2014), equations 1 and 2.
    """
    among = tries_of(sharpe) if tries is None else tries
    if among.number == 0:
        return np.full_like(sharpe, np.nan), np.full_like(sharpe, np.nan)
    above = sharpe - expected_maximum(among.number, among.variance)
    spread = 1.0 - skewness * sharpe + (kurtosis - 1.0) / 4.0 * sharpe * sharpe
    with np.errstate(divide="ignore", invalid="ignore"):  # returns of two values alone leave no spread, by rounding
        distance = above * math.sqrt(n_bars - 1) / np.sqrt(np.maximum(spread, 0.0))
    distance = np.where((above == 0.0) & (spread <= 0.0), 0.0, distance)
    probability = [0.5 * math.erfc(-value / math.sqrt(2.0)) for value in distance.tolist()]
    return np.array(probability, dtype=np.float64), distance


def ranked_by(
    rank_by: str, adf: Floats, shape: tuple[Floats, Floats, Floats], n_bars: int, tries: Tries | None = None
) -> Floats:
    """Return what pairs are ranked by, (P,), larger for better ones; NaN where there is none.

    Args:
        rank_by: One of model.RANKINGS.
        adf: (P,) statistics of the test; a p-value orders as they do, until it is 0 to the last digit.
        shape: Sharpe ratios per bar, skewness and kurtosis of the pairs, as in deflated.
        n_bars: Returns behind each.
        tries: As in deflated.
    """
    if rank_by == "p_value":
        return -adf
    return shape[0] if rank_by == "train_sharpe" else deflated(*shape, n_bars, tries)[1]


def ranking(ranks: Floats, p_value: Floats, y: NDArray[np.int64], x: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the order of pairs, best first: by rank, then p-value, then columns. No two pairs tie.

    Args:
        ranks: (P,) what ranked_by gives; NaN for a pair that was not traded, which comes last.
        p_value: (P,).
        y: (P,) columns.
        x: (P,) columns.
    """
    return np.lexsort((x, y, p_value, np.where(np.isnan(ranks), np.inf, -ranks)))
