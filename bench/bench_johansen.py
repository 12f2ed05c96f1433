"""Johansen's test beside statsmodels, which gives neither ranks nor a spread."""

import numpy as np
import pytest
from statsmodels.tsa.vector_ar.vecm import coint_johansen

from gpu_kernels import dispatch, johansen


def draw(n_bars, n_series):
    """Log prices of random walks, the first of which is the mean of the others but for what reverts."""
    source = np.random.default_rng(1)
    walks = 4 + np.cumsum(source.normal(0, 0.01, (n_bars, n_series)), axis=0)
    residual = np.zeros(n_bars)
    for t in range(1, n_bars):
        residual[t] = 0.9 * residual[t - 1] + source.normal(0, 0.01)
    walks[:, 0] = walks[:, 1:].mean(axis=1) + residual
    return walks


CASES = {
    "5 series x 1,258, one lag": (draw(1_258, 5), 1),
    "12 series x 20,000, 10 lags": (draw(20_000, 12), 10),
}


def by_meanrev(levels, lags):
    with dispatch.using("native", 1):
        found = johansen.fit(levels, lags=lags, log=False)
    return found.trace_statistic, found.max_eigenvalue_statistic


def by_statsmodels(levels, lags):
    found = coint_johansen(levels, 0, lags)
    return found.trace_stat, found.max_eig_stat


@pytest.mark.parametrize("case", CASES)
def test_both_agree(case):
    for ours, theirs in zip(by_meanrev(*CASES[case]), by_statsmodels(*CASES[case]), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-8)


@pytest.mark.benchmark(group="johansen")
@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize(
    "test",
    [by_meanrev, by_statsmodels],
    ids=["meanrev, spread and its process too", "peer: statsmodels coint_johansen"],
)
def test_johansen(benchmark, test, case):
    benchmark.group = f"johansen: {case}"
    benchmark(test, *CASES[case])
