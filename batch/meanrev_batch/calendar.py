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
from meanrev_batch.model import Floats, Ints, Window
from meanrev_batch.options import ScanOptions
from meanrev_batch.panel import Panel

__all__ = ["axis", "filled", "shown", "split_bar", "windows_of"]

_DEFAULT_SPLIT = 0.7

_FEWEST_TESTED = 2
"""Bars of a test part."""

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


def windows_of(options: ScanOptions, stamps_ms: Ints, fewest: int) -> list[Window]:
    """Return the windows of a scan: one of all bars, or those that are asked for, as long as all their bars exist.

    Args:
        options: Of the scan.
        stamps_ms: Of the axis.
        fewest: Bars that the train part must have.

    Raises:
        BadOption: a part has too few bars, or the split and windows are both given.
    """
    n_bars = stamps_ms.size
    if options.windows is None:
        n_train = split_bar(options.split, stamps_ms)
        if not fewest <= n_train <= n_bars - _FEWEST_TESTED:
            rule = f"must leave at least {fewest} bars in the train part and 2 in the test part of {n_bars}"
            raise BadOption("split", rule, options.split or n_train)
        return [Window(1, 0, n_train, n_bars)]
    if options.split:
        raise BadOption("windows", "must not be given with split, because each window has its own", options.windows)
    n_train, n_test, step = options.windows
    if n_train < fewest or n_test < _FEWEST_TESTED or n_train + n_test > n_bars:
        rule = f"must be at least {fewest} train bars and 2 test bars, together at most {n_bars}, and a step"
        raise BadOption("windows", rule, options.windows)
    starts = range(0, n_bars - n_train - n_test + 1, step)
    return [Window(number, start, n_train, n_train + n_test) for number, start in enumerate(starts, start=1)]


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
