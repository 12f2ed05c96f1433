"""One more mark and a report after a day of marks, beside recomputing the day with NumPy and with pandas."""

import numpy as np
import pandas as pd
import pytest

from gpu_kernels.health import Account

DAY_MS = 86_400_000
STEP_MS = 10_000
SOURCE = np.random.default_rng(1)
TIMES = DAY_MS + np.arange(0, DAY_MS, STEP_MS)
PRICES = 100.0 * np.exp(np.cumsum(1e-4 * SOURCE.standard_normal((len(TIMES), 10)), axis=0))
QUANTITIES = 1.0 + np.arange(10.0)
NAMES = [f"asset {i}" for i in range(10)]
NOW = int(TIMES[-1])


def filled():
    account = Account(dict(zip(NAMES, QUANTITIES, strict=True)))
    for time, row in zip(TIMES.tolist(), PRICES.tolist(), strict=True):
        for name, price in zip(NAMES, row, strict=True):
            account.mark(name, price, time)
    return account


def by_numpy():
    value = PRICES @ QUANTITIES
    changes = np.diff(np.log(value))
    drawdown = np.max(1 - value / np.maximum.accumulate(value))
    return value[-1], value[-1] / value[0] - 1, np.sqrt(changes @ changes), drawdown


FRAME = pd.DataFrame(PRICES, index=pd.to_datetime(TIMES, unit="ms"), columns=NAMES)


def by_pandas():
    value = FRAME.mul(QUANTITIES).sum(axis=1)
    changes = np.log(value).diff()
    drawdown = (1 - value / value.cummax()).max()
    return value.iloc[-1], value.iloc[-1] / value.iloc[0] - 1, np.sqrt((changes**2).sum()), drawdown


def test_all_agree():
    found = filled().report(NOW)[1:5]
    np.testing.assert_allclose(found, by_numpy(), rtol=1e-9)
    np.testing.assert_allclose(found, by_pandas(), rtol=1e-9)


@pytest.mark.benchmark(group="health of 10 holdings after a day of 8,640 snapshots")
@pytest.mark.parametrize("way", ["meanrev, mark and report", "peer: numpy", "peer: pandas"])
def test_health(benchmark, way):
    if way == "meanrev, mark and report":
        account = filled()

        def follow():
            account.mark(NAMES[0], 100.0, NOW)
            return account.report(NOW)

        benchmark(follow)
    else:
        benchmark(by_numpy if way == "peer: numpy" else by_pandas)


@pytest.mark.benchmark(group="10,000 marks of 10 holdings")
def test_marks(benchmark):
    rows = [
        (name, price, time)
        for time, row in zip(TIMES[:1_000].tolist(), PRICES[:1_000].tolist(), strict=True)
        for name, price in zip(NAMES, row, strict=True)
    ]

    def follow():
        account = Account(dict(zip(NAMES, QUANTITIES, strict=True)))
        for row in rows:
            account.mark(*row)

    benchmark(follow)
