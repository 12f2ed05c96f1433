"""The train part of a scan: which pairs are significant, and what each of them is fitted to, traded at and earns."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpu_kernels import cointegration
from gpu_kernels.checks import Floats
from gpu_kernels.dispatch import Twins
from gpu_kernels.ou.model import OuFit
from gpu_kernels.pair_trading import host, native
from gpu_kernels.pair_trading.host import Earned, Hedged, TradeTerms
from gpu_kernels.pair_trading.model import ScanRules
from gpu_kernels.pair_trading.reporting import Report
from gpu_kernels.pair_trading.trading_levels import NO_PROCESS, TRADED, cost_per_side, trading_levels

__all__ = [
    "EARN_TWINS",
    "FIT_TWINS",
    "Hedged",
    "Trained",
    "blocks",
    "costs",
    "deviations",
    "significant",
    "train_part",
]

AT_ONCE = 1 << 24
"""Bar-steps between two reports: a tenth of a second of the lanes, and a second of NumPy."""

FIT_TWINS = Twins(host=host.fit, native=native.fit)

EARN_TWINS = Twins(host=host.earn, native=native.earn)

Indices = NDArray[np.int64]


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
    """Cut pairs into blocks with a report after each; none where there is no pair."""
    size = max(1, AT_ONCE // n_bars)
    for first in range(0, n_pairs, size):
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


def train_part(series: Floats, pairs: Hedged, cost: Floats, rules: ScanRules, report: Report) -> Trained:
    """Fit and trade pairs.

    Args:
        series: (N, n) train part of what was regressed.
        pairs: Of rows of series.
        cost: (P,) per side, in units of each residual.
        rules: What all pairs share.
        report: Called with the share of the pairs that is done, after each block.
    """
    n_pairs = pairs.y.size
    figures = [np.empty(n_pairs) for _ in Trained._fields[:-2]]
    trained = Trained._make([*figures, np.empty(n_pairs, dtype=np.int64), np.empty(n_pairs, dtype=object)])
    for block in blocks(n_pairs, series.shape[1]):
        found = _train(series, pairs.take(block), cost[block], rules)
        for column, some in zip(trained, found, strict=True):
            column[block] = some
        report(block.stop / n_pairs)
    return trained


def deviations(fit: OuFit | Trained, chosen: Indices) -> Floats:
    """Return the stationary deviations of some fitted residuals, which revert."""
    return fit.sigma[chosen] / np.sqrt(2.0 * fit.theta[chosen])


def _train(series: Floats, pairs: Hedged, cost: Floats, rules: ScanRules) -> Trained:
    fit = FIT_TWINS.run(series, pairs, rules.bias)
    levels = trading_levels(fit, cost, rules.objective)
    traded = np.flatnonzero(levels.status == TRADED)
    earned = Earned._make(np.full((len(Earned._fields), cost.size), np.nan))
    if traded.size:
        thresholds = levels.entry_z[traded], levels.exit_z[traded], cost[traded]
        terms = TradeTerms(fit.mu[traded], deviations(fit, traded), *thresholds)
        for all_of, some in zip(earned, EARN_TWINS.run(series, 0, pairs.take(traded), terms, rules), strict=True):
            all_of[traded] = some
    fitted = (fit.theta, fit.theta_std_error, fit.half_life, fit.mu, fit.sigma)
    described = [np.where(levels.status == NO_PROCESS, np.nan, column) for column in fitted]
    figures = *earned[:4], earned.trades
    return Trained._make([*described, levels.entry_z, levels.exit_z, *figures, levels.status, levels.reason])
