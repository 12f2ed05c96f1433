"""What backtests of many accounts give: round trips, figures and paths."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpu_kernels.checks import Floats
from gpu_kernels.performance.model import Performance

__all__ = ["Account", "AccountPaths", "Accounts", "Ran", "Trade", "Trades", "as_trades"]


class Trade(NamedTuple):
    """A round trip. Bars are numbers of the series' own bars, without the missing ones.

    Attributes:
        side: -1 or 1.
        entry_bar: Of the fill.
        exit_bar: Of the fill; the last bar where the trade is open at the end.
        entry_price: Of the fill.
        exit_price: Of the fill; the last price where the trade is open.
        entry_zscore: Score at the decision.
        exit_zscore: Likewise; NaN where the trade is open, or was sold out in a ruin.
        quantity: Signed.
        profit: Net of costs, in units of the equity; of an open trade, at the last price.
        costs: Fees paid so far.
        closed: It has ended.
    """

    side: int
    entry_bar: float
    exit_bar: float
    entry_price: float
    exit_price: float
    entry_zscore: float
    exit_zscore: float
    quantity: float
    profit: float
    costs: float
    closed: bool


class Trades(NamedTuple):
    """Round trips in the order of series and entries: (K,) arrays.

    Attributes:
        series: Number of the series.
        side: -1 or 1.
        entry_bar: As in Trade, but of all bars, missing ones included; like exit_bar.
        exit_bar: As in Trade.
        entry_price: As in Trade, like all that follows unless stated otherwise.
        exit_price: As in Trade.
        entry_zscore: As in Trade.
        exit_zscore: As in Trade.
        quantity: As in Trade.
        profit: As in Trade.
        profit_fraction: Profit over the notional at the entry; NaN where that is 0.
        costs: As in Trade.
        bars: exit_bar - entry_bar.
        closed: As in Trade.
    """

    series: NDArray[np.int64]
    side: NDArray[np.int8]
    entry_bar: NDArray[np.int64]
    exit_bar: NDArray[np.int64]
    entry_price: Floats
    exit_price: Floats
    entry_zscore: Floats
    exit_zscore: Floats
    quantity: Floats
    profit: Floats
    profit_fraction: Floats
    costs: Floats
    bars: NDArray[np.int64]
    closed: NDArray[np.bool_]


class Account(NamedTuple):
    """One backtest bar by bar, over the series' own bars: (n,) arrays, and its trades.

    Attributes:
        equity: At the bar's end.
        returns: As in AccountPaths.
        drawdown: As in AccountPaths.
        position: -1, 0 or 1 after the bar's fills.
        fees: All so far.
        trades: In the order of their entries; the last one may be open.
        ruined_at: Bar of the ruin, or -1.
    """

    equity: Floats
    returns: Floats
    drawdown: Floats
    position: Floats
    fees: Floats
    trades: list[Trade]
    ruined_at: int


class AccountPaths(NamedTuple):
    """B backtests bar by bar: (B, T) each, NaN before a series' first price and after its last.

    Attributes:
        equity: Account value at the bar's end.
        returns: r_t, per bar.
        position: Side held after the bar's fills: -1, 0 or 1.
        zscore: Rolling score; NaN too where there is none.
        drawdown: From the running peak, positive, a fraction.
    """

    equity: Floats
    returns: Floats
    position: Floats
    zscore: Floats
    drawdown: Floats


class Accounts(NamedTuple):
    """B backtests: (B,) arrays. A series that cannot be traded has NaN, counts 0, status "error" and a reason.

    Attributes:
        returns: Figures of the returns of the equity over the bars from a series' first price to its last; status
            "error" is a series that cannot be traded, or a ruined account, which has its figures. sharpe_ratio is 0
            where returns do not vary, as in SweepMetrics.
        final_equity: At the last bar.
        num_trades: Closed round trips.
        win_rate: Share of them with a profit; 0 without trades.
        avg_profit_per_trade: Mean profit of them over the initial capital; 0 without trades.
        total_costs: Sum of all fees, in units of the equity.
        exposure: Share of the bars with a position at their end.
        turnover: Traded notional a year over the mean equity; NaN where that is not positive.
        profit_factor: Sum of gains over sum of losses of closed trades; infinite without losses, NaN without both.
        best_trade: Largest profit_fraction of closed trades; NaN without trades.
        worst_trade: Smallest; likewise.
        position: -1, 0 or 1 after the last bar.
        trades: Round trips of all series, or None where they were not asked for.
        paths: Bar by bar, or None where they were not asked for.
    """

    returns: Performance
    final_equity: Floats
    num_trades: NDArray[np.int64]
    win_rate: Floats
    avg_profit_per_trade: Floats
    total_costs: Floats
    exposure: Floats
    turnover: Floats
    profit_factor: Floats
    best_trade: Floats
    worst_trade: Floats
    position: NDArray[np.int8]
    trades: Trades | None
    paths: AccountPaths | None


class Ran(NamedTuple):
    """What a twin gives of B series that can be traded.

    Attributes:
        paths: (B, T).
        trades: Of all of them.
        fees: (B,) all fees.
        ruined_at: (B,) bar of the ruin, -1 where there is none.
    """

    paths: AccountPaths
    trades: Trades
    fees: Floats
    ruined_at: NDArray[np.int64]


def as_trades(series: NDArray[np.int64], rows: Floats) -> Trades:
    """Make columns of round trips.

    Args:
        series: (K,) number of the series.
        rows: (K, 11) in the order of Trade's fields, bars counted with the missing ones.
    """
    side, entry_bar, exit_bar, entry_price, exit_price, entry_z, exit_z, quantity, profit, costs, closed = rows.T.copy()
    notional = np.abs(quantity * entry_price)
    fraction = np.full(series.size, np.nan)
    np.divide(profit, notional, out=fraction, where=notional > 0)
    return Trades(
        series=series,
        side=side.astype(np.int8),
        entry_bar=entry_bar.astype(np.int64),
        exit_bar=exit_bar.astype(np.int64),
        entry_price=entry_price,
        exit_price=exit_price,
        entry_zscore=entry_z,
        exit_zscore=exit_z,
        quantity=quantity,
        profit=profit,
        profit_fraction=fraction,
        costs=costs,
        bars=(exit_bar - entry_bar).astype(np.int64),
        closed=closed > 0,
    )
