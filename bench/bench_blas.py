"""Two computations at once, and one alone, with BLAS on one thread and on all, as the setting blas_threads decides."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import scipy.linalg  # noqa: F401 - a library that is not loaded yet would not be limited
from threadpoolctl import threadpool_limits

from gpu_kernels import dispatch, moments, pca, weights

RNG = np.random.default_rng(3)
PANELS = [RNG.normal(5e-4, 0.01, (1_000, 100)) for _ in range(40)]
RETURNS = [RNG.normal(0, 0.01, (2_500, 500)) for _ in range(4)]


def tangency(panel):
    with dispatch.using("native"):
        found = moments.covariance(panel)
        return weights.sharpe(found.mean, found.matrix).weights


def components(returns):
    return pca.fit(returns, n_components=10)


WORK = {
    "40 tangency portfolios of 1,000 x 100": (tangency, PANELS),
    "4 times 10 components of 2,500 x 500": (components, RETURNS),
}


@pytest.mark.parametrize("limit", [1, None], ids=["one thread", "peer: all threads"])
@pytest.mark.parametrize("at_once", [1, 2])
@pytest.mark.parametrize("name", WORK)
def test_blas(benchmark, name, at_once, limit):
    benchmark.group = f"{name}, {at_once} at once"
    work, inputs = WORK[name]
    with threadpool_limits(limit, user_api="blas"), ThreadPoolExecutor(at_once) as pool:
        benchmark.pedantic(lambda: [*pool.map(work, inputs)], rounds=7, warmup_rounds=1)
