"""Backtests of the z-score rule with costs: many series against many threshold pairs, one in full, or bar by bar."""

import numpy as np
from numpy.typing import ArrayLike

from gpu_kernels.checks import Floats, array
from gpu_kernels.dispatch import Twins
from gpu_kernels.sweep import accounts as of_accounts
from gpu_kernels.sweep import accounts_native, bar_returns_native, device, host, native
from gpu_kernels.sweep import bar_returns as of_bars
from gpu_kernels.sweep.arguments import (
    checked_pairs,
    checked_rules,
    has_bars,
    optional_pairs,
    own_pairs,
    scored_rules,
    stops_above,
)
from gpu_kernels.sweep.bar_metrics import BarMetrics
from gpu_kernels.sweep.figures import nothing, with_untradable, without_overflow
from gpu_kernels.sweep.fitted import stationary
from gpu_kernels.sweep.model import (
    ERROR,
    FLAT,
    IN_TRADE,
    MODES,
    SCORES,
    STATUSES,
    BarMetric,
    ReturnMoments,
    Rules,
    SweepMetrics,
    ThresholdPairs,
)
from gpu_kernels.sweep.online import OnlineBacktest
from gpu_kernels.sweep.round_trips import AccountPaths, Accounts, Trades
from gpu_kernels.sweep.survey import NO_PRICE, OVERFLOW, Survey, reasons, survey

__all__ = [
    "ERROR",
    "FLAT",
    "IN_TRADE",
    "MODES",
    "NO_PRICE",
    "OVERFLOW",
    "SCORES",
    "STATUSES",
    "AccountPaths",
    "Accounts",
    "BarMetric",
    "BarMetrics",
    "OnlineBacktest",
    "ReturnMoments",
    "Rules",
    "Survey",
    "SweepMetrics",
    "Trades",
    "accounts",
    "backtest",
    "bar_returns",
    "moments",
    "reasons",
    "stationary",
    "survey",
]


def _steps_of_all(prices: Floats, pairs: ThresholdPairs, _rules: Rules, _seen: Survey) -> int:
    return prices.size * pairs.entry_z.size


def _steps_of_each(prices: Floats, _pairs: ThresholdPairs, _rules: Rules, _seen: Survey) -> int:
    return prices.size


_DEFAULT = Rules()
BACKTEST_TWINS = Twins(host=host.backtest, native=native.backtest, device=device.backtest, steps=_steps_of_all)
MOMENTS_TWINS = Twins(host=host.moments, native=native.moments, device=device.moments, steps=_steps_of_each)
ACCOUNTS_TWINS = Twins(host=of_accounts.compute, native=accounts_native.compute)
BAR_RETURNS_TWINS = Twins(host=of_bars.compute, native=bar_returns_native.compute)


def backtest(
    prices: ArrayLike, entry_z: ArrayLike, exit_z: ArrayLike, cost: ArrayLike, rules: Rules = _DEFAULT
) -> SweepMetrics:
    """Backtest every series against every threshold pair.

    Args:
        prices: (B, T), oldest first. Bars before a series' first price and behind its last count in none of its
            figures. A NaN bar between is skipped by the window, marked at the last price, and orders wait.
        entry_z: (G,) scores at which a trade opens, above 0; one number applies to all pairs, here and below.
        exit_z: (G,) a trade of side d closes when d z >= -exit_z; -entry_z <= exit_z < entry_z.
        cost: (G,) cost per side: a fraction of the traded notional, or units of the price in mode "unit".
        rules: What all backtests share: window, delay, mode, capital, stop and borrow rate.

    Returns:
        SweepMetrics of (B, G) arrays. A series without any price, with an infinite one, or in mode "compounding" with
        one that is not positive, has NaN and status ERROR, and reasons says why; so has a lane whose returns, or their
        squares, leave the doubles. A ruined lane has status ERROR. A series with fewer prices than the lookback never
        trades.

    Raises:
        InvalidInput: there is no bar, a threshold or cost is NaN or out of its range, shapes do not fit, a rule is out
            of its range, or the stop is not above every entry_z.

    References:
        Gatev, Goetzmann and Rouwenhorst (2006), Pairs trading, section 1.2 (the rule and its waiting bar).
    """
    checked = array("prices", prices, ndim=2, shape="(B, T)")
    has_bars(checked)
    rules = scored_rules(checked_rules(rules), len(checked))
    pairs, seen = checked_pairs(entry_z, exit_z, cost), survey(checked, rules.mode)
    stops_above(pairs.entry_z, rules)
    if not (seen.tradable.any() and pairs.entry_z.size):
        return nothing(len(checked), pairs.entry_z.size)
    if seen.tradable.all():
        return without_overflow(BACKTEST_TWINS.run(checked, pairs, rules, seen))
    found = BACKTEST_TWINS.run(checked[seen.tradable], pairs, rules.of(seen.tradable), seen.of(seen.tradable))
    return with_untradable(without_overflow(found), seen.tradable)


