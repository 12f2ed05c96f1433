"""The best pairs of null universes by kernels on the CPU's lanes.

Threads share the universes; the pairs of those that one thread has share a launch.
"""

from collections.abc import Iterator
from functools import partial

import numpy as np
from numpy.typing import NDArray

from gpu_kernels import cointegration, interruption
from gpu_kernels.checks import Floats
from gpu_kernels.cointegration import driver
from gpu_kernels.cointegration import native as pairs_native
from gpu_kernels.cointegration.grams import Grams, demeaned
from gpu_kernels.compile import library
from gpu_kernels.constants import integer
from gpu_kernels.dispatch import in_parts
from gpu_kernels.launch import Count, launch, pointer
from gpu_kernels.pair_trading.host import TradeTerms
from gpu_kernels.pair_trading.model import ScanRules
from gpu_kernels.pair_trading.multiplicity import ranked_by
from gpu_kernels.pair_trading.native import MOMENTS, Residuals, fitted, moments
from gpu_kernels.pair_trading.null_host import best_test
from gpu_kernels.pair_trading.null_universes import Recipe, draw
from gpu_kernels.pair_trading.trading_levels import TRADED, trading_levels
from gpu_kernels.pair_trading.train_part import costs, significant

__all__ = ["best", "covers", "tested"]

_SOURCE = "pair_trading/pair_trading.cu"
_TALL, _ROWS_AT_ONCE = (integer(name, _SOURCE) for name in ("TALL", "ROWS_AT_ONCE"))

Indices = NDArray[np.int64]


def covers(_recipe: Recipe, _start: int, _stop: int, rules: ScanRules) -> bool:
    """Return whether the kernels compute a request."""
    return (rules.rank_by == "p_value" or rules.score == "fixed") and driver.entry(_lag_rule(rules)) != ""


def best(recipe: Recipe, start: int, stop: int, rules: ScanRules) -> Floats:
    """Return what the NumPy twin returns; see null_host.

    Threads share the universes, because drawing them takes as long as the kernels do.
    """
    return np.concatenate(in_parts(start, stop, lambda first, last: _best(recipe, first, last, rules)))


def _best(recipe: Recipe, start: int, stop: int, rules: ScanRules) -> Floats:
    levels = np.stack([draw(recipe, number) for number in range(start, stop)])
    fits = tested(levels, rules.lags)
    if rules.rank_by == "p_value":
        return np.array([best_test(fit.adf_statistic) for fit in fits])
    chosen = [_significant(fit, place * recipe.start.size, rules.alpha) for place, fit in enumerate(fits)]
    universe = np.repeat(np.arange(len(chosen)), [pairs.y.size for pairs in chosen])
    pairs = Residuals._make(np.concatenate(column) for column in zip(*chosen, strict=True))
    largest = np.full(stop - start, -np.inf)
    if pairs.y.size:
        traded, tries = _traded(levels.reshape(-1, recipe.n_bars), pairs, rules)
        universe = universe[traded]
        for place in np.unique(universe):
            one = universe == place
            figures = tries[0][one], tries[1][one], tries[2][one]
            largest[place] = ranked_by(rules.rank_by, np.full(one.sum(), np.nan), figures, rules.n_train).max()
    return largest


def tested(levels: Floats, lags: int) -> Iterator[cointegration.PairsFit]:
    """Test all pairs of universes, one after the other; their cross products are computed together.

    Args:
        levels: (U, N, n). A walk whose steps are no more than its rounding is constant.
        lags: Lagged steps.
    """
    n_universes, n_series, n_bars = levels.shape
    mean, centred = np.empty((n_universes, n_series)), np.zeros((n_universes, n_bars, -(-n_series // _TALL) * _TALL))
    for place, series in enumerate(levels):
        interruption.check()
        centred[place, :, :n_series], mean[place] = demeaned(series.T)
    products = _cross_products(centred, lags)
    whole = np.s_[:, :n_series, :n_series]
    constant, rule = np.zeros(n_series, dtype=np.bool_), cointegration.LagRule(lags, by_aic=False)
    for place, series in enumerate(levels):
        interruption.check()
        if cointegration.constant_series(series.T).any():
            yield cointegration.scan(series.T, lags=lags)
            continue
        kept = centred[place, :, :n_series]
        head, tail = kept[: lags + 1].copy(), np.ascontiguousarray(kept[: n_bars - lags - 2 : -1])
        squares, step, *lagged = products[place][whole]
        steps = [step, *(0.5 * (both + ends) - step for both, ends in zip(lagged[:lags], lagged[lags:], strict=True))]
        grams = Grams(n_bars, mean[place], np.ascontiguousarray(squares), np.stack(steps), head, tail)
        checked = driver.CheckedSeries(series.T, np.abs(series).max(axis=1), constant)
        yield driver.scan(checked, rule, partial(_fit, grams))


def _fit(grams: Grams, _: Floats, rule: cointegration.LagRule) -> Floats:
    return pairs_native.fit(grams, rule)


def _cross_products(centred: Floats, lags: int) -> Floats:
    """Return products of matrices (U, n, N), transposed, with themselves, (U, 2 + 2 lags, N, N).

    These are of the matrices, of their differences D, of D_t + D_{t-h} for each lag h, and of the first and the last h
    rows of D, which make sum_t D_t' D_{t-h}; see grams.py. N is a multiple of _TALL.
    """
    n_universes, _, n_columns = centred.shape
    found = np.empty((n_universes, 2 + 2 * lags, n_columns, n_columns))
    space = np.empty((n_universes, 2 + 2 * lags, _ROWS_AT_ONCE, n_columns))
    shape = map(Count, (*centred.shape, lags))
    launch(library("pair_trading").cross_products, *shape, *map(pointer, (centred, space, found)))
    return found


def _significant(fit: cointegration.PairsFit, offset: int, alpha: float) -> Residuals:
    y, x, _, kept = significant(fit, alpha)
    y, x = y[kept], x[kept]
    places = (y + offset).astype(np.float64), (x + offset).astype(np.float64)
    return Residuals(*places, fit.intercept[y, x], fit.hedge_ratio[y, x])


def _lag_rule(rules: ScanRules) -> cointegration.LagRule:
    return cointegration.LagRule(rules.lags, by_aic=False)


def _traded(levels: Floats, pairs: Residuals, rules: ScanRules) -> tuple[Indices, Floats]:
    """Return which pairs were traded, and their Sharpe ratios a bar, skewness and kurtosis, (3, P)."""
    fit = fitted(levels, pairs, rules.bias)
    rows = pairs.y.astype(np.int64), pairs.x.astype(np.int64)
    cost = costs(levels, (*rows, pairs.hedge_ratio), rules)
    at = trading_levels(fit, cost, rules.objective)
    traded = np.flatnonzero(at.status == TRADED)
    if not traded.size:
        return traded, np.zeros((MOMENTS, 0))
    deviation = fit.sigma[traded] / np.sqrt(2.0 * fit.theta[traded])
    terms = TradeTerms(fit.mu[traded], deviation, at.entry_z[traded], at.exit_z[traded], cost[traded])
    return traded, moments(levels, pairs.take(traded), terms)
