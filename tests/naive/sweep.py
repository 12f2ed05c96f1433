"""One backtest of the z-score rule, bar by bar, with a cash account in 40 digits: no blocks, no bands, no lanes."""

import math

import mpmath

DIGITS = 40
RUIN = "1e-12"
WARMUP = 30


def window_score(window):
    """Two-pass z-score of the last price of a window; None where the window is constant."""
    mean = mpmath.fsum(window) / len(window)
    spread = mpmath.sqrt(mpmath.fsum([(price - mean) ** 2 for price in window]) / len(window))
    if spread <= mpmath.mpf("1e-12") * abs(mean):
        return None
    return (window[-1] - mean) / spread


def scores(prices, lookback):
    """Score of every bar; None where there is none."""
    with mpmath.workdps(DIGITS):
        seen, out = [], []
        for price in prices:
            if math.isnan(price):
                out.append(None)
                continue
            seen.append(mpmath.mpf(price))
            out.append(window_score(seen[-lookback:]) if len(seen) >= lookback else None)
        return out


def fixed(prices, mean, deviation):
    """Score of every bar against a known process; None where there is no price."""
    with mpmath.workdps(DIGITS):
        process = mpmath.mpf(mean), mpmath.mpf(deviation)
        return [None if math.isnan(price) else (mpmath.mpf(price) - process[0]) / process[1] for price in prices]


def online(prices, forgetting):
    """Score of every bar against the regression of the prices before it on their predecessors; None without one.

    The sums are of the prices themselves, of which 40 digits leave enough.
    """
    with mpmath.workdps(DIGITS):
        sums, last, count, out = [mpmath.mpf(0)] * 6, None, 0, []
        for price in prices:
            if math.isnan(price):
                out.append(None)
                continue
            v, u, last = mpmath.mpf(price), last, mpmath.mpf(price)
            process = fitted(sums) if count >= WARMUP else None
            out.append((v - process[0]) / process[1] if process else None)
            if u is not None:
                count += 1
                terms = (1, u, v, u * u, u * v, v * v)
                sums = [mpmath.mpf(forgetting) * before + term for before, term in zip(sums, terms, strict=True)]
        return out


def fitted(sums):
    """Mean and stationary deviation by the weighted sums of 1, u, v, uu, uv and vv; None where nothing reverts."""
    weight, *rest = sums
    u, v, uu, uv, vv = (value / weight for value in rest)
    slope = (uv - u * v) / (uu - u * u)
    if not 0 < slope < 1:
        return None
    noise = vv - v * v - slope * (uv - u * v)
    return (v - slope * u) / (1 - slope), mpmath.sqrt(noise / (1 - slope**2))


def scored(prices, lookback=20, score="rolling", mean=None, deviation=None, forgetting=1.0):
    """Score of every bar by the kind of score that the rules name; None where there is none."""
    if score == "rolling":
        return scores(prices, lookback)
    return fixed(prices, mean, deviation) if score == "fixed" else online(prices, forgetting)


def run(
    prices,
    entry_z,
    exit_z,
    cost,
    *,
    execution_delay=1,
    mode="compounding",
    initial_capital=1.0,
    periods_per_year=252.0,
    stop=math.inf,
    borrow=0.0,
    **scoring,
):
    """Return the paths and final figures as a dict of floats and lists of floats."""
    with mpmath.workdps(DIGITS):
        account = Account(mpmath.mpf(cost), mode, mpmath.mpf(initial_capital), mpmath.mpf(borrow) / periods_per_year)
        zscores = scored(prices, **scoring)
        wanted, waits, orders, last = 0, False, [], None
        rows = {name: [] for name in ("equity", "returns", "position", "pnl", "drawdown", "fees")}
        peak, before, closeness = account.initial, account.initial, math.inf
        present = [bar for bar, price in enumerate(prices) if not math.isnan(price)]
        span = slice(present[0], present[-1] + 1)
        for bar, price in enumerate(prices):
            z, fees_before = zscores[bar], account.fees
            if z is not None:
                edges = (entry_z, -entry_z, exit_z, -exit_z, stop, -stop)
                closeness = min([closeness, *(abs(float(z) - edge) for edge in edges)])
                new, waits = decision(wanted, z, entry_z, exit_z, stop, waits)
                if new != wanted:
                    orders.append((bar + execution_delay, new))
                wanted = new
            account.lend(last)
            if not math.isnan(price):
                last = mpmath.mpf(price)
                account.pay_lender()
                while orders and orders[0][0] <= bar:
                    account.order(orders.pop(0)[1], last)
                if mode == "compounding" and account.is_gone(account.equity(last)):
                    account.ruin(last)
            equity = account.equity(last)
            peak = max(peak, equity)
            gained, fall = account.moved(equity, before, peak)
            values = (equity, gained, account.side(), equity - before, fall, account.fees - fees_before)
            for name, value in zip(rows, values, strict=True):
                rows[name].append(value)
            before = equity
        final = figures(
            account, {name: values[span] for name, values in rows.items()}, last, mpmath.mpf(periods_per_year)
        )
        outside = [*range(span.start), *range(span.stop, len(prices))]
        rows["returns"] = [math.nan if bar in outside else value for bar, value in enumerate(rows["returns"])]
        paths = {name: [float(value) for value in values] for name, values in rows.items()}
        return {
            **paths,
            "zscore": [math.nan if z is None else float(z) for z in zscores],
            "final": final,
            "ruined": account.ruined,
            "closeness": closeness,
        }


