"""Oracle of residual books: the equations of Avellaneda and Lee one after the other, name by name, daily."""

import math

import numpy as np


def eligible(prices, members, row, window):
    """The columns with a membership, all prices of the window, and returns that vary."""
    names = []
    for name in range(prices.shape[1]):
        rows = prices[row - window : row + 1, name]
        if row < window or not members[row][name] or not (np.isfinite(rows) & (rows > 0)).all():
            continue
        moves = np.diff(rows) / rows[:-1]
        if moves.max() - moves.min() > 1e-12 * np.abs(moves).max():
            names.append(name)
    return names


def eigenportfolios(returns, factors):
    """Q (n, m) of returns (M, n); factors is a number or a share of the variance."""
    deviations = returns.std(axis=0, ddof=1)
    values, vectors = np.linalg.eigh(np.corrcoef(returns, rowvar=False))
    values, vectors = values[::-1], vectors[:, ::-1]
    count = factors
    if isinstance(factors, float):
        count = next(m for m in range(1, len(values) + 1) if values[:m].sum() >= factors * len(values) - 1e-12)
    return vectors[:, :count] / deviations[:, None]


def process(path):
    """(a, b, v) of X_(k+1) = a + b X_k + z, with v = SSE / n."""
    x, y = path[:-1], path[1:]
    slope = ((x - x.mean()) * (y - y.mean())).sum() / ((x - x.mean()) ** 2).sum()
    a = y.mean() - slope * x.mean()
    return a, slope, ((y - a - slope * x) ** 2).mean()


def day(prices, members, row, factors, window, regression, max_reversion, *, centre=True, drift=False, min_dof=20):
    """The scores, thetas, Q and B of one close; scores are NaN where there are none."""
    n_names = prices.shape[1]
    score, theta = np.full(n_names, np.nan), np.full(n_names, np.nan)
    names = eligible(prices, members, row, window)
    if len(names) < 2:
        return score, theta, np.zeros((n_names, 1)), np.zeros((n_names, 1))
    part = prices[row - window : row + 1, names]
    returns = (part[1:] - part[:-1]) / part[:-1]
    q = eigenportfolios(returns, factors)
    count = q.shape[1]
    portfolios, loadings = np.zeros((n_names, count)), np.zeros((n_names, count))
    if len(names) < 2 * count or regression - count - 1 < min_dof:
        return score, theta, portfolios, loadings
    portfolios[names] = q
    last = returns[-regression:]
    design = np.column_stack([np.ones(regression), last @ q])
    means, found = {}, {}
    for place, name in enumerate(names):
        coefficients = np.linalg.lstsq(design / np.linalg.norm(design, axis=0), last[:, place], rcond=None)[0]
        coefficients = coefficients / np.linalg.norm(design, axis=0)
        loadings[name] = coefficients[1:]
        e = last[:, place] - design @ coefficients
        if last[:, place].max() - last[:, place].min() <= 1e-12 * np.abs(last[:, place]).max():
            continue
        path = np.cumsum(e)
        a, b, v = process(path)
        if 0 < b < 1:
            theta[name] = -math.log(b)
        if 0 < b < math.exp(-1 / max_reversion) and v > 0:
            means[name] = a / (1 - b)
            found[name] = path[-1], math.sqrt(v / (1 - b * b)), coefficients[0]
    middle = sum(means.values()) / len(means) if centre and means else 0.0
    for name, (end, sigma_eq, alpha) in found.items():
        score[name] = (end - (means[name] - middle)) / sigma_eq
        if drift:
            score[name] -= alpha / (theta[name] * sigma_eq)
    return score, theta, portfolios, loadings


def decided(side, score, entry, exit_long, exit_short):
    """The side of one name after a close."""
    if math.isnan(score):
        return 0
    if (side > 0 and score >= -exit_long) or (side < 0 and score <= exit_short):
        side = 0
    if side == 0:
        side = 1 if score <= -entry else -1 if score >= entry else 0
    return side


def account(prices, days, thresholds, first, *, delay=0, size=0.01, start=None):
    """Gain, both turnovers, short notional and opened trades of each row from `first` on, and fills without a price.

    days gives (score, Q, B) of each row; decisions are made from row `start` on.
    """
    n_rows, n_names = prices.shape
    side = [0] * n_names
    held, weights = np.zeros(n_names), np.zeros(n_names)
    rows, stale = [], 0
    last = [math.nan] * n_names
    for row in range(n_rows):
        moves = np.zeros(n_names)
        for name in range(n_names):
            if np.isfinite(prices[row, name]):
                moves[name] = 0.0 if math.isnan(last[name]) else prices[row, name] / last[name] - 1.0
                last[name] = prices[row, name]
        if row < first:
            continue
        gain, short = float(held @ moves), float(-held[held < 0].sum())
        after = held * (1.0 + moves) / (1.0 + gain)
        traded, stocks, opened, held = 0.0, 0.0, 0, after
        if row - delay >= (first if start is None else start):
            score, q, b = days[row - delay]
            before, side = side, [decided(side[n], score[n], *thresholds) for n in range(n_names)]
            wanted = size * np.array(side, dtype=float)
            held = wanted - q @ (b.T @ wanted)
            traded, stocks = np.abs(held - after).sum(), np.abs(wanted - weights).sum()
            opened = sum(1 for old, new in zip(before, side, strict=True) if new and new != old)
            stale += sum(1 for n in range(n_names) if not np.isfinite(prices[row, n]) and held[n] != after[n])
            weights = wanted
        rows.append((gain, stocks, traded, short, opened))
    return np.array(rows), stale


def sharpe(returns, periods_per_year=252.0):
    return returns.mean() / returns.std(ddof=1) * math.sqrt(periods_per_year) if returns.std() > 0 else 0.0
