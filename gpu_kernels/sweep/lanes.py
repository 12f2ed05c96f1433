"""The accounts of many backtests at once, one a lane of a (B, G) grid laid out in a row; ledger.py keeps a single one.

settle.py states what happens at a bar.
"""

import numpy as np
from numpy.typing import NDArray

from gpu_kernels.checks import Floats
from gpu_kernels.sweep import figures, settle
from gpu_kernels.sweep.figures import Totals
from gpu_kernels.sweep.model import Rules, SweepMetrics, ThresholdPairs

__all__ = ["Lanes"]

_EVERY = slice(None)


class Lanes:
    """Cash-free accounting: value = base + unrealized, base being the value when the lane was last flat.

    The value is the equity in mode "compounding". In mode "unit" it is the equity less the initial capital, because the
    size of that capital would cost small gains their digits.

    Lane b G + g is series b under pair g; every array here has shape (B G,). A bar is decide, then begin_bar, then fill
    for the lanes whose orders are due, then end_bar.

    Args:
        shape: (B, G).
        pairs: (B G,) each.
        counts: (B,) prices of each series; end_bar adds to no statistic of a series behind its last one.
        rules: What all lanes share.
    """

    def __init__(self, shape: tuple[int, int], pairs: ThresholdPairs, counts: NDArray[np.intp], rules: Rules) -> None:
        self._shape, self._pairs, self._rules, self._compounding = shape, pairs, rules, rules.compounding
        n_lanes = shape[0] * shape[1]
        self._counts = np.repeat(counts, shape[1])
        self._fewest = int(counts.min(initial=0))
        self._value = np.full(n_lanes, rules.initial_capital if rules.compounding else 0.0)
        self._floor = np.full(n_lanes, settle.floor(rules.initial_capital))
        self._prices = self._owed = self._before = self._gained = self._paid = np.zeros(n_lanes)
        self.returns, self.drawdown = np.zeros(n_lanes), np.zeros(n_lanes)
        self.quantity, self.fees = np.zeros(n_lanes), np.zeros(n_lanes)
        self.ruined = np.zeros(n_lanes, dtype=np.bool_)
        self._base, self._peak = self._value.copy(), self._value.copy()
        self._entry_mark, self._entry_fee, self._unrealized = np.zeros(n_lanes), np.zeros(n_lanes), np.zeros(n_lanes)
        self._realized, self._max_drawdown = np.zeros(n_lanes), np.zeros(n_lanes)
        self.trades, self._wins = np.zeros(n_lanes, dtype=np.int64), np.zeros(n_lanes, dtype=np.int64)
        self._mean, self._squares = np.zeros(n_lanes), np.zeros(n_lanes)
        self._bars = 0
        # What is decided, and the scores between which a lane has nothing to decide.
        self._side, self._halted = np.zeros(n_lanes, dtype=np.int8), np.zeros(n_lanes, dtype=np.bool_)
        self._low, self._high = -pairs.entry_z, pairs.entry_z.copy()

    @property
    def equity(self) -> Floats:
        """Account values at the last bar's end."""
        return self._value if self._compounding else self._rules.initial_capital + self._value

    @property
    def change(self) -> Floats:
        """What the last bar changed of the account values."""
        return self._value - self._before if self._compounding else self._gained - self._paid

    def decide(self, scores: Floats) -> tuple[NDArray[np.intp], NDArray[np.int8]]:
        """Return the lanes whose side a score may have changed, and their sides.

        Decisions are rare, so most bars cost two comparisons here; a missing score is never outside the band.
        """
        lanes = np.flatnonzero((scores <= self._low) | (scores >= self._high))
        if not lanes.size:
            return lanes, self._side[lanes]
        entry, leave, stop = self._pairs.entry_z[lanes], self._pairs.exit_z[lanes], self._rules.stop
        found = settle.decide(self._side[lanes], self._halted[lanes], scores[lanes], entry, leave, stop)
        side, halted = found[0].astype(np.int8), found[1]
        self._side[lanes], self._halted[lanes] = side, halted
        low = np.where(side > 0, -stop, np.where(side < 0, leave, -entry))
        self._low[lanes] = np.where(halted, np.inf, low)  # any score may end the halt
        self._high[lanes] = np.where(side > 0, -leave, np.where(side < 0, stop, entry))
        return lanes, side

    def begin_bar(self, prices: Floats, owed: Floats) -> None:
        """Take a bar's prices: what is held gains by them, and pays for what is borrowed.

        Args:
            prices: One a lane.
            owed: What borrowing one unit has cost so far.
        """
        if self._compounding:
            self._prices, self._owed = prices, owed
            return
        if not self._bars:
            self._prices = prices
        earlier = self._marked(self.quantity)
        self._prices, self._owed = prices, owed
        # A difference of two equities would have the rounding of the equity, however small the change.
        self._gained, self._paid = self.quantity * (self._marked(self.quantity) - earlier), np.zeros(prices.shape)

    def fill(self, lanes: NDArray[np.intp], side: NDArray[np.int8]) -> None:
        """Bring lanes to the sides ordered at the bar's prices: close what is held, then open."""
        alive = ~self.ruined[lanes]
        if not alive.all():
            lanes, side = lanes[alive], side[alive]
        held = self.quantity[lanes] != 0
        if held.any():
            self._close(lanes[held])
        opening = (side != 0) & ~self.ruined[lanes]
        if opening.any():
            self._open(lanes[opening], side[opening])

    def _close(self, lanes: NDArray[np.intp]) -> None:
        quantity = self.quantity[lanes]
        fee = self._fee(lanes, quantity)
        mark = self._marked(quantity, lanes)
        pnl = settle.unrealized(quantity, mark, self._entry_mark[lanes], self._entry_fee[lanes]) - fee
        self._base[lanes] += pnl
        self._realized[lanes] += pnl
        self.trades[lanes] += 1
        self._wins[lanes] += pnl > 0
        self._pay(lanes, fee)
        self.quantity[lanes] = self._entry_fee[lanes] = 0.0
        if self._compounding:
            self.ruined[lanes] = self._base[lanes] <= self._floor[lanes]

    def _open(self, lanes: NDArray[np.intp], side: NDArray[np.int8]) -> None:
        prices, base = self._prices[lanes], self._base[lanes]
        quantity: Floats = side * np.ones(prices.shape)
        if self._compounding:
            quantity = side * settle.size(base, prices, self._pairs.cost[lanes])
        fee = self._fee(lanes, quantity)
        self.quantity[lanes], self._entry_fee[lanes] = quantity, fee
        self._entry_mark[lanes] = self._marked(quantity, lanes)
        self._floor[lanes] = settle.floor(base)
        self._pay(lanes, fee)

    def _pay(self, lanes: NDArray[np.intp], fee: Floats) -> None:
        self.fees[lanes] += fee
        if not self._compounding:
            self._paid[lanes] += fee

    def _fee(self, lanes: NDArray[np.intp], quantity: Floats) -> Floats:
        compounding = self._compounding
        return settle.fee(quantity, self._prices[lanes], self._pairs.cost[lanes], compounding=compounding)

    def end_bar(self) -> None:
        """Mark every lane at its price and add the bar to the statistics."""
        before, value = self._value, self._valued()
        if self._compounding:
            broke = (value <= self._floor) & ~self.ruined
            if broke.any():
                self._close(np.flatnonzero(broke))
                # The exit fee only takes: what was broke before it stays so.
                self.ruined |= broke
                value = self._valued()
            ratio = np.zeros_like(value)
            np.divide(value, before, out=ratio, where=before > 0)
            self.returns = np.where(before > 0, ratio - 1.0, 0.0)
        else:
            self.returns = settle.return_of(self._gained - self._paid, self._rules.initial_capital)
        self._before, self._value = before, value
        self._peak = np.maximum(self._peak, value)
        initial, compounding = self._rules.initial_capital, self._compounding
        self.drawdown = settle.fall(value, self._peak, initial, compounding=compounding)
        self._max_drawdown = np.maximum(self._max_drawdown, self.drawdown)
        self._add_return()

    def _marked(self, quantity: Floats, lanes: NDArray[np.intp] | slice = _EVERY) -> Floats:
        prices = self._prices[lanes]
        return settle.marked(quantity, prices, self._owed[lanes]) if self._rules.borrow else prices

    def _valued(self) -> Floats:
        self._unrealized = settle.unrealized(
            self.quantity, self._marked(self.quantity), self._entry_mark, self._entry_fee
        )
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
        totals = Totals(
            equity=self._value,
            realized=self._realized,
            unrealized=self._unrealized,
            fees=self.fees,
            drawdown=self._max_drawdown,
            trades=self.trades,
            wins=self._wins,
            position=np.sign(self.quantity),
            ruined=self.ruined,
        )
        found = figures.final(totals, mean, deviation, self._rules)
        return SweepMetrics(*(values.reshape(self._shape) for values in found))  # type: ignore[arg-type]
