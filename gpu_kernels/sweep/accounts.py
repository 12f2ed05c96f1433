"""Backtests of many series, each by its own thresholds: figures, round trips and paths."""

import numpy as np
from numpy.typing import NDArray

from gpu_kernels.checks import Floats
from gpu_kernels.performance.host import account as described
from gpu_kernels.performance.model import Figures, Performance
from gpu_kernels.selection import on_lanes
from gpu_kernels.sweep import native, zscore
from gpu_kernels.sweep.bars import gather
from gpu_kernels.sweep.model import Pairs, Rules
from gpu_kernels.sweep.round_trips import Account, AccountPaths, Accounts, Trade, Trades, listed
from gpu_kernels.sweep.trades import Levels, Series, trade

__all__ = ["compute"]

_ROUNDING = 1e-15  # of a compounding return, where an entry without a cost gains nothing


class _Desk:
    """Where the accounts of B series are written one after the other.

    Attributes:
        paths: (B, T), NaN where a series has no bar.
        final_equity: (B,), NaN where a series cannot be traded, like the next four.
        total_costs: As in Accounts.
        exposure: As in Accounts.
        turnover: As in Accounts.
        position: As in Accounts.
        n_bars: (B,), 0 where a series cannot be traded.
        reasons: (B,) why a status is "error".
        trades: (series, trade), bars counted with the missing ones.
    """

    def __init__(self, prices: Floats, reasons: list[str], rules: Rules) -> None:
        self._rules = rules
        self._prices = prices
        n_series = prices.shape[0]
        self.paths = AccountPaths(*(np.full(prices.shape, np.nan) for _ in AccountPaths._fields))
        self.final_equity, self.total_costs = np.full(n_series, np.nan), np.full(n_series, np.nan)
        self.exposure, self.turnover = np.full(n_series, np.nan), np.full(n_series, np.nan)
        self.position = np.zeros(n_series, dtype=np.int8)
        self.n_bars = np.zeros(n_series, dtype=np.int64)
        self.reasons = reasons
        self.trades: list[tuple[int, Trade]] = []

    def write(self, row: int, account: Account, series: Series, places: NDArray[np.intp]) -> None:
        """Write one account.

        Args:
            row: Number of the series.
            account: Over the bars that have a price.
            series: These bars.
            places: (T,) the one of them that marks each bar.
        """
        times = np.flatnonzero(~np.isnan(self._prices[row]))
        span = slice(int(times[0]), int(times[-1]) + 1)
        shown = places[span]
        self.paths.equity[row, span] = account.equity[shown]
        self.paths.drawdown[row, span] = account.drawdown[shown]
        self.paths.position[row, span] = account.position[shown]
        self.paths.returns[row, span] = 0.0  # of a missing bar
        self.paths.returns[row, times] = account.returns
        self.paths.zscore[row, times] = series.scores
        for each in account.trades:
            entry, leave = int(times[each.entry_bar]), int(times[each.exit_bar])
            self.trades.append((row, each._replace(entry_bar=entry, exit_bar=leave)))
        if account.ruined_at >= 0:
            self.reasons[row] = f"the account is ruined at row {times[account.ruined_at]}: its equity is gone"
        self._sum_up(row, account, span)

    def _sum_up(self, row: int, account: Account, span: slice) -> None:
        equity = self.paths.equity[row, span]
        notional = 0.0
        for each in account.trades:
            notional += abs(each.quantity * each.entry_price)
            notional += abs(each.quantity * each.exit_price) if each.closed else 0.0
        mean, year = equity.mean(), self._rules.periods_per_year
        self.n_bars[row] = equity.size
        self.final_equity[row] = equity[-1]
        self.total_costs[row] = account.fees[-1]
        self.exposure[row] = np.count_nonzero(self.paths.position[row, span]) / equity.size
        self.turnover[row] = notional * (year / equity.size) / mean if mean > 0 else np.nan
        self.position[row] = account.position[-1]


