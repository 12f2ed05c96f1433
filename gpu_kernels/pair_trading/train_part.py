"""The train part of a scan: which pairs are significant, and what each of them is fitted to, traded at and earns."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpu_kernels import cointegration, ou, return_moments
from gpu_kernels.checks import Floats
from gpu_kernels.dispatch import Twins
from gpu_kernels.pair_trading import host, native
from gpu_kernels.pair_trading.model import ScanRules
from gpu_kernels.pair_trading.trading_levels import NO_PROCESS, TRADED, cost_per_side, trading_levels
from gpu_kernels.performance.sharpe_error import standard_errors
from gpu_kernels.sweep.model import Rules, ThresholdPairs

__all__ = ["TRADE_TWINS", "Tested", "Trained", "blocks", "costs", "joined", "significant", "trade", "train"]

ENTRIES = 1 << 18
"""Entries of the residuals held at once: some 2 MB, and about ten such arrays beside them."""

TRADE_TWINS = Twins(host=host.trade, native=native.trade)

Indices = NDArray[np.int64]


class Tested(NamedTuple):
    """Significant pairs: columns, hedge and test, all (P,)."""

    y: Indices
    x: Indices
    hedge_ratio: Floats
    intercept: Floats
    adf_statistic: Floats
    p_value: Floats
    q_value: Floats

    def residual(self, series: Floats) -> Floats:
        """Return (P, bars) residuals at some bars of the series (N, bars)."""
        return series[self.y] - self.intercept[:, None] - self.hedge_ratio[:, None] * series[self.x]

    def take(self, chosen: Indices | slice) -> "Tested":
        """Return some of the pairs."""
        return Tested._make(column[chosen] for column in self)


class Trained(NamedTuple):
    """Figures of significant pairs on the train part, all (P,); NaN behind a status that ends the work."""

    theta: Floats
    theta_std_error: Floats
    half_life: Floats
    mu: Floats
    sigma: Floats
    entry_z: Floats
    exit_z: Floats
    sharpe: Floats
    skewness: Floats
    kurtosis: Floats
    sharpe_error: Floats
    trades: Floats
    status: Indices
    reason: NDArray[np.object_]


def blocks(n_pairs: int, n_bars: int) -> Iterator[slice]:
    """Cut pairs into blocks of bounded residuals; one empty block where there is no pair."""
    size = max(1, ENTRIES // n_bars)
    for first in range(0, max(1, n_pairs), size):
        yield slice(first, min(first + size, n_pairs))


def costs(train: Floats, pairs: tuple[Indices, Indices, Floats], rules: ScanRules) -> Floats:
    """Return the cost per side (P,) in units of each residual: a fraction of the notional of each leg.

    Args:
        train: (N, bars) what was regressed.
        pairs: (P,) each: y and x as rows of train, and the hedge ratio.
        rules: What all pairs share.
    """
    y, x, hedge_ratio = pairs
    notional = np.ones(len(train)) if rules.log else np.abs(train).mean(axis=1)
    second = np.abs(hedge_ratio) * notional[x]
    return cost_per_side(rules.cost, notional[y], second, log=rules.log, legs=rules.cost_legs)


def significant(fit: cointegration.PairsFit, alpha: float) -> tuple[Indices, Indices, Floats, Indices]:
    """Return y, x and p-value of all unordered pairs, each in its better direction, and which pairs are significant."""
    y, x = cointegration.best_direction(fit)
    p_value = fit.adf_p_value[y, x]
    return y, x, p_value, np.flatnonzero(p_value < alpha if alpha < 1.0 else ~np.isnan(p_value))


def train(residual: Floats, cost: Floats, rules: ScanRules) -> Trained:
    """Fit and trade a block of residuals (P, n), each at its cost per side (P,)."""
    fit = ou.fit(residual, bias=rules.bias)
    levels = trading_levels(fit, cost, rules.objective)
    traded = np.flatnonzero(levels.status == TRADED)
    pairs = ThresholdPairs(levels.entry_z[traded], levels.exit_z[traded], cost[traded])
    process = fit.mu[traded], fit.sigma[traded] / np.sqrt(2.0 * fit.theta[traded])
    run = trade(residual[traded], pairs, process, rules)
    shape = return_moments.moments(run.returns)
    ratios = host.sharpe(run.returns), *shape, standard_errors(run.returns), run.trades.astype(np.float64)
    fitted = (fit.theta, fit.theta_std_error, fit.half_life, fit.mu, fit.sigma)
    described = [np.where(levels.status == NO_PROCESS, np.nan, column) for column in fitted]
    earned = [_spread_out(column, traded, len(residual)) for column in ratios]
    return Trained._make([*described, levels.entry_z, levels.exit_z, *earned, levels.status, levels.reason])


def joined(parts: list[Trained]) -> Trained:
    """Join blocks of pairs, at least one."""
    return Trained._make(np.concatenate(column) for column in zip(*parts, strict=True))


def trade(residual: Floats, pairs: ThresholdPairs, process: tuple[Floats, Floats], rules: ScanRules) -> host.Traded:
    """Trade residuals (P, n); process has the mean and the stationary deviation of each."""
    if not len(residual):
        return host.Traded(np.zeros(residual.shape), np.zeros(0, dtype=np.int64), np.zeros(0))
    shared = Rules(lookback=rules.lookback, mode="unit")
    if rules.score == "fixed":
        shared = shared._replace(score="fixed", mean=process[0], deviation=process[1])
    return TRADE_TWINS.run(residual, pairs, shared)


def _spread_out(values: Floats, places: Indices, size: int) -> Floats:
    out = np.full(size, np.nan)
    out[places] = values
    return out