def moments(
    prices: ArrayLike, entry_z: ArrayLike, exit_z: ArrayLike, cost: ArrayLike, rules: Rules = _DEFAULT
) -> ReturnMoments:
    """Backtest each series against its own threshold pair: skewness and kurtosis of the returns of all bars.

    Args:
        prices: (B, T), oldest first; NaN bars as in backtest.
        entry_z: (B,) or one for all, like the next two: as in backtest.
        exit_z: As in backtest.
        cost: As in backtest.
        rules: As in backtest.

    Returns:
        ReturnMoments of (B,) arrays, of the returns that accounts keeps as a path; a series that cannot be traded has
        NaN.

    Raises:
        InvalidInput: as backtest.
    """
    checked = array("prices", prices, ndim=2, shape="(B, T)")
    has_bars(checked)
    rules, n_series = scored_rules(checked_rules(rules), checked.shape[0]), checked.shape[0]
    pairs = own_pairs(entry_z, exit_z, cost, n_series)
    stops_above(pairs.entry_z, rules)
    seen = survey(checked, rules.mode)
    found, tradable = np.full((2, n_series), np.nan), seen.tradable
    if tradable.any():
        each = ThresholdPairs(*(column[tradable] for column in pairs))
        found[:, tradable] = MOMENTS_TWINS.run(checked[tradable], each, rules.of(tradable), seen.of(tradable))
    return ReturnMoments(*found)


def bar_returns(
    prices: ArrayLike, entry_z: ArrayLike, exit_z: ArrayLike, cost: ArrayLike, rules: Rules = _DEFAULT
) -> Floats:
    """Backtest one series against every threshold pair: the returns of all bars.

    Args:
        prices: (T,), oldest first; NaN bars as in backtest.
        entry_z: (G,) or one for all, like the next two: as in backtest.
        exit_z: As in backtest.
        cost: As in backtest.
        rules: As in backtest.

    Returns:
        (G, T), those that accounts keeps as a path: NaN before the first price and after the last, and everywhere where
        the series cannot be traded. In mode "unit" they may differ in their last digits.

    Raises:
        InvalidInput: as backtest.
    """
    checked = array("prices", prices, ndim=1, shape="(T,)")
    has_bars(checked)
    rules, pairs = scored_rules(checked_rules(rules), 1), checked_pairs(entry_z, exit_z, cost)
    stops_above(pairs.entry_z, rules)
    if not (survey(checked[None], rules.mode).tradable.all() and pairs.entry_z.size):
        return np.full((pairs.entry_z.size, checked.size), np.nan)
    return BAR_RETURNS_TWINS.run(checked, pairs, rules)


def accounts(
    prices: ArrayLike,
    entry_z: ArrayLike,
    exit_z: ArrayLike,
    cost: ArrayLike,
    rules: Rules = _DEFAULT,
    *,
    trades: bool = False,
    path: bool = False,
) -> Accounts:
    """Backtest each series against its own threshold pair, with all figures of its account.

    Args:
        prices: (B, T), oldest first; NaN bars as in backtest.
        entry_z: (B,) or one for all, like the next two: as in backtest. NaN in an array is a series without thresholds.
        exit_z: As in backtest; NaN likewise.
        cost: As in backtest.
        rules: As in backtest.
        trades: List every round trip too.
        path: Keep every bar too.

    Returns:
        Accounts of (B,) arrays. A series without any price, with an infinite one, in mode "compounding" with one that
        is not positive, or without thresholds has NaN, status "error" and a reason; the others are as if it were not
        there, to the bit.

    Raises:
        InvalidInput: as backtest.
    """
    checked = array("prices", prices, ndim=2, shape="(B, T)")
    has_bars(checked)
    rules = scored_rules(checked_rules(rules), len(checked))
    pairs = optional_pairs(entry_z, exit_z, cost, checked.shape[0])
    stops_above(pairs.entry_z, rules)
    return ACCOUNTS_TWINS.run(checked, pairs, rules, of_accounts.Wanted(trades, path))
