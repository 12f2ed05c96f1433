"""A portfolio's health from the whole list of marks, recomputed from the beginning for each report."""

import itertools
import math

DAY = 86_400_000
MINUTE = 60_000


def values(holdings, cash, marks):
    """Return [(time, value)] of every complete snapshot, the last one included, from marks (asset, price, time)."""
    prices, out, clock = {}, [], 0
    for asset, price, time in marks:
        if asset in prices and time < prices[asset][1]:
            continue
        clock = max(clock, time)
        prices[asset] = price, time
        if all(name in prices for name, quantity in holdings.items() if quantity):
            value = math.fsum([cash] + [q * prices[name][0] for name, q in holdings.items() if q])
            if out and out[-1][0] == clock:
                out.pop()
            out.append((clock, value))
    return out


def report(holdings, cash, marks, now):
    """Return (daily_return, volatility_24h, max_drawdown) at a time not before the last mark."""
    path = values(holdings, cash, marks)
    if not path:
        return 0.0, 0.0, 0.0
    last = path[-1][1]
    earlier = [value for time, value in path if time // DAY < now // DAY]
    start = earlier[-1] if earlier else path[0][1]
    daily = last / start - 1 if start > 0 else 0.0
    squares = [
        math.log(after / before) ** 2
        for (_, before), (time, after) in itertools.pairwise(path)
        if before > 0 and after > 0 and time // MINUTE > now // MINUTE - 1440
    ]
    drawdown, peak = 0.0, 0.0
    for _, value in path:
        peak = max(peak, value)
        if peak > 0:
            drawdown = max(drawdown, 1 - value / peak)
    return daily, math.sqrt(math.fsum(squares)), drawdown
