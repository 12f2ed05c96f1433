"""Grids, choices and walk-forward by plain loops over the backtests of tests.naive.sweep."""

import math
from decimal import Decimal

import mpmath

from tests.naive import sweep as backtests

FIGURES = (
    "sharpe_ratio",
    "cumulative_return",
    "max_drawdown",
    "num_trades",
    "win_rate",
    "avg_profit_per_trade",
    "total_costs",
)
TIE = 1e-9


def points(text):
    """Return the points of "a:b:step" in exact decimals."""
    first, last, step = (Decimal(part) for part in text.split(":"))
    return [float(first + number * step) for number in range(round((last - first) / step) + 1)]


def cells(entries, exits, costs, lookbacks):
    return [(e, x, c, n, -e <= x < e) for n in lookbacks for c in costs for e in entries for x in exits]


def figures(prices, cell, **terms):
    """Figures of one series in one cell; None where there are none."""
    entry, leave, cost, lookback, valid = cell
    prices = [float(price) for price in prices]
    untradable = all(math.isnan(price) for price in prices)
    if terms.get("mode", "compounding") == "compounding":
        untradable = untradable or any(price <= 0 for price in prices)
    if not valid or untradable or sum(not math.isnan(price) for price in prices) < lookback:
        return None
    return backtests.run(prices, entry, leave, cost, lookback=lookback, **terms)


def first_best(values):
    """Index of the first value that is largest but for a tie; -1 where all are None."""
    known = [value for value in values if value is not None]
    if not known:
        return -1
    least = max(known) - TIE * max(abs(value) for value in known)
    return next(index for index, value in enumerate(values) if value is not None and value >= least)


def neighbour_mean(values, place, shape):
    """Mean of a cell's 3 x 3 neighbours that have a value, itself included; None where it has none itself."""
    n_entries, n_exits = shape[:2]
    if values[place] is None:
        return None
    plane, inside = divmod(place, n_entries * n_exits)
    row, column = divmod(inside, n_exits)
    around = [
        values[plane * n_entries * n_exits + i * n_exits + j]
        for i in range(max(0, row - 1), min(n_entries, row + 2))
        for j in range(max(0, column - 1), min(n_exits, column + 2))
    ]
    known = [value for value in around if value is not None]
    return math.fsum(known) / len(known)


def deflated_sharpe(sharpe, n_bars, skewness, kurtosis, n_tries, variance):
    """The formula of Bailey and Lopez de Prado in 30 digits."""
    with mpmath.workdps(30):

        def quantile(p):
            return mpmath.sqrt(2) * mpmath.erfinv(2 * p - 1)

        benchmark = mpmath.mpf(0)
        if n_tries > 1:
            upper, beyond = quantile(1 - mpmath.mpf(1) / n_tries), quantile(1 - 1 / (n_tries * mpmath.e))
            benchmark = mpmath.sqrt(variance) * ((1 - mpmath.euler) * upper + mpmath.euler * beyond)
        spread = mpmath.sqrt(1 - skewness * sharpe + (mpmath.mpf(kurtosis) - 1) / 4 * mpmath.mpf(sharpe) ** 2)
        return float(mpmath.ncdf((sharpe - benchmark) * mpmath.sqrt(n_bars - 1) / spread))


def span(prices):
    """First bar with a price, and one past the last."""
    present = [bar for bar, price in enumerate(prices) if not math.isnan(price)]
    return present[0], present[-1] + 1


def moments(returns):
    """Skewness and kurtosis, population moments; returns of NaN are none."""
    returns = [value for value in returns if not math.isnan(value)]
    mean = math.fsum(returns) / len(returns)
    second, third, fourth = (math.fsum([(r - mean) ** power for r in returns]) / len(returns) for power in (2, 3, 4))
    return (third / second**1.5, fourth / second**2) if second > 0 else (0.0, 3.0)


def sharpe(returns, periods_per_year=252.0):
    """Annualised; 0 where the returns do not vary. Returns of NaN are none."""
    returns = [value for value in returns if not math.isnan(value)]
    mean = math.fsum(returns) / len(returns)
    if len(returns) == 1 or max(returns) == min(returns):
        return 0.0
    variance = math.fsum([(r - mean) ** 2 for r in returns]) / (len(returns) - 1)
    return mean / math.sqrt(variance) * math.sqrt(periods_per_year)


def walk_forward(prices, grid, train, test, purge, **terms):
    """Steps of one series as tuples from train_start to status."""
    steps, start = [], 0
    while start + train + purge + test <= len(prices):
        test_start = start + train + purge
        trained = [figures(prices[start : start + train], cell, **terms) for cell in grid]
        chosen = first_best([one and one["final"]["sharpe_ratio"] for one in trained])
        bars = (start, start + train, test_start, test_start + test)
        if chosen < 0:
            steps.append((*bars, -1, math.nan, math.nan, math.nan, 0, math.nan, "error"))
        else:
            ratio = trained[chosen]["final"]["sharpe_ratio"]
            figures_of_test = tested(prices, test_start, test, grid[chosen], terms)
            status = "error" if math.isnan(figures_of_test[0]) else "ok"
            steps.append((*bars, chosen, ratio, *figures_of_test, status))
        start += test
    return steps


def tested(prices, test_start, test, cell, terms):
    """Take in earlier bars, one by one and backwards, until lookback - 1 of them have a price."""
    if all(math.isnan(price) for price in prices[test_start : test_start + test]):
        return (math.nan, math.nan, 0, math.nan)
    begin, seen = test_start, 0
    while begin > 0 and seen < cell[3] - 1:
        begin -= 1
        seen += not math.isnan(prices[begin])
    run = figures(prices[begin : test_start + test], cell, **terms)
    if run is None:
        return (math.nan, math.nan, 0, math.nan)
    final = run["final"]
    assert all(position == 0 for position in run["position"][: test_start - begin])
    ratio = sharpe(run["returns"][test_start - begin :], terms.get("periods_per_year", 252.0))
    return (ratio, final["cumulative_return"], final["num_trades"], final["max_drawdown"])