def decision(state, z, entry_z, exit_z, stop=math.inf, waits=False):
    """The side wanted after a score, and whether entries wait since a stop."""
    waits = waits and not abs(z) < entry_z
    if state and state * z <= -stop:
        return 0, True
    if state and state * z >= -exit_z:
        state = 0
    if state == 0 and not waits and abs(z) >= entry_z:
        state = 1 if z < 0 else -1
    return state, waits


def figures(account, rows, last, periods_per_year):
    returns = rows["returns"]
    mean = mpmath.fsum(returns) / len(returns)
    squares = mpmath.fsum([(value - mean) ** 2 for value in returns])
    still = max(returns) - min(returns) < mpmath.mpf(10) ** (10 - DIGITS)  # its own rounding is no variance
    closed = account.closed
    return {
        "cumulative_return": float(account.equity(last) / account.initial - 1),
        "sharpe_ratio": 0.0 if still else float(mean / mpmath.sqrt(squares / (len(returns) - 1) / periods_per_year)),
        "max_drawdown": float(max(rows["drawdown"])),
        "num_trades": len(closed),
        "win_rate": sum(pnl > 0 for pnl in closed) / len(closed) if closed else 0.0,
        "avg_profit_per_trade": float(mpmath.fsum(closed) / len(closed) / account.initial) if closed else 0.0,
        "total_costs": float(account.fees),
        "realized_pnl": float(mpmath.fsum(closed)),
        "unrealized_pnl": float(account.open_pnl(last)),
        "equity": float(account.equity(last)),
        "position": account.side(),
        "status": 2 if account.ruined else abs(account.side()),
    }


class Account:
    """Cash and a quantity; every order closes what is held before it opens."""

    def __init__(self, cost, mode, initial, rate=0):
        self.cost, self.mode, self.initial, self.rate = cost, mode, initial, rate
        self.lent = self.lent_to_trade = mpmath.mpf(0)
        self.cash, self.quantity, self.fees = initial, mpmath.mpf(0), mpmath.mpf(0)
        self.entry_price = self.entry_fee = mpmath.mpf(0)
        self.closed, self.ruined = [], False
        self.before_trade = initial

    def lend(self, last):
        """A bar begins at a last price: what is borrowed costs, and is owed until there is a price again."""
        if self.quantity < 0:
            self.lent += self.rate * abs(self.quantity * last)

    def pay_lender(self):
        self.cash -= self.lent
        self.lent_to_trade += self.lent
        self.lent = mpmath.mpf(0)

    def equity(self, price):
        return self.cash + (self.quantity * price if self.quantity else 0)

    def moved(self, equity, before, peak):
        """The return of a bar, and the fall from the peak."""
        if self.mode == "unit":
            return (equity - before) / self.initial, (peak - equity) / self.initial
        return (equity / before - 1 if before > 0 else mpmath.mpf(0)), 1 - equity / peak

    def is_gone(self, equity):
        return not self.ruined and equity <= mpmath.mpf(RUIN) * self.before_trade

    def side(self):
        return int(mpmath.sign(self.quantity))

    def open_pnl(self, price):
        if not self.quantity:
            return mpmath.mpf(0)
        return self.quantity * (price - self.entry_price) - self.entry_fee - self.lent_to_trade

    def trade(self, quantity, price):
        fee = self.cost * abs(quantity) * price if self.mode == "compounding" else self.cost
        self.cash -= quantity * price + fee
        self.fees += fee
        return fee

    def order(self, side, price):
        if self.ruined:
            return
        if self.quantity:
            self.close(price)
            if self.mode == "compounding" and self.is_gone(self.cash):
                self.ruined = True
        if side and not self.ruined:
            self.before_trade = self.cash
            size = self.cash / ((1 + self.cost) * price) if self.mode == "compounding" else mpmath.mpf(1)
            self.quantity = side * size
            self.entry_price, self.entry_fee = price, self.trade(self.quantity, price)

    def close(self, price):
        held, entry_price, entry_fee = self.quantity, self.entry_price, self.entry_fee
        fee = self.trade(-held, price)
        self.quantity = mpmath.mpf(0)
        self.closed.append(held * (price - entry_price) - entry_fee - fee - self.lent_to_trade)
        self.lent_to_trade = mpmath.mpf(0)

    def ruin(self, price):
        if self.quantity:
            self.close(price)
        self.ruined = True
