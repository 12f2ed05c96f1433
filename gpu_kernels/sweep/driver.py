"""What launches of the sweep's kernels on the CPU's lanes and on a GPU have in common."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpu_kernels.checks import Floats
from gpu_kernels.compile import LANES
from gpu_kernels.sweep import host, long_series
from gpu_kernels.sweep.bars import at_fills, gather, short_marks
from gpu_kernels.sweep.figures import REDO, RUINED
from gpu_kernels.sweep.groups import Group, in_groups
from gpu_kernels.sweep.model import ReturnMoments, Rules, SweepMetrics, ThresholdPairs
from gpu_kernels.sweep.survey import Survey

__all__ = [
    "MOST_LANES",
    "Packed",
    "backtests",
    "entry",
    "marks_of",
    "moments",
    "redo",
    "score_space",
    "take",
    "without_gaps",
]

MOST_LANES = max(LANES)
"""Lanes of a vector, at most."""


class Packed(NamedTuple):
    """Series without their missing bars, as the kernels read them.

    Attributes:
        prices: (B, n), n the largest number of prices of a series, or T where that is long enough to be cut in time; a
            shorter series repeats its last price.
        fills: (B, n), the score of the decision that fills at each bar; NaN where none does.
        marks_short: (B, n), what a short position is marked at; the prices where the rules are plain.
        counts: (B,) prices of each series, as float64.
    """

    prices: Floats
    fills: Floats
    marks_short: Floats
    counts: Floats


def backtests(
    prices: Floats, pairs: ThresholdPairs, rules: Rules, seen: Survey, kernel: Callable[[Group], SweepMetrics]
) -> SweepMetrics:
    """Run every series against every pair: by a kernel where it can, and by the NumPy twin else."""

    def twin(group: Group) -> SweepMetrics:
        return host.backtest(group.prices, pairs, rules.of(group.series), group.seen)

    n_pairs = pairs.entry_z.size if rules.plain else None
    return in_groups(prices, seen, rules.execution_delay, n_pairs, kernel, twin)


def moments(
    prices: Floats,
    pairs: ThresholdPairs,
    rules: Rules,
    seen: Survey,
    kernel: Callable[[Group, ThresholdPairs], ReturnMoments],
) -> ReturnMoments:
    """Run each series against its own pair: by a kernel where it can, and by the NumPy twin else."""

    def some(group: Group) -> ReturnMoments:
        return kernel(group, take(pairs, group.series))

    def twin(group: Group) -> ReturnMoments:
        return host.moments(group.prices, take(pairs, group.series), rules.of(group.series), group.seen)

    return in_groups(prices, seen, rules.execution_delay, None, some, twin)


def entry(kernel: str, rules: Rules) -> str:
    """Return the name of the variant of a kernel that covers the rules."""
    return f"{kernel}_{rules.mode}" if rules.plain else f"{kernel}_{rules.mode}_full"


def redo(rows: Floats) -> NDArray[np.bool_]:
    """Return which lanes, (B, G), the dense kernel must run again."""
    found: NDArray[np.bool_] = rows[RUINED] == REDO
    return found


def take(pairs: ThresholdPairs, wanted: NDArray[np.bool_] | NDArray[np.intp] | slice) -> ThresholdPairs:
    """Return some of the pairs."""
    return ThresholdPairs(*(column[wanted] for column in pairs))


def marks_of(prices: Floats, rules: Rules) -> Floats:
    """Return what a short position is marked at, (B, n), where no bar is missing: the prices without a borrow rate."""
    return short_marks(gather(prices, 0), rules) if rules.borrow else prices


def without_gaps(prices: Floats, rules: Rules, score: Callable[[Floats, Rules], Floats]) -> Packed:
    """Take out missing bars, and score the others.

    Args:
        prices: (B, T), NaN where a bar is missing; every series has a price, and bars.collisions finds none.
        rules: What all lanes share, and the series' own mean and deviation.
        score: Scores the packed prices by the rules, like scores.score.
    """
    bars = gather(prices, rules.execution_delay)
    # The chunks of a series that is cut in time depend on T alone, so that its bits do not depend on its batch.
    n_wide = prices.shape[1] if long_series.gains(prices.shape[1], 1) else bars.prices.shape[1]
    fills = at_fills(score(bars.prices, rules), bars, n_wide)
    held, marks = _padded(bars.prices, n_wide), _padded(short_marks(bars, rules), n_wide)
    return Packed(held, fills, held if rules.plain else marks, bars.counts.astype(np.float64))


def _padded(rows: Floats, n_wide: int) -> Floats:
    more = n_wide - rows.shape[1]
    return np.pad(rows, ((0, 0), (0, more)), mode="edge") if more > 0 else np.ascontiguousarray(rows)


def score_space(n_series: int, n_bars: int, lookback: int, most_items: int) -> tuple[int, ...]:
    """Return the shape of the working space for scores, its first axis the work items; each has two vectors at most."""
    return max(1, min(n_series * -(-n_bars // (MOST_LANES * lookback)), most_items)), 2, lookback, 2 * MOST_LANES
