"""One out-of-sample Sharpe ratio of all steps of a walk-forward, with its interval."""

import math
from collections import defaultdict
from collections.abc import Iterable

import numpy as np

from gpu_kernels.performance.sharpe_error import few, probability_positive
from gpu_kernels.threshold_grid.model import OK, PooledWalk, WalkStep

__all__ = ["pool"]

_HALF = 1.959963984540054
"""Of an interval of 95 %, in standard errors."""


def pool(steps: Iterable[WalkStep]) -> list[PooledWalk]:
    """Pool the steps of each series, in the order of the series.

    Steps in which no return varies have a ratio of 0 without an error; they count as bars that earned nothing.
    """
    of_series: defaultdict[int, list[WalkStep]] = defaultdict(list)
    for step in steps:
        if step.status == OK:
            of_series[step.series].append(step)
    return [_pooled(series, members) for series, members in sorted(of_series.items())]


def _pooled(series: int, steps: list[WalkStep]) -> PooledWalk:
    lengths = [step.test_stop - step.test_start for step in steps]
    n_bars, n_trades = sum(lengths), sum(step.test_trades for step in steps)
    errors = [0.0 if math.isnan(step.test_sharpe_std_error) else step.test_sharpe_std_error for step in steps]
    ratio = math.fsum(n * step.test_sharpe for n, step in zip(lengths, steps, strict=True)) / n_bars
    error = math.sqrt(math.fsum((n * e) ** 2 for n, e in zip(lengths, errors, strict=True))) / n_bars
    error = error if error > 0 else math.nan
    positive = float(probability_positive(np.array(ratio), np.array(error)))
    bounds = ratio - _HALF * error, ratio + _HALF * error
    return PooledWalk(series, len(steps), n_bars, n_trades, ratio, error, positive, *bounds, few(n_bars, n_trades))
