"""Best cells and plateaus: ties, edges, lonely spikes, and series that know nothing of each other."""

import numpy as np
import pytest

from gpu_kernels import threshold_grid
from gpu_kernels.sweep import Rules

PRICES = 100 * np.exp(np.cumsum(np.random.default_rng(6).normal(0, 0.02, (6, 200)), axis=1))
ENTRIES, EXITS, COSTS, LOOKBACKS = [0.8, 1.1, 1.4, 1.7], [-0.6, -0.3, 0.0, 0.3], [0.0, 0.002], [5, 10, 15]
CELLS = threshold_grid.expand(ENTRIES, EXITS, COSTS, LOOKBACKS)
SHAPE = (4, 4, 2, 3)


def metrics_of(values):
    return threshold_grid.GridMetrics(*[np.array(values, dtype=np.float64)] * 7)


def choose(values, shape, **options):
    entry, leave, cost, lookback = shape
    cells = threshold_grid.expand(
        2.0 + np.arange(entry), np.linspace(-1, 1, leave), np.arange(cost), 5 + np.arange(lookback)
    )
    return threshold_grid.choose(metrics_of(values), cells, shape, 100, **options)


def test_permuted_series_have_permuted_choices():
    order = [4, 2, 0, 5, 1, 3]
    straight, permuted = (
        threshold_grid.choose(threshold_grid.sweep(prices, CELLS), CELLS, SHAPE, 200, prices=prices)
        for prices in (PRICES, PRICES[order])
    )
    for one, other in zip(straight, permuted, strict=True):
        np.testing.assert_array_equal(one[order], other)


def test_a_plateau_is_preferred_where_a_spike_stands_alone():
    values = np.zeros((7, 7))
    values[1, 1] = 5.0
    values[3:6, 3:6] = 2.0
    choice = choose(values.reshape(1, 49), (7, 7, 1, 1))
    assert (choice.best[0], choice.best_value[0]) == (8, 5.0)
    assert (choice.plateau[0], choice.plateau_value[0]) == (4 * 7 + 4, 2.0)


def test_a_corner_is_averaged_over_the_four_cells_that_it_has():
    values = np.zeros((1, 25))
    values[0, 0] = 5.0
    choice = choose(values, (5, 5, 1, 1))
    assert (choice.plateau[0], choice.plateau_value[0]) == (0, 1.25)


def test_neighbours_share_cost_and_lookback():
    values = np.zeros((1, 2 * 2 * 2 * 2))
    values[0, :4] = 1.0
    choice = choose(values, (2, 2, 2, 2))
    assert (choice.plateau[0], choice.plateau_value[0]) == (0, 1.0)


def test_invalid_neighbours_are_left_out():
    values = np.array([[np.nan, 1.0, np.nan, 3.0]])
    choice = choose(values, (2, 2, 1, 1))
    assert (choice.plateau[0], choice.plateau_value[0]) == (1, 2.0)


def test_the_first_of_equal_cells_wins_whatever_the_rounding():
    values = np.array([[0.5, 1.0, 1.0 + 1e-13, 1.0 - 1e-13], [-4.0, -3.0 - 1e-13, -3.0, -5.0]])
    assert choose(values, (2, 2, 1, 1)).best.tolist() == [1, 1]


def test_another_figure_may_choose():
    found = threshold_grid.sweep(PRICES, CELLS)
    for by in threshold_grid.CRITERIA:
        choice = threshold_grid.choose(found, CELLS, SHAPE, 200, by=by)
        np.testing.assert_allclose(choice.best_value, np.nanmax(getattr(found, by), axis=1), rtol=1e-8)
        assert ((choice.deflated_sharpe >= 0) & (choice.deflated_sharpe <= 1)).all()


def test_without_prices_the_returns_count_as_normal():
    found = threshold_grid.sweep(PRICES, CELLS)
    choice = threshold_grid.choose(found, CELLS, SHAPE, 200)
    tried = found.sharpe_ratio[0, CELLS.valid] / np.sqrt(252)
    expected = threshold_grid.deflated_sharpe(tried.max(), 200, 0.0, 3.0, tried.size, tried.var(ddof=1))
    assert choice.deflated_sharpe[0] == pytest.approx(expected, rel=1e-6)


def test_a_single_try_is_not_deflated():
    cells = threshold_grid.expand([1.0], [0.0], [0.0], [10])
    found = threshold_grid.sweep(PRICES, cells)
    choice = threshold_grid.choose(found, cells, (1, 1, 1, 1), 200)
    expected = threshold_grid.deflated_sharpe(found.sharpe_ratio[0, 0] / np.sqrt(252), 200, 0.0, 3.0, 1, 0.0)
    assert choice.deflated_sharpe[0] == expected


def test_the_unit_of_the_price_changes_nothing():
    terms = Rules(periods_per_year=252.0, initial_capital=1.0)
    one, other = (
        threshold_grid.choose(threshold_grid.sweep(prices, CELLS, terms), CELLS, SHAPE, 200, terms, prices=prices)
        for prices in (PRICES, PRICES * 4.0)
    )
    for mine, theirs in zip(one, other, strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_the_length_of_a_year_does_not_change_what_chance_explains():
    found = [
        threshold_grid.choose(threshold_grid.sweep(PRICES, CELLS, rules), CELLS, SHAPE, 200, rules, prices=PRICES)
        for rules in (Rules(periods_per_year=252.0), Rules(periods_per_year=52.0))
    ]
    np.testing.assert_array_equal(found[0].best, found[1].best)
    np.testing.assert_allclose(found[0].deflated_sharpe, found[1].deflated_sharpe, rtol=1e-9)


def test_luck_on_noise_is_not_taken_for_skill():
    """On driftless walks the best of 96 cells looks good, and the deflated ratio seldom believes it."""
    prices = 100 * np.exp(np.cumsum(np.random.default_rng(0).normal(0, 0.01, (40, 400)), axis=1))
    found = threshold_grid.sweep(prices, CELLS)
    choice = threshold_grid.choose(found, CELLS, SHAPE, 400)
    undeflated = [
        threshold_grid.deflated_sharpe(value / np.sqrt(252), 400, 0.0, 3.0, 1, 0.0) for value in choice.best_value
    ]
    assert np.mean(np.array(undeflated) > 0.9) > 0.25
    assert np.mean(choice.deflated_sharpe > 0.95) <= 0.1
