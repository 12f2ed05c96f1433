"""Oracle of round trips: one backtest bar by bar, with the cash account of the sweep's oracle, in 40 digits."""

import math

import mpmath

from tests.naive.sweep import DIGITS, Account, decision, scores


class Diary(Account):
    """An account that writes down each round trip when it ends."""

    def __init__(self, cost, mode, initial, rate=0):
        super().__init__(cost, mode, initial, rate)
        self.trips = []
        self.bar, self.score = 0, math.nan
        self.opened = None

    def order(self, side, price):
        held = self.quantity
        super().order(side, price)
        if self.quantity and self.quantity != held:
            self.opened = (self.bar, self.score)

    def close(self, price):
        held, entry_price, entry_fee, fees = self.quantity, self.entry_price, self.entry_fee, self.fees
        super().close(price)
        self.note(held, entry_price, price, self.closed[-1], entry_fee + self.fees - fees, self.score, "closed")

    def note(self, held, entry_price, price, profit, costs, score, status):
        notional = abs(held * entry_price)
        self.trips.append(
            {
                "side": int(mpmath.sign(held)),
                "entry_bar": self.opened[0],
                "exit_bar": self.bar,
                "bars": self.bar - self.opened[0],
                "entry_price": float(entry_price),
                "exit_price": float(price),
                "entry_zscore": self.opened[1],
                "exit_zscore": score,
                "quantity": float(held),
                "profit": float(profit),
                "profit_fraction": float(profit / notional) if notional else math.nan,
                "costs": float(costs),
                "closed": status == "closed",
            }
        )


def trades(
    prices,
    entry_z,
    exit_z,
    cost,
    *,
    lookback=20,
    execution_delay=1,
    mode="compounding",
    initial_capital=1.0,
    periods_per_year=252.0,
    stop=math.inf,
    borrow=0.0,
):
    """Round trips as dicts, the open one last, and the bar of a ruin or None."""
    with mpmath.workdps(DIGITS):
        diary = Diary(mpmath.mpf(cost), mode, mpmath.mpf(initial_capital), mpmath.mpf(borrow) / periods_per_year)
        wanted, waits, orders, last, last_bar, ruined_at = 0, False, [], None, 0, None
        for bar, (price, z) in enumerate(zip(prices, scores(prices, lookback), strict=True)):
            if z is not None:
                new, waits = decision(wanted, z, entry_z, exit_z, stop, waits)
                if new != wanted:
                    orders.append((bar + execution_delay, new, float(z)))
                wanted = new
            diary.lend(last)
            if math.isnan(price):
                continue
            last, last_bar, diary.bar = mpmath.mpf(price), bar, bar
            diary.pay_lender()
            while orders and orders[0][0] <= bar:
                _, side, diary.score = orders.pop(0)
                diary.order(side, last)
            if mode == "compounding" and diary.is_gone(diary.equity(last)):
                diary.score = math.nan
                diary.ruin(last)
            if diary.ruined and ruined_at is None:
                ruined_at = bar
        if diary.quantity:
            diary.bar = last_bar
            held = (diary.quantity, diary.entry_price, last, diary.open_pnl(last), diary.entry_fee)
            diary.note(*held, math.nan, "open")
        return diary.trips, ruined_at
