"""Scans of all directed pairs, beside a loop over statsmodels' coint at the same lags."""

import warnings

import numpy as np
import pytest
from statsmodels.tsa.stattools import coint

from gpu_kernels import cointegration, dispatch
from gpu_kernels.cointegration import residual

THREADS = 2


def draw(n_samples, n_series):
    """Log prices: random walks, a tenth of which follow another one."""
    source = np.random.default_rng(1)
    walks = 4 + np.cumsum(source.normal(0, 0.01, (n_samples, n_series)), axis=0)
    followed = source.permutation(n_series)[: n_series // 10]
    walks[:, followed - 1] = 0.8 * walks[:, followed] + source.normal(0, 0.01, (n_samples, followed.size))
    return walks


YEARS, DECADE = draw(1_258, 100), draw(2_520, 1_000)
FEW = YEARS[:, :20]
AIC = {"autolag": "aic", "max_lags": 5}


def by_statsmodels(prices, **lags):
    n_series = prices.shape[1]
    found = np.full((n_series, n_series), np.nan)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for i in range(n_series):
            for j in range(n_series):
                if i != j:
                    found[i, j] = coint(prices[:, i], prices[:, j], return_results=False, **lags)[0]
    return found


def by_kernel(prices, **options):
    with dispatch.using("native", THREADS):
        return cointegration.scan(prices, **options).adf_statistic


def by_numpy(prices, **options):
    return cointegration.scan(prices, **options).adf_statistic


@pytest.mark.parametrize("scan", [by_kernel, by_numpy])
def test_all_agree(scan):
    np.testing.assert_allclose(scan(FEW), by_statsmodels(FEW, maxlag=1, autolag=None), rtol=1e-9)
    np.testing.assert_allclose(scan(FEW, **AIC), by_statsmodels(FEW, maxlag=5), rtol=1e-9)


@pytest.mark.benchmark(group="pairs, 100 series x 1,258, both directions, one lag")
@pytest.mark.parametrize(
    ("scan", "rounds"),
    [
        (lambda: by_kernel(YEARS), 20),
        (lambda: by_numpy(YEARS), 5),
        (lambda: by_statsmodels(YEARS, maxlag=1, autolag=None), 1),
    ],
    ids=["meanrev", "meanrev, numpy", "peer: statsmodels coint"],
)
def test_one_lag(benchmark, scan, rounds):
    benchmark.pedantic(scan, rounds=rounds, warmup_rounds=rounds > 1)


@pytest.mark.benchmark(group="pairs, 20 series x 1,258, both directions, lags by AIC up to 5")
@pytest.mark.parametrize(
    ("scan", "rounds"),
    [
        (lambda: by_kernel(FEW, **AIC), 20),
        (lambda: by_numpy(FEW, **AIC), 5),
        (lambda: by_statsmodels(FEW, maxlag=5), 1),
    ],
    ids=["meanrev", "meanrev, numpy", "peer: statsmodels coint"],
)
def test_lags_by_aic(benchmark, scan, rounds):
    benchmark.pedantic(scan, rounds=rounds, warmup_rounds=rounds > 1)


@pytest.mark.benchmark(group="pairs, 100 series x 1,258, both directions, lags by AIC up to 5")
@pytest.mark.parametrize(
    ("scan", "rounds"),
    [(lambda: by_kernel(YEARS, **AIC), 20), (lambda: by_statsmodels(YEARS, maxlag=5), 1)],
    ids=["meanrev", "peer: statsmodels coint"],
)
def test_lags_of_many_by_aic(benchmark, scan, rounds):
    benchmark.pedantic(scan, rounds=rounds, warmup_rounds=rounds > 1)


@pytest.mark.benchmark(group="pairs, 1,000 series x 2,520, both directions, one lag")
@pytest.mark.parametrize(
    "scan",
    [lambda: by_kernel(DECADE), lambda: DECADE.T @ DECADE],
    ids=["meanrev", "peer: a third of the matrix products alone"],
)
def test_a_thousand_series(benchmark, scan):
    benchmark.pedantic(scan, rounds=5, warmup_rounds=1)


@pytest.mark.benchmark(group="pairs, the first 20 of 100 series anew from their residuals")
@pytest.mark.parametrize("peer", [False, True], ids=["meanrev", "peer: statsmodels coint on those 20"])
def test_the_first_again(benchmark, peer):
    fit = cointegration.scan(YEARS)
    y, x = cointegration.best_direction(fit)
    first = np.argsort(fit.adf_statistic[y, x])[:20]
    columns = list(zip(y[first], x[first], strict=True))
    reach = np.abs(YEARS).max(axis=0)

    def one_by_one():
        return [coint(YEARS[:, i], YEARS[:, j], maxlag=1, autolag=None, return_results=False)[0] for i, j in columns]

    benchmark(one_by_one if peer else lambda: residual.fit(YEARS, reach, y[first], x[first], fit.lag_rule))
