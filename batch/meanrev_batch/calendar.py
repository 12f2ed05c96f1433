"""One axis of bars from the bars of many names, where it is split, and short gaps on it.

The axis has the bars at which at least half of the names trade that are between their first and their last price,
and at least half as many as at any of the five bars before and after: the second rule decides where most names begin
or end.
"""

import numpy as np
from numpy.typing import NDArray

from gpu_kernels.pair_trading import train_rows
from meanrev.intake.order import shown_time
from meanrev_batch.errors import BadOption
from meanrev_batch.model import Floats, Ints
from meanrev_batch.panel import Panel

__all__ = ["axis", "filled", "shown", "split_bar"]

_DEFAULT_SPLIT = 0.7

_AROUND = 5
"""Bars before and after one that it is compared with."""


def shown(stamp_ms: int) -> str:
    """Return a bar's time as ISO text."""
    return shown_time(int(stamp_ms) * 10**6)


def axis(panel: Panel) -> NDArray[np.bool_]:
    """Return which bars of the panel are on the axis, (T,)."""
    n_bars = panel.stamps_ms.size
    trading, alive = np.zeros(n_bars, dtype=np.int64), np.zeros(n_bars + 1, dtype=np.int64)
    for column in panel.prices.T:
        has = ~np.isnan(column)
        if has.any():
            trading += has
            alive[int(np.argmax(has))] += 1
            alive[n_bars - int(np.argmax(has[::-1]))] -= 1
    around = np.lib.stride_tricks.sliding_window_view(np.pad(trading, _AROUND), 2 * _AROUND + 1).max(axis=1)
    on_axis: NDArray[np.bool_] = (trading > 0) & (2 * trading >= np.cumsum(alive)[:-1]) & (2 * trading >= around)
    return on_axis


def split_bar(split: str, stamps_ms: Ints) -> int:
    """Return how many bars the train part has.

    Args:
        split: The last day of the train part, a number of bars, or "" for the default share.
        stamps_ms: Of the axis.

    Raises:
        BadOption: it is neither.
    """
    if not split:
        return train_rows(stamps_ms.size, _DEFAULT_SPLIT)
    if split.isdecimal():
        return int(split)
    try:
        day = np.datetime64(split)
        last = (day + 1).astype("datetime64[ms]") if day.dtype == np.dtype("datetime64[D]") else None
        end = day.astype("datetime64[ms]").astype(np.int64) + 1 if last is None else last.astype(np.int64)
    except ValueError:
        rule = "must be the last day of the train part, such as 2022-12-30, or the number of its bars"
        raise BadOption("split", rule, split) from None
    return int(np.searchsorted(stamps_ms, end, side="left"))


def filled(column: Floats, fill: int) -> tuple[Floats, NDArray[np.bool_]]:
    """Carry prices forward over gaps of up to some bars between the first and the last price.

    Args:
        column: (T,) prices on the axis, NaN where there is none.
        fill: Most bars of a gap; longer ones stay whole.

    Returns:
        (T,) prices, and (T,) where they were carried.
    """
    has = ~np.isnan(column)
    places = np.arange(column.size)
    before = np.maximum.accumulate(np.where(has, places, -1))
    after = np.minimum.accumulate(np.where(has, places, column.size)[::-1])[::-1]
    carried = ~has & (before >= 0) & (after < column.size) & (after - before - 1 <= fill)
    return np.where(carried, column[before], column), carried
