"""Launches of the sweep kernel on the CPU's vector lanes."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpu_kernels.checks import Floats
from gpu_kernels.compile import library
from gpu_kernels.dispatch import current
from gpu_kernels.launch import Count, Number, Threads, pointer
from gpu_kernels.sweep import excursions, host, long_series
from gpu_kernels.sweep.bars import gather
from gpu_kernels.sweep.figures import REDO, ROWS, RUINED, metrics
from gpu_kernels.sweep.groups import Group, in_groups
from gpu_kernels.sweep.model import Pairs, ReturnMoments, Rules, SweepMetrics
from gpu_kernels.sweep.order import alike
from gpu_kernels.sweep.survey import Survey
from gpu_kernels.sweep.zscore import SMALLEST_SPREAD

__all__ = [
    "MOST_LANES",
    "Packed",
    "backtest",
    "moments",
    "pack",
    "rolling",
    "score_space",
    "without_gaps",
]

_ITEMS_A_THREAD = 16

MOST_LANES = 8
"""Lanes of a vector, at most."""


class Packed(NamedTuple):
    """Series without their missing bars, as the kernels read them.

    Attributes:
        prices: (B, n), n the largest number of prices of a series, or T where that is long enough to be cut in time; a
            shorter series repeats its last price.
        fills: (B, n), the score of the decision that fills at each bar; NaN where none does.
        counts: (B,) prices of each series, as float64.
    """

    prices: Floats
    fills: Floats
    counts: Floats


def backtest(prices: Floats, pairs: Pairs, rules: Rules, seen: Survey) -> SweepMetrics:
    """Run every series against every pair; see the contract. Every series can be traded, and seen is its survey."""

    def kernel(group: Group) -> SweepMetrics:
        return metrics(_run(pack(group, rules), pairs, rules), group.seen.n_bars, rules)

    def twin(group: Group) -> SweepMetrics:
        return host.backtest(group.prices, pairs, rules, group.seen)

    return in_groups(prices, seen, rules.execution_delay, pairs.entry_z.size, kernel, twin)


def moments(prices: Floats, pairs: Pairs, rules: Rules, seen: Survey) -> ReturnMoments:
    """Run each series against its own pair; see the contract. Every series can be traded, and seen is its survey."""

    def kernel(group: Group) -> ReturnMoments:
        return _moments(group, _take(pairs, group.series), rules)

    def twin(group: Group) -> ReturnMoments:
        return host.moments(group.prices, _take(pairs, group.series), rules, group.seen)

    return in_groups(prices, seen, rules.execution_delay, None, kernel, twin)


def _moments(group: Group, pairs: Pairs, rules: Rules) -> ReturnMoments:
    packed = pack(group, rules)
    columns = [np.ascontiguousarray(column) for column in (*pairs, group.seen.n_bars.astype(np.float64))]
    n_series, n_bars = packed.prices.shape
    space, found = np.empty((n_series + MOST_LANES - 1, n_bars)), np.empty((2, n_series))
    library("sweep/moments")[f"moments_{rules.mode}"](
        *map(Count, (n_series, n_bars)),
        *map(pointer, (columns[-1], packed.prices, packed.fills, *columns[:-1])),
        Number(rules.initial_capital),
        pointer(space),
        pointer(found),
        Threads(current().threads),
    )
    return ReturnMoments(*found)


def pack(group: Group, rules: Rules) -> Packed:
    """Score every bar, without the missing ones where there are some."""
    n_series, n_bars = group.prices.shape
    if not group.seen.whole(n_bars):
        return without_gaps(group.prices, rules, rolling)
    held = np.ascontiguousarray(group.prices)
    return Packed(held, rolling(held, rules.lookback, rules.execution_delay), np.full(n_series, float(n_bars)))


def without_gaps(prices: Floats, rules: Rules, score: Callable[[Floats, int], Floats]) -> Packed:
    """Take out missing bars, and score the others.

    Args:
        prices: (B, T), NaN where a bar is missing; every series has a price, and bars.collisions finds none.
        rules: What all lanes share.
        score: Scores the packed prices, like zscore.rolling.
    """
    bars = gather(prices, rules.execution_delay)
    n_series, n_bars = bars.prices.shape
    # The chunks of a series that is cut in time depend on T alone, so that its bits do not depend on its batch.
    n_wide = prices.shape[1] if long_series.gains(prices.shape[1], 1) else n_bars
    fills = np.full((n_series, n_wide + 1), np.nan)
    decided = (np.arange(n_bars) < bars.counts[:, None]) & (bars.fill_at < n_bars)
    np.put_along_axis(fills, np.where(decided, bars.fill_at, n_wide), score(bars.prices, rules.lookback), axis=1)
    packed = np.pad(bars.prices, ((0, 0), (0, n_wide - n_bars)), mode="edge") if n_wide > n_bars else bars.prices
    return Packed(packed, np.ascontiguousarray(fills[:, :n_wide]), bars.counts.astype(np.float64))


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
    space = np.empty(score_space(n_series, n_bars, lookback, _ITEMS_A_THREAD * current().threads))
    library("sweep/zscore").rolling_z(
        *map(Count, (n_series, n_bars, lookback, delay, space.shape[0])),
        pointer(held),
        Number(SMALLEST_SPREAD),
        pointer(space),
        pointer(scores),
        Threads(current().threads),
    )
    return scores


def score_space(n_series: int, n_bars: int, lookback: int, most_items: int) -> tuple[int, ...]:
    """Return the shape of the working space for scores, its first axis the work items; each has two vectors at most."""
    return max(1, min(n_series * -(-n_bars // (MOST_LANES * lookback)), most_items)), 2, lookback, 2 * MOST_LANES


def _run(packed: Packed, pairs: Pairs, rules: Rules) -> Floats:
    """Run grids by excursions, long series in chunks, and the rest, or what needs it, by the dense kernel."""
    prices, fills = packed.prices, packed.fills
    n_series, n_bars = prices.shape
    pairs = Pairs(*map(np.ascontiguousarray, pairs))
    grids = excursions.find(pairs, excursions.FEWEST_PAIRS, -(-current().threads // n_series))
    if grids is None and not long_series.gains(n_bars, pairs.entry_z.size):
        return _dense(prices, fills, pairs, rules)
    rows = np.empty((ROWS, n_series, pairs.entry_z.size))
    if grids is None:
        long_series.run(prices, fills, pairs, rules, rows, current().threads)
    else:
        excursions.run(prices, fills, packed.counts, grids, rules, rows, current().threads)
        if grids.alone.any():
            rows[:, :, grids.alone] = _dense(prices, fills, _take(pairs, grids.alone), rules)
    redo = rows[RUINED] == REDO
    for series in np.flatnonzero(redo.any(axis=1)):
        one = slice(series, series + 1)
        rows[:, one, redo[series]] = _dense(prices[one], fills[one], _take(pairs, redo[series]), rules)
    return rows


def _take(pairs: Pairs, wanted: NDArray[np.bool_] | NDArray[np.intp]) -> Pairs:
    return Pairs(*(column[wanted] for column in pairs))


def _dense(prices: Floats, fills: Floats, pairs: Pairs, rules: Rules) -> Floats:
    n_series, n_bars = prices.shape
    rows, order = np.empty((ROWS, n_series, pairs.entry_z.size)), alike(pairs)
    kernel = library("sweep")["sweep_compounding" if rules.mode == "compounding" else "sweep_unit"]
    kernel(
        *map(Count, (n_series, n_bars, pairs.entry_z.size)),
        *map(pointer, (prices, fills, *pairs, order)),
        Number(rules.initial_capital),
        pointer(rows),
        Threads(current().threads),
    )
    return rows
