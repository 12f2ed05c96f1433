"""A grid of thresholds and lookbacks, walk-forward, and deflated Sharpe ratios, beside a fused Numba loop and SciPy."""

import math

import numpy as np
import pytest

from gpu_kernels import dispatch, threshold_grid

N_SERIES, N_BARS, THREADS = 20, 1_000, 2
PRICES = 100 * np.exp(np.cumsum(np.random.default_rng(1).normal(0, 0.01, (N_SERIES, N_BARS)), axis=1))
SHAPE = (51, 41, 1, 2)
CELLS = threshold_grid.expand(
    threshold_grid.grid("0.5:3:0.05"), threshold_grid.grid("-0.5:1.5:0.05"), [0.001], [10, 20]
)
SPANS = {"train": 504, "test": 126, "purge": 10}


def by_meanrev():
    with dispatch.using("native", THREADS):
        return threshold_grid.sweep(PRICES, CELLS).sharpe_ratio


def by_numpy():
    return threshold_grid.sweep(PRICES, CELLS).sharpe_ratio


def fused(prices, columns, lookback):
    """Annual Sharpe ratios of some cells, all of one lookback, by the loop that a good Numba programmer would write."""
    from bench.numba_sweep import sweep

    rows = sweep(
        np.ascontiguousarray(prices),
        CELLS.entry_z[columns],
        CELLS.exit_z[columns],
        CELLS.cost[columns],
        lookback,
        1,
        True,
    )
    n_bars = prices.shape[1]
    mean = rows[:, :, 5] / n_bars
    variance = np.maximum(0.0, rows[:, :, 6] - n_bars * mean**2) / (n_bars - 1)
    return np.divide(mean * math.sqrt(252), np.sqrt(variance), out=np.zeros_like(mean), where=variance > 0)


def by_numba(prices=PRICES):
    ratios = np.full((prices.shape[0], CELLS.valid.size), np.nan)
    for lookback in (10, 20):
        columns = np.flatnonzero(CELLS.valid & (CELLS.lookback == lookback))
        ratios[:, columns] = fused(prices, columns, lookback)
    return ratios


def walked():
    with dispatch.using("native", THREADS):
        return [step.train_sharpe for step in threshold_grid.walk_forward(PRICES, CELLS, **SPANS)]


def walked_by_numba():
    """The train parts alone: nearly all of the work."""
    starts = range(0, N_BARS - sum(SPANS.values()) + 1, SPANS["test"])
    trains = [by_numba(PRICES[:, start : start + SPANS["train"]]) for start in starts]
    return np.nanmax(trains, axis=2).T.ravel()


def chosen():
    with dispatch.using("native", THREADS):
        metrics = threshold_grid.sweep(PRICES, CELLS)
        return threshold_grid.choose(metrics, CELLS, SHAPE, N_BARS, prices=PRICES)


def deflated():
    return threshold_grid.deflated_sharpe(0.1, 1_250, -1.0, 6.0, 100, 0.002)


def deflated_by_scipy():
    from scipy.stats import norm

    benchmark = math.sqrt(0.002) * (
        (1 - np.euler_gamma) * norm.ppf(1 - 1 / 100) + np.euler_gamma * norm.ppf(1 - 1 / (100 * math.e))
    )
    return norm.cdf((0.1 - benchmark) * math.sqrt(1_249) / math.sqrt(1 + 0.1 + 5 / 4 * 0.01))


def test_all_give_the_same_figures():
    pytest.importorskip("numba")
    np.testing.assert_allclose(by_numba(), by_meanrev(), rtol=1e-7, atol=1e-8)
    np.testing.assert_allclose(by_numpy(), by_meanrev(), rtol=1e-7, atol=1e-8)
    np.testing.assert_allclose(walked_by_numba(), walked(), rtol=1e-7, atol=1e-8)
    assert deflated() == pytest.approx(deflated_by_scipy(), rel=1e-12)


@pytest.mark.benchmark(group="grid 20 series x 1,000 bars x 51 entries x 41 exits x 2 lookbacks")
@pytest.mark.parametrize("run", [by_meanrev, by_numpy], ids=["meanrev native", "meanrev numpy"])
def test_grid(benchmark, run):
    benchmark.pedantic(run, rounds=3, warmup_rounds=1)


@pytest.mark.benchmark(group="grid 20 series x 1,000 bars x 51 entries x 41 exits x 2 lookbacks")
def test_grid_by_numba(benchmark):
    pytest.importorskip("numba")
    benchmark.pedantic(by_numba, rounds=3, warmup_rounds=1)


@pytest.mark.benchmark(group="walk-forward 504/126 of the same grid")
def test_walk_forward(benchmark):
    benchmark.pedantic(walked, rounds=3, warmup_rounds=1)


@pytest.mark.benchmark(group="walk-forward 504/126 of the same grid")
def test_walk_forward_by_numba(benchmark):
    pytest.importorskip("numba")
    benchmark.pedantic(walked_by_numba, rounds=3, warmup_rounds=1)


@pytest.mark.benchmark(group="the same grid, its choice and deflated Sharpe ratios")
def test_choice(benchmark):
    benchmark.pedantic(chosen, rounds=3, warmup_rounds=1)


@pytest.mark.benchmark(group="deflated Sharpe ratio")
@pytest.mark.parametrize("run", [deflated, deflated_by_scipy], ids=["meanrev", "peer: scipy"])
def test_deflated(benchmark, run):
    if run is deflated_by_scipy:
        pytest.importorskip("scipy")
    benchmark(run)
