"""The bars of series with missing prices: which exist, and at which one an order fills."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpu_kernels.checks import Floats
from gpu_kernels.sweep.model import ERROR, SweepMetrics

__all__ = ["Bars", "can_trade", "gather", "with_untradable"]


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
    if not np.isnan(prices.min(initial=np.inf)):  # a NaN is the least of all
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
        times = np.flatnonzero(present[series])
        packed[series, :count] = prices[series, times]
        packed[series, count:] = prices[series, times[-1]]
        waiting = np.searchsorted(times, times + execution_delay)
        fill_at[series, :count] = np.where(waiting < count, waiting, n_packed)
    return Bars(packed, counts, fill_at, places)


def can_trade(prices: Floats, mode: str) -> NDArray[np.bool_]:
    """Tell which series (B,) have a price, and in mode "compounding" none that is not positive."""
    lowest = np.fmin.reduce(prices, axis=1)  # NaN where there is nothing else
    tradable: NDArray[np.bool_] = lowest > 0 if mode == "compounding" else ~np.isnan(lowest)
    return tradable


def with_untradable(metrics: SweepMetrics, tradable: NDArray[np.bool_]) -> SweepMetrics:
    """Put NaN rows, counts 0 and status ERROR where a series cannot be traded."""
    if tradable.all():
        return metrics
    rows: dict[str, NDArray[np.float64] | NDArray[np.int64] | NDArray[np.int8]] = {}
    for name, values in metrics._asdict().items():
        empty = np.nan if values.dtype == np.float64 else ERROR if name == "status" else 0
        rows[name] = np.full((tradable.size, values.shape[1]), empty, dtype=values.dtype)
        rows[name][tradable] = values
    return SweepMetrics(**rows)  # type: ignore[arg-type]
