"""The NumPy twin of the best pairs of null universes: one universe after the other, by the steps of a scan."""

import numpy as np

from gpu_kernels import cointegration, interruption
from gpu_kernels.checks import Floats
from gpu_kernels.pair_trading.model import ScanRules
from gpu_kernels.pair_trading.multiplicity import ranked_by
from gpu_kernels.pair_trading.null_universes import Recipe, draw
from gpu_kernels.pair_trading.train_part import Hedged, costs, significant, train_part

__all__ = ["best", "best_test"]


def best(recipe: Recipe, start: int, stop: int, rules: ScanRules) -> Floats:
    """Return what the best pair of each null universe from `start` to `stop` is ranked by, -inf where there is none."""
    return np.array([_best(draw(recipe, number), rules) for number in range(start, stop)], dtype=np.float64)


def best_test(statistics: Floats) -> float:
    """Return what the best pair of a universe is ranked by its test, -inf where no pair could be tested."""
    return -float(np.min(statistics, initial=np.inf, where=~np.isnan(statistics)))


def _best(levels: Floats, rules: ScanRules) -> float:
    interruption.check()
    fit = cointegration.scan(levels.T, lags=rules.lags)
    if rules.rank_by == "p_value":
        return best_test(fit.adf_statistic)
    y, x, _, kept = significant(fit, rules.alpha)
    y, x = y[kept], x[kept]
    pairs = Hedged(y, x, fit.hedge_ratio[y, x], fit.intercept[y, x])
    whole = train_part(levels, pairs, costs(levels, pairs[:3], rules), rules, lambda _: None)
    tries = whole.sharpe, whole.skewness, whole.kurtosis
    ranks = ranked_by(rules.rank_by, fit.adf_statistic[y, x], tries, rules.n_train)
    return float(np.max(ranks, initial=-np.inf, where=~np.isnan(ranks)))
