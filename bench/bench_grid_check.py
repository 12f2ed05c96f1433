"""The check of a sweep's grid beside arch: the returns of all cells are computed and tested where they are."""

import numpy as np
import pytest

from gpu_kernels import data_snooping, dispatch, grid_check, sweep, threshold_grid
from gpu_kernels.data_snooping import bootstrap

SCHEME = grid_check.Scheme(resamples=1_000)
SIZES = {"100 cells x 1,000": (10, 1_000), "10,000 cells x 2,500": (100, 2_500)}
PEER_CELLS = 400
"""arch takes minutes for 10,000: a loop over all lags of the variance of each resample."""


def cells_of(size):
    return threshold_grid.expand(np.linspace(1.0, 3.0, size), np.linspace(-0.5, 0.9, size), [0.0005], [20])


def draw(case, n_cells=None):
    side, n_bars = SIZES[case]
    rng = np.random.default_rng(1)
    prices = 100.0 * np.exp(0.3 * np.cumsum(rng.normal(0, 0.01, n_bars)) + 0.02 * np.sin(np.arange(n_bars) / 9))
    cells = cells_of(side)
    if n_cells is not None:
        some = np.linspace(0, cells.valid.size - 1, n_cells).astype(np.int64)
        cells = threshold_grid.Cells(*(column[some] for column in cells))
    return prices[None], cells


def whole(prices, cells):
    with dispatch.using("native", 2):
        return grid_check.check(prices, cells, scheme=SCHEME)


def returns_of(prices, cells):
    with dispatch.using("native", 2):
        return sweep.bar_returns(prices[0], cells.entry_z, cells.exit_z, cells.cost)


def varying(case, n_cells=None):
    """Return the returns of the cells that trade; those of others do not vary, and are not tested."""
    returns = returns_of(*draw(case, n_cells))
    return returns[np.ptp(returns, axis=1) > 0]


def spa_by_meanrev(returns):
    """The part that arch has: the p-values of (M, T) returns, and StepM."""
    mean = returns.mean(axis=1)
    centred = returns - mean[:, None]
    length = int(np.sqrt(returns.shape[1]))
    deviation = bootstrap.long_run_deviations(centred, length)
    periods = bootstrap.draws(returns.shape[1], SCHEME.resamples, length, SCHEME.seed)
    found = bootstrap.resample(centred, mean, deviation, np.ones_like(mean), periods)
    statistics = np.sqrt(returns.shape[1]) * mean / deviation
    bootstrap.superior(statistics, found.each, SCHEME.size)
    return [bootstrap.p_value(statistics.max(), values) for values in (found.lower, found.consistent, found.upper)]


def spa_by_arch(returns):
    peer = pytest.importorskip("arch.bootstrap")
    length = int(np.sqrt(returns.shape[1]))
    deviation = bootstrap.long_run_deviations(returns - returns.mean(axis=1)[:, None], length)
    losses = -(returns / deviation[:, None]).T
    test = peer.StepM(np.zeros(len(losses)), losses, block_size=length, reps=SCHEME.resamples, seed=1)
    test.compute()
    return list(test.spa.pvalues)


def test_both_agree():
    returns = varying("100 cells x 1,000")
    ours = spa_by_meanrev(returns)
    found = whole(*draw("100 cells x 1,000")).found
    assert [found.p_lower, found.p_consistent, found.p_upper] == ours
    assert found.p_consistent == data_snooping.examine(returns.T).p_consistent
    # arch draws its own resamples, so that the p-values differ by the simulation's error.
    np.testing.assert_allclose(ours, spa_by_arch(returns), atol=0.06)


@pytest.mark.benchmark
@pytest.mark.parametrize("case", SIZES)
def test_grid_check(benchmark, case):
    benchmark.group = f"check of a grid, with its returns: {case}"
    benchmark.pedantic(whole, args=draw(case), rounds=1, warmup_rounds=0)


@pytest.mark.benchmark
@pytest.mark.parametrize("case", SIZES)
def test_returns(benchmark, case):
    benchmark.group = f"returns of a grid: {case}"
    benchmark.pedantic(returns_of, args=draw(case), rounds=3, warmup_rounds=1)


@pytest.mark.benchmark
@pytest.mark.parametrize("case", SIZES)
def test_spa(benchmark, case):
    benchmark.group = f"SPA of a grid's returns: {case}"
    benchmark.pedantic(spa_by_meanrev, args=(varying(case),), rounds=2)


@pytest.mark.benchmark
@pytest.mark.parametrize("test", [spa_by_meanrev, spa_by_arch], ids=["meanrev", "peer: arch StepM"])
def test_spa_of_fewer_cells(benchmark, test):
    benchmark.group = f"SPA of a grid's returns: {PEER_CELLS} cells x 2,500"
    benchmark.pedantic(test, args=(varying("10,000 cells x 2,500", PEER_CELLS),), rounds=1)
