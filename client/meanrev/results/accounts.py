"""Results of backtests.

A field is a scalar for one series, and an array with one entry a column where many were asked for at once.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from meanrev.pictures import Chart, of_results
from meanrev.results.base import LABEL, Pictured, Result
from meanrev.results.series import BacktestMetric

__all__ = ["AccountPaths", "BacktestPath", "BacktestResult", "Backtests", "Trades"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Number = float | Floats
Count = int | Ints
Text = str | tuple[str, ...]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Trades(Result):
    """Round trips in the order of columns and entries: (K,) each.

    Attributes:
        column: Labels of the trades' columns; None where there is one series.
        side: -1 or 1.
        entry_time: Label of the entry's bar: of the frame's index, else the timestamp, else the number of the bar.
        exit_time: Of the exit's bar, likewise.
        entry_bar: Number of the bar of the fill.
        exit_bar: Likewise; the last bar with a price where the trade is open at the end.
        entry_price: Of the fill.
        exit_price: Of the fill; the last price where the trade is open.
        entry_zscore: Score at the decision.
        exit_zscore: Likewise; NaN where the trade is open, or was sold out in a ruin.
        quantity: Signed.
        profit: Net of costs, in units of the equity; of an open trade, at the last price.
        profit_fraction: Profit over the notional at the entry.
        costs: Fees.
        bars: Bars held.
        status: "closed" or "open".
    """

    column: tuple[Any, ...] | None = field(metadata=LABEL)
    side: Ints
    entry_time: Any
    exit_time: Any
    entry_bar: Ints
    exit_bar: Ints
    entry_price: Floats
    exit_price: Floats
    entry_zscore: Floats
    exit_zscore: Floats
    quantity: Floats
    profit: Floats
    profit_fraction: Floats
    costs: Floats
    bars: Ints
    status: tuple[str, ...]

    def to_columns(self) -> dict[str, Any]:
        """Return what to_frame shows, a column's values by its name, without pandas: a row a trade."""
        return self._columns()

    def to_frame(self) -> Any:
        """Return a pandas DataFrame with one row a trade.

        Raises:
            ModuleNotFoundError: pandas is not installed.
        """
        import pandas as pd  # noqa: PLC0415 - only this method needs it

        columns = self._columns()
        for name in ("entry_time", "exit_time"):
            if not isinstance(columns[name], pd.Index):
                columns[name] = np.asarray(columns[name])
        return pd.DataFrame(columns, index=range(self.side.size))


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class AccountPaths(Result):
    """Backtests bar by bar: (T, N) values in the container of the prices, NaN where a column has no bar.

    Attributes:
        equity: Account value at the bar's end.
        returns: Of the bar.
        position: -1, 0 or 1.
        zscore: NaN too while the window fills.
        drawdown: Positive.
    """

    equity: Any
    returns: Any
    position: Any
    zscore: Any
    drawdown: Any


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Backtests(Result):
    """Backtests of many columns: (N,) arrays. A column that cannot be traded has NaN, status "error" and a reason.

    Attributes:
        column: N labels.
        status: "ok"; "error" where a column cannot be traded, or its account was ruined.
        reason: Why.
        n_bars: Bars from the first price to the last.
        cumulative_return: Against the initial capital.
        cagr: As in ReturnStats, like the figures up to worst_return, of the returns of the equity.
        annual_return: Likewise.
        volatility: Likewise.
        sharpe_ratio: Likewise; 0 where nothing was traded.
        sortino_ratio: Likewise.
        calmar_ratio: Likewise.
        omega_ratio: Likewise.
        max_drawdown: Positive; in mode "unit" a fraction of the initial capital.
        longest_drawdown: In bars.
        skewness: Likewise.
        kurtosis: Likewise.
        best_return: Of one bar.
        worst_return: Of one bar.
        sharpe_std_error: Of sharpe_ratio; NaN where returns do not vary.
        probability_sharpe_positive: That the true Sharpe ratio is above 0.
        equity: At the last bar.
        num_trades: Closed round trips.
        win_rate: Share of them with a profit.
        avg_profit_per_trade: A fraction of the initial capital.
        total_costs: Sum of all fees.
        exposure: Share of the bars with a position.
        turnover: Traded notional a year over the mean equity.
        profit_factor: Gains over losses of the closed trades; infinite without losses, NaN without either.
        best_trade: Profit of the best closed trade over its notional at the entry.
        worst_trade: Of the worst.
        position: -1, 0 or 1 after the last bar.
        note: A warning, such as a rolling score whose lookback has fewer than 10 half-lives; "" for none.
        trades: All round trips, or None where they were not asked for.
        path: All bars, or None where they were not asked for.
    """

    column: Any = field(metadata=LABEL)
    status: Text
    reason: Text
    n_bars: Count
    cumulative_return: Number
    cagr: Number
    annual_return: Number
    volatility: Number
    sharpe_ratio: Number
    sortino_ratio: Number
    calmar_ratio: Number
    omega_ratio: Number
    max_drawdown: Number
    longest_drawdown: Count
    skewness: Number
    kurtosis: Number
    best_return: Number
    worst_return: Number
    sharpe_std_error: Number
    probability_sharpe_positive: Number
    equity: Number
    num_trades: Count
    win_rate: Number
    avg_profit_per_trade: Number
    total_costs: Number
    exposure: Number
    turnover: Number
    profit_factor: Number
    best_trade: Number
    worst_trade: Number
    position: Count
    note: Text
    trades: Trades | None = None
    path: AccountPaths | None = None

    def to_frame(self) -> Any:
        """Return a pandas DataFrame with one row a column, labelled by its name."""
        return super().to_frame().set_index("column")


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class BacktestPath(Result):
    """A backtest bar by bar: each field holds (T,) values, in the container of the prices."""

    equity: Any
    cumulative_return: Any
    daily_return: Any
    position: Any
    zscore: Any
    unrealized_pnl: Any
    realized_pnl: Any
    max_drawdown: Any
    total_costs: Any
    num_trades: Any


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class BacktestResult(BacktestMetric, Pictured):
    """A whole backtest of one series: the metrics of its last bar, and the figures of all, sharpe_std_error too.

    All but path are None from a server without the method Backtest.

    Attributes:
        path: The metrics of every bar, or None where they were not asked for.
        trades: The round trips, or None where they were not asked for.
        reason: Why status is "error".
        n_bars: Bars traded.
        cagr: Compound growth a year.
        annual_return: Arithmetic mean of the bars' returns, a year.
        volatility: Their standard deviation, a year.
        sortino_ratio: Annualised, at a target of 0; NaN where no return is negative.
        calmar_ratio: cagr over max_drawdown; NaN where there is no drawdown.
        omega_ratio: Gains over losses of the bars; infinite without losses, NaN without either.
        longest_drawdown: In bars, from a peak to its recovery or to the end.
        skewness: Of the bars' returns, a population moment; kurtosis, 3 for a normal distribution, likewise.
        best_return: Of one bar, like worst_return.
        exposure: Share of the bars with a position.
        turnover: Traded notional a year over the mean equity.
        profit_factor: Gains over losses of the closed trades; infinite without losses, NaN without either.
        best_trade: Profit of the best closed trade over its notional at the entry.
        worst_trade: Of the worst.
        note: A warning, as in Backtests.
    """

    path: BacktestPath | None = None
    trades: Trades | None = None
    reason: str | None = None
    n_bars: int | None = None
    cagr: float | None = None
    annual_return: float | None = None
    volatility: float | None = None
    sortino_ratio: float | None = None
    calmar_ratio: float | None = None
    omega_ratio: float | None = None
    longest_drawdown: int | None = None
    skewness: float | None = None
    kurtosis: float | None = None
    best_return: float | None = None
    worst_return: float | None = None
    exposure: float | None = None
    turnover: float | None = None
    profit_factor: float | None = None
    best_trade: float | None = None
    worst_trade: float | None = None
    note: str = ""

    def chart(self, prices: Any = None) -> Chart:
        """Return a picture of equity, drawdown and scores with entries and exits; a notebook shows it.

        Args:
            prices: (T,) as traded, for buying and holding beside it; None for none.

        Raises:
            InvalidInput: the backtest has no path, or prices have another length.
        """
        return of_results.of_backtest(self, prices)
