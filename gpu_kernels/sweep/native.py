"""Launches of the sweep kernel on the CPU's vector lanes."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpu_kernels.checks import Floats
from gpu_kernels.compile import library
from gpu_kernels.launch import Count, Number, Threads, pointer
from gpu_kernels.selection import current
from gpu_kernels.sweep import excursions, host, long_series
from gpu_kernels.sweep.bars import gather, survey, with_untradable
from gpu_kernels.sweep.model import ERROR, FLAT, IN_TRADE, Pairs, ReturnMoments, Rules, SweepMetrics
from gpu_kernels.sweep.order import alike
from gpu_kernels.sweep.zscore import SMALLEST_SPREAD

__all__ = [
    "MOST_LANES",
    "REDO",
    "ROWS",
    "RUINED",
    "Packed",
    "backtest",
    "metrics",
    "moments",
    "pack",
    "rolling",
    "score_space",
    "without_gaps",
]

ROWS = 11
"""Rows of the kernel's output."""

RUINED, REDO = 10, 2.0
"""The row that says how a lane ended, and what it says of one that the dense kernel must run again."""

_ROUNDING = 1e-15  # of a compounding return, where an entry without a cost gains nothing
_ITEMS_A_THREAD = 16

MOST_LANES = 8
"""Lanes of a vector, at most."""


class Packed(NamedTuple):
    """Series without their missing bars, as the kernels read them.

    Attributes:
        prices: (B, n), n the largest number of prices of a series, or T where that is long enough to be cut in time; a
            shorter series repeats its last price.
        fills: (B, n), the score of the decision that fills at each bar; NaN where none does.
    """

    prices: Floats
    fills: Floats


def backtest(prices: Floats, pairs: Pairs, rules: Rules) -> SweepMetrics:
    """Run every series against every pair; see the contract."""
    tradable, whole = survey(prices, rules.mode)
    packed = pack(prices if tradable.all() else prices[tradable], rules, whole=whole)
    if packed is None:
        return host.backtest(prices, pairs, rules)
    return with_untradable(metrics(_run(*packed, pairs, rules), prices.shape[1], rules), tradable)


def moments(prices: Floats, pairs: Pairs, rules: Rules) -> ReturnMoments:
    """Run each series against its own pair; see the contract. Every series can be traded."""
    packed = pack(prices, rules, whole=survey(prices, rules.mode).whole)
    if packed is None:
        return host.moments(prices, pairs, rules)
    columns = [np.ascontiguousarray(column) for column in pairs]
    n_series, n_bars = packed.prices.shape
    space, found = np.empty((n_series + MOST_LANES - 1, n_bars)), np.empty((2, n_series))
    library("sweep/moments")[f"moments_{rules.mode}"](
        *map(Count, (n_series, n_bars, prices.shape[1])),
        *map(pointer, (*packed, *columns)),
        Number(rules.initial_capital),
        pointer(space),
        pointer(found),
        Threads(current().threads),
    )
    return ReturnMoments(*found)


def pack(prices: Floats, rules: Rules, *, whole: bool) -> Packed | None:
    """Score every bar, without the missing ones if not `whole`; None where without_gaps has none."""
    if whole:
        held = np.ascontiguousarray(prices)
        return Packed(held, rolling(held, rules.lookback, rules.execution_delay))
    return without_gaps(prices, rules, rolling)


def without_gaps(prices: Floats, rules: Rules, score: Callable[[Floats, int], Floats]) -> Packed | None:
    """Take out missing bars, and score the others; None where the kernel has no place for what fills.

    That is where two decisions of a series fill at one bar, which takes a gap behind a delay of two bars or more.

    Args:
        prices: (B, T), NaN where a bar is missing; every series has a price.
        rules: What all lanes share.
        score: Scores the packed prices, like zscore.rolling.
    """
    bars = gather(prices, rules.execution_delay)
    n_series, n_bars = bars.prices.shape
    same = (bars.fill_at[:, 1:] <= bars.fill_at[:, :-1]) & (bars.fill_at[:, 1:] < n_bars)
    if (same & (np.arange(1, n_bars) < bars.counts[:, None])).any():
        return None
    # What is cut in time is cut by its length, which must not be that of its companions.
    n_wide = prices.shape[1] if long_series.gains(prices.shape[1], 1) else n_bars
    fills = np.full((n_series, n_wide + 1), np.nan)
    decided = (np.arange(n_bars) < bars.counts[:, None]) & (bars.fill_at < n_bars)
    np.put_along_axis(fills, np.where(decided, bars.fill_at, n_wide), score(bars.prices, rules.lookback), axis=1)
    packed = np.pad(bars.prices, ((0, 0), (0, n_wide - n_bars)), mode="edge") if n_wide > n_bars else bars.prices
    return Packed(packed, np.ascontiguousarray(fills[:, :n_wide]))


