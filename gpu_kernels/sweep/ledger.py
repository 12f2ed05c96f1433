"""The book of one backtest; the same arithmetic as one lane of lanes.py, operation by operation."""

import math

from gpu_kernels.sweep.model import RUIN, Rules

__all__ = ["Ledger"]


class Ledger:
    """Equity, fees, trades and the statistics of returns, in O(1) memory.

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
        self._compounding = rules.mode == "compounding"
        # The equity; in mode "unit" less the initial capital, whose size would cost small gains their digits.
        self._value = rules.initial_capital if self._compounding else 0.0
        self.last_return = self.quantity = self.fees = self.realized = self.unrealized = self.max_drawdown = 0.0
        self.trades = self.wins = self.bars = 0
        self.ruined = False
        self._base = self._peak = self._value
        self._floor = RUIN * rules.initial_capital
        self._entry_price = self._entry_fee = self._held = self._paid = self._last_price = 0.0
        self._mean = self._squares = 0.0

    @property
    def equity(self) -> float:
        """Account value at the last bar's end."""
        return self._value if self._compounding else self._rules.initial_capital + self._value

    @property
    def cumulative_return(self) -> float:
        """The equity over the initial capital, less 1."""
        return self._value / self._rules.initial_capital - (1.0 if self._compounding else 0.0)

    def fill(self, side: int, price: float, cost: float) -> None:
        """Bring the position to a side at a price: close what is held, then open."""
        if self.ruined:
            return
        if self.quantity:
            self._close(price, cost)
        if side and not self.ruined:
            self._open(side, price, cost)

    def _close(self, price: float, cost: float) -> None:
        fee = self._fee(self.quantity, price, cost)
        pnl = self.quantity * (price - self._entry_price) - self._entry_fee - fee
        self._base += pnl
        self.realized += pnl
        self.trades += 1
        self.wins += pnl > 0
        self._pay(fee)
        self.quantity = self._entry_fee = 0.0
        self.ruined = self._compounding and self._base <= self._floor

    def _open(self, side: int, price: float, cost: float) -> None:
        size = self._base / ((1.0 + cost) * price) if self._compounding else 1.0
        self.quantity = side * size
        self._entry_price = price
        self._entry_fee = self._fee(self.quantity, price, cost)
        self._floor = RUIN * self._base
        self._pay(self._entry_fee)

    def _pay(self, fee: float) -> None:
        self.fees += fee
        self._paid += fee

    def _fee(self, quantity: float, price: float, cost: float) -> float:
        return cost * abs(quantity) * price if self._compounding else cost

    def end_bar(self, price: float, cost: float) -> None:
        """Mark the position, stop where nothing is left, and add the bar to the statistics."""
        before, value = self._value, self._mark(price)
        if self._compounding:
            if value <= self._floor and not self.ruined:
                self._close(price, cost)
                # The exit fee only takes: what was broke before it stays so.
                self.ruined = True
                value = self._mark(price)
            self.last_return = self._return(before, value)
        else:
            # A difference of two equities would have the rounding of the equity, however small the change.
            change = self._held * (price - (self._last_price if self.bars else price)) - self._paid
            self.last_return = change / self._rules.initial_capital
            self._held, self._last_price, self._paid = self.quantity, price, 0.0
        self._value = value
        self._peak = max(self._peak, value)
        self.max_drawdown = max(self.max_drawdown, self._fall())
        self._add_return()

    def _mark(self, price: float) -> float:
        self.unrealized = self.quantity * (price - self._entry_price) - self._entry_fee
        return self._base + self.unrealized

    def _return(self, before: float, after: float) -> float:
        if not self._compounding:
            return (after - before) / self._rules.initial_capital
        return after / before - 1.0 if before > 0 else 0.0

    def _fall(self) -> float:
        if self._compounding:
            return 1.0 - self._value / self._peak
        return (self._peak - self._value) / self._rules.initial_capital

    def _add_return(self) -> None:
        self.bars += 1
        step = self.last_return - self._mean
        self._mean += step / self.bars
        self._squares += step * (self.last_return - self._mean)

    @property
    def mark(self) -> float:
        """Where the account stands, for return_since."""
        return self._value

    def return_since(self, mark: float) -> float:
        """Return what the account gained since an earlier mark; 0 after a ruin before that."""
        return self._return(mark, self._value)

    def sharpe_ratio(self) -> float:
        """Return the annualised Sharpe ratio, 0 where returns do not vary."""
        deviation = math.sqrt(self._squares / max(1, self.bars - 1))
        if math.isinf(deviation):  # the squares are beyond float64, not the ratio 0
            return math.nan
        return self._mean * math.sqrt(self._rules.periods_per_year) / deviation if deviation != 0 else 0.0
