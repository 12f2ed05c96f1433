"""The books of many backtests at once, one a lane of a (B, G) grid laid out in a row; ledger.py keeps a single one."""

import numpy as np
from numpy.typing import NDArray

from gpu_kernels.checks import Floats
from gpu_kernels.sweep.figures import sharpe_ratios
from gpu_kernels.sweep.model import ERROR, FLAT, IN_TRADE, RUIN, Rules, SweepMetrics

__all__ = ["Lanes"]


class Lanes:
    """Cash-free accounting: value = base + unrealized, base being the value when the lane was last flat.

    The value is the equity in mode "compounding". In mode "unit" it is the equity less the initial capital, because the
    size of that capital would cost small gains their digits.

    Lane b G + g is series b under pair g; every array here has shape (B G,).

    Args:
        shape: (B, G).
        cost: (B G,) cost per side.
        counts: (B,) prices of each series; end_bar adds to no statistic of a series behind its last one.
        rules: What all lanes share.
    """

    def __init__(self, shape: tuple[int, int], cost: Floats, counts: NDArray[np.intp], rules: Rules) -> None:
        self._shape = shape
        n_lanes = shape[0] * shape[1]
        self._cost = cost
        self._compounding = rules.mode == "compounding"
        self._initial = rules.initial_capital
        self._year = float(np.sqrt(rules.periods_per_year))
        self._counts = np.repeat(counts, shape[1])
        self._fewest = int(counts.min(initial=0))
        self._value = np.full(n_lanes, rules.initial_capital if self._compounding else 0.0)
        self._floor = np.full(n_lanes, RUIN * rules.initial_capital)
        self._held, self._paid, self._last = np.zeros(n_lanes), np.zeros(n_lanes), np.zeros(n_lanes)
        self._before, self._change = self._value, np.zeros(n_lanes)
        self.returns, self.drawdown = np.zeros(n_lanes), np.zeros(n_lanes)
        self.quantity, self.fees = np.zeros(n_lanes), np.zeros(n_lanes)
        self.ruined = np.zeros(n_lanes, dtype=np.bool_)
        self._base, self._peak = self._value.copy(), self._value.copy()
        self._entry_price, self._entry_fee, self._unrealized = np.zeros(n_lanes), np.zeros(n_lanes), np.zeros(n_lanes)
        self._realized, self._max_drawdown = np.zeros(n_lanes), np.zeros(n_lanes)
        self._trades, self._wins = np.zeros(n_lanes, dtype=np.int64), np.zeros(n_lanes, dtype=np.int64)
        self._mean, self._squares = np.zeros(n_lanes), np.zeros(n_lanes)
        self._bars = 0

    @property
    def equity(self) -> Floats:
        """Account values at the last bar's end."""
        return self._value if self._compounding else self._initial + self._value

    @property
    def change(self) -> Floats:
        """What the last bar changed of the account values."""
        return self._value - self._before if self._compounding else self._change

    def fill(self, lanes: NDArray[np.intp], side: NDArray[np.int8], prices: Floats) -> None:
        """Bring lanes to the sides ordered at prices: close what is held, then open."""
        alive = ~self.ruined[lanes]
        if not alive.all():
            lanes, side, prices = lanes[alive], side[alive], prices[alive]
        held = self.quantity[lanes] != 0
        self._close(lanes[held], prices[held])
        opening = (side != 0) & ~self.ruined[lanes]
        self._open(lanes[opening], side[opening], prices[opening])

    def _close(self, lanes: NDArray[np.intp], prices: Floats) -> None:
        quantity = self.quantity[lanes]
        fee = self._fee(lanes, quantity, prices)
        pnl = quantity * (prices - self._entry_price[lanes]) - self._entry_fee[lanes] - fee
        self._base[lanes] += pnl
        self._realized[lanes] += pnl
        self._trades[lanes] += 1
        self._wins[lanes] += pnl > 0
        self._pay(lanes, fee)
        self.quantity[lanes] = self._entry_fee[lanes] = 0.0
        if self._compounding:
            self.ruined[lanes] = self._base[lanes] <= self._floor[lanes]

    def _open(self, lanes: NDArray[np.intp], side: NDArray[np.int8], prices: Floats) -> None:
        size = self._base[lanes] / ((1.0 + self._cost[lanes]) * prices) if self._compounding else np.ones(prices.shape)
        quantity: Floats = side * size
        fee = self._fee(lanes, quantity, prices)
        self.quantity[lanes], self._entry_price[lanes], self._entry_fee[lanes] = quantity, prices, fee
        self._floor[lanes] = RUIN * self._base[lanes]
        self._pay(lanes, fee)

    def _pay(self, lanes: NDArray[np.intp], fee: Floats) -> None:
        self.fees[lanes] += fee
        if not self._compounding:
            self._paid[lanes] += fee

    def _fee(self, lanes: NDArray[np.intp], quantity: Floats, prices: Floats) -> Floats:
        cost: Floats = self._cost[lanes]
        return cost * np.abs(quantity) * prices if self._compounding else cost

    def end_bar(self, prices: Floats) -> None:
        """Mark every lane at its price and add the bar to the statistics."""
        before, value = self._value, self._mark(prices)
        if self._compounding:
            broke = (value <= self._floor) & ~self.ruined
            if broke.any():
                lanes = np.flatnonzero(broke)
                self._close(lanes, prices[lanes])
                # The exit fee only takes: what was broke before it stays so.
                self.ruined |= broke
                value = self._mark(prices)
            gained = np.zeros_like(value)
            np.divide(value, before, out=gained, where=before > 0)
            self.returns = np.where(before > 0, gained - 1.0, 0.0)
        else:
            # A difference of two equities would have the rounding of the equity, however small the change.
            self._change = self._held * (prices - (self._last if self._bars else prices)) - self._paid
            self.returns = self._change / self._initial
            self._held, self._last = self.quantity.copy(), prices
            self._paid.fill(0.0)
        self._before, self._value = before, value
        self._peak = np.maximum(self._peak, value)
        self.drawdown = 1.0 - value / self._peak if self._compounding else (self._peak - value) / self._initial
        self._max_drawdown = np.maximum(self._max_drawdown, self.drawdown)
        self._add_return()

    def _mark(self, prices: Floats) -> Floats:
        self._unrealized = self.quantity * (prices - self._entry_price) - self._entry_fee
        return self._base + self._unrealized

    def _add_return(self) -> None:
        self._bars += 1
        step = self.returns - self._mean
        if self._bars > self._fewest:
            step = np.where(self._bars <= self._counts, step, 0.0)
        self._mean = self._mean + step / self._bars
        self._squares = self._squares + step * (self.returns - self._mean)

    def metrics(self, spans: NDArray[np.int64]) -> SweepMetrics:
        """Return the figures after all bars, as (B, G) arrays.

        Args:
            spans: (B,) bars that count of each series; those without a price were not seen here, and add returns of 0.
        """
        n_bars, counts = np.repeat(spans.astype(np.float64), self._shape[1]), self._counts
        mean = self._mean * (counts / n_bars)
        squares = self._squares + self._mean * self._mean * (counts * (n_bars - counts) / n_bars)
        deviation = np.sqrt(squares / np.maximum(1.0, n_bars - 1.0))
        sharpe = sharpe_ratios(mean * self._year, deviation)
        win_rate, average = np.zeros_like(mean), np.zeros_like(mean)
        np.divide(self._wins, self._trades, out=win_rate, where=self._trades > 0)
        np.divide(self._realized, self._trades * self._initial, out=average, where=self._trades > 0)
        position = np.sign(self.quantity).astype(np.int8)
        figures = SweepMetrics(
            cumulative_return=self._value / self._initial - (1.0 if self._compounding else 0.0),
            sharpe_ratio=sharpe,
            max_drawdown=self._max_drawdown,
            num_trades=self._trades,
            win_rate=win_rate,
            avg_profit_per_trade=average,
            total_costs=self.fees,
            realized_pnl=self._realized,
            unrealized_pnl=self._unrealized + 0.0,  # no minus zero
            equity=self.equity,
            position=position,
            status=np.where(self.ruined, ERROR, np.where(position != 0, IN_TRADE, FLAT)).astype(np.int8),
        )
        return SweepMetrics(*(values.reshape(self._shape) for values in figures))  # type: ignore[arg-type]
