"""The NumPy twin of sweep: one Python loop over time, (B, G) lanes at each step."""

from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpu_kernels import return_moments
from gpu_kernels.checks import Floats
from gpu_kernels.sweep.bars import Bars, gather
from gpu_kernels.sweep.lanes import Lanes
from gpu_kernels.sweep.model import BacktestPaths, FinalMetrics, Pairs, ReturnMoments, Rules, SweepMetrics
from gpu_kernels.sweep.survey import Survey, survey
from gpu_kernels.sweep.zscore import rolling

__all__ = ["backtest", "moments", "paths", "returns"]


def backtest(prices: Floats, pairs: Pairs, rules: Rules, seen: Survey) -> SweepMetrics:
    """Run every series against every pair; see the contract. Every series can be traded, and seen is its survey."""
    bars = gather(prices, rules.execution_delay)
    n_series, n_pairs = bars.prices.shape[0], pairs.entry_z.size
    each = Pairs(*(np.tile(column, n_series) for column in pairs))
    lanes = Lanes((n_series, n_pairs), each.cost, bars.counts, rules)
    with np.errstate(over="ignore", invalid="ignore"):
        for _ in _run(bars, _scores(bars, rules), each, lanes):
            pass
        return lanes.metrics(seen.n_bars)


def paths(prices: Floats, pairs: Pairs, rules: Rules) -> BacktestPaths:
    """Run one series against one pair and keep every bar; see the contract."""
    bars = gather(prices[None, :], rules.execution_delay)
    seen = survey(prices[None, :], rules.mode)
    lanes = Lanes((1, 1), pairs.cost, bars.counts, rules)
    scores = _scores(bars, rules)
    rows = np.zeros((bars.prices.shape[1] + 1, 6))
    rows[0, 0] = rules.initial_capital
    with np.errstate(over="ignore", invalid="ignore"):
        for bar in _run(bars, scores, pairs, lanes):
            gained = (lanes.change, lanes.returns)
            kept = (lanes.equity, *gained, np.sign(lanes.quantity), lanes.drawdown, lanes.fees)
            rows[bar + 1] = [values[0] for values in kept]
        metrics = lanes.metrics(seen.n_bars)
    missing = np.isnan(prices)
    equity, pnl, returns, position, drawdown, fees = rows[bars.places[0] + 1].T.copy()
    returns[missing] = pnl[missing] = 0.0
    last = int(seen.first[0] + seen.n_bars[0])
    returns[: seen.first[0]] = returns[last:] = np.nan
    return BacktestPaths(
        equity=equity,
        returns=returns,
        position=position.astype(np.int8),
        zscore=np.where(missing, np.nan, scores[0, bars.places[0]]),
        pnl=pnl,
        drawdown=drawdown,
        fees=np.diff(fees, prepend=0.0),
        final=FinalMetrics(*(values[0, 0].item() for values in metrics)),
    )


def moments(prices: Floats, pairs: Pairs, rules: Rules, seen: Survey) -> ReturnMoments:
    """Run each series against its own pair; see the contract. Every series can be traded, and seen is its survey."""
    gained = returns(prices, pairs, rules)
    spans = np.stack([seen.first, seen.n_bars], axis=1)
    found = np.empty((2, len(prices)))
    for first, n_bars in np.unique(spans, axis=0).tolist():
        alike = np.flatnonzero((spans == (first, n_bars)).all(axis=1))
        found[:, alike] = return_moments.moments(gained[alike, first : first + n_bars])
    return ReturnMoments(*found)


def returns(prices: Floats, pairs: Pairs, rules: Rules) -> Floats:
    """Run each series against its own pair, and return r_t, (B, T), 0 where a bar is missing. All can be traded."""
    bars = gather(prices, rules.execution_delay)
    lanes = Lanes((prices.shape[0], 1), pairs.cost, bars.counts, rules)
    packed = np.zeros((prices.shape[0], bars.prices.shape[1] + 1))
    with np.errstate(over="ignore", invalid="ignore"):
        for bar in _run(bars, _scores(bars, rules), pairs, lanes):
            packed[:, bar + 1] = lanes.returns
    found = np.take_along_axis(packed, bars.places + 1, axis=1)
    return np.where(np.isnan(prices), 0.0, found)


def _scores(bars: Bars, rules: Rules) -> Floats:
    """Score the packed bars; the repeated prices behind a shorter series decide nothing."""
    scores = rolling(bars.prices, rules.lookback)
    scores[np.arange(scores.shape[1]) >= bars.counts[:, None]] = np.nan
    return scores


class _Orders(NamedTuple):
    lanes: NDArray[np.intp]
    side: NDArray[np.int8]


def _run(bars: Bars, scores: Floats, pairs: Pairs, lanes: Lanes) -> Iterator[int]:
    """Run all bars, yielding each one's number after its end.

    Every lane waits in a band (low, high) of scores, and decides anew when a score is not inside it. Decisions are
    rare, so most bars cost two comparisons here; a missing score is never outside.

    Args:
        bars: Of the series.
        scores: (B, n).
        pairs: One a lane: B or a multiple of it, series by series.
        lanes: Their books.
    """
    entry_z, exit_z = pairs.entry_z, pairs.exit_z
    n_pairs = entry_z.size // max(1, bars.prices.shape[0])
    decided = np.zeros(entry_z.size, dtype=np.int8)
    low, high = -entry_z, entry_z.copy()
    waiting: defaultdict[int, list[_Orders]] = defaultdict(list)
    for bar in range(bars.prices.shape[1]):
        price, score = np.repeat(bars.prices[:, bar], n_pairs), np.repeat(scores[:, bar], n_pairs)
        leaving = np.flatnonzero((score <= low) | (score >= high))
        if leaving.size:
            entry, leave = entry_z[leaving], exit_z[leaving]
            side = _decide(decided[leaving], score[leaving], entry, leave)
            decided[leaving] = side
            low[leaving], high[leaving] = _band(side, entry, leave)
            due = bars.fill_at[leaving // n_pairs, bar]
            for fill_bar in set(due.tolist()):
                now = due == fill_bar
                waiting[fill_bar].append(_Orders(leaving[now], side[now]))
        for orders in waiting.pop(bar, ()):
            lanes.fill(orders.lanes, orders.side, price[orders.lanes])
        lanes.end_bar(price)
        yield bar


def _decide(side: NDArray[np.int8], score: Floats, entry_z: Floats, exit_z: Floats) -> NDArray[np.int8]:
    """Apply the exit, then, if flat, the entry."""
    leaves = ((side > 0) & (score >= -exit_z)) | ((side < 0) & (score <= exit_z))
    kept = np.where(leaves, 0, side)
    entered = np.where(score <= -entry_z, 1, np.where(score >= entry_z, -1, 0))
    return np.where(kept == 0, entered, kept).astype(np.int8)


def _band(side: NDArray[np.int8], entry_z: Floats, exit_z: Floats) -> tuple[Floats, Floats]:
    """Return the scores between which a lane on this side has nothing to decide."""
    low = np.where(side > 0, -np.inf, np.where(side < 0, exit_z, -entry_z))
    high = np.where(side > 0, -exit_z, np.where(side < 0, np.inf, entry_z))
    return low, high
