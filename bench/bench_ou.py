"""Ornstein-Uhlenbeck fits of a thousand series, beside a loop over statsmodels and one over least squares."""

import math
import os

import numpy as np
import pytest
from statsmodels.tsa.ar_model import AutoReg
from statsmodels.tsa.stattools import adfuller

from gpu_kernels import dispatch, ou
from gpu_kernels.ou import irregular

RNG = np.random.default_rng(1)
B, T = 1_000, 1_000
PRICES = 100.0 + np.zeros((B, T))
for t in range(1, T):
    PRICES[:, t] = 100.0 + 0.95 * (PRICES[:, t - 1] - 100.0) + RNG.normal(size=B)
TIMES = np.cumsum(RNG.exponential(size=T) + 0.01)


THREADS = len(os.sched_getaffinity(0))


def natively(prices=PRICES, **options):
    with dispatch.using("native", THREADS):
        return ou.fit(prices, **options)


def by_adfuller(prices=PRICES):
    return np.array([adfuller(row, maxlag=1, autolag=None, result_object=False)[0] for row in prices])


def by_statsmodels(prices=PRICES):
    return np.array([-math.log(AutoReg(row, lags=1).fit().params[1]) for row in prices])


def by_lstsq(prices=PRICES):
    out = np.empty(len(prices))
    for i, row in enumerate(prices):
        design = np.column_stack([np.ones(row.size - 1), row[:-1]])
        out[i] = -math.log(np.linalg.lstsq(design, row[1:])[0][1])
    return out


def test_all_agree():
    theta = ou.fit(PRICES[:50]).theta
    assert natively(PRICES[:50]).theta == pytest.approx(theta, rel=1e-10)
    assert by_statsmodels(PRICES[:50]) == pytest.approx(theta, rel=1e-8)
    assert by_lstsq(PRICES[:50]) == pytest.approx(theta, rel=1e-8)
    statistic = by_adfuller(PRICES[:50])
    assert ou.fit(PRICES[:50], adf_lags=1).adf_statistic == pytest.approx(statistic, rel=1e-8)
    assert natively(PRICES[:50], adf_lags=1).adf_statistic == pytest.approx(statistic, rel=1e-8)


@pytest.mark.benchmark(group="ou fit 1000 x 1000")
@pytest.mark.parametrize(
    "fit",
    [natively, lambda: ou.fit(PRICES), by_lstsq, by_statsmodels],
    ids=["meanrev native", "meanrev", "peer: numpy lstsq loop, theta alone", "peer: statsmodels AutoReg loop"],
)
def test_fit(benchmark, fit):
    benchmark.pedantic(fit, rounds=3 if fit in {by_lstsq, by_statsmodels} else 50, warmup_rounds=1)


@pytest.mark.benchmark(group="ou Dickey-Fuller with 1 lag 1000 x 1000")
@pytest.mark.parametrize(
    "fit",
    [lambda: natively(adf_lags=1), lambda: ou.fit(PRICES, adf_lags=1), by_adfuller],
    ids=["meanrev native, fit included", "meanrev, fit included", "peer: statsmodels adfuller loop"],
)
def test_dickey_fuller(benchmark, fit):
    benchmark.pedantic(fit, rounds=3 if fit is by_adfuller else 10, warmup_rounds=1)


@pytest.mark.benchmark(group="ou fit 1 x 1000")
@pytest.mark.parametrize(
    "fit",
    [lambda: ou.fit(PRICES[:1]), lambda: by_lstsq(PRICES[:1]), lambda: by_statsmodels(PRICES[:1])],
    ids=["meanrev", "peer: numpy lstsq, theta alone", "peer: statsmodels AutoReg"],
)
def test_fit_of_one(benchmark, fit):
    benchmark(fit)


@pytest.mark.benchmark(group="ou fit 20 x 1000, other options")
@pytest.mark.parametrize(
    "fit",
    [
        lambda: ou.fit(PRICES[:20], adf_lags=2),
        lambda: ou.fit(PRICES[:20], bias="jackknife"),
        lambda: irregular.fit(PRICES[:20], np.broadcast_to(TIMES, (20, T)), "none", 0),
    ],
    ids=["two lags", "jackknife", "irregular times"],
)
def test_fit_with_options(benchmark, fit):
    benchmark(fit)


@pytest.mark.benchmark(group="ou one price of a stream")
@pytest.mark.parametrize("window", [None, 500], ids=["all prices", "window of 500"])
def test_update(benchmark, window):
    stream = ou.OnlineOu(window=window)
    stream.extend(PRICES[0])
    benchmark(stream.update, 100.5)


@pytest.mark.benchmark(group="ou one estimate of a stream")
@pytest.mark.parametrize("refit", [False, True], ids=["meanrev", "peer: numpy lstsq on 1000 prices, theta alone"])
def test_estimate(benchmark, refit):
    stream = ou.OnlineOu()
    stream.extend(PRICES[0])
    benchmark((lambda: by_lstsq(PRICES[:1])) if refit else stream.estimate)
