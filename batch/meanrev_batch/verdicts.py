"""For each name of a universe, whether it can be used on the axis, or why not.

A name is kept where, on the axis and with gaps of up to `fill` bars carried forward, it has a price at every bar of the
train part. What it does afterwards does not decide that: where its prices end in the test part, its pairs are traded up
to there. Prices are taken as adjusted; a jump as in a split is reported and never repaired.
"""

from collections.abc import Collection, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpu_kernels.bounds import LARGEST_MAGNITUDE
from gpu_kernels.cointegration import constant_series
from meanrev_batch.calendar import filled, shown
from meanrev_batch.model import Floats, Ints
from meanrev_batch.options import ScanOptions
from meanrev_batch.panel import Panel

__all__ = ["Verdict", "judged", "readable"]

_FEWEST_TESTED = 2
_SPLITS = (2.0, 3.0, 4.0, 5.0, 10.0, 20.0)
_NEAR, _LARGE_MOVE = 0.03, 0.5


class Verdict(NamedTuple):
    """What becomes of a name.

    Attributes:
        name: Which.
        status: "kept" or "dropped".
        reason: One of panel.REASONS; "" where it is kept.
        detail: What is wrong, or worth a look, with bar and price.
        first: Bar of its first price on the axis; -1 where it has none.
        last: Bar of its last price there; -1 likewise.
        n_bars: Bars of the axis at which it has a price of its own.
        n_filled: Bars at which an earlier price is carried forward.
        stop: Bars up to which it can be traded: all, unless its prices end before.
    """

    name: str
    status: str
    reason: str
    detail: str
    first: int
    last: int
    n_bars: int
    n_filled: int
    stop: int


def judged(
    panel: Panel,
    on_axis: NDArray[np.bool_],
    n_train: int,
    options: ScanOptions,
    members: Collection[str] | None = None,
) -> Iterator[Verdict]:
    """Yield a verdict for each name of the panel, in its order.

    Args:
        panel: The bars of a window.
        on_axis: Which of them are taken.
        n_train: Bars of the train part.
        options: Of the scan.
        members: Names that count; None for all.
    """
    stamps = panel.stamps_ms[on_axis]
    for name, whole in zip(panel.names, panel.prices.T, strict=True):
        own, column = int(np.count_nonzero(~np.isnan(whole))), whole[on_axis]
        prices, carried = filled(column, options.fill)
        has, ready = ~np.isnan(column), ~np.isnan(prices)
        n_bars = int(np.count_nonzero(has))
        first = int(np.argmax(has)) if n_bars else -1
        last = column.size - 1 - int(np.argmax(has[::-1])) if n_bars else -1
        stop = n_train + int(np.argmin(np.append(ready[n_train:], False)))
        fault = panel.faults.get(name)
        found = _wrong(prices, has, (first, last, stop), n_train, stamps, options)
        reason, detail = next(found, ("", "")) if fault is None else (fault.reason, fault.detail)
        if members is not None and name not in members:
            reason, detail = "not_member", f"it is no member at {shown(stamps[n_train - 1])}"
        parts = [detail] if detail else []
        if own > n_bars:
            parts.append(f"{own - n_bars} of its {own} bars are not on the axis, which has {stamps.size}")
        if name in panel.merged:
            parts.append(f"{panel.merged[name]} rows repeat the price of their bar")
        if not reason:
            parts += _seen(prices[:stop], last, stop, stamps)
        status = "dropped" if reason else "kept"
        n_filled = int(np.count_nonzero(carried[:stop]))
        yield Verdict(name, status, reason, "; ".join(parts), first, last, n_bars, n_filled, stop)


