"""Sixty-four clients at once, of mixed methods and shapes: each gets what it gets alone, from threads and a worker."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import numpy as np
import pytest

import meanrev as mr
from tests.server.serving import serving

pytestmark = pytest.mark.faults

N_CLIENTS = 64


def questions(number):
    """Return what one client asks, by name: functions of a client. Shapes and data are the client's own."""
    rng = np.random.default_rng(number)
    n_rows, n_columns = 40 + 7 * (number % 11), 2 + number % 4
    prices = 50 * np.exp(np.cumsum(0.01 * rng.standard_normal((n_rows, n_columns)), axis=0))
    process = {"theta": 0.02 + 0.01 * number, "mu": 50.0, "sigma": 0.5}
    objective = ("sharpe", "profit", "kelly")[number % 3]
    return {
        "ou": lambda ask: ask.ou(prices[:, 0]).theta,
        "fit_ou": lambda ask: ask.fit_ou(prices, adf_lags=number % 3).adf_statistic,
        "thresholds": lambda ask: ask.thresholds(process, round_trip_cost=0.05, objective=objective).entry_zscore,
        "backtest": lambda ask: (
            ask.backtest(
                prices[:, 0], entry_zscore=1.0, exit_zscore=0.0, cost_per_side=1e-4, lookback=10
            ).cumulative_return
        ),
        "sweep": lambda ask: (
            ask.sweep(
                prices, entry=[1.0, 1.5, 2.0][: 1 + number % 3], exit=[0.0, 0.5], cost_per_side=1e-4, lookback=10
            ).figures.sharpe_ratio
        ),
        "log_returns": lambda ask: ask.log_returns(prices[:, 0]).log_returns,
        "signals": lambda ask: ask.signals(prices[:, 0], process).zscore,
    }


def products(number):
    """Return the same of methods whose products BLAS computes."""
    rng = np.random.default_rng(number)
    returns = 0.01 * rng.standard_normal((60 + number, 3 + number % 3)) + 1e-3
    return {
        "pca": lambda ask: ask.pca(returns, n_components=2).components,
        "cara": lambda ask: ask.cara(returns).weights,
        "sharpe": lambda ask: ask.sharpe(returns, mode="long_only").weights,
        "stats": lambda ask: (
            ask.portfolio_stats(returns, np.full(returns.shape[1], 1 / returns.shape[1])).marginal_contrib
        ),
        "scan": lambda ask: ask.scan(50 * np.exp(np.cumsum(returns, axis=0)), alpha=1.0, lookback=10).p_value,
    }


def answers(ask, number):
    return (
        {name: question(ask) for name, question in questions(number).items()},
        {name: question(ask) for name, question in products(number).items()},
    )


@pytest.mark.parametrize("worker", ["thread", "process"])
def test_each_gets_what_it_gets_alone(worker):
    with mr.Client("local") as client:
        alone = [answers(client, number) for number in range(N_CLIENTS)]
    together = Barrier(N_CLIENTS)

    def asked(address, number):
        with mr.Client(address, timeout=90) as ask:
            together.wait(30)
            return answers(ask, number)

    with serving(worker=worker, compute_threads=3) as address, ThreadPoolExecutor(N_CLIENTS) as pool:
        found = list(pool.map(asked, [address] * N_CLIENTS, range(N_CLIENTS)))
    for (exact, close), (exact_alone, close_alone) in zip(found, alone, strict=True):
        for name, value in exact_alone.items():
            np.testing.assert_array_equal(exact[name], value, err_msg=name)
        for name, value in close_alone.items():
            np.testing.assert_allclose(close[name], value, rtol=1e-12, atol=1e-14, err_msg=name)
