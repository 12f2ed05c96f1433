"""Backtests of the z-score rule with costs: many series against many threshold pairs, one in full, or bar by bar."""

import numpy as np
from numpy.typing import ArrayLike

from gpu_kernels.checks import array, no_infinity
from gpu_kernels.dispatch import current, on_lanes, run
from gpu_kernels.errors import InvalidInput
from gpu_kernels.sweep import accounts as books
from gpu_kernels.sweep import device, host, native
from gpu_kernels.sweep.arguments import checked_pairs, checked_rules, has_bars, optional_pairs, own_pairs
from gpu_kernels.sweep.figures import nothing, with_untradable, without_overflow
from gpu_kernels.sweep.model import (
    ERROR,
    FLAT,
    IN_TRADE,
    MODES,
    STATUSES,
    BacktestPaths,
    BarMetric,
    FinalMetrics,
    Pairs,
    ReturnMoments,
    SweepMetrics,
)
from gpu_kernels.sweep.online import OnlineBacktest
from gpu_kernels.sweep.round_trips import AccountPaths, Accounts, Trades
from gpu_kernels.sweep.survey import NO_PRICE, OVERFLOW, Survey, reasons, survey
from gpu_kernels.sweep.whole import BarMetrics

__all__ = [
    "ERROR",
    "FLAT",
    "IN_TRADE",
    "MODES",
    "NO_PRICE",
    "OVERFLOW",
    "STATUSES",
    "AccountPaths",
    "Accounts",
    "BacktestPaths",
    "BarMetric",
    "BarMetrics",
    "FinalMetrics",
    "OnlineBacktest",
    "ReturnMoments",
    "Survey",
    "SweepMetrics",
    "Trades",
    "accounts",
    "backtest",
    "moments",
    "paths",
    "reasons",
    "survey",
]


def backtest(
    prices: ArrayLike,
    entry_z: ArrayLike,
    exit_z: ArrayLike,
    cost: ArrayLike,
    *,
    lookback: int = 20,
    execution_delay: int = 1,
    mode: str = "compounding",
    initial_capital: float = 1.0,
    periods_per_year: float = 252.0,
) -> SweepMetrics:
    """Backtest every series against every threshold pair.

    Args:
        prices: (B, T), oldest first. Bars before a series' first price and behind its last count in none of its
            figures. A NaN bar between is skipped by the window, marked at the last price, and orders wait.
        entry_z: (G,) scores at which a trade opens, above 0; one number serves all pairs, here and below.
        exit_z: (G,) a trade of side d closes when d z >= -exit_z; -entry_z <= exit_z < entry_z.
        cost: (G,) cost per side: a fraction of the traded notional, or units of the price in mode "unit".
        lookback: Prices in the window of the score, at least 2.
        execution_delay: Bars from a decision to its fill, at least 0.
        mode: "compounding" invests the whole equity, for positive prices; "unit" trades one unit, for spreads.
        initial_capital: Equity before the first bar, above 0.
        periods_per_year: Bars in a year, for the Sharpe ratio.

    Returns:
        SweepMetrics of (B, G) arrays. A series without any price, with an infinite one, or in mode "compounding" with
        one that is not positive, has NaN and status ERROR, and reasons says why; so has a lane whose returns, or their
        squares, leave the doubles. A ruined lane has status ERROR. A series with fewer prices than the lookback never
        trades.

    Raises:
        InvalidInput: there is no bar, a threshold or cost is NaN or out of its range, shapes do not fit, or an
            option is out of its range.

    References:
        Gatev, Goetzmann and Rouwenhorst (2006), Pairs trading, section 1.2 (the rule and its waiting bar).
    """
    checked = array("prices", prices, ndim=2, shape="(B, T)")
    has_bars(checked)
    rules = checked_rules(lookback, execution_delay, mode, initial_capital, periods_per_year)
    twin = {"cuda": device.backtest, "native": native.backtest}.get(current().backend, host.backtest)
    pairs, seen = checked_pairs(entry_z, exit_z, cost), survey(checked, mode)
    if not (seen.tradable.any() and pairs.entry_z.size):
        return nothing(len(checked), pairs.entry_z.size)
    if seen.tradable.all():
        return without_overflow(run(twin, checked, pairs, rules, seen))
    found = run(twin, checked[seen.tradable], pairs, rules, seen.of(seen.tradable))
    return with_untradable(without_overflow(found), seen.tradable)


