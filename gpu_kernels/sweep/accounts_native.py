"""Launches of the kernel that keeps accounts, on the CPU's lanes."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gpu_kernels import interruption
from gpu_kernels.checks import Floats
from gpu_kernels.compile import library
from gpu_kernels.constants import constants
from gpu_kernels.launch import Count, Number, launch, pointer
from gpu_kernels.sweep import accounts, bar_metrics, driver, trades
from gpu_kernels.sweep.bars import Bars, at_fills, collisions, gather, short_marks
from gpu_kernels.sweep.model import Rules, ThresholdPairs
from gpu_kernels.sweep.native import score
from gpu_kernels.sweep.round_trips import AccountPaths, Accounts, Ran, Trade, Trades, as_trades

__all__ = ["bars_of", "compute", "run"]

_AT_ONCE = 2**19
"""Bars of a launch: beside each there is room for a round trip."""

_PATHS = ("equity", "returns", "drawdown", "position")
"""The paths that the kernel writes, in its order."""

_LAYOUT = constants("sweep/accounts.cu")
_N_TRADES, _FEES, _RUINED_AT, _ENDS = (int(_LAYOUT[name]) for name in ("TRADES", "FEES", "RUINED_AT", "ENDS"))
"""Places in what the kernel writes about the end of a series, and their number."""


def compute(prices: Floats, pairs: ThresholdPairs, rules: Rules, wanted: accounts.Wanted) -> Accounts:
    """Trade every series by its own pair; see the contract."""
    return accounts.report(run, prices, pairs, rules, wanted)


def bars_of(
    prices: Floats, levels: trades.ThresholdPair, rules: Rules, timestamps_ms: NDArray[np.int64]
) -> bar_metrics.BarMetrics:
    """Trade one series, and return the metrics of all bars; as bar_metrics.compute, which gives the same bits."""
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        ran = run(prices[None, :], bar_metrics.pairs_of(levels), rules)
        return bar_metrics.metrics_of(prices, levels, rules, timestamps_ms, ran, _running_moments(ran.paths.returns[0]))


def run(prices: Floats, pairs: ThresholdPairs, rules: Rules) -> Ran:
    """Trade every series by its own pair; each can be traded. Bit for bit what trades.run gives."""
    size = max(1, _AT_ONCE // prices.shape[1])
    parts = []
    for start in range(0, prices.shape[0], size):
        interruption.check()
        rows = slice(start, start + size)
        parts.append(
            _part(
                np.ascontiguousarray(prices[rows]),
                driver.take(pairs, rows),
                rules.of(rows),
                start,
            )
        )
    return parts[0] if len(parts) == 1 else _joined(parts)


def _running_moments(returns: Floats) -> bar_metrics.RunningMoments:
    """Return the moments of the first 1, 2, ... of (T,) returns."""
    read, mean, squares = np.ascontiguousarray(returns), np.empty(returns.size), np.empty(returns.size)
    shapes = np.empty((4, returns.size))
    shape = map(Count, (1, returns.size))
    launch(library("sweep/accounts").running_moments, *shape, *map(pointer, (read, mean, squares, shapes)), threads=1)
    return bar_metrics.RunningMoments(mean, squares, shapes)


def _part(prices: Floats, pairs: ThresholdPairs, rules: Rules, start: int) -> Ran:
    bars = gather(prices, rules.execution_delay)
    scores = score(bars.prices, rules)
    fills, crowded = at_fills(scores, bars, scores.shape[1]), collisions(prices, rules.execution_delay)
    (n_series, n_bars), n_fields = bars.prices.shape, len(Trade._fields)
    packed, listed = np.empty((len(_PATHS), n_series, n_bars)), np.empty((n_series, n_bars, n_fields))
    ends = np.empty((n_series, _ENDS))
    held = np.ascontiguousarray(bars.prices)
    marks = short_marks(bars, rules) if rules.borrow else held
    read = (bars.counts.astype(np.float64), held, fills, marks, *map(np.ascontiguousarray, pairs))
    launch(
        library("sweep/accounts")[driver.entry("accounts", rules)],
        *map(Count, (n_series, n_bars)),
        *map(pointer, read),
        *map(Number, (rules.stop, rules.initial_capital)),
        *map(pointer, (packed, listed, ends)),
    )
    kept = np.arange(n_bars) < ends[:, _N_TRADES, None]
    series, rows = np.nonzero(kept)[0], listed[kept]
    if n_bars == prices.shape[1] and (bars.counts == n_bars).all():
        paths, ruined_at = AccountPaths(packed[0], packed[1], packed[3], scores, packed[2]), ends[:, _RUINED_AT]
    else:
        paths, ruined_at = _with_gaps(prices, bars, packed, scores, (series, rows, ends[:, _RUINED_AT]))
    ran = Ran(paths, as_trades(series.astype(np.int64), rows), ends[:, _FEES].copy(), ruined_at.astype(np.int64))
    if crowded.any():
        ran = _replaced(ran, crowded, trades.run(prices[crowded], driver.take(pairs, crowded), rules.of(crowded)))
    return ran._replace(trades=ran.trades._replace(series=ran.trades.series + start))


def _with_gaps(
    prices: Floats, bars: Bars, packed: Floats, scores: Floats, found: tuple[NDArray[np.intp], Floats, Floats]
) -> tuple[AccountPaths, Floats]:
    """Put what is known of the bars that have a price at their places, and count bars with the missing ones."""
    series, rows, ruined = found
    paths, ruined_at = trades.empty_paths(prices.shape), np.full(ruined.size, -1.0)
    all_times = np.zeros(scores.shape)
    for row, count in enumerate(bars.counts.tolist()):
        interruption.check()
        times = np.flatnonzero(~np.isnan(prices[row]))
        equity, returns, drawdown, position = packed[:, row, :count]
        trades.write(paths, row, (times, bars.places[row]), (equity, returns, drawdown, position))
        paths.zscore[row, times] = scores[row, :count]
        all_times[row, :count] = times
        if ruined[row] >= 0:
            ruined_at[row] = times[int(ruined[row])]
    for column in (Trade._fields.index("entry_bar"), Trade._fields.index("exit_bar")):
        rows[:, column] = all_times[series, rows[:, column].astype(np.intp)]
    return paths, ruined_at


def _replaced(ran: Ran, where: NDArray[np.bool_], other: Ran) -> Ran:
    """Take some series from another run."""
    for held, part in zip(ran.paths, other.paths, strict=True):
        held[where] = part
    ran.fees[where], ran.ruined_at[where] = other.fees, other.ruined_at
    kept = ~where[ran.trades.series]
    theirs = other.trades._replace(series=np.flatnonzero(where)[other.trades.series].astype(np.int64))
    mine = _where(ran.trades, kept)
    both = _behind([mine, theirs])
    return ran._replace(trades=_where(both, np.argsort(both.series, kind="stable")))


def _joined(parts: list[Ran]) -> Ran:
    return Ran(
        AccountPaths(*(np.concatenate(path) for path in zip(*(part.paths for part in parts), strict=True))),
        _behind([part.trades for part in parts]),
        np.concatenate([part.fees for part in parts]),
        np.concatenate([part.ruined_at for part in parts]),
    )


def _behind(parts: list[Trades]) -> Trades:
    columns: list[Any] = [np.concatenate(column) for column in zip(*parts, strict=True)]
    return Trades(*columns)


def _where(trades: Trades, rows: NDArray[Any]) -> Trades:
    columns: list[Any] = [column[rows] for column in trades]
    return Trades(*columns)
