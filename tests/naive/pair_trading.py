"""A scan pair by pair, bar by bar, from the oracles of its parts; objective "sharpe", pairs that revert."""

import itertools
import math

import mpmath

from tests.naive import cointegration, ou, performance, sweep, thresholds


def scan(prices, *, lags, split, alpha, log, cost, lookback, periods_per_year, score="fixed"):
    """Return the ranked significant pairs as dicts, and how many were tried."""
    columns = [[math.log(price) if log else float(price) for price in column] for column in zip(*prices, strict=True)]
    n = math.floor(split * len(prices))
    tried = [
        tested(columns, n, first, second, lags) for first, second in itertools.combinations(range(len(columns)), 2)
    ]
    for row, q_value in zip(tried, q_values([row["p_value"] for row in tried]), strict=True):
        row["q_value"] = q_value
    rows = [row for row in tried if row["p_value"] < alpha]
    for row in rows:
        residual = [y - row["intercept"] - row["hedge_ratio"] * x for y, x in both(columns, row)]
        process = ou.fit(residual[:n])
        row |= {name: process[name] for name in ("theta", "theta_std_error", "half_life", "mu", "sigma")}
        spread = row["sigma"] / math.sqrt(2 * row["theta"])
        paid = cost * (1 + abs(row["hedge_ratio"])) if log else cost
        k = 2 * paid / spread
        value, *levels = thresholds.best_two(lambda e, x, k=k: thresholds.sharpe(k, e, x), (1.0 + k, 0.1))
        assert value > 0
        row["entry_zscore"], row["exit_zscore"] = levels
        scores = sweep.scores(residual, lookback)
        if score == "fixed":
            scores = [(value - process["mu"]) / spread for value in residual]
        returns, _, _ = traded(residual[:n], scores[:n], levels, paid)
        row["per_bar"], row["skewness"], row["kurtosis"] = described(returns)
        row["train_sharpe"] = row["per_bar"] * math.sqrt(periods_per_year)
        row["train_sharpe_std_error"] = error(returns) * math.sqrt(periods_per_year)
        returns, trades, drawdown = traded(residual[n:], scores[n:], levels, paid)
        row["test_sharpe_std_error"] = error(returns) * math.sqrt(periods_per_year)
        normal = mpmath.ncdf(described(returns)[0] / error(returns)) if error(returns) > 0 else math.nan
        row["probability_sharpe_positive"] = float(normal)
        row["test_sharpe"] = described(returns)[0] * math.sqrt(periods_per_year)
        row["test_return"], row["test_trades"], row["test_max_drawdown"] = math.fsum(returns), trades, drawdown
        edges = [n * part // 3 for part in range(4)]
        parts = [[column[start:stop] for column in columns] for start, stop in itertools.pairwise(edges)]
        fits = [cointegration.fit(part[row["y"]], part[row["x"]], lags) for part in parts]
        row["period_half_life"] = [fit["half_life"] for fit in fits]
        row["period_p_value"] = [fit["adf_p_value"] for fit in fits]
    tries = [row["per_bar"] for row in rows]
    for row in rows:
        row["deflated_sharpe"] = deflated(row["per_bar"], tries, n, row["skewness"], row["kurtosis"])
    return sorted(rows, key=lambda row: -row["deflated_sharpe"]), len(tried)


def error(returns):
    """Standard error of the Sharpe ratio per bar, NaN where returns do not vary."""
    exact = [mpmath.mpf(value) for value in returns]
    mean = mpmath.fsum(exact) / len(exact)
    deviation = mpmath.sqrt(mpmath.fsum([(value - mean) ** 2 for value in exact]) / len(exact))
    return float(performance.sharpe_error(exact, mean, deviation)) if deviation > 1e-14 else math.nan


def both(columns, row):
    return zip(columns[row["y"]], columns[row["x"]], strict=True)


def tested(columns, n, first, second, lags):
    ways = []
    for y, x in ((first, second), (second, first)):
        fit = cointegration.fit(columns[y][:n], columns[x][:n], lags)
        figures = {name: fit[name] for name in ("hedge_ratio", "intercept", "adf_statistic")}
        ways.append({"y": y, "x": x, **figures, "p_value": fit["adf_p_value"]})
    return min(ways, key=lambda way: way["adf_statistic"])


def q_values(p_values):
    """Benjamini and Hochberg: the least level at which their step-up procedure rejects each pair.

    A pair's p-value is the smaller of two, so it is doubled first.
    """
    m = len(p_values)
    p_values = [min(1.0, 2 * p_value) for p_value in p_values]
    ranked = sorted(p_values)
    return [
        min(min(1.0, m * ranked[rank] / (rank + 1)) for rank in range(m) if ranked[rank] >= p_value)
        for p_value in p_values
    ]


def traded(residual, scores, levels, cost):
    """One unit, filled a bar after its decision, from flat; returns, closed trades and drawdown."""
    entry, leave = levels
    held = wanted = 0
    returns, trades = [], 0
    for bar, price in enumerate(residual):
        gain = held * (price - residual[bar - 1]) if bar else 0.0
        if held != wanted:  # what the bar before decided
            trades += held != 0
            gain -= cost * abs(wanted - held)
            held = wanted
        returns.append(gain)
        if scores[bar] is not None:
            wanted, _ = sweep.decision(wanted, scores[bar], entry, leave)
    equity = [0.0, *itertools.accumulate(returns)]
    drawdown = max(max(equity[: bar + 1]) - equity[bar] for bar in range(len(equity)))
    return returns, trades, drawdown


def described(returns):
    """Sharpe ratio per bar, skewness and kurtosis."""
    T = len(returns)
    mean = math.fsum(returns) / T
    second, third, fourth = (math.fsum((value - mean) ** power for value in returns) / T for power in (2, 3, 4))
    if second == 0:
        return 0.0, 0.0, 3.0
    return mean / math.sqrt(second * T / (T - 1)), third / second**1.5, fourth / second**2


def deflated(sharpe, tries, n_bars, skewness, kurtosis):
    """Bailey and Lopez de Prado (2014), equations 1 and 2."""
    N = len(tries)
    expected = mpmath.mpf(0)
    if N > 1:
        mean = math.fsum(tries) / N
        variance = math.fsum((value - mean) ** 2 for value in tries) / (N - 1)
        below, beyond = quantile(1 - mpmath.mpf(1) / N), quantile(1 - 1 / (N * mpmath.e))
        expected = mpmath.sqrt(variance) * ((1 - mpmath.euler) * below + mpmath.euler * beyond)
    spread = 1 - skewness * sharpe + (kurtosis - 1) / 4 * sharpe**2
    return float(mpmath.ncdf((sharpe - expected) * math.sqrt(n_bars - 1) / math.sqrt(spread)))


def quantile(probability):
    return mpmath.sqrt(2) * mpmath.erfinv(2 * probability - 1)
