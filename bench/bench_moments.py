"""Covariance estimators beside scikit-learn, and portfolio statistics beside NumPy and SciPy."""

import numpy as np
import pytest
from scipy import stats
from sklearn.covariance import OAS, LedoitWolf

from gpu_kernels import moments

RETURNS = 0.01 * np.random.default_rng(1).standard_normal((1_000, 200))
WEIGHTS = np.full(200, 0.005)
PEERS = {"ledoit_wolf": LedoitWolf, "oas": OAS}


def by_parts():
    earned = RETURNS @ WEIGHTS
    matrix = np.cov(RETURNS.T)
    deviation = earned.std(ddof=1)
    return (
        earned.mean(),
        deviation,
        stats.skew(earned),
        stats.kurtosis(earned, fisher=False),
        np.corrcoef(RETURNS.T),
        matrix,
        WEIGHTS * (matrix @ WEIGHTS) / deviation,
    )


def test_all_agree():
    for method, peer in PEERS.items():
        expected = peer().fit(RETURNS)
        fitted = moments.covariance(RETURNS, method=method)
        np.testing.assert_allclose(fitted.matrix, expected.covariance_, rtol=1e-9, atol=1e-15)
    for ours, theirs in zip(moments.portfolio_stats(RETURNS)[:7], by_parts(), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-12)


@pytest.mark.benchmark(group="ledoit_wolf 1000x200")
@pytest.mark.parametrize(
    "fit",
    [lambda: moments.covariance(RETURNS, method="ledoit_wolf"), lambda: LedoitWolf().fit(RETURNS)],
    ids=["meanrev", "peer: scikit-learn"],
)
def test_ledoit_wolf(benchmark, fit):
    benchmark(fit)


@pytest.mark.benchmark(group="oas 1000x200")
@pytest.mark.parametrize(
    "fit",
    [lambda: moments.covariance(RETURNS, method="oas"), lambda: OAS().fit(RETURNS)],
    ids=["meanrev", "peer: scikit-learn"],
)
def test_oas(benchmark, fit):
    benchmark(fit)


@pytest.mark.benchmark(group="portfolio statistics 1000x200")
@pytest.mark.parametrize(
    "describe", [lambda: moments.portfolio_stats(RETURNS), by_parts], ids=["meanrev", "peer: numpy and scipy"]
)
def test_portfolio_stats(benchmark, describe):
    benchmark(describe)
