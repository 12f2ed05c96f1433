"""How a pair does on each third of the train part: the test of its residual anew, in the same direction."""

from itertools import pairwise

import numpy as np

from gpu_kernels import cointegration
from gpu_kernels.checks import Floats
from gpu_kernels.pair_trading.model import N_PERIODS, ScanRules
from gpu_kernels.pair_trading.reporting import Report
from gpu_kernels.pair_trading.train_part import Hedged, blocks

__all__ = ["sub_periods"]


def sub_periods(
    prices: Floats, series: Floats, pairs: Hedged, rules: ScanRules, report: Report
) -> tuple[Floats, Floats]:
    """Return half-lives and p-values (P, N_PERIODS) of the parts of the train part.

    Args:
        prices: (T, N).
        series: (N, T) what is regressed of them.
        pairs: Of its columns.
        rules: What all pairs share.
        report: Called with the share of the work that is done, after each block of pairs of a part.
    """
    half_lives, p_values = np.full((2, pairs.y.size, N_PERIODS), np.nan)
    edges = [rules.n_train * part // N_PERIODS for part in range(N_PERIODS + 1)]
    for period, (start, stop) in enumerate(pairwise(edges)):
        constant = cointegration.constant_series(prices[start:stop])
        reach = cointegration.reach_of(series[:, start:stop].T, log=rules.log)
        there = np.flatnonzero(~(constant[pairs.y] | constant[pairs.x]))
        for block in blocks(there.size, stop - start):
            some = there[block]
            fit = cointegration.listed(series, slice(start, stop), reach, pairs.y[some], pairs.x[some], rules.lags)
            half_lives[some, period], p_values[some, period] = fit.half_life, fit.adf_p_value
            report((period + block.stop / there.size) / N_PERIODS)
    return half_lives, p_values
