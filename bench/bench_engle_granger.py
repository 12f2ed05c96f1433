"""One pair beside statsmodels: its coint, least squares for the hedge ratio, and the spread's autoregression."""

import numpy as np
import pytest
from statsmodels.regression.linear_model import OLS
from statsmodels.tsa.stattools import coint

from gpu_kernels import dispatch, engle_granger


def draw(n_bars):
    """Log prices of a pair whose spread reverts."""
    source = np.random.default_rng(1)
    x = 4 + np.cumsum(source.normal(0, 0.01, n_bars))
    u = np.zeros(n_bars)
    for t in range(1, n_bars):
        u[t] = 0.9 * u[t - 1] + source.normal(0, 0.01)
    return np.column_stack([0.8 * x + u, x])


PAIRS = {size: draw(size) for size in (1_258, 20_000)}


def by_kernel(levels):
    with dispatch.using("native", 1):
        found = engle_granger.fit(levels, log=False)
    return found.adf_statistic, found.p_value, found.hedge_ratio, found.theta


def by_statsmodels(levels):
    y, x = levels.T
    statistic, p_value = coint(y, x, maxlag=1, autolag=None, return_results=False)[:2]
    solved = OLS(y, np.column_stack([np.ones(len(x)), x])).fit()
    spread = solved.resid
    slope = OLS(spread[1:], np.column_stack([np.ones(len(x) - 1), spread[:-1]])).fit().params[1]
    return statistic, p_value, solved.params[1], -np.log(slope)


@pytest.mark.parametrize("size", PAIRS)
def test_both_agree(size):
    np.testing.assert_allclose(by_kernel(PAIRS[size]), by_statsmodels(PAIRS[size]), rtol=1e-8)


@pytest.mark.benchmark(group="one pair")
@pytest.mark.parametrize("size", PAIRS)
@pytest.mark.parametrize(
    "fit", [by_kernel, by_statsmodels], ids=["meanrev, thresholds too", "peer: statsmodels coint and OLS"]
)
def test_one_pair(benchmark, fit, size):
    benchmark.group = f"one pair x {size:,}, one lag"
    benchmark(fit, PAIRS[size])
