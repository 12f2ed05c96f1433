"""How fast the sums of residuals seem to revert where the residuals are white noise.

The intercept of the regression makes X_L = 0, and X begins at 0 too: a bridge, which seems to revert whatever the
residuals are. At L = 60 the filter 1/theta < 30 bars lets 98.6 % of white noise pass. So reversion_p is the probability
that white noise seems to revert at least as fast as a fit does, b_noise <= b. noise.csv has quantiles of n (1 - b), for
n = L - 1 pairs, which bench/residuals_noise_table.py simulates; they are interpolated in 1/n, and the probabilities
between them by their normal scores.
"""

from functools import cache, lru_cache
from pathlib import Path
from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from gpu_kernels.checks import Floats

__all__ = ["median_reversion", "reversion_p"]


class _Table(NamedTuple):
    """Quantiles by the number of pairs.

    Attributes:
        pairs: (K,) n, ascending.
        exceeded: (Q,) probabilities, ascending.
        distances: (K, Q) n (1 - b), which noise exceeds with these probabilities, descending.
    """

    pairs: Floats
    exceeded: Floats
    distances: Floats


def reversion_p(slope: Floats, n_returns: int) -> Floats:
    """Return the probability that white noise seems to revert at least as fast, of the shape of slope; NaN stays.

    Args:
        slope: b - 1.
        n_returns: L, 20 to 1000.

    Returns:
        Between the first and the last probability of the table, 0.0001 and 0.9999, at which it ends.
    """
    exceeded, distances = _table().exceeded, _quantiles(n_returns)
    scores = np.array([NormalDist().inv_cdf(each) for each in exceeded.tolist()])
    found = np.interp(-(n_returns - 1) * slope, distances[::-1], scores[::-1])
    return np.where(np.isnan(slope), np.nan, _normal(found))


def median_reversion(n_returns: int, max_reversion: float, max_p: float) -> float:
    """Return the median of 1 / theta of sums of residuals of white noise, in bars, of those that pass the filters.

    Args:
        n_returns: L.
        max_reversion: Slowest reversion that passes, in bars.
        max_p: Largest reversion_p that passes.
    """
    passing = min(float(reversion_p(np.array(np.expm1(-1.0 / max_reversion)), n_returns)), max_p)
    middle = float(np.interp(0.5 * passing, _table().exceeded, _quantiles(n_returns)))
    return float(-1.0 / np.log1p(-middle / (n_returns - 1)))


def _normal(scores: Floats) -> Floats:
    """Return the normal distribution function to 1e-7, by interpolation: math.erf takes one number."""
    places, values = _curve()
    return np.interp(scores, places, values)


@cache
def _curve() -> tuple[Floats, Floats]:
    places = np.linspace(-4.0, 4.0, 8001)
    return places, np.array([NormalDist().cdf(each) for each in places.tolist()])


@lru_cache(maxsize=64)
def _quantiles(n_returns: int) -> Floats:
    """Return the quantiles (Q,) for L returns."""
    held = _table()
    inverse = 1.0 / held.pairs[::-1]
    place = 1.0 / (n_returns - 1)
    return np.array([np.interp(place, inverse, column[::-1]) for column in held.distances.T])


@cache
def _table() -> _Table:
    text = Path(__file__).with_name("noise.csv").read_text(encoding="utf-8").split()
    exceeded = np.array(text[0].split(",")[1:], dtype=np.float64)
    rows = np.array([line.split(",") for line in text[1:]], dtype=np.float64)
    return _Table(rows[:, 0], exceeded, rows[:, 1:])
