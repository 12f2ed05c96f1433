"""A survey of prices in one pass: which series can be traded, over which bars, and why the others cannot."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpu_kernels.checks import Floats

__all__ = ["NO_PRICE", "OVERFLOW", "Survey", "reasons", "survey"]

NO_PRICE = "no finite price"
"""Why a series without any price has no figures."""


OVERFLOW = (
    "the figures are not finite: prices near the largest or smallest doubles take returns or their squares beyond them"
)
"""Why a backtest of prices that can be traded has no figures."""


class Survey(NamedTuple):
    """What one pass over prices finds; arrays of shape (B,).

    A series' span is the bars from its first price to its last. Bars before and behind it count in no figure.

    Attributes:
        tradable: Which series have a price, none that is infinite, and in mode "compounding" none that is not positive.
        first: Bar of the first price; 0 where there is none.
        n_bars: Bars of the span, missing ones inside it included; 0 where there is no price.
        n_prices: Prices of the series.
    """

    tradable: NDArray[np.bool_]
    first: NDArray[np.int64]
    n_bars: NDArray[np.int64]
    n_prices: NDArray[np.int64]

    def of(self, series: NDArray[np.bool_] | NDArray[np.intp]) -> "Survey":
        """Return the survey of some of the series."""
        return Survey(self.tradable[series], self.first[series], self.n_bars[series], self.n_prices[series])

    def whole(self, n_bars: int) -> bool:
        """Return whether no series misses one of n_bars bars."""
        return bool((self.n_prices == n_bars).all())


def survey(prices: Floats, mode: str) -> Survey:
    """Look at prices (B, T) once, or twice where bars are missing."""
    n_series, n_bars = prices.shape
    lowest, highest = prices.min(axis=1), prices.max(axis=1)  # NaN where a bar is missing
    first, spans, n_prices = (np.full(n_series, value, dtype=np.int64) for value in (0, n_bars, n_bars))
    gaps = np.flatnonzero(np.isnan(lowest))
    if gaps.size:
        present = ~np.isnan(prices[gaps])
        n_prices[gaps] = present.sum(axis=1)
        first[gaps] = present.argmax(axis=1)
        spans[gaps] = np.where(n_prices[gaps] > 0, n_bars - present[:, ::-1].argmax(axis=1) - first[gaps], 0)
        lowest[gaps] = np.fmin.reduce(prices[gaps], axis=1)  # NaN where all are
        highest[gaps] = np.fmax.reduce(prices[gaps], axis=1)
    tradable = (lowest > (0.0 if mode == "compounding" else -np.inf)) & (highest < np.inf)
    return Survey(tradable, first, spans, n_prices)


def reasons(prices: Floats, mode: str, first_row: int = 0) -> list[str]:
    """Return why each series of (B, T) cannot be traded; "" where it can.

    Args:
        prices: As in backtest.
        mode: As in backtest.
        first_row: Row of the caller's table at which the prices begin.
    """
    seen = survey(prices, mode)
    found = [""] * len(prices)
    for series in np.flatnonzero(~seen.tradable).tolist():
        found[series] = _bad_price(prices[series], mode, first_row) if seen.n_prices[series] else NO_PRICE
    return found


def _bad_price(prices: Floats, mode: str, first_row: int) -> str:
    infinite = np.isinf(prices)
    row = int(np.argmax(infinite | (prices <= 0) if mode == "compounding" else infinite))
    fault = "infinite" if infinite[row] else "not positive; mode 'unit' trades such a series"
    return f"the price {prices[row]} at row {first_row + row} is {fault}"
