"""Backtests of many series, each by its own thresholds: figures, round trips and paths."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpu_kernels import interruption
from gpu_kernels.checks import Floats
from gpu_kernels.performance.host import account as described
from gpu_kernels.performance.host import grouped, spans
from gpu_kernels.performance.model import Performance, ReturnFigures
from gpu_kernels.sweep import trades
from gpu_kernels.sweep.figures import ROUNDING, gained, per_trade
from gpu_kernels.sweep.model import Rules, ThresholdPairs
from gpu_kernels.sweep.round_trips import Accounts, Ran, Trades
from gpu_kernels.sweep.survey import OVERFLOW, reasons

__all__ = ["Runs", "Wanted", "compute", "report"]

Bools = NDArray[np.bool_]
Runs = Callable[[Floats, ThresholdPairs, Rules], Ran]
"""Trades every series of (B, T) by its own pair; each can be traded."""


class Wanted(NamedTuple):
    """What an answer contains beside the figures.

    Attributes:
        trades: Every round trip.
        paths: Every bar.
    """

    trades: bool
    paths: bool


def compute(prices: Floats, pairs: ThresholdPairs, rules: Rules, wanted: Wanted) -> Accounts:
    """Trade every series by its own pair; see the contract."""
    return report(trades.run, prices, pairs, rules, wanted)


def report(run: Runs, prices: Floats, pairs: ThresholdPairs, rules: Rules, wanted: Wanted) -> Accounts:
    """Trade every series that can be traded, and make figures of what either twin gives."""
    why = _reasons(prices, pairs, rules.mode)
    tradable = np.array([not reason for reason in why], dtype=np.bool_)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        ran = _spread(_ran(run, prices, tradable, pairs, rules), tradable)
        figures = _figures(ran, tradable, rules)
        sums = _of_equity(ran, tradable, rules)
    for row in np.flatnonzero(ran.ruined_at >= 0).tolist():
        why[row] = f"the account is ruined at row {ran.ruined_at[row]}: its equity is gone"
    beyond = tradable & ~(np.isfinite(ran.fees) & np.isfinite(sums.final_equity))
    for row in np.flatnonzero(beyond).tolist():
        why[row] = OVERFLOW
    closed, n_series = ran.trades.series[ran.trades.closed], tradable.size
    status = tuple("error" if reason else "ok" for reason in why)
    return Accounts(
        returns=Performance(status, tuple(why), sums.n_bars, figures),
        final_equity=sums.final_equity,
        num_trades=np.bincount(closed, minlength=n_series).astype(np.int64),
        **_of_trades(ran.trades, tradable, rules),
        total_costs=ran.fees,
        exposure=sums.exposure,
        turnover=sums.turnover,
        position=sums.position,
        trades=ran.trades if wanted.trades else None,
        paths=ran.paths if wanted.paths else None,
    )


def _reasons(prices: Floats, pairs: ThresholdPairs, mode: str) -> list[str]:
    """Return why each series cannot be traded, "" where it can."""
    why = reasons(prices, mode)
    return [
        "there are no thresholds for it" if without and not reason else reason
        for without, reason in zip(np.isnan(pairs.entry_z).tolist(), why, strict=True)
    ]


def _ran(run: Runs, prices: Floats, tradable: Bools, pairs: ThresholdPairs, rules: Rules) -> Ran:
    good = slice(None) if tradable.all() else tradable
    twin = run if tradable.any() else trades.run
    return twin(prices[good], ThresholdPairs(*(np.ascontiguousarray(column[good]) for column in pairs)), rules.of(good))


def _spread(ran: Ran, tradable: Bools) -> Ran:
    """Put NaN rows where a series cannot be traded."""
    if tradable.all():
        return ran
    n_series, n_bars = tradable.size, ran.paths.equity.shape[1]
    paths = trades.empty_paths((n_series, n_bars))
    for held, part in zip(paths, ran.paths, strict=True):
        held[tradable] = part
    fees, ruined_at = np.full(n_series, np.nan), np.full(n_series, -1)
    fees[tradable], ruined_at[tradable] = ran.fees, ran.ruined_at
    series = np.flatnonzero(tradable)[ran.trades.series].astype(np.int64)
    return Ran(paths, ran.trades._replace(series=series), fees, ruined_at.astype(np.int64))


class _Sums(NamedTuple):
    """Sums over a series' bars: (B,) arrays, as in Accounts."""

    n_bars: NDArray[np.int64]
    final_equity: Floats
    exposure: Floats
    turnover: Floats
    position: NDArray[np.int8]


