"""The bars of series with missing prices: which exist, and at which one an order fills."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpu_kernels import interruption
from gpu_kernels.checks import Floats
from gpu_kernels.sweep.model import Rules
from gpu_kernels.sweep.settle import accrued

__all__ = ["Bars", "at_fills", "collisions", "gather", "owed", "short_marks"]


class Bars(NamedTuple):
    """Series with their missing bars taken out, packed to the left.

    Attributes:
        prices: (B, n), n the largest number of prices of a series; a shorter series repeats its last price.
        counts: (B,) prices of each series.
        fill_at: (B, n) packed bar at which a decision of each bar fills; n where the data end before.
        places: (B, T) packed bar that marks each original bar; -1 before the first price.
    """

    prices: Floats
    counts: NDArray[np.intp]
    fill_at: NDArray[np.intp]
    places: NDArray[np.intp]


def gather(prices: Floats, execution_delay: int) -> Bars:
    """Take out missing bars.

    Args:
        prices: (B, T), NaN where a bar is missing; every series has a price.
        execution_delay: Original bars, missing ones included, from a decision to the earliest fill.
    """
    n_series, n_bars = prices.shape
    if not np.isnan(prices.min(initial=np.inf)):  # which is NaN where there is one
        bars = np.arange(n_bars)
        rows = (np.broadcast_to(row, prices.shape) for row in (np.minimum(bars + execution_delay, n_bars), bars))
        return Bars(prices, np.full(n_series, n_bars), *rows)
    present = ~np.isnan(prices)
    counts = present.sum(axis=1)
    places = np.cumsum(present, axis=1) - 1
    n_packed = int(counts.max(initial=0))
    packed = np.empty((n_series, n_packed))
    fill_at = np.full((n_series, n_packed), n_packed)
    for series, count in enumerate(counts):
        interruption.check()
        times = np.flatnonzero(present[series])
        packed[series, :count] = prices[series, times]
        packed[series, count:] = prices[series, times[-1]]
        waiting = np.searchsorted(times, times + execution_delay)
        fill_at[series, :count] = np.where(waiting < count, waiting, n_packed)
    return Bars(packed, counts, fill_at, places)


def at_fills(scores: Floats, bars: Bars, n_wide: int) -> Floats:
    """Return scores at the bars where their decisions fill, (B, n_wide); NaN where none does.

    Args:
        scores: (B, n), of each packed bar.
        bars: Of which no two decisions fill at one bar.
        n_wide: Columns of the result, n at least.
    """
    n_series, n_bars = scores.shape
    if n_wide == bars.places.shape[1] == n_bars and (bars.counts == n_bars).all():  # no bar is missing
        delay = int(bars.fill_at[0, 0])
        found = np.full(scores.shape, np.nan)
        found[:, delay:] = scores[:, : n_bars - delay]
        return found
    fills = np.full((n_series, n_wide + 1), np.nan)
    decided = (np.arange(n_bars) < bars.counts[:, None]) & (bars.fill_at < n_bars)
    np.put_along_axis(fills, np.where(decided, bars.fill_at, n_wide), scores, axis=1)
    return np.ascontiguousarray(fills[:, :n_wide])


@np.errstate(over="ignore", invalid="ignore")  # sums beyond the doubles end as figures without a value
def owed(bars: Bars, rules: Rules) -> Floats:
    """Return what borrowing one unit has cost from the first price up to each packed bar, (B, n).

    A bar without a price is charged at the last price before it. Behind a series' last price nothing is added. A trade
    costs a difference of two of these sums, which have the rounding of the sum: that matters where prices have fallen
    to a millionth, as eps times the sum in units of the price at the entry.

    Args:
        bars: Of the series.
        rules: Of whose borrow rate.
    """
    if not rules.borrow:
        return np.zeros(bars.prices.shape)
    known = np.take_along_axis(bars.prices, np.maximum(bars.places, 0), axis=1)
    rate = rules.borrow / rules.periods_per_year
    costs = np.where(bars.places >= 0, accrued(known, rate), 0.0)
    sums = np.zeros(known.shape)
    np.cumsum(costs[:, :-1], axis=1, out=sums[:, 1:])
    found = np.zeros(bars.prices.shape)
    series, first = np.nonzero(np.diff(bars.places, prepend=-1, axis=1))
    found[series, bars.places[series, first]] = sums[series, first]
    return np.maximum.accumulate(found, axis=1)


@np.errstate(over="ignore")
def short_marks(bars: Bars, rules: Rules) -> Floats:
    """Return what a short position is marked at, (B, n): each packed price and what owed returns."""
    return bars.prices + owed(bars, rules)


def collisions(prices: Floats, execution_delay: int) -> NDArray[np.bool_]:
    """Return for each series of (B, T) whether two of its decisions fill at one bar.

    That takes a gap behind a delay of two bars or more, and the kernels, which keep one decision a bar, cannot do it.

    Args:
        prices: NaN where a bar is missing; every series has a price.
        execution_delay: As in gather.
    """
    if execution_delay < 2:  # with one bar, each price carries out the decision before it
        return np.zeros(len(prices), dtype=np.bool_)
    bars = gather(prices, execution_delay)
    n_bars = bars.prices.shape[1]
    same = (bars.fill_at[:, 1:] <= bars.fill_at[:, :-1]) & (bars.fill_at[:, 1:] < n_bars)
    found: NDArray[np.bool_] = (same & (np.arange(1, n_bars) < bars.counts[:, None])).any(axis=1)
    return found
