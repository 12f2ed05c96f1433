"""The standard errors of all cells' Sharpe ratios: the oracle's, and those of the best cells."""

import math

import numpy as np
import pytest

from gpu_kernels import sweep, threshold_grid
from gpu_kernels.errors import InvalidInput
from gpu_kernels.threshold_grid import cell_errors
from tests.gpu_kernels.sweep.test_native import walks
from tests.gpu_kernels.twins import CPU, on
from tests.naive import threshold_grid as naive

AXES = [0.8, 1.4], [-0.3, 1.0], [1e-3], [12, 5]
CELLS, GRID, SHAPE = threshold_grid.expand(*AXES), naive.cells(*AXES), (2, 2, 1, 2)
PRICES = walks(3, 2, 60)
PRICES[0, :6] = PRICES[1, 20] = np.nan


def by_oracle(prices, cell, mode):
    ran = naive.figures(prices, cell, mode=mode)
    if ran is None:
        return math.nan
    returns = [value for value in ran["returns"] if not math.isnan(value)]
    mean = math.fsum(returns) / len(returns)
    variance = math.fsum((value - mean) ** 2 for value in returns) / (len(returns) - 1)
    if variance == 0:
        return math.nan
    ratio, (skewness, kurtosis) = mean / math.sqrt(variance), naive.moments(returns)
    return math.sqrt((1 - ratio * skewness + ratio**2 * (kurtosis - 1) / 4) / len(returns)) * math.sqrt(252)


@pytest.mark.parametrize("mode", sweep.MODES)
def test_they_are_the_oracles(mode):
    rules = sweep.Rules(mode=mode)
    ratios = threshold_grid.sweep(PRICES, CELLS, rules).sharpe_ratio
    found = threshold_grid.sharpe_errors(PRICES, CELLS, ratios, rules)
    expected = [[by_oracle(prices.tolist(), cell, mode) for cell in GRID] for prices in PRICES]
    np.testing.assert_allclose(found, expected, rtol=1e-9)
    assert np.isfinite(found).sum() > 6


@on(CPU)
def test_the_best_cells_have_theirs(twin, monkeypatch):
    metrics = threshold_grid.sweep(PRICES, CELLS)
    choice = threshold_grid.choose(metrics, CELLS, SHAPE, 60, prices=PRICES)
    found = threshold_grid.sharpe_errors(PRICES, CELLS, metrics.sharpe_ratio)
    np.testing.assert_allclose(found[[0, 1], choice.best], choice.sharpe_std_error, rtol=1e-12)
    monkeypatch.setattr(cell_errors, "_AT_ONCE", 60)
    np.testing.assert_array_equal(threshold_grid.sharpe_errors(PRICES, CELLS, metrics.sharpe_ratio), found)


def test_a_process_of_each_series_is_its_own():
    rules = sweep.Rules(score="fixed", mean=[100.0, 98.0], deviation=[3.0, 2.0])
    ratios = threshold_grid.sweep(PRICES, CELLS, rules).sharpe_ratio
    found = threshold_grid.sharpe_errors(PRICES, CELLS, ratios, rules)
    alone = sweep.Rules(score="fixed", mean=98.0, deviation=2.0)
    np.testing.assert_array_equal(found[1:], threshold_grid.sharpe_errors(PRICES[1:], CELLS, ratios[1:], alone))


def test_ratios_of_another_shape_are_refused():
    with pytest.raises(InvalidInput, match=r"sharpe_ratio must have shape \(2, 8\)"):
        threshold_grid.sharpe_errors(PRICES, CELLS, np.zeros((2, 7)))
