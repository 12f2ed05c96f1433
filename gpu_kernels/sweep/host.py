"""The NumPy twin of sweep: one Python loop over time, (B, G) lanes at each step."""

import math
from collections import defaultdict
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from gpu_kernels import interruption, return_moments
from gpu_kernels.checks import Floats
from gpu_kernels.sweep import units
from gpu_kernels.sweep.bars import Bars, gather, owed
from gpu_kernels.sweep.lanes import Lanes
from gpu_kernels.sweep.model import ReturnMoments, Rules, SweepMetrics, ThresholdPairs
from gpu_kernels.sweep.scores import score
from gpu_kernels.sweep.survey import Survey
from gpu_kernels.sweep.zscore import rolling

__all__ = ["backtest", "moments", "returns_and_trades"]


def backtest(prices: Floats, pairs: ThresholdPairs, rules: Rules, seen: Survey) -> SweepMetrics:
    """Run every series against every pair; see the contract. Every series can be traded, and seen is its survey."""
    bars = gather(prices, rules.execution_delay)
    n_series, n_pairs = bars.prices.shape[0], pairs.entry_z.size
    lanes = Lanes(
        (n_series, n_pairs), ThresholdPairs(*(np.tile(column, n_series) for column in pairs)), bars.counts, rules
    )
    with np.errstate(over="ignore", invalid="ignore"):
        for _ in _run(bars, _scores(bars, rules), rules, lanes):
            pass
        return lanes.metrics(seen.n_bars)


def moments(prices: Floats, pairs: ThresholdPairs, rules: Rules, seen: Survey) -> ReturnMoments:
    """Run each series against its own pair; see the contract. Every series can be traded, and seen is its survey."""
    gained, _ = returns_and_trades(prices, pairs, rules)
    spans = np.stack([seen.first, seen.n_bars], axis=1)
    found = np.empty((2, len(prices)))
    for first, n_bars in np.unique(spans, axis=0).tolist():
        interruption.check()
        alike = np.flatnonzero((spans == (first, n_bars)).all(axis=1))
        found[:, alike] = return_moments.moments(gained[alike, first : first + n_bars])
    return ReturnMoments(*found)


def returns_and_trades(prices: Floats, pairs: ThresholdPairs, rules: Rules) -> tuple[Floats, NDArray[np.int64]]:
    """Run each series against its own pair; each can be traded.

    Returns:
        r_t, (B, T), 0 where a bar is missing, and the closed round trips, (B,).
    """
    bars = gather(prices, rules.execution_delay)
    whole = bool((bars.counts == prices.shape[1]).all())
    if whole and not rules.compounding and rules.stop == math.inf:
        with np.errstate(over="ignore", invalid="ignore"):
            return units.returns_and_trades(bars, _scores(bars, rules), pairs, rules)
    lanes = Lanes((prices.shape[0], 1), pairs, bars.counts, rules)
    packed = np.zeros((prices.shape[0], bars.prices.shape[1] + 1))
    with np.errstate(over="ignore", invalid="ignore"):
        for bar in _run(bars, _scores(bars, rules), rules, lanes):
            packed[:, bar + 1] = lanes.returns
    found = np.take_along_axis(packed, bars.places + 1, axis=1)
    return np.where(np.isnan(prices), 0.0, found), lanes.trades


def _scores(bars: Bars, rules: Rules) -> Floats:
    """Score the packed bars; the repeated prices behind a shorter series decide nothing."""
    scores = score(bars.prices, rules, rolling)
    scores[np.arange(scores.shape[1]) >= bars.counts[:, None]] = np.nan
    return scores


def _run(bars: Bars, scores: Floats, rules: Rules, lanes: Lanes) -> Iterator[int]:
    """Run all bars, yielding each one's number after its end.

    Args:
        bars: Of the series.
        scores: (B, n).
        rules: What all lanes share.
        lanes: The accounts: B or a multiple of it, series by series.
    """
    n_pairs = lanes.quantity.size // max(1, bars.prices.shape[0])
    waiting: defaultdict[int, list[tuple[NDArray[np.intp], NDArray[np.int8]]]] = defaultdict(list)
    costs, cost = owed(bars, rules), np.zeros(lanes.quantity.size)
    for bar in range(bars.prices.shape[1]):
        interruption.check()
        price, scored = np.repeat(bars.prices[:, bar], n_pairs), np.repeat(scores[:, bar], n_pairs)
        if rules.borrow:
            cost = np.repeat(costs[:, bar], n_pairs)
        deciding, side = lanes.decide(scored)
        if deciding.size:
            due = bars.fill_at[deciding // n_pairs, bar]
            for fill_bar in set(due.tolist()):
                now = due == fill_bar
                waiting[fill_bar].append((deciding[now], side[now]))
        lanes.begin_bar(price, cost)
        for order in waiting.pop(bar, ()):
            lanes.fill(*order)
        lanes.end_bar()
        yield bar
