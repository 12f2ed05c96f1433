"""Oracle of the tests of a search: each definition as it is written, with loops, for given resamples."""

import math
from itertools import combinations, pairwise

import numpy as np


def long_run_deviation(series, block_length):
    """Politis and Romano (1994), lemma 1: of sqrt(T) times the mean of a stationary resample."""
    t, p = len(series), 1 / block_length
    mean = math.fsum(series) / t
    around = [x - mean for x in series]
    total = math.fsum(x * x for x in around) / t
    for lag in range(1, t):
        weight = (1 - lag / t) * (1 - p) ** lag + lag / t * (1 - p) ** (t - lag)
        total += 2 * weight * math.fsum(around[s] * around[s + lag] for s in range(t - lag)) / t
    return math.sqrt(total)


def p_values(returns, periods, block_length):
    """White's and Hansen's p-values of (T, M) returns, by name."""
    t, m = returns.shape
    means = [math.fsum(returns[:, j]) / t for j in range(m)]
    deviations = [long_run_deviation(returns[:, j].tolist(), block_length) for j in range(m)]
    centres = {
        "p_lower": [max(x, 0) for x in means],
        "p_consistent": consistent(means, deviations, t),
        "p_upper": means,
    }
    found = {}
    resampled = [[math.fsum(returns[row, j]) / t for j in range(m)] for row in periods]
    for name, centre in centres.items():
        statistic = max(x / w for x, w in zip(means, deviations, strict=True))
        above = sum(
            max((star[j] - centre[j]) / deviations[j] for j in range(m)) > statistic + 1e-12 for star in resampled
        )
        found[name] = (1 + above) / (1 + len(periods))
    above = sum(max(star[j] - means[j] for j in range(m)) > max(means) + 1e-14 for star in resampled)
    return {**found, "p_reality_check": (1 + above) / (1 + len(periods))}


def consistent(means, deviations, t):
    """Hansen's centres, equation 4 of section 2.4: those of poor strategies are 0."""
    reach = math.sqrt(2 * math.log(math.log(t)) / t)
    return [x if x >= -w * reach else 0.0 for x, w in zip(means, deviations, strict=True)]


def superior(returns, periods, block_length, size):
    """Romano and Wolf's strategies, by Hansen's consistent centres."""
    t, m = returns.shape
    means = [math.fsum(returns[:, j]) / t for j in range(m)]
    deviations = [long_run_deviation(returns[:, j].tolist(), block_length) for j in range(m)]
    centre = consistent(means, deviations, t)
    found = set()
    while len(found) < m:
        left = [j for j in range(m) if j not in found]
        largest = [max((returns[row, j].mean() - centre[j]) / deviations[j] for j in left) for row in periods]
        critical = np.quantile(largest, 1 - size)
        more = {j for j in left if means[j] / deviations[j] > critical}
        if not more:
            break
        found |= more
    return [j in found for j in range(m)]


def sharpe_ratio(series):
    """Mean over standard deviation, 0 where both are 0."""
    mean = math.fsum(series) / len(series)
    variance = math.fsum((x - mean) ** 2 for x in series) / len(series)
    if variance <= 1e-14 * (variance + mean * mean):
        return math.copysign(math.inf, mean) if mean else 0.0
    return mean / math.sqrt(variance)


def overfitting(returns, n_blocks):
    """Bailey and others (2017), section 2: probability of overfitting, of loss, and the two halves' Sharpe ratios."""
    t, m = returns.shape
    bounds = [t * block // n_blocks for block in range(n_blocks + 1)]
    blocks = [list(range(begin, end)) for begin, end in pairwise(bounds)]
    logits, pairs = [], []
    for chosen in combinations(range(n_blocks), n_blocks // 2):
        train = [row for block in chosen for row in blocks[block]]
        test = [row for block in range(n_blocks) if block not in chosen for row in blocks[block]]
        inside = [sharpe_ratio(returns[train, j].tolist()) for j in range(m)]
        outside = [sharpe_ratio(returns[test, j].tolist()) for j in range(m)]
        best = max(range(m), key=inside.__getitem__)
        below = sum(x < outside[best] for x in outside)
        alike = sum(x == outside[best] for x in outside)
        omega = (below + (alike + 1) / 2) / (m + 1)
        logits.append(math.log(omega / (1 - omega)))
        pairs.append((inside[best], outside[best]))
    return sum(x <= 1e-12 for x in logits) / len(logits), sum(y < 0 for _, y in pairs) / len(pairs), pairs


def paths(returns, n_folds, n_test_folds, purged, embargo):
    """Lopez de Prado (2018), section 12.4: the chosen strategies, and the returns of each path."""
    t, m = returns.shape
    fold = [next(f for f in range(n_folds) if t * f // n_folds <= row < t * (f + 1) // n_folds) for row in range(t)]
    chosen, tested = [], {f: [] for f in range(n_folds)}
    for ways in combinations(range(n_folds), n_test_folds):
        test = {row for row in range(t) if fold[row] in ways}
        train = [row for row in range(t) if not near(row, test, purged, embargo)]
        ratios = [sharpe_ratio(returns[train, j].tolist()) for j in range(m)]
        chosen.append(max(range(m), key=ratios.__getitem__))
        for f in ways:
            tested[f].append(returns[[row for row in range(t) if fold[row] == f], chosen[-1]])
    n_paths = len(tested[0])
    return chosen, [np.concatenate([tested[f][n] for f in range(n_folds)]) for n in range(n_paths)]


def near(row, test, purged, embargo):
    """Whether a row is tested, just before a tested one, or just after one."""
    return any(row + ahead in test for ahead in range(purged + 1)) or any(
        row - behind in test for behind in range(purged + embargo + 1)
    )