def paths(
    prices: ArrayLike,
    entry_z: float,
    exit_z: float,
    cost: float,
    *,
    lookback: int = 20,
    execution_delay: int = 1,
    mode: str = "compounding",
    initial_capital: float = 1.0,
    periods_per_year: float = 252.0,
) -> BacktestPaths:
    """Backtest one series against one threshold pair, and keep every bar.

    Args:
        prices: (T,), oldest first; NaN bars as in backtest.
        entry_z: Score at which a trade opens, above 0.
        exit_z: A trade of side d closes when d z >= -exit_z; -entry_z <= exit_z < entry_z.
        cost: Cost per side, in the units of backtest.
        lookback: Prices in the window of the score, at least 2.
        execution_delay: Bars from a decision to its fill, at least 0.
        mode: "compounding" or "unit", as in backtest.
        initial_capital: Equity before the first bar, above 0.
        periods_per_year: Bars in a year, for the Sharpe ratio.

    Returns:
        BacktestPaths of (T,) arrays, and the final figures that backtest gives.

    Raises:
        InvalidInput: as backtest; and where there is no price at all, an infinite one, or one that is not positive in
            mode "compounding".
    """
    checked = array("prices", prices, ndim=1, shape="(T,)")
    has_bars(checked)
    rules = checked_rules(lookback, execution_delay, mode, initial_capital, periods_per_year)
    no_infinity("prices", checked)
    if np.isnan(checked).all():
        raise InvalidInput("prices", "must hold at least one price that is not NaN")
    bad = checked <= 0
    if mode == "compounding" and bad.any():
        place = int(np.argmax(bad))
        rule = "must be > 0 in mode 'compounding' (mode 'unit' trades spreads)"
        raise InvalidInput("prices", rule, value=checked[place], index=place)
    return host.paths(checked, checked_pairs([entry_z], [exit_z], [cost]), rules)


def moments(
    prices: ArrayLike,
    entry_z: ArrayLike,
    exit_z: ArrayLike,
    cost: ArrayLike,
    *,
    lookback: int = 20,
    execution_delay: int = 1,
    mode: str = "compounding",
    initial_capital: float = 1.0,
) -> ReturnMoments:
    """Backtest each series against its own threshold pair: skewness and kurtosis of the returns of all bars.

    Args:
        prices: (B, T), oldest first; NaN bars as in backtest.
        entry_z: (B,) or one for all, like the next two: as in backtest.
        exit_z: As in backtest.
        cost: As in backtest.
        lookback: As in backtest.
        execution_delay: As in backtest.
        mode: As in backtest.
        initial_capital: As in backtest.

    Returns:
        ReturnMoments of (B,) arrays, of the returns that paths gives for the bars of the series' span; a series that
        cannot be traded has NaN.

    Raises:
        InvalidInput: as backtest.
    """
    checked = array("prices", prices, ndim=2, shape="(B, T)")
    has_bars(checked)
    rules = checked_rules(lookback, execution_delay, mode, initial_capital, 1.0)
    n_series = checked.shape[0]
    pairs = own_pairs(entry_z, exit_z, cost, n_series)
    twin = {"cuda": device.moments, "native": native.moments}.get(current().backend, host.moments)
    seen = survey(checked, mode)
    found, tradable = np.full((2, n_series), np.nan), seen.tradable
    if tradable.any():
        each = Pairs(*(column[tradable] for column in pairs))
        found[:, tradable] = run(twin, checked[tradable], each, rules, seen.of(tradable))
    return ReturnMoments(*found)


def accounts(
    prices: ArrayLike,
    entry_z: ArrayLike,
    exit_z: ArrayLike,
    cost: ArrayLike,
    *,
    lookback: int = 20,
    execution_delay: int = 1,
    mode: str = "compounding",
    initial_capital: float = 1.0,
    periods_per_year: float = 252.0,
    trades: bool = False,
    path: bool = False,
) -> Accounts:
    """Backtest each series against its own threshold pair, with all figures of its account.

    Args:
        prices: (B, T), oldest first; NaN bars as in backtest. Those before a series' first price and after its last
            belong to nobody.
        entry_z: (B,) or one for all, like the next two: as in backtest. NaN in an array is a series without thresholds.
        exit_z: As in backtest; NaN likewise.
        cost: As in backtest.
        lookback: As in backtest.
        execution_delay: As in backtest.
        mode: As in backtest.
        initial_capital: As in backtest.
        periods_per_year: Bars in a year, for all figures that are annual.
        trades: List every round trip too.
        path: Keep every bar too.

    Returns:
        Accounts of (B,) arrays. A series without any price, with an infinite one, in mode "compounding" with one that
        is not positive, or without thresholds has NaN, status "error" and a reason; the others are as if it were not
        there, to the bit.

    Raises:
        InvalidInput: a threshold or cost is NaN or out of its range, shapes do not fit, or an option is out of its
            range.
    """
    checked = array("prices", prices, ndim=2, shape="(B, T)")
    has_bars(checked)
    rules = checked_rules(lookback, execution_delay, mode, initial_capital, periods_per_year)
    pairs = optional_pairs(entry_z, exit_z, cost, checked.shape[0])
    return run(books.compute, checked, pairs, rules, books.Wanted(trades, path, on_lanes()))
