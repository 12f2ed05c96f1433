"""The metrics of a running backtest after each bar of a whole series, without running it bar by bar."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpu_kernels import interruption
from gpu_kernels.checks import Floats
from gpu_kernels.performance.sharpe_error import FEWEST, independent_error
from gpu_kernels.sweep import settle, trades
from gpu_kernels.sweep.bars import gather, owed
from gpu_kernels.sweep.figures import gained, per_trade, sharpe_ratios
from gpu_kernels.sweep.model import ERROR, FLAT, IN_TRADE, Rules, ThresholdPairs
from gpu_kernels.sweep.return_shape import ReturnShape
from gpu_kernels.sweep.round_trips import Ran, Trades
from gpu_kernels.sweep.trades import ThresholdPair
from gpu_kernels.time_units import DAY_MS

__all__ = ["BarMetrics", "RunningMoments", "compute", "metrics_of", "pairs_of"]

Ints = NDArray[np.int64]


class BarMetrics(NamedTuple):
    """The fields of BarMetric after each bar: (T,) each; status as a code of STATUSES."""

    bar_number: Ints
    cumulative_return: Floats
    daily_return: Floats
    open_positions: Ints
    unrealized_pnl: Floats
    realized_pnl: Floats
    max_drawdown: Floats
    sharpe_ratio: Floats
    sharpe_std_error: Floats
    num_trades: Ints
    win_rate: Floats
    avg_profit_per_trade: Floats
    status: Ints
    timestamp_ms: Ints
    equity: Floats
    total_costs: Floats
    position: Ints
    zscore: Floats


class RunningMoments(NamedTuple):
    """Moments of the first 1, 2, ... returns, in a ledger's order of operations.

    Attributes:
        mean: (T,).
        squares: (T,) sums of squared deviations.
        shape: (4, T) mean and sums of the second, third and fourth powers, as in ReturnShape.
    """

    mean: Floats
    squares: Floats
    shape: Floats


class _Sums(NamedTuple):
    """What trades add up to after each bar: (T,) each."""

    unrealized: Floats
    realized: Floats
    closed: Ints
    wins: Ints
    fees: Floats


def compute(prices: Floats, levels: ThresholdPair, rules: Rules, timestamps_ms: Ints) -> BarMetrics:
    """Trade one series by the NumPy twin.

    Args:
        prices: (T,) from the first price to the last, NaN where a bar is missing; positive in mode "compounding".
        levels: Checked.
        rules: Checked.
        timestamps_ms: (T,); 0 where a time is not known.
    """
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        ran = trades.run(prices[None, :], pairs_of(levels), rules)
        return metrics_of(prices, levels, rules, timestamps_ms, ran, _running_moments(ran.paths.returns[0]))


def pairs_of(levels: ThresholdPair) -> ThresholdPairs:
    """Return the levels as those of one series."""
    return ThresholdPairs(*(np.array([level]) for level in levels))


def metrics_of(
    prices: Floats, levels: ThresholdPair, rules: Rules, timestamps_ms: Ints, ran: Ran, moments: RunningMoments
) -> BarMetrics:
    """Return the figures after each bar, of either twin.

    Args:
        prices: As in compute, like the next three.
        levels: As in compute.
        rules: As in compute.
        timestamps_ms: As in compute.
        ran: What the twin gave.
        moments: Of the returns.
    """
    sums = _sums(ran.trades, _marks(prices), levels, rules)
    equity, position = ran.paths.equity[0], ran.paths.position[0].astype(np.int64)
    value = equity if rules.compounding else sums.realized + sums.unrealized
    win_rate, average = per_trade(sums.wins, sums.realized, sums.closed, rules.initial_capital)
    return BarMetrics(
        bar_number=np.arange(1, prices.size + 1),
        cumulative_return=gained(value, rules.initial_capital, compounding=rules.compounding),
        daily_return=_daily(ran.paths.returns[0], value, timestamps_ms, rules),
        open_positions=np.abs(position),
        unrealized_pnl=sums.unrealized + 0.0,  # no minus zero
        realized_pnl=sums.realized,
        max_drawdown=np.maximum.accumulate(np.maximum(ran.paths.drawdown[0], 0.0)),
        sharpe_ratio=_sharpe(moments.mean, moments.squares, rules),
        sharpe_std_error=_errors(moments.shape) * np.sqrt(rules.periods_per_year),
        num_trades=sums.closed,
        win_rate=win_rate,
        avg_profit_per_trade=average,
        status=_status(ran, position),
        timestamp_ms=timestamps_ms,
        equity=equity,
        total_costs=sums.fees,
        position=position,
        zscore=ran.paths.zscore[0],
    )


def _sums(listed: Trades, prices: Floats, levels: ThresholdPair, rules: Rules) -> _Sums:
    """Add up trades in the order of a ledger, so that the bits are its own."""
    bars, n_trades = np.arange(prices.size), listed.side.size
    ends = listed.exit_bar[listed.closed]
    count = np.searchsorted(ends, bars, side="right")
    profits = listed.profit[listed.closed]
    realized, wins = _added(profits), np.concatenate([[0], np.cumsum(profits > 0)])
    cost, compounding = np.full(n_trades, levels.cost), rules.compounding
    entry_fee, exit_fee = (
        settle.fee(listed.quantity, at, cost, compounding=compounding) for at in (listed.entry_price, listed.exit_price)
    )
    paid = np.stack([entry_fee, exit_fee], axis=1).reshape(-1)[: n_trades + ends.size]
    when = np.stack([listed.entry_bar, listed.exit_bar], axis=1).reshape(-1)[: n_trades + ends.size]
    fees = _added(paid)[np.searchsorted(when, bars, side="right")]
    unrealized = np.zeros(prices.size)
    last = np.searchsorted(listed.entry_bar, bars, side="right") - 1
    held = np.flatnonzero((last >= 0) & (count <= last))
    at = last[held]
    quantity, mark, entry_mark = listed.quantity[at], prices[held], listed.entry_price[at]
    if rules.borrow:
        costs = owed(gather(prices[None], 0), rules)[0]
        mark = settle.marked(quantity, mark, costs[held])
        entry_mark = settle.marked(quantity, entry_mark, costs[listed.entry_bar[at]])
    unrealized[held] = settle.unrealized(quantity, mark, entry_mark, entry_fee[at])
    return _Sums(unrealized, realized[count], count, wins[count], fees)


def _marks(prices: Floats) -> Floats:
    """Return the last price up to each bar, which marks the position."""
    known = np.maximum.accumulate(np.where(np.isnan(prices), 0, np.arange(prices.size)))
    return prices[known]


def _added(values: Floats) -> Floats:
    return np.concatenate([[0.0], np.cumsum(values)])


def _sharpe(mean: Floats, squares: Floats, rules: Rules) -> Floats:
    """Return the annualised Sharpe ratio of the bars so far, 0 where returns do not vary."""
    deviation = np.sqrt(squares / np.maximum(np.arange(mean.size), 1))
    return sharpe_ratios(mean * np.sqrt(rules.periods_per_year), deviation)


def _errors(shape: Floats) -> Floats:
    """Return the standard error of the Sharpe ratio per bar of the bars so far, NaN where it has none."""
    bars = np.arange(1, shape.shape[1] + 1)
    found = np.full(bars.size, np.nan)
    known = (bars >= FEWEST) & (shape[1] > 0)
    found[known] = independent_error(bars[known], *shape[:, known])
    return found


def _running_moments(returns: Floats) -> RunningMoments:
    """Return the moments so far: Welford's, and those of ReturnShape."""
    mean, squares, shapes = np.empty(returns.size), np.empty(returns.size), np.empty((4, returns.size))
    shape = ReturnShape()
    so_far = spread = 0.0
    for place, one in enumerate(returns.tolist()):
        if not place % interruption.BETWEEN_LOOKS:
            interruption.check()
        step = one - so_far
        so_far += step / (place + 1)
        spread += step * (one - so_far)
        mean[place], squares[place] = so_far, spread
        shape.add(one)
        shapes[:, place] = shape.mean, shape.second, shape.third, shape.fourth
    return RunningMoments(mean, squares, shapes)


def _daily(returns: Floats, value: Floats, timestamps_ms: Ints, rules: Rules) -> Floats:
    """Return what each bar gained since the last bar of the previous UTC day; its own return where it has no time."""
    stamped = np.flatnonzero(timestamps_ms != 0)
    if not stamped.size:
        return returns
    compounding = rules.compounding
    days = timestamps_ms[stamped] // DAY_MS
    turns = np.zeros(returns.size, dtype=np.int64)
    turned = stamped[1:][np.diff(days) != 0]
    turns[turned] = turned
    turns = np.maximum.accumulate(turns)
    before = np.concatenate([[rules.initial_capital if compounding else 0.0], value])[turns]
    change = (value - before) / rules.initial_capital
    since = np.where(before > 0, value / before - 1.0, 0.0) if compounding else change
    return np.where(timestamps_ms != 0, since, returns)


def _status(ran: Ran, position: Ints) -> Ints:
    status = np.where(position != 0, IN_TRADE, FLAT)
    if ran.ruined_at[0] >= 0:
        status[ran.ruined_at[0] :] = ERROR
    return status
