"""Figures of many return series, beside pandas and beside vectorbt, whose returns accessor has the same figures."""

import numpy as np
import pandas as pd
import pytest

from gpu_kernels import performance

RETURNS = 0.01 * np.random.default_rng(1).standard_normal((500, 2_520))
RETURNS[:, 0] = 0.0  # vectorbt's peak begins at the end of the first bar, ours before it
FRAME = pd.DataFrame(RETURNS.T.copy())


def by_meanrev():
    return performance.figures(RETURNS).figures


def by_pandas():
    wealth = (1 + FRAME).cumprod()
    peak = wealth.cummax().clip(lower=1)
    mean, losses = FRAME.mean(), FRAME.clip(upper=0)
    cagr = wealth.iloc[-1] ** (252 / len(FRAME)) - 1
    worst = (1 - wealth / peak).max()
    return {
        "total_return": wealth.iloc[-1] - 1,
        "cagr": cagr,
        "volatility": FRAME.std() * np.sqrt(252),
        "sharpe_ratio": mean / FRAME.std() * np.sqrt(252),
        "sortino_ratio": mean * np.sqrt(252) / np.sqrt((losses**2).mean()),
        "calmar_ratio": cagr / worst,
        "omega_ratio": FRAME.clip(lower=0).sum() / -losses.sum(),
        "max_drawdown": worst,
        "best_return": FRAME.max(),
        "worst_return": FRAME.min(),
    }


def by_vectorbt():
    vectorbt = pytest.importorskip("vectorbt")
    of = vectorbt.returns.accessors.ReturnsDFAccessor(FRAME, freq="1D", year_freq="252D")
    return {
        "total_return": of.total(),
        "cagr": of.annualized(),
        "volatility": of.annualized_volatility(),
        "sharpe_ratio": of.sharpe_ratio(),
        "sortino_ratio": of.sortino_ratio(),
        "calmar_ratio": of.calmar_ratio(),
        "omega_ratio": of.omega_ratio(),
        "max_drawdown": -of.max_drawdown(),
    }


@pytest.mark.parametrize("peer", [by_pandas, by_vectorbt], ids=["pandas", "vectorbt"])
@pytest.mark.filterwarnings("ignore")
def test_all_agree(peer):
    mine = by_meanrev()
    for name, theirs in peer().items():
        np.testing.assert_allclose(getattr(mine, name), theirs, rtol=1e-8, err_msg=name)


@pytest.mark.benchmark(group="return statistics 500x2520")
@pytest.mark.parametrize(
    "describe", [by_meanrev, by_pandas, by_vectorbt], ids=["meanrev", "peer: pandas", "peer: vectorbt"]
)
@pytest.mark.filterwarnings("ignore")
def test_return_statistics(benchmark, describe):
    benchmark(describe)
