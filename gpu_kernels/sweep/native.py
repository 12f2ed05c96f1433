"""Launches of the sweep's kernels on the CPU's vector lanes."""

import math

import numpy as np

from gpu_kernels import interruption
from gpu_kernels.checks import Floats
from gpu_kernels.compile import library
from gpu_kernels.dispatch import current
from gpu_kernels.launch import Count, Number, launch, pointer
from gpu_kernels.sweep import driver, excursions, long_series
from gpu_kernels.sweep.driver import MOST_LANES, Packed, take
from gpu_kernels.sweep.figures import ROWS, metrics
from gpu_kernels.sweep.groups import Group
from gpu_kernels.sweep.model import ReturnMoments, Rules, SweepMetrics, ThresholdPairs
from gpu_kernels.sweep.order import alike
from gpu_kernels.sweep.scores import WARMUP, process_of
from gpu_kernels.sweep.survey import Survey
from gpu_kernels.sweep.zscore import SMALLEST_SPREAD

__all__ = ["backtest", "moments", "pack", "rolling", "score"]

_ITEMS_A_THREAD = 16


def backtest(prices: Floats, pairs: ThresholdPairs, rules: Rules, seen: Survey) -> SweepMetrics:
    """Run every series against every pair; see the contract. Every series can be traded, and seen is its survey."""

    def kernel(group: Group) -> SweepMetrics:
        return metrics(_run(pack(group, rules.of(group.series)), pairs, rules), group.seen.n_bars, rules)

    return driver.backtests(prices, pairs, rules, seen, kernel)


def moments(prices: Floats, pairs: ThresholdPairs, rules: Rules, seen: Survey) -> ReturnMoments:
    """Run each series against its own pair; see the contract. Every series can be traded, and seen is its survey."""

    def kernel(group: Group, own: ThresholdPairs) -> ReturnMoments:
        return _moments(group, own, rules)

    return driver.moments(prices, pairs, rules, seen, kernel)


def _moments(group: Group, pairs: ThresholdPairs, rules: Rules) -> ReturnMoments:
    packed = pack(group, rules.of(group.series))
    columns = [np.ascontiguousarray(column) for column in (*pairs, group.seen.n_bars.astype(np.float64))]
    n_series, n_bars = packed.prices.shape
    space, found = np.empty((n_series + MOST_LANES - 1, n_bars)), np.empty((2, n_series))
    launch(
        library("sweep/moments")[driver.entry("moments", rules)],
        *map(Count, (n_series, n_bars)),
        *map(pointer, (columns[-1], packed.prices, packed.fills, packed.marks_short, *columns[:-1])),
        *map(Number, (rules.stop, rules.initial_capital)),
        pointer(space),
        pointer(found),
    )
    return ReturnMoments(*found)


def pack(group: Group, rules: Rules) -> Packed:
    """Score every bar, without the missing ones where there are some.

    Args:
        group: Series that can be traded, none of which has two decisions that fill at one bar.
        rules: With the means and deviations of these series.
    """
    n_series, n_bars = group.prices.shape
    if not group.seen.whole(n_bars):
        return driver.without_gaps(group.prices, rules, score)
    held = np.ascontiguousarray(group.prices)
    fills = score(held, rules, rules.execution_delay)
    return Packed(held, fills, driver.marks_of(held, rules), np.full(n_series, float(n_bars)))


def score(prices: Floats, rules: Rules, delay: int = 0) -> Floats:
    """Score every price, with the bits of scores.score.

    Args:
        prices: (B, n), finite; of the series that the rules' mean and deviation are of.
        rules: Which score.
        delay: Bars by which the scores move to the right.
    """
    if rules.score == "rolling":
        return rolling(prices, rules.lookback, delay)
    held = np.ascontiguousarray(prices)
    shape, scores = tuple(map(Count, (*held.shape, delay))), np.empty_like(held)
    if rules.score == "fixed":
        read = (held, *process_of(rules, len(held)), scores)
        launch(library("sweep/scores").fixed_z, *shape, *map(pointer, read))
    else:
        rest = (Count(WARMUP), pointer(held), Number(rules.forgetting), pointer(scores))
        launch(library("sweep/scores").online_z, *shape, *rest)
    return scores


def rolling(prices: Floats, lookback: int, delay: int = 0) -> Floats:
    """Score every price against the window that ends with it, with the bits of zscore.rolling.

    Args:
        prices: (B, n), finite.
        lookback: Prices in a window, at least 2.
        delay: Bars by which the scores move to the right.
    """
    n_series, n_bars = prices.shape
    if lookback > n_bars:  # a kernel would need working space for a window that no series fills
        return np.full(prices.shape, np.nan)
    held = np.ascontiguousarray(prices)
    scores = np.empty_like(held)
    space = np.empty(driver.score_space(n_series, n_bars, lookback, _ITEMS_A_THREAD * current().threads))
    launch(
        library("sweep/zscore").rolling_z,
        *map(Count, (n_series, n_bars, lookback, delay, space.shape[0])),
        pointer(held),
        Number(SMALLEST_SPREAD),
        pointer(space),
        pointer(scores),
    )
    return scores


def _run(packed: Packed, pairs: ThresholdPairs, rules: Rules) -> Floats:
    """Run grids by excursions, long series in chunks, and the rest, or what needs it, by the dense kernel.

    Excursions cover no stop, and chunks neither a stop nor a borrow rate.
    """
    n_series, n_bars = packed.prices.shape
    pairs = ThresholdPairs(*map(np.ascontiguousarray, pairs))
    parts = -(-current().threads // n_series)
    grids = excursions.find(pairs, excursions.FEWEST_PAIRS, parts) if rules.stop == math.inf else None
    cut = rules.plain and long_series.gains(n_bars, pairs.entry_z.size)
    if grids is None and not cut:
        return _dense(packed, pairs, rules)
    rows = np.empty((ROWS, n_series, pairs.entry_z.size))
    if grids is None:
        long_series.run(packed.prices, packed.fills, pairs, rules, rows, current().threads)
    else:
        excursions.run(packed, grids, rules, rows, current().threads)
        if grids.alone.any():
            rows[:, :, grids.alone] = _dense(packed, take(pairs, grids.alone), rules)
    redo = driver.redo(rows)
    for series in np.flatnonzero(redo.any(axis=1)):
        interruption.check()
        one = slice(series, series + 1)
        some = Packed(*(column[one] for column in packed))
        rows[:, one, redo[series]] = _dense(some, take(pairs, redo[series]), rules)
    return rows


def _dense(packed: Packed, pairs: ThresholdPairs, rules: Rules) -> Floats:
    (n_series, n_bars), n_pairs = packed.prices.shape, pairs.entry_z.size
    rows, order = np.empty((ROWS, n_series, n_pairs)), alike(pairs)
    launch(
        library("sweep")[driver.entry("sweep", rules)],
        *map(Count, (n_series, n_bars, n_pairs)),
        *map(pointer, (packed.prices, packed.fills, packed.marks_short, *pairs, order)),
        *map(Number, (rules.stop, rules.initial_capital)),
        pointer(rows),
    )
    return rows
