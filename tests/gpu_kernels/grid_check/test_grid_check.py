"""The check of a grid is the tests of a search on the returns of its cells, which an oracle makes one by one."""

from functools import cache

import numpy as np
import pytest

from gpu_kernels import data_snooping, grid_check, interruption, sweep, threshold_grid
from gpu_kernels.errors import Degenerate, Interrupted, InvalidInput
from gpu_kernels.grid_check import Scheme, searching
from tests.gpu_kernels.sweep.test_native import walks
from tests.gpu_kernels.twins import CPU, LAYOUTS, on
from tests.naive import grid_check as naive
from tests.naive import threshold_grid as naive_grid
from tests.server.research import universe

ENTRIES, EXITS, COSTS, LOOKBACKS = [0.8, 1.4], [-0.3, 1.0], [1e-3], [12, 5]
CELLS = threshold_grid.expand(ENTRIES, EXITS, COSTS, LOOKBACKS)
GRID = naive_grid.cells(ENTRIES, EXITS, COSTS, LOOKBACKS)
FEW = Scheme(resamples=99, n_blocks=4, n_folds=4, seed=5, block_length=6, purged=1)
PRICES = walks(3, 3, 60)
PRICES[0, :6] = PRICES[1, 20] = PRICES[2, 55:] = np.nan


@cache
def by_oracle(mode, members):
    """The (T, M) returns of all cells, and their places; in 40 digits, so that all twins share them."""
    return naive.strategies([PRICES[row].tolist() for row in members], GRID, mode=mode)


def assert_is(found, expected, places):
    """The figures are those of the same returns given by hand; the p-values exactly, on the same draws."""
    assert found.n_tried == len(places)
    assert (found.series, found.cell) == places[expected.best]
    assert [*zip(found.chosen_series, found.chosen_cell, strict=True)] == [places[one] for one in expected.paths.chosen]
    for name in ("p_reality_check", "p_lower", "p_consistent", "p_upper", "n_tested", "status", "block_length"):
        assert getattr(found.found, name) == getattr(expected, name), name
    for name in ("mean", "std_error", "sharpe_ratio", "sharpe_std_error", "effective_tries"):
        np.testing.assert_allclose(getattr(found.found, name), getattr(expected, name), rtol=1e-9, atol=1e-15)
    np.testing.assert_allclose(found.found.overfitting, expected.overfitting, rtol=1e-9)
    np.testing.assert_allclose(found.found.paths.path_sharpe_ratios, expected.paths.path_sharpe_ratios, rtol=1e-9)
    superior = np.full(found.superior.shape, np.nan)
    for place, status, better in zip(places, expected.status, expected.superior, strict=True):
        superior[place] = better if status == "ok" else np.nan
    np.testing.assert_array_equal(found.superior, superior)


@on(CPU)
@pytest.mark.parametrize("members", [(1,), (0, 1)], ids=str)
@pytest.mark.parametrize("mode", sweep.MODES)
def test_it_agrees_with_the_oracle(twin, mode, members):
    found = grid_check.check(PRICES[list(members)], CELLS, sweep.Rules(mode=mode), FEW)
    returns, places = by_oracle(mode, members)
    assert found.n_periods == len(returns)
    assert_is(found, data_snooping.examine(returns, **FEW._asdict()), places)


def test_a_planted_cell_is_superior_and_noise_is_not():
    reverting = universe(1, 600, seed=2).T
    found = grid_check.check(reverting, threshold_grid.expand([1.0, 1.5], [0.0, 0.5], [1e-4], [20, 40]))
    assert found.found.p_consistent < 0.01
    assert found.superior[0, found.cell] == 1
    noise = grid_check.check(walks(8, 1, 400), CELLS)
    assert noise.found.p_consistent > 0.1
    assert np.nansum(noise.superior) == 0


