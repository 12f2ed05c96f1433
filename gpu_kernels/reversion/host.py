"""The NumPy twin of the tests; model.py states them."""

import math
from functools import cache
from typing import NamedTuple

import numpy as np

from gpu_kernels import interruption
from gpu_kernels.checks import Floats

__all__ = [
    "Figures",
    "block_sizes",
    "dfgls",
    "dickey_fuller",
    "figures",
    "hurst_increments",
    "hurst_rescaled_range",
    "increment_exponents",
    "increment_spans",
    "kpss",
    "long_run_variance",
    "phillips_perron",
    "rescaled_range_exponents",
    "variance_ratio",
]

_GLS_DISTANCE = {"c": -7.0, "ct": -13.5}
_BLOCK = 1 << 17
"""Prices of the series that are tested at once."""


class Figures(NamedTuple):
    """What is computed of B series, every array (B,); fields as in model.ReversionTests."""

    adf_statistic: Floats
    pp_statistic: Floats
    kpss_statistic: Floats
    dfgls_statistic: Floats
    variance_ratio: Floats
    variance_ratio_statistic: Floats
    hurst_rescaled_range: Floats
    hurst_increments: Floats


@np.errstate(all="ignore")  # what is beyond the doubles ends as a statistic that is infinite or NaN
def figures(prices: Floats, trend: str, adf_lags: int, bandwidth: int, periods: int) -> Figures:
    """Compute every test of every row of prices (B, T), which are finite; see the contract."""
    rows = max(1, _BLOCK // prices.shape[1])
    blocks = [prices[first : first + rows] for first in range(0, max(1, len(prices)), rows)]
    parts = [_of_block(block, trend, adf_lags, bandwidth, periods) for block in blocks]
    return Figures._make(np.concatenate(columns) for columns in zip(*parts, strict=True))


def _of_block(prices: Floats, trend: str, adf_lags: int, bandwidth: int, periods: int) -> Figures:
    interruption.check()
    return Figures(
        dickey_fuller(prices, trend, adf_lags),
        phillips_perron(prices, trend, bandwidth),
        kpss(prices, trend, bandwidth),
        dfgls(prices, trend, adf_lags),
        *variance_ratio(prices, periods),
        hurst_rescaled_range(prices),
        hurst_increments(prices),
    )


def dickey_fuller(prices: Floats, trend: str, lags: int) -> Floats:
    """Return the augmented Dickey-Fuller t (B,) of prices (B, T) with a trend and lagged steps."""
    steps = np.diff(prices, axis=1)
    n = steps.shape[1] - lags
    columns = [steps[:, lags - j : lags - j + n] for j in range(1, lags + 1)]
    design = np.stack([*columns, prices[:, lags:-1], steps[:, lags:]], axis=2)
    design = _without(design, trend)
    size = np.abs(design).max(axis=1, keepdims=True)
    triangle = np.asarray(np.linalg.qr(design / np.where(size > 0, size, 1.0), mode="r"), dtype=np.float64)
    freedom = n - (lags + 1) - _terms(trend)
    # The level is the last regressor: the last pivot and projection are all that its t value needs.
    level = triangle[:, -2, -1] * np.sign(triangle[:, -2, -2])
    with np.errstate(all="ignore"):
        return np.asarray(level * math.sqrt(freedom) / np.abs(triangle[:, -1, -1]))


def phillips_perron(prices: Floats, trend: str, lags: int) -> Floats:
    """Return Phillips and Perron's Z_tau (B,) of prices (B, T), with a long-run variance of some lags."""
    origin = prices[:, :1] if trend != "n" else np.zeros((len(prices), 1))
    level = _without((prices - origin)[:, :-1, None], trend)[:, :, 0]
    step = _without(np.diff(prices, axis=1)[:, :, None], trend)[:, :, 0]
    n = step.shape[1]
    sxx = _dot(level, level)
    with np.errstate(all="ignore"):
        slope = _dot(level, step) / sxx
        residual = step - slope[:, None] * level
        squares = _dot(residual, residual)
        variance, short = squares / (n - 1 - _terms(trend)), squares / n
        error = np.sqrt(variance / sxx)
        long_run = long_run_variance(residual, lags)
        t = np.sqrt(short / long_run) * slope / error
        return np.asarray(t - 0.5 * (long_run - short) / np.sqrt(long_run) * n * error / np.sqrt(variance))


def kpss(prices: Floats, trend: str, lags: int) -> Floats:
    """Return the statistic (B,) of Kwiatkowski, Phillips, Schmidt and Shin, with a constant where trend has none."""
    residual = _without((prices - prices[:, :1])[:, :, None], "c" if trend == "n" else trend)[:, :, 0]
    partial = np.cumsum(residual, axis=1)
    with np.errstate(all="ignore"):
        return np.asarray(_dot(partial, partial) / prices.shape[1] ** 2 / long_run_variance(residual, lags))


def dfgls(prices: Floats, trend: str, lags: int) -> Floats:
    """Return the DF-GLS t (B,) of prices (B, T) with lagged steps, with a constant where trend has none."""
    kind = "c" if trend == "n" else trend
    n = prices.shape[1]
    near = 1.0 + _GLS_DISTANCE[kind] / n
    shifted = prices - prices[:, :1]
    terms = np.ones((n, 1)) if kind == "c" else np.column_stack([np.ones(n), np.arange(1.0, n + 1)])
    quasi_terms, quasi = terms.copy(), shifted.copy()
    quasi_terms[1:] -= near * terms[:-1]
    quasi[:, 1:] -= near * shifted[:, :-1]
    found = np.linalg.lstsq(quasi_terms, quasi.T)[0]
    return dickey_fuller(shifted - (terms @ found).T, "n", lags)


def variance_ratio(prices: Floats, periods: int) -> tuple[Floats, Floats]:
    """Return the variance ratio over some steps and its statistic robust to heteroskedasticity, both (B,)."""
    shifted = prices - prices[:, :1]
    n = prices.shape[1] - 1
    mean = shifted[:, -1:] / n
    off = np.diff(shifted, axis=1) - mean
    off_long = shifted[:, periods:] - shifted[:, :-periods] - periods * mean
    squares = off * off
    with np.errstate(all="ignore"):
        one = squares.sum(axis=1) / (n - 1)
        many = _dot(off_long, off_long) / (periods * (n - periods + 1) * (1.0 - periods / n))
        ratio = many / one
        whole = squares.sum(axis=1) ** 2
        spread = np.zeros(len(prices))
        for k in range(1, periods):
            interruption.check()
            spread += 4.0 * (1.0 - k / periods) ** 2 * n * _dot(squares[:, k:], squares[:, :-k]) / whole
        return ratio, np.asarray(math.sqrt(n) * (ratio - 1.0) / np.sqrt(spread))


def hurst_rescaled_range(prices: Floats) -> Floats:
    """Return the Hurst exponent (B,) of prices (B, T) by the rescaled range of their steps."""
    steps = np.diff(prices, axis=1)
    found = []
    for size in block_sizes(prices.shape[1]):
        interruption.check()
        count = steps.shape[1] // size
        blocks = steps[:, : count * size].reshape(len(steps), count, size)
        off = blocks - blocks.mean(axis=2, keepdims=True)
        walk = np.cumsum(off, axis=2)
        reach = np.maximum(walk.max(axis=2), 0.0) - np.minimum(walk.min(axis=2), 0.0)
        with np.errstate(all="ignore"):
            found.append((reach / np.sqrt((off * off).mean(axis=2))).mean(axis=1))
    return rescaled_range_exponents(np.array(found), prices.shape[1])


def hurst_increments(prices: Floats) -> Floats:
    """Return the Hurst exponent (B,) of prices (B, T) by the variance of their increments."""
    n = prices.shape[1]
    mean = (prices[:, -1:] - prices[:, :1]) / (n - 1)
    found = []
    for span in increment_spans(n):
        interruption.check()
        off = prices[:, span:] - prices[:, :-span] - span * mean
        with np.errstate(all="ignore"):
            found.append(_dot(off, off) / off.shape[1])
    return increment_exponents(np.array(found), n)


def block_sizes(n_prices: int) -> list[int]:
    """Return the steps of the blocks whose rescaled range is taken."""
    return [8 << k for k in range(60) if 8 << k <= (n_prices - 1) // 2]


def increment_spans(n_prices: int) -> list[int]:
    """Return the steps over which increments are taken."""
    return [1 << k for k in range(60) if 1 << k <= n_prices // 8]


def rescaled_range_exponents(ranges: Floats, n_prices: int) -> Floats:
    """Return the Hurst exponents (B,) of mean rescaled ranges, one row for each of block_sizes."""
    sizes = block_sizes(n_prices)
    expected = np.array([math.log(_expected(size)) for size in sizes])
    with np.errstate(all="ignore"):
        return 0.5 + _slope(np.log(np.array(sizes, dtype=np.float64)), np.log(ranges) - expected[:, None])


def increment_exponents(squares: Floats, n_prices: int) -> Floats:
    """Return the Hurst exponents (B,) of mean squared increments, one row for each of increment_spans."""
    with np.errstate(all="ignore"):
        return 0.5 * _slope(np.log(np.array(increment_spans(n_prices), dtype=np.float64)), np.log(squares))


def long_run_variance(values: Floats, lags: int) -> Floats:
    """Return the long-run variance (B,) of values (B, n) about 0, with Bartlett's weights (Newey and West 1987)."""
    total = _dot(values, values)
    for j in range(1, lags + 1):
        interruption.check()
        total = total + 2.0 * (1.0 - j / (lags + 1.0)) * _dot(values[:, j:], values[:, :-j])
    return np.asarray(total / values.shape[1])


@cache
def _expected(size: int) -> float:
    """Return E(R/S) of independent steps (Anis and Lloyd 1976)."""
    gammas = math.exp(math.lgamma((size - 1) / 2) - math.lgamma(size / 2)) / math.sqrt(math.pi)
    return gammas * math.fsum(math.sqrt((size - k) / k) for k in range(1, size))


def _slope(places: Floats, values: Floats) -> Floats:
    """Return the slopes (B,) of values (n, B) on places (n,), each with the same bits in any batch."""
    off = places - places.mean()
    with np.errstate(all="ignore"):
        return np.asarray(sum(o * value for o, value in zip(off, values, strict=True)) / (off @ off))


def _terms(trend: str) -> int:
    return {"n": 0, "c": 1, "ct": 2}[trend]


def _without(columns: Floats, trend: str) -> Floats:
    """Return columns (B, n, k) less their regression on the trend's terms."""
    if trend == "n":
        return columns
    out: Floats = columns - columns.mean(axis=1, keepdims=True)
    if trend == "ct":
        line = np.arange(columns.shape[1]) - (columns.shape[1] - 1) / 2.0
        slope = np.einsum("t,btk->bk", line, out) / (line @ line)
        out = out - line[None, :, None] * slope[:, None, :]
    return out


def _dot(left: Floats, right: Floats) -> Floats:
    product: Floats = np.einsum("bt,bt->b", left, right)
    return product