def rolling(prices: Floats, lookback: int, delay: int = 0) -> Floats:
    """Score every price against the window that ends with it, with the bits of zscore.rolling.

    Args:
        prices: (B, n), finite.
        lookback: Prices in a window, at least 2.
        delay: Bars by which the scores move to the right.
    """
    n_series, n_bars = prices.shape
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


def metrics(rows: Floats, n_bars: int, rules: Rules) -> SweepMetrics:
    """Turn the kernel's rows, (11, B, G), into figures.

    Args:
        rows: As the kernel's enum orders them.
        n_bars: T, bars without a price included: each is a return of 0.
        rules: What all lanes share.
    """
    equity, realized, unrealized, fees, drawdown, total, squares, trades, wins, position, ruined = rows
    scale = 1.0 if rules.mode == "compounding" else rules.initial_capital
    mean = total / (n_bars * scale)
    spread = np.maximum(0.0, squares / scale**2 - n_bars * mean * mean)
    if rules.mode == "compounding":
        spread[squares < n_bars * _ROUNDING**2] = 0.0
    deviation = np.sqrt(spread / max(1, n_bars - 1))
    sharpe, win_rate, average = (np.zeros_like(mean) for _ in range(3))
    np.divide(mean * np.sqrt(rules.periods_per_year), deviation, out=sharpe, where=deviation > 0)
    np.divide(wins, trades, out=win_rate, where=trades > 0)
    np.divide(realized, trades * rules.initial_capital, out=average, where=trades > 0)
    return SweepMetrics(
        cumulative_return=equity / rules.initial_capital - 1.0,
        sharpe_ratio=sharpe,
        max_drawdown=drawdown,
        num_trades=trades.astype(np.int64),
        win_rate=win_rate,
        avg_profit_per_trade=average,
        total_costs=fees,
        realized_pnl=realized,
        unrealized_pnl=unrealized,
        equity=equity,
        position=position.astype(np.int8),
        status=np.where(ruined > 0, ERROR, np.where(position != 0, IN_TRADE, FLAT)).astype(np.int8),
    )


def _run(prices: Floats, fills: Floats, pairs: Pairs, rules: Rules) -> Floats:
    """Run grids by excursions, long series in chunks, and the rest, or what needs it, by the dense kernel."""
    n_series, n_bars = prices.shape
    pairs = Pairs(*map(np.ascontiguousarray, pairs))
    grids = excursions.find(pairs, excursions.FEWEST_PAIRS, -(-current().threads // n_series))
    if grids is None and not long_series.gains(n_bars, pairs.entry_z.size):
        return _dense(prices, fills, pairs, rules)
    rows = np.empty((ROWS, n_series, pairs.entry_z.size))
    if grids is None:
        long_series.run(prices, fills, pairs, rules, rows, current().threads)
    else:
        excursions.run(prices, fills, grids, rules, rows, current().threads)
        if grids.alone.any():
            rows[:, :, grids.alone] = _dense(prices, fills, _take(pairs, grids.alone), rules)
    redo = rows[RUINED] == REDO
    for series in np.flatnonzero(redo.any(axis=1)):
        one = slice(series, series + 1)
        rows[:, one, redo[series]] = _dense(prices[one], fills[one], _take(pairs, redo[series]), rules)
    return rows


def _take(pairs: Pairs, wanted: NDArray[np.bool_]) -> Pairs:
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
