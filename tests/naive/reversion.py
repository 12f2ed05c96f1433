"""Oracle of the tests for reversion: statsmodels where it has a test, else loops straight from the papers."""

import math

import numpy as np
from statsmodels.regression.linear_model import OLS
from statsmodels.tsa.stattools import adfuller


def terms(n, trend):
    """The columns (n, k) that a trend stands for."""
    line = np.arange(1.0, n + 1)
    return {"n": np.empty((n, 0)), "c": np.ones((n, 1)), "ct": np.column_stack([np.ones(n), line])}[trend]


def dickey_fuller(prices, trend, lags):
    found = adfuller(prices, maxlag=lags, regression=trend, autolag=None, result_object=False)
    return found[0], found[1], [found[4][name] for name in ("1%", "5%", "10%")]


def long_run_variance(values, lags):
    n = len(values)
    total = math.fsum(v * v for v in values) / n
    for j in range(1, lags + 1):
        total += 2 * (1 - j / (lags + 1)) * math.fsum(values[t] * values[t - j] for t in range(j, n)) / n
    return total


def phillips_perron(prices, trend, lags):
    n = len(prices) - 1
    fit = OLS(prices[1:], np.column_stack([prices[:-1], terms(n, trend)])).fit()
    short, long_run = fit.ssr / n, long_run_variance(fit.resid, lags)
    t = (fit.params[0] - 1) / fit.bse[0]
    return math.sqrt(short / long_run) * t - (long_run - short) / 2 / math.sqrt(long_run) * n * fit.bse[0] / math.sqrt(
        fit.scale
    )


def kpss(prices, trend, lags):
    residual = OLS(prices, terms(len(prices), trend if trend != "n" else "c")).fit().resid
    partial = [math.fsum(residual[: t + 1]) for t in range(len(prices))]
    return math.fsum(s * s for s in partial) / len(prices) ** 2 / long_run_variance(residual, lags)


def dfgls(prices, trend, lags):
    n, kind = len(prices), trend if trend != "n" else "c"
    near = 1 + {"c": -7.0, "ct": -13.5}[kind] / n
    z = terms(n, kind)
    quasi = [prices[0]] + [prices[t] - near * prices[t - 1] for t in range(1, n)]
    quasi_z = np.vstack([z[:1], z[1:] - near * z[:-1]])
    left = prices - z @ OLS(quasi, quasi_z).fit().params
    return adfuller(left, maxlag=lags, regression="n", autolag=None, result_object=False)[0]


def variance_ratio(prices, periods):
    n = len(prices) - 1
    mean = (prices[-1] - prices[0]) / n
    off = [prices[t + 1] - prices[t] - mean for t in range(n)]
    many = math.fsum((prices[t + periods] - prices[t] - periods * mean) ** 2 for t in range(n - periods + 1))
    many /= periods * (n - periods + 1) * (1 - periods / n)
    whole = math.fsum(o * o for o in off)
    ratio = many / (whole / (n - 1))
    spread = 0.0
    for k in range(1, periods):
        delta = n * math.fsum(off[t] ** 2 * off[t - k] ** 2 for t in range(k, n)) / whole**2
        spread += 4 * (1 - k / periods) ** 2 * delta
    return ratio, math.sqrt(n) * (ratio - 1) / math.sqrt(spread)


def hurst_rescaled_range(prices):
    steps, sizes, logs = np.diff(prices), [], []
    size = 8
    while 2 * size <= len(steps):
        ratios = []
        for first in range(0, len(steps) - size + 1, size):
            block = steps[first : first + size]
            walk = np.concatenate([[0.0], np.cumsum(block - block.mean())])
            ratios.append((walk.max() - walk.min()) / block.std())
        expected = math.gamma((size - 1) / 2) / (math.sqrt(math.pi) * math.gamma(size / 2)) if size < 300 else None
        if expected is None:
            expected = math.sqrt(2 / (size * math.pi))
        expected *= sum(math.sqrt((size - k) / k) for k in range(1, size))
        sizes.append(math.log(size))
        logs.append(math.log(np.mean(ratios) / expected))
        size *= 2
    return 0.5 + np.polyfit(sizes, logs, 1)[0]


def hurst_increments(prices):
    n, spans, logs = len(prices), [], []
    mean, span = (prices[-1] - prices[0]) / (n - 1), 1
    while span <= n // 8:
        off = [(prices[t + span] - prices[t] - span * mean) ** 2 for t in range(n - span)]
        spans.append(math.log(span))
        logs.append(math.log(math.fsum(off) / len(off)))
        span *= 2
    return np.polyfit(spans, logs, 1)[0] / 2
