"""The account of one backtest whose prices arrive one by one; settle.py states what happens at a bar."""

import math

from gpu_kernels.sweep import figures, settle
from gpu_kernels.sweep.model import Rules
from gpu_kernels.sweep.return_shape import ReturnShape

__all__ = ["Ledger"]


class Ledger:
    """Equity, fees, trades and the statistics of returns, in O(1) memory.

    A bar is begin_bar, then fill where an order is due, then end_bar.

    Attributes:
        last_return: Return of the last bar.
        quantity: Signed quantity held.
        fees: Sum of all fees.
        realized: Sum of the closed trades' pnl.
        unrealized: Pnl of the open trade at the last mark, net of its entry fee.
        max_drawdown: Largest drawdown so far.
        trades: Closed round trips.
        wins: Closed trades that gained.
        bars: Bars ended.
        ruined: Nothing of the equity was left; nothing is traded any more.
    """

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._compounding = rules.compounding
        self._rate = rules.borrow / rules.periods_per_year
        # The equity; in mode "unit" less the initial capital, whose size would cost small gains their digits.
        self._value = rules.initial_capital if self._compounding else 0.0
        self.last_return = self.quantity = self.fees = self.realized = self.unrealized = self.max_drawdown = 0.0
        self.trades = self.wins = self.bars = 0
        self.ruined = False
        self._base = self._peak = self._value
        self._floor = settle.floor(rules.initial_capital)
        self._entry_mark = self._entry_fee = self._paid = self._gained = 0.0
        self._price = self._owed = self._mark = 0.0
        self._mean = self._squares = 0.0
        self._shape = ReturnShape()

    @property
    def equity(self) -> float:
        """Account value at the last bar's end."""
        return self._value if self._compounding else self._rules.initial_capital + self._value

    @property
    def cumulative_return(self) -> float:
        """The equity over the initial capital, less 1."""
        return figures.gained(self._value, self._rules.initial_capital, compounding=self._compounding)

    def begin_bar(self, price: float) -> None:
        """Take a bar's price: what is held gains by it, and pays for what is borrowed."""
        if self._compounding and not self._rate:
            self._price = self._mark = price
            return
        before = self._mark if self.bars else price
        if self._rate and self.bars:
            self._owed += settle.accrued(self._price, self._rate)
        self._price = price
        self._mark = settle.marked(self.quantity, price, self._owed) if self._rate else price
        # A difference of two equities would have the rounding of the equity, however small the change.
        self._gained = self.quantity * (self._mark - before)
        self._paid = 0.0

    def fill(self, side: int, cost: float) -> None:
        """Bring the position to a side at the bar's price: close what is held, then open."""
        if self.ruined:
            return
        if self.quantity:
            self._close(cost)
        if side and not self.ruined:
            self._open(side, cost)

    def _stand(self) -> None:
        """Mark what is held at the bar's price."""
        self._mark = settle.marked(self.quantity, self._price, self._owed) if self._rate else self._price

    def _fee(self, cost: float) -> float:
        return settle.fee(self.quantity, self._price, cost, compounding=self._compounding)

    def _unrealized(self) -> float:
        return settle.unrealized(self.quantity, self._mark, self._entry_mark, self._entry_fee)

    def _close(self, cost: float) -> None:
        fee = self._fee(cost)
        pnl = self._unrealized() - fee
        self._base += pnl
        self.realized += pnl
        self.trades += 1
        self.wins += pnl > 0
        self._pay(fee)
        self.quantity = self._entry_fee = 0.0
        self._stand()
        self.ruined = self._compounding and self._base <= self._floor

    def _open(self, side: int, cost: float) -> None:
        self.quantity = side * (settle.size(self._base, self._price, cost) if self._compounding else 1.0)
        self._stand()
        self._entry_mark = self._mark
        self._entry_fee = self._fee(cost)
        self._floor = settle.floor(self._base)
        self._pay(self._entry_fee)

    def _pay(self, fee: float) -> None:
        self.fees += fee
        self._paid += fee

    def end_bar(self, cost: float) -> None:
        """Mark the position, stop where nothing is left, and add the bar to the statistics."""
        before = self._value
        self.unrealized = 0.0
        if self.quantity:
            self.unrealized = settle.unrealized(self.quantity, self._mark, self._entry_mark, self._entry_fee)
        value = self._base + self.unrealized
        if self._compounding:
            if value <= self._floor and not self.ruined:
                self._close(cost)
                # The exit fee only takes: what was broke before it stays so.
                self.ruined = True
                self.unrealized = self._unrealized()
                value = self._base + self.unrealized
            self.last_return = value / before - 1.0 if before > 0 else 0.0
        else:
            self.last_return = settle.return_of(self._gained - self._paid, self._rules.initial_capital)
        self._value = value
        if value < self._peak:
            fall = settle.fall(value, self._peak, self._rules.initial_capital, compounding=self._compounding)
            self.max_drawdown = max(self.max_drawdown, fall)
        else:
            self._peak = max(self._peak, value)
        self._add_return()

    def _add_return(self) -> None:
        self.bars += 1
        step = self.last_return - self._mean
        self._mean += step / self.bars
        self._squares += step * (self.last_return - self._mean)
        self._shape.add(self.last_return)

    @property
    def mark(self) -> float:
        """The state of the account, for return_since."""
        return self._value

    def return_since(self, mark: float) -> float:
        """Return what the account gained since an earlier mark; 0 after a ruin before that."""
        if not self._compounding:
            return settle.return_of(self._value - mark, self._rules.initial_capital)
        return self._value / mark - 1.0 if mark > 0 else 0.0

    def sharpe_ratio(self) -> float:
        """Return the annualised Sharpe ratio, 0 where returns do not vary."""
        deviation = math.sqrt(self._squares / max(1, self.bars - 1))
        return figures.sharpe_ratio(self._mean * math.sqrt(self._rules.periods_per_year), deviation)

    def sharpe_std_error(self) -> float:
        """Return the standard error of the annualised Sharpe ratio; NaN where returns do not vary."""
        return self._shape.standard_error() * math.sqrt(self._rules.periods_per_year)
