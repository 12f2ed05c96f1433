"""The NumPy twins of fits and backtests of residuals, each with its thresholds: the sweep's account, mode "unit"."""

from collections.abc import Callable, Iterator
from itertools import chain
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpu_kernels import interruption, return_moments
from gpu_kernels.checks import Floats
from gpu_kernels.ou import host as ou_host
from gpu_kernels.ou.model import OuFit
from gpu_kernels.pair_trading.model import ScanRules
from gpu_kernels.performance.sharpe_error import standard_errors
from gpu_kernels.sweep.host import returns_and_trades
from gpu_kernels.sweep.model import Rules, ThresholdPairs

__all__ = ["Earned", "Hedged", "TradeTerms", "Traded", "Trader", "earn", "earned", "fit", "sharpe", "trade", "traded"]

ENTRIES = 1 << 18
"""Entries of the residuals held at once: some 2 MB, and about ten such arrays beside them."""

Indices = NDArray[np.int64]

_ROUNDING = 1e-12
"""Share of the largest return up to which the deviation of returns is rounding."""


class Hedged(NamedTuple):
    """Pairs with their hedge, all (P,)."""

    y: Indices
    x: Indices
    hedge_ratio: Floats
    intercept: Floats

    def residual(self, series: Floats) -> Floats:
        """Return (P, bars) residuals at some bars of the series (N, bars)."""
        return series[self.y] - self.intercept[:, None] - self.hedge_ratio[:, None] * series[self.x]

    def take(self, chosen: Indices | slice) -> "Hedged":
        """Return some of the pairs."""
        return Hedged._make(column[chosen] for column in self)


class TradeTerms(NamedTuple):
    """At what P pairs trade, all (P,).

    Attributes:
        mean: Of the residual, for score "fixed".
        deviation: Stationary one of the residual, likewise.
        entry_z: Threshold at which a trade opens.
        exit_z: Threshold at which it closes.
        cost: Per side, in units of the residual.
    """

    mean: Floats
    deviation: Floats
    entry_z: Floats
    exit_z: Floats
    cost: Floats

    def take(self, chosen: Indices | slice) -> "TradeTerms":
        """Return those of some of the pairs."""
        return TradeTerms._make(column[chosen] for column in self)


class Earned(NamedTuple):
    """What trading P pairs earns over some bars, every array (P,).

    Attributes:
        sharpe: Per bar, ddof 1; 0 where the returns vary by rounding alone.
        skewness: Of the returns per bar.
        kurtosis: Of them, 3 for a normal.
        sharpe_error: Standard error of sharpe; NaN where the returns do not vary.
        gained: Sum of the returns, in units of the residual.
        trades: Closed round trips.
        max_drawdown: Positive, in units of the residual.
    """

    sharpe: Floats
    skewness: Floats
    kurtosis: Floats
    sharpe_error: Floats
    gained: Floats
    trades: Floats
    max_drawdown: Floats


class Traded(NamedTuple):
    """Backtests of P residuals.

    Attributes:
        returns: (P, T) per bar, in units of the residual, net of costs.
        trades: (P,) closed round trips.
        max_drawdown: (P,) largest drawdown, positive, in units of the residual.
    """

    returns: Floats
    trades: NDArray[np.int64]
    max_drawdown: Floats


def trade(residual: Floats, pairs: ThresholdPairs, rules: Rules) -> Traded:
    """Backtest every residual with its thresholds.

    Args:
        residual: (P, T), finite.
        pairs: (P,) thresholds, and the cost per side in units of the residual.
        rules: In mode "unit".
    """
    return traded(*returns_and_trades(residual, pairs, rules))


def traded(returns: Floats, trades: NDArray[np.int64]) -> Traded:
    """Add the drawdown to what either twin of the sweep gives."""
    gained = np.cumsum(returns, axis=1)
    peak = np.maximum(np.maximum.accumulate(gained, axis=1), 0.0)
    return Traded(returns, trades, (peak - gained).max(axis=1))


def sharpe(returns: Floats) -> Floats:
    """Return the Sharpe ratios per bar of rows (P, T), with ddof 1; 0 where a row varies by rounding alone."""
    deviation = returns.std(axis=1, ddof=1)
    ratio = np.zeros(len(returns))
    varies = deviation > _ROUNDING * np.abs(returns).max(axis=1)
    np.divide(returns.mean(axis=1), deviation, out=ratio, where=varies)
    return ratio


def fit(series: Floats, pairs: Hedged, bias: str) -> OuFit:
    """Fit the residuals of pairs.

    Args:
        series: (N, n) levels of the train part.
        pairs: Of rows of series, at least one, with the hedge of these bars.
        bias: One of ou.FIT_BIASES.
    """
    parts = [ou_host.fit(pairs.take(block).residual(series), 1.0, bias, 0) for block in _blocks(pairs, series)]
    return OuFit._make(
        tuple(chain(*column)) if isinstance(column[0], tuple) else np.concatenate(column)
        for column in zip(*parts, strict=True)
    )


Trader = Callable[[Floats, ThresholdPairs, Rules], Traded]
"""Trades residuals (P, T), each with thresholds of its own; see trade."""


def earn(series: Floats, warm: int, pairs: Hedged, terms: TradeTerms, rules: ScanRules) -> Earned:
    """Trade the residuals of pairs.

    Args:
        series: (N, n) levels.
        warm: The first bars, whose returns do not count; no position is held there.
        pairs: Of rows of series, at least one.
        terms: Of the pairs.
        rules: What all pairs share.
    """
    return earned(trade, series, warm, pairs, terms, rules)


def earned(trader: Trader, series: Floats, warm: int, pairs: Hedged, terms: TradeTerms, rules: ScanRules) -> Earned:
    """Trade the residuals of pairs by a trader, some of them at a time; see earn."""
    shared, parts = Rules(lookback=rules.lookback, mode="unit"), []
    for block in _blocks(pairs, series):
        interruption.check()
        mean, deviation, *levels = terms.take(block)
        if rules.score == "fixed":
            shared = shared._replace(score="fixed", mean=mean, deviation=deviation)
        run = trader(pairs.take(block).residual(series), ThresholdPairs(*levels), shared)
        returns = run.returns[:, warm:]
        found = sharpe(returns), *return_moments.moments(returns), standard_errors(returns), returns.sum(axis=1)
        parts.append((*found, run.trades.astype(np.float64), run.max_drawdown))
    return Earned._make(np.concatenate(column) for column in zip(*parts, strict=True))


def _blocks(pairs: Hedged, series: Floats) -> Iterator[slice]:
    """Cut pairs into blocks of bounded residuals."""
    size = max(1, ENTRIES // series.shape[1])
    for first in range(0, pairs.y.size, size):
        yield slice(first, first + size)
