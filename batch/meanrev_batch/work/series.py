"""The series that a sweep or fits work on: prices of names, or spreads of pairs."""

import numpy as np

from meanrev_batch.model import Floats, SeriesList

__all__ = ["values"]


def values(prices: Floats, series: SeriesList, *, log: bool) -> Floats:
    """Return series (P, T), NaN where a price is missing.

    Args:
        prices: (N, T).
        series: Which; a spread is y - intercept - hedge_ratio x.
        log: Take spreads of the logarithms of prices.
    """
    if series.y.size == 0 or series.x[0] < 0:
        return np.ascontiguousarray(prices[series.y])
    y, x = prices[series.y], prices[series.x]
    if log:
        np.log(y, out=y)
        np.log(x, out=x)
    x *= series.hedge_ratio[:, None]
    y -= series.intercept[:, None]
    y -= x
    return y
