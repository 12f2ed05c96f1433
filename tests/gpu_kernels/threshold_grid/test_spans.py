"""Grids, choices and walk-forward steps count the bars that a series has, on every twin."""

import numpy as np
import pytest

from gpu_kernels import threshold_grid
from gpu_kernels.sweep import Rules
from tests.gpu_kernels.stand_in import stand
from tests.gpu_kernels.sweep.ways import EVERY_TWIN, EVERY_WAY, way

__all__ = ["stand"]

CELLS = threshold_grid.expand([0.7, 1.1, 1.5], [-0.5, 0.0, 0.4], [0.001], [6, 15])
SHAPE = (3, 3, 1, 2)
SPANS = ((0, 180), (50, 180), (0, 120), (20, 160))


def listed(seed=1, inner_gaps=False):
    rng = np.random.default_rng(seed)
    prices = 100 * np.exp(np.cumsum(rng.normal(0, 0.02, (4, 180)), axis=1))
    if inner_gaps:
        prices[rng.random(prices.shape) < 0.1] = np.nan
    for series, (first, stop) in enumerate(SPANS):
        prices[series, [first, stop - 1]] = 100.0
        prices[series, :first] = prices[series, stop:] = np.nan
    return prices


def chosen(prices, mode):
    metrics = threshold_grid.sweep(prices, CELLS, Rules(mode=mode))
    return metrics, threshold_grid.choose(metrics, CELLS, SHAPE, prices.shape[1], Rules(mode=mode), prices=prices)


@EVERY_WAY
@pytest.mark.parametrize("mode", threshold_grid.MODES)
@pytest.mark.parametrize("inner_gaps", [False, True])
def test_a_column_is_that_of_its_span_alone(stand, name, mode, inner_gaps):
    prices = listed(inner_gaps=inner_gaps)
    with way(name):
        metrics, choice = chosen(prices, mode)
        for series, (first, stop) in enumerate(SPANS):
            alone = chosen(prices[[series], first:stop], mode)
            for mine, theirs in zip((*metrics, *choice), (*alone[0], *alone[1]), strict=True):
                np.testing.assert_array_equal(mine[[series]], theirs)
    assert choice.n_bars.tolist() == [stop - first for first, stop in SPANS]
    assert (choice.status == threshold_grid.OK).all()


@EVERY_TWIN
@pytest.mark.parametrize("mode", threshold_grid.MODES)
def test_a_test_part_ends_with_the_series(stand, name, mode):
    """A step of 60 test bars, of which the series lives to see 37, has the figures of a step of 37."""
    prices = listed(2)[[0]]
    ended = prices.copy()
    ended[0, 137:] = np.nan
    with way(name):
        [step] = threshold_grid.walk_forward(ended[:, :160], CELLS, Rules(mode=mode), train=90, test=60, purge=10)
        [short] = threshold_grid.walk_forward(prices[:, :137], CELLS, Rules(mode=mode), train=90, test=37, purge=10)
    assert step.test_trades > 0
    assert (step.cell, *step[6:]) == (short.cell, *short[6:])


@EVERY_TWIN
def test_a_train_part_begins_with_the_series(stand, name):
    prices = listed(3)[[1]]
    with way(name):
        [step] = threshold_grid.walk_forward(prices, CELLS, train=120, test=60)
        [short] = threshold_grid.walk_forward(prices[:, 50:], CELLS, train=70, test=60)
    assert (step.cell, *step[6:]) == (short.cell, *short[6:])
    assert step.status == threshold_grid.OK


@EVERY_TWIN
@pytest.mark.parametrize("mode", threshold_grid.MODES)
@pytest.mark.parametrize("factor", [2.0**-60, 2.0**50])
def test_the_unit_of_prices_changes_no_choice_and_no_step(stand, name, mode, factor):
    prices, money = listed(4), factor if mode == "unit" else 1.0
    scaled = CELLS._replace(cost=CELLS.cost * money)
    spans = {"train": 60, "test": 40, "purge": 5}
    answers = []
    with way(name):
        for one, cells, unit in ((prices, CELLS, 1.0), (prices * factor, scaled, money)):
            rules = {"mode": mode, "initial_capital": unit}
            metrics = threshold_grid.sweep(one, cells, Rules(**rules))
            choice = threshold_grid.choose(metrics, cells, SHAPE, 180, Rules(**rules), prices=one)
            answers.append((choice, threshold_grid.walk_forward(one, cells, Rules(**rules), **spans)))
    for mine, theirs in zip(answers[0][0], answers[1][0], strict=True):
        np.testing.assert_array_equal(mine, theirs)
    for step, again in zip(answers[0][1], answers[1][1], strict=True):
        np.testing.assert_equal(step, again)