@on(CPU)
def test_what_was_not_tried_takes_no_part(twin):
    """Neither a series that cannot be traded, nor a lookback that is longer than a series, nor an invalid cell."""
    cells = threshold_grid.expand(ENTRIES, EXITS, COSTS, [5, 58])
    prices = PRICES.copy()
    prices[1, 3] = -1.0
    found = grid_check.check(prices, cells, scheme=FEW)
    tried = np.zeros((3, cells.valid.size), dtype=np.bool_)
    tried[[[0], [2]], cells.valid & (cells.lookback == 5)] = True
    np.testing.assert_array_equal(np.isnan(found.superior), ~tried)
    whole = grid_check.check(prices[[0, 2]], threshold_grid.expand(ENTRIES, EXITS, COSTS, [5]), scheme=FEW)
    assert found.found.p_consistent == whole.found.p_consistent
    assert found.n_tried == whole.n_tried == tried.sum()


def test_returns_that_are_not_finite_take_no_part():
    """A price near the largest doubles takes the returns of what holds it then beyond them."""
    prices = walks(3, 1, 80)
    prices[0, 60] = 1e-300
    prices[0, 61] = 1e10
    found = grid_check.check(prices, CELLS, sweep.Rules(execution_delay=0), FEW)
    assert 0 < found.n_tried < CELLS.valid.sum()


def test_groups_of_cells_change_nothing(monkeypatch):
    whole = grid_check.check(PRICES, CELLS, scheme=FEW)
    monkeypatch.setattr(searching, "_AT_ONCE", 60 * 5)
    parts = grid_check.check(PRICES, CELLS, scheme=FEW)
    np.testing.assert_array_equal(whole.found.mean, parts.found.mean)
    assert whole.found.p_consistent == parts.found.p_consistent
    np.testing.assert_array_equal(whole.superior, parts.superior)


@LAYOUTS
def test_the_layout_of_the_prices_changes_nothing(layout):
    expected = grid_check.check(PRICES, CELLS, scheme=FEW)
    np.testing.assert_array_equal(grid_check.check(layout(PRICES), CELLS, scheme=FEW).found.mean, expected.found.mean)


def test_a_power_of_two_changes_no_bit():
    expected = grid_check.check(PRICES, CELLS, scheme=FEW).found
    found = grid_check.check(2.0**40 * PRICES, CELLS, scheme=FEW).found
    np.testing.assert_array_equal(found.mean, expected.mean)
    assert found.p_consistent == expected.p_consistent


def test_it_says_what_is_impossible():
    with pytest.raises(InvalidInput, match=r"prices must have at least 30 bars from the first price to the last"):
        grid_check.check(PRICES[:, :29], CELLS)
    assert grid_check.check(walks(1, 1, 30), CELLS, scheme=FEW._replace(n_folds=3, n_test_folds=1)).n_periods == 30
    with pytest.raises(InvalidInput, match="n_blocks must be even"):
        grid_check.check(PRICES, CELLS, scheme=FEW._replace(n_blocks=3))
    with pytest.raises(InvalidInput, match="resamples must be at most"):
        grid_check.check(PRICES, CELLS, scheme=FEW._replace(resamples=2**28))
    with pytest.raises(InvalidInput, match="stop must be above every entry level"):
        grid_check.check(PRICES, CELLS, sweep.Rules(stop=1.0))
    with pytest.raises(InvalidInput, match="at least one bar"):
        grid_check.check(np.empty((2, 0)), CELLS)
    for prices in (np.full((2, 60), np.nan), -PRICES, np.empty((0, 60))):
        with pytest.raises(Degenerate, match="there is nothing to choose among"):
            grid_check.check(prices, CELLS, scheme=FEW)
    with pytest.raises(Degenerate, match="returns must vary in at least one strategy"):
        grid_check.check(np.full((1, 60), 5.0), CELLS, scheme=FEW)


def test_it_ends_where_it_is_interrupted():
    flag = interruption.Interrupt()
    flag.set()
    with interruption.using(flag), pytest.raises(Interrupted):
        grid_check.check(PRICES, CELLS, scheme=FEW)
