"""Residuals of a universe traded in a grid of rules, beside the NumPy oracle, which fits name by name every day."""

import numpy as np
import pytest

from gpu_kernels import dispatch, residuals
from tests.naive import residuals as naive

N_ROWS, N_NAMES, N_FACTORS, WINDOW, REGRESSION, THREADS = 330, 60, 5, 252, 60, 2
ENTRIES, LONG, SHORT = np.linspace(1.0, 1.75, 4), np.array([0.25, 0.5]), np.array([0.5, 0.75])
SOURCE = np.random.default_rng(1)
PRICES = 50.0 * np.exp(
    np.cumsum(
        SOURCE.normal(0, 0.01, (N_ROWS, N_FACTORS)) @ SOURCE.normal(0.5, 0.5, (N_FACTORS, N_NAMES))
        + SOURCE.normal(0, 0.015, (N_ROWS, N_NAMES)),
        axis=0,
    )
)
MEMBERS = np.ones(PRICES.shape)
GROUP = f"books of {N_NAMES} names, {N_ROWS - WINDOW} days, {N_FACTORS} factors, 16 cells"


def by_meanrev(backend="native"):
    with dispatch.using(backend, THREADS):
        return residuals.trade(
            PRICES, factors=[N_FACTORS], entry=ENTRIES, exit_long=LONG, exit_short=SHORT
        ).figures.sharpe_book


def by_numpy():
    return by_meanrev("numpy")


def by_the_oracle():
    days = [
        naive.day(PRICES, MEMBERS, row, N_FACTORS, WINDOW, REGRESSION, REGRESSION / 2) for row in range(WINDOW, N_ROWS)
    ]
    signals = [None] * WINDOW + [(score, q, b) for score, _, q, b in days]
    found = []
    for thresholds in ((e, x, y) for e in ENTRIES for x in LONG for y in SHORT):
        rows = naive.account(PRICES, signals, thresholds, WINDOW, delay=1, size=0.01)[0]
        found.append(naive.sharpe(rows[:, 0] - 0.0005 * rows[:, 2]))
    return np.array(found)


def test_all_give_the_same_figures():
    expected = by_the_oracle()
    np.testing.assert_allclose(by_meanrev(), expected, rtol=1e-7)
    np.testing.assert_allclose(by_numpy(), expected, rtol=1e-7)


@pytest.mark.benchmark(group=GROUP)
@pytest.mark.parametrize("run", [by_meanrev, by_numpy], ids=["meanrev native", "meanrev numpy"])
def test_books(benchmark, run):
    benchmark.pedantic(run, rounds=3, warmup_rounds=1)


@pytest.mark.benchmark(group=GROUP)
def test_books_by_the_oracle(benchmark):
    benchmark.pedantic(by_the_oracle, rounds=2)


def update(prices):
    """Return the scores, portfolios and loadings of the last row alone."""
    with dispatch.using("native", THREADS):
        return residuals.panel(prices, factors=15, rows=[len(prices) - 1])


@pytest.mark.benchmark(group="the last day of 500 names, 15 factors")
def test_a_days_update(benchmark):
    source = np.random.default_rng(2)
    common = source.normal(0, 0.01, (254, 15)) @ source.normal(0.5, 0.5, (15, 500))
    prices = 50.0 * np.exp(np.cumsum(common + source.normal(0, 0.015, (254, 500)), axis=0))
    benchmark.pedantic(update, (prices,), rounds=5, warmup_rounds=1)