def readable(panel: Panel, on_axis: NDArray[np.bool_], *, positive: bool) -> Iterator[Verdict]:
    """Yield a verdict for each name of a sweep or of fits, which leave out what cannot be read and nothing else.

    Missing bars stay missing there: the operations have rules for them, and a status for each series.

    Args:
        panel: The universe.
        on_axis: Which of its bars are taken.
        positive: Leave out names with a price of which there is no logarithm, too.
    """
    stamps = panel.stamps_ms[on_axis]
    for name, whole in zip(panel.names, panel.prices.T, strict=True):
        column = whole[on_axis]
        places = np.flatnonzero(~np.isnan(column))
        first, last = (int(places[0]), int(places[-1])) if places.size else (-1, -1)
        beyond = np.flatnonzero(np.abs(column) > LARGEST_MAGNITUDE)
        reason, detail = panel.faults.get(name, ("", ""))
        if not reason and beyond.size:
            reason, detail = "infinite", f"price {column[beyond[0]]:g} at {shown(stamps[beyond[0]])}"
        low = np.flatnonzero(column <= 0.0) if positive else places[:0]
        if not reason and low.size:
            reason = "not_positive"
            detail = f"price {column[low[0]]:g} at {shown(stamps[low[0]])}, of which there is no logarithm"
        if not reason and first < 0:
            reason, detail = "missing", "no price on the axis"
        merged = f"{panel.merged[name]} rows repeat the price of their bar" if name in panel.merged else ""
        said = "; ".join(filter(None, [detail, merged]))
        yield Verdict(name, "dropped" if reason else "kept", reason, said, first, last, places.size, 0, column.size)


def _wrong(
    prices: Floats, has: NDArray[np.bool_], ends: tuple[int, int, int], n_train: int, stamps: Ints, options: ScanOptions
) -> Iterator[tuple[str, str]]:
    """Yield why a name cannot be used, and where; what comes later presumes that nothing came before."""
    first, last, stop = ends
    if first < 0:
        yield "missing", "no price on the axis"
    train, used = prices[:n_train], prices[:stop]
    beyond = np.flatnonzero(np.abs(used) > LARGEST_MAGNITUDE)
    if beyond.size:
        yield "infinite", f"price {used[beyond[0]]:g} at {shown(stamps[beyond[0]])}"
    low = np.flatnonzero(used <= 0.0) if options.log else np.zeros(0, dtype=np.int64)
    if low.size:
        yield "not_positive", f"price {used[low[0]]:g} at {shown(stamps[low[0]])}, of which there is no logarithm"
    if first > 0:
        yield "short", f"its first price is at {shown(stamps[first])}"
    if last < n_train - 1 + _FEWEST_TESTED:
        yield "short", f"its last price is at {shown(stamps[last])}"
    gaps = np.flatnonzero(np.isnan(prices[: n_train + _FEWEST_TESTED]))
    if gaps.size:
        yield "missing", f"no price at {shown(stamps[gaps[0]])}, in a gap of more than {options.fill} bars"
    share = float(has[:n_train].mean())
    if share < options.least_bars:
        yield "missing", f"prices of its own at {share:.1%} of the train part's bars"
    if not np.isnan(train).any() and bool(constant_series(train[:, None])[0]):
        yield "constant", f"price {train[0]:g} throughout the train part"


def _seen(prices: Floats, last: int, stop: int, stamps: Ints) -> Iterator[str]:
    """Yield what is worth a look in a name that is kept."""
    if stop < stamps.size:
        yield f"traded up to {shown(stamps[stop - 1])}" + (", before a gap" if last > stop else ", its last price")
    if prices.size < _FEWEST_TESTED or prices.min() <= 0.0:
        return
    steps = np.diff(np.log(prices))
    like_split = np.abs(np.abs(steps)[:, None] - np.log(_SPLITS)).min(axis=1) < _NEAR
    back = np.append(np.abs(steps[:-1] + steps[1:]) < _NEAR, False)
    large = (steps > np.log1p(_LARGE_MOVE)) | (steps < np.log1p(-_LARGE_MOVE))
    found = np.flatnonzero(like_split | (large & back))
    if found.size:
        bar = int(found[0]) + 1
        yield f"looks like a split at {shown(stamps[bar])}: from {prices[bar - 1]:g} to {prices[bar]:g}"
