"""Returns of prices beside pandas and a plain difference of logarithms."""

import numpy as np
import pandas as pd
import pytest

from gpu_kernels import returns

PRICES = 100 * np.exp(np.random.default_rng(1).normal(scale=0.01, size=(2_500, 500)).cumsum(axis=0))
FRAME = pd.DataFrame(PRICES)


def by_logarithms():
    values = np.diff(np.log(PRICES), axis=0)
    return values, values.mean(), values.std(ddof=1)


def by_pandas():
    values = FRAME.pct_change().to_numpy()[1:]
    return values, values.mean(), values.std(ddof=1)


def test_all_agree():
    np.testing.assert_allclose(returns.compute(PRICES).returns, by_logarithms()[0], atol=1e-13)
    np.testing.assert_allclose(returns.compute(PRICES, kind="simple").returns, by_pandas()[0], atol=1e-13)


@pytest.mark.benchmark(group="log returns 2500x500")
@pytest.mark.parametrize(
    "compute", [lambda: returns.compute(PRICES), by_logarithms], ids=["meanrev", "peer: numpy log and diff"]
)
def test_log_returns(benchmark, compute):
    benchmark(compute)


@pytest.mark.benchmark(group="simple returns 2500x500")
@pytest.mark.parametrize(
    "compute", [lambda: returns.compute(PRICES, kind="simple"), by_pandas], ids=["meanrev", "peer: pandas pct_change"]
)
def test_simple_returns(benchmark, compute):
    benchmark(compute)