def compute(prices: Floats, pairs: Pairs, rules: Rules, with_trades: bool, with_paths: bool) -> Accounts:
    """Trade every series by its own pair; see the contract."""
    reasons = _reasons(prices, rules.mode)
    tradable = np.array([not reason for reason in reasons], dtype=np.bool_)
    desk = _Desk(prices, reasons, rules)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        if tradable.any():
            _run(desk, prices, tradable, pairs, rules)
        figures = _figures(desk, tradable, rules)
    trades = listed(desk.trades)
    status = tuple("error" if reason else "ok" for reason in desk.reasons)
    return Accounts(
        returns=Performance(status, tuple(desk.reasons), desk.n_bars, figures),
        final_equity=desk.final_equity,
        num_trades=np.bincount(trades.series[trades.closed], minlength=tradable.size).astype(np.int64),
        **_of_trades(trades, tradable, rules),
        total_costs=desk.total_costs,
        exposure=desk.exposure,
        turnover=desk.turnover,
        position=desk.position,
        trades=trades if with_trades else None,
        paths=desk.paths if with_paths else None,
    )


def _reasons(prices: Floats, mode: str) -> list[str]:
    """Say of each series why it cannot be traded, "" where it can."""
    infinite, missing = np.isinf(prices), np.isnan(prices).all(axis=1)
    bad = infinite | (prices <= 0) if mode == "compounding" else infinite
    reasons = []
    for row, place in enumerate(np.where(bad.any(axis=1), bad.argmax(axis=1), -1).tolist()):
        reason = "there is no price" if missing[row] else ""
        if place >= 0:
            fault = "infinite" if infinite[row, place] else "not positive; mode 'unit' trades such a series"
            reason = f"the price {prices[row, place].item()!r} at row {place} is {fault}"
        reasons.append(reason)
    return reasons


def _run(desk: _Desk, prices: Floats, tradable: NDArray[np.bool_], pairs: Pairs, rules: Rules) -> None:
    bars = gather(prices[tradable], rules.execution_delay)
    scores = (native.rolling if on_lanes() else zscore.rolling)(bars.prices, rules.lookback)
    for place, row in enumerate(np.flatnonzero(tradable).tolist()):
        count = int(bars.counts[place])
        series = Series(bars.prices[place, :count], scores[place, :count], bars.fill_at[place, :count])
        levels = Levels(*(float(column[row]) for column in pairs))
        desk.write(row, trade(series, levels, rules), series, bars.places[place])


def _figures(desk: _Desk, tradable: NDArray[np.bool_], rules: Rules) -> Figures:
    """Describe the returns; the Sharpe ratio is 0 where they do not vary, as in a sweep."""
    total = desk.final_equity / rules.initial_capital - 1.0
    figures = described(desk.paths.returns, desk.paths.drawdown, total, tradable, rules.periods_per_year)
    still = np.isnan(figures.sharpe_ratio)
    if rules.mode == "compounding":
        still |= np.maximum(figures.best_return, -figures.worst_return) < _ROUNDING
    return figures._replace(sharpe_ratio=np.where(tradable & still, 0.0, figures.sharpe_ratio))


def _of_trades(trades: Trades, tradable: NDArray[np.bool_], rules: Rules) -> dict[str, Floats]:
    """Return the figures of the closed trades of every series."""
    n_series, closed = tradable.size, trades.closed
    series, profit, fraction = trades.series[closed], trades.profit[closed], trades.profit_fraction[closed]

    def added(values: Floats) -> Floats:
        return np.bincount(series, values, n_series)

    some = np.maximum(added(np.ones(series.size)), 1.0)
    gains, losses = added(np.maximum(profit, 0.0)), added(np.maximum(-profit, 0.0))
    best, worst = np.full(n_series, np.nan), np.full(n_series, np.nan)
    np.fmax.at(best, series, fraction)
    np.fmin.at(worst, series, fraction)
    with np.errstate(invalid="ignore", divide="ignore"):
        found = {
            "win_rate": added((profit > 0).astype(np.float64)) / some,
            "avg_profit_per_trade": added(profit) / (some * rules.initial_capital),
            "profit_factor": gains / losses,  # infinite without losses, NaN without either
            "best_trade": best,
            "worst_trade": worst,
        }
    return {name: np.where(tradable, values, np.nan) for name, values in found.items()}