def _of_equity(ran: Ran, tradable: Bools, rules: Rules) -> _Sums:
    n_series = tradable.size
    first, last = spans(ran.paths.equity)
    final, exposure, mean = (np.full(n_series, np.nan) for _ in range(3))
    position = np.zeros(n_series, dtype=np.int8)
    for rows, bars in grouped(first, last, tradable):
        interruption.check()
        equity, held = (np.ascontiguousarray(path[rows, bars]) for path in (ran.paths.equity, ran.paths.position))
        final[rows], mean[rows] = equity[:, -1], equity.mean(axis=1)
        exposure[rows] = np.count_nonzero(held, axis=1) / held.shape[1]
        position[rows] = held[:, -1].astype(np.int8)
    listed, n_bars = ran.trades, np.where(tradable, last - first + 1, 0)
    prices = np.abs(listed.entry_price) + np.where(listed.closed, np.abs(listed.exit_price), 0.0)
    notional = np.bincount(listed.series, np.abs(listed.quantity) * prices, n_series)
    turnover = np.where(mean > 0, notional * (rules.periods_per_year / n_bars) / mean, np.nan)
    return _Sums(n_bars.astype(np.int64), final, exposure, turnover, position)


def _figures(ran: Ran, tradable: Bools, rules: Rules) -> ReturnFigures:
    """Describe the returns; the Sharpe ratio is 0 where they do not vary, as in a sweep."""
    paths = ran.paths
    if rules.compounding:
        _, last = spans(paths.equity)
        final = np.take_along_axis(paths.equity, np.maximum(last, 0)[:, None], axis=1)[:, 0]
        total = gained(final, rules.initial_capital, compounding=True)
    else:  # a large capital would cost the difference its digits
        profit = np.bincount(ran.trades.series, ran.trades.profit, tradable.size)
        total = gained(profit.astype(np.float64), rules.initial_capital, compounding=False)
    figures = described(paths.returns, paths.drawdown, total, tradable, rules.periods_per_year)
    still = np.isnan(figures.sharpe_ratio)
    if rules.compounding:
        still |= np.maximum(figures.best_return, -figures.worst_return) < ROUNDING
    return figures._replace(
        sharpe_ratio=np.where(still & tradable & np.isfinite(ran.fees + total), 0.0, figures.sharpe_ratio),
        sharpe_std_error=np.where(still, np.nan, figures.sharpe_std_error),
        probability_sharpe_positive=np.where(still, np.nan, figures.probability_sharpe_positive),
    )


def _of_trades(listed: Trades, tradable: Bools, rules: Rules) -> dict[str, Floats]:
    """Return the figures of the closed trades of every series."""
    n_series, closed = tradable.size, listed.closed
    series, profit, fraction = listed.series[closed], listed.profit[closed], listed.profit_fraction[closed]

    def added(values: Floats) -> Floats:
        return np.bincount(series, values, n_series).astype(np.float64)

    wins, trades = added((profit > 0).astype(np.float64)), added(np.ones(series.size))
    gains, losses = added(np.maximum(profit, 0.0)), added(np.maximum(-profit, 0.0))
    best, worst = np.full(n_series, np.nan), np.full(n_series, np.nan)
    np.fmax.at(best, series, fraction)
    np.fmin.at(worst, series, fraction)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        win_rate, average = per_trade(wins, added(profit), trades, rules.initial_capital)
        found = {
            "win_rate": win_rate,
            "avg_profit_per_trade": average,
            "profit_factor": gains / losses,  # infinite without losses, NaN without either
            "best_trade": best,
            "worst_trade": worst,
        }
    return {name: np.where(tradable, values, np.nan) for name, values in found.items()}
