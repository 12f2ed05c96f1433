"""Residuals of pairs by kernels on the CPU's vector lanes: fitted and traded without an array of them."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpu_kernels.checks import Floats
from gpu_kernels.compile import library
from gpu_kernels.constants import integer
from gpu_kernels.dispatch import current
from gpu_kernels.launch import Count, Number, launch, pointer
from gpu_kernels.ou import native as ou_native
from gpu_kernels.ou import verdicts
from gpu_kernels.ou.driver import ROWS
from gpu_kernels.ou.model import OuFit
from gpu_kernels.ou.sums import CANCELLED, ROUNDING
from gpu_kernels.pair_trading import host
from gpu_kernels.pair_trading.host import Earned, Hedged, TradeTerms
from gpu_kernels.pair_trading.model import ScanRules
from gpu_kernels.performance.sharpe_error import lag_weights
from gpu_kernels.sweep import accounts_native
from gpu_kernels.sweep.model import Rules, ThresholdPairs

__all__ = ["MOMENTS", "SUMS", "Residuals", "earn", "fit", "fitted", "moments", "trade"]

_SOURCE = "pair_trading/pair_trading.cu"
SUMS, MOMENTS = (integer(name, _SOURCE) for name in ("SUMS", "MOMENTS"))
"""Rows that the kernels write of each pair."""

_SPACE = 1 << 21
"""Returns that are held at once: 16 MB, which stay in a cache that all cores share."""

_WIDEST = 8
"""Lanes of the widest vectors."""

Indices = NDArray[np.int64]


class Residuals(NamedTuple):
    """Pairs of rows of levels, all (P,); y and x are numbers of rows as float64, as kernels take them.

    Attributes:
        y: Rows regressed.
        x: Rows they are regressed on.
        intercept: a.
        hedge_ratio: b.
    """

    y: Floats
    x: Floats
    intercept: Floats
    hedge_ratio: Floats

    def take(self, chosen: Indices) -> "Residuals":
        """Return some of the pairs."""
        return Residuals._make(column[chosen] for column in self)


def trade(residual: Floats, pairs: ThresholdPairs, rules: Rules) -> host.Traded:
    """Backtest every residual with its thresholds; bit for bit what the NumPy twin gives."""
    ran = accounts_native.run(residual, pairs, rules)
    closed = np.bincount(ran.trades.series[ran.trades.closed], minlength=len(residual))
    return host.traded(ran.paths.returns, closed.astype(np.int64))


def fit(series: Floats, pairs: Hedged, bias: str) -> OuFit:
    """Fit the residuals of pairs; arguments and result are those of host.fit."""
    return fitted(np.ascontiguousarray(series), _rows(pairs), bias)


def earn(series: Floats, warm: int, pairs: Hedged, terms: TradeTerms, rules: ScanRules) -> Earned:
    """Trade the residuals of pairs; arguments and result are those of host.earn.

    A kernel trades the score of a process; the sweep's accounts trade rolling ones.
    """
    if rules.score != "fixed":
        return host.earned(trade, series, warm, pairs, terms, rules)
    held, n_bars, n_pairs = np.ascontiguousarray(series), series.shape[1], pairs.y.size
    weights = lag_weights(n_bars)
    listed = *_rows(pairs), *terms
    out = np.empty((len(Earned._fields), n_pairs))
    size = min(max(_WIDEST * current().threads, _SPACE // n_bars), n_pairs)
    space = np.empty((size + _WIDEST) * n_bars)
    for first in range(0, n_pairs, size):
        some = [np.ascontiguousarray(column[first : first + size]) for column in listed]
        found = np.empty((len(out), some[0].size))
        arguments = *map(Count, (some[0].size, n_bars)), pointer(held), *map(pointer, some), Count(weights.size)
        launch(library("pair_trading/traded").traded, *arguments, *map(pointer, (weights, space, found)))
        out[:, first : first + size] = found
    return Earned._make(out)


def fitted(levels: Floats, pairs: Residuals, bias: str) -> OuFit:
    """Fit the residuals of pairs, at least one, of rows of contiguous levels (N, n)."""
    found = np.empty((SUMS, pairs.y.size))
    launch(library("pair_trading").residual_sums, *_arguments(levels, pairs), Number(CANCELLED), pointer(found))
    n_bars = levels.shape[1]
    rows = np.empty((ROWS, pairs.y.size))
    rows[0], rows[1:3], rows[3:10], rows[10] = n_bars, n_bars - 1, found, ROUNDING
    return verdicts.of_rows(ou_native.judge(rows, 1.0, bias, None, None), bias)


def moments(levels: Floats, pairs: Residuals, terms: TradeTerms) -> Floats:
    """Return Sharpe ratio a bar, skewness and kurtosis (3, P) of trading pairs, at least one.

    Args:
        levels: (N, n), contiguous.
        pairs: Rows of them.
        terms: Of the pairs.
    """
    found = np.empty((MOMENTS, pairs.y.size))
    held = tuple(map(np.ascontiguousarray, terms))
    launch(library("pair_trading").residual_returns, *_arguments(levels, pairs), *map(pointer, (*held, found)))
    return found


def _rows(pairs: Hedged) -> Residuals:
    numbers = pairs.y.astype(np.float64), pairs.x.astype(np.float64)
    return Residuals(*numbers, *map(np.ascontiguousarray, (pairs.intercept, pairs.hedge_ratio)))


def _arguments(levels: Floats, pairs: Residuals) -> tuple[object, ...]:
    """Return the arguments that both kernels begin with; the caller keeps the arrays."""
    return *map(Count, (pairs.y.size, levels.shape[1])), pointer(levels), *map(pointer, pairs)
