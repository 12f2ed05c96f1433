"""Every series, cell and step without figures says why, on every twin; the others are as they are alone."""

import numpy as np
import pytest

from gpu_kernels import threshold_grid
from gpu_kernels.errors import InvalidInput
from gpu_kernels.sweep import Rules
from tests.gpu_kernels.stand_in import stand
from tests.gpu_kernels.sweep.ways import EVERY_TWIN, EVERY_WAY, way

__all__ = ["stand"]

CELLS = threshold_grid.expand([0.7, 1.1, 1.5], [-0.5, 0.0, 0.4], [0.001], [6, 15])
SHAPE = (3, 3, 1, 2)
PRICES = 100 * np.exp(np.cumsum(np.random.default_rng(1).normal(0, 0.02, (3, 160)), axis=1))


def choose(prices, cells=CELLS, shape=SHAPE, **rules):
    metrics = threshold_grid.sweep(prices, cells, Rules(**rules))
    return threshold_grid.choose(metrics, cells, shape, prices.shape[1], Rules(**rules), prices=prices)


def mixed():
    """Good series at the odd rows; at the others one without a price, one with a zero, two too short for a window."""
    prices = np.empty((8, 160))
    prices[1:6:2] = PRICES
    prices[7] = PRICES[0] * 2
    prices[0] = np.nan
    prices[2], prices[2, 110] = 50.0, 0.0
    prices[4], prices[4, 4:] = 50.0, np.nan
    prices[6], prices[6, 7:], prices[6, 2:6] = 50.0, np.nan, np.nan
    return prices


@EVERY_WAY
def test_a_series_without_figures_says_why_and_leaves_the_others(stand, name):
    with way(name):
        found, alone = choose(mixed()), choose(PRICES)
    assert found.reason[::2].tolist() == [
        "no finite price",
        "the price 0.0 at row 110 is not positive; mode 'unit' trades such a series",
        "lookback 6 is longer than the series' 4 bars",
        "lookback 6 is longer than the series' 3 bars with a price",
    ]
    assert (found.status[::2] == threshold_grid.ERROR).all()
    assert found.n_bars.tolist() == [0, 160, 160, 160, 4, 160, 7, 160]
    assert (found.best[::2] == -1).all()
    assert np.isnan([found.best_value[::2], found.deflated_sharpe[::2], found.plateau_value[::2]]).all()
    for mine, theirs in zip(found, alone, strict=True):
        np.testing.assert_array_equal(mine[1:6:2], theirs)
    assert (found.status[1::2] == threshold_grid.OK).all()
    assert (found.reason[1::2] == "").all()


@EVERY_WAY
def test_when_no_series_can_be_traded_all_say_why(stand, name):
    with way(name):
        metrics = threshold_grid.sweep(mixed()[::2], CELLS)
        found = choose(mixed()[::2])
        steps = threshold_grid.walk_forward(mixed()[::2], CELLS, train=60, test=40)
    assert np.isnan(metrics.sharpe_ratio).all()
    assert all(found.reason)
    assert all(step.reason for step in steps if step.status == threshold_grid.ERROR)
    assert {step.cell for step in steps if step.series != 1} == {-1}


@EVERY_TWIN
def test_the_way_out_is_one(stand, name):
    with way(name):
        found = choose(mixed()[[2]], mode="unit")
    assert (found.status[0], found.reason[0]) == (threshold_grid.OK, "")


@EVERY_WAY
def test_cells_with_a_window_that_a_series_does_not_fill_were_not_tried_on_it(stand, name):
    cells = threshold_grid.expand([0.7, 1.1], [0.0], [0.001], [6, 100, 161])
    prices = np.vstack([PRICES, np.where(np.arange(160) < 90, PRICES[:1], np.nan)])
    with way(name):
        metrics = threshold_grid.sweep(prices, cells)
        choice = choose(prices, cells, (2, 1, 1, 3))
        fewer = choose(PRICES, threshold_grid.expand([0.7, 1.1], [0.0], [0.001], [6, 100]), (2, 1, 1, 2))
    tried = np.isfinite(metrics.sharpe_ratio)
    assert tried.tolist() == [[True] * 4 + [False] * 2] * 3 + [[True] * 2 + [False] * 4]
    np.testing.assert_array_equal(choice.deflated_sharpe[:3], fewer.deflated_sharpe)  # of as many tries


def test_a_grid_without_a_valid_cell_says_so():
    cells = threshold_grid.expand([0.5], [1.0], [0.0], [5])
    found = choose(PRICES, cells, (1, 1, 1, 1))
    assert set(found.reason) == {"no cell is valid: an exit must be at least -entry and below entry"}
    bare = threshold_grid.choose(threshold_grid.sweep(PRICES, cells), cells, (1, 1, 1, 1), 160)
    assert set(bare.reason) == set(found.reason)
    steps = threshold_grid.walk_forward(PRICES, cells, train=60, test=40)
    assert {step.reason for step in steps} == set(found.reason)
    assert {step.status for step in steps} == {threshold_grid.ERROR}


def test_one_bar_is_named_in_the_singular():
    found = choose(np.array([[5.0]]))
    assert (found.status[0], found.reason[0]) == (threshold_grid.ERROR, "lookback 6 is longer than the series' 1 bar")


def test_a_cell_says_why_no_series_has_figures_in_it():
    cells = threshold_grid.expand([0.5, 1.0], [-0.7, 0.0, 0.7], [0.0], [5, 300])
    places, told = threshold_grid.cell_reasons(cells, np.count_nonzero(~np.isnan(PRICES), axis=1))
    assert told[0] == ""
    said = dict(zip(zip(cells.entry_z, cells.exit_z, cells.lookback, strict=True), np.array(told)[places], strict=True))
    assert said[0.5, 0.7, 5] == said[0.5, 0.7, 300] == "the exit is not below the entry: it must be in [-entry, entry)"
    assert said[0.5, -0.7, 5] == "the exit is below -entry: it must be in [-entry, entry)"
    assert said[1.0, 0.0, 300] == "lookback 300 is longer than the longest series' 160 bars"
    figures = threshold_grid.sweep(PRICES, cells).sharpe_ratio
    np.testing.assert_array_equal(places > 0, np.isnan(figures).all(axis=0))
    with pytest.raises(InvalidInput, match="n_prices must have shape"):
        threshold_grid.cell_reasons(cells, PRICES)


@EVERY_TWIN
def test_a_step_says_why_it_has_no_figures(stand, name):
    prices = np.vstack([PRICES, PRICES[:1], PRICES[:2]])
    prices[0, :60] = np.nan  # the first train part is a gap
    prices[1, 60:100] = np.nan  # the first test part
    prices[3, 70] = -2.5  # in the first test part, and the second train part
    prices[4, 5:64] = np.nan  # five bars in the first train part
    with way(name):
        steps = threshold_grid.walk_forward(prices, CELLS, train=60, test=40)
        alone = threshold_grid.walk_forward(prices[[2]], CELLS, train=60, test=40)
    assert len(steps) == 6 * 2
    first = {step.series: step for step in steps if step.train_start == 0}
    assert first[0].reason == "the train part has no price"
    assert first[1].reason == "the test part has no price"
    assert first[3].reason == "the price -2.5 at row 70 is not positive; mode 'unit' trades such a series"
    assert first[4].reason == "lookback 6 is longer than the train part's 5 bars"
    assert [first[series].cell >= 0 for series in (0, 1, 3, 4)] == [False, True, True, False]
    for series in (0, 1, 3, 4):
        step = first[series]
        assert step.status == threshold_grid.ERROR
        assert np.isnan([step.test_sharpe, step.test_return, step.test_max_drawdown]).all()
        assert step.test_trades == 0
        assert np.isnan(step.train_sharpe) == (step.cell < 0)
    second = {step.series: step for step in steps if step.train_start == 40}
    assert second[3].reason == first[3].reason  # by the row of the whole table
    assert second[3].cell == -1
    assert second[0].status == threshold_grid.OK
    assert [step[1:] for step in steps if step.series == 2] == [step[1:] for step in alone]
    assert {(step.status, step.reason) for step in alone} == {(threshold_grid.OK, "")}


@EVERY_TWIN
def test_a_gap_in_every_train_part_of_a_step_is_no_error(stand, name):
    prices = PRICES.copy()
    prices[:, :70] = np.nan
    with way(name):
        steps = threshold_grid.walk_forward(prices, CELLS, train=60, test=40)
    assert [step.cell for step in steps if step.train_start == 0] == [-1] * 3
    assert all(step.status == threshold_grid.OK for step in steps if step.train_start == 40)


@EVERY_WAY
def test_an_infinite_price_stops_the_steps_that_hold_it_and_no_others(stand, name):
    spoilt = PRICES.copy()
    spoilt[1, 70] = -np.inf
    with way(name):
        found, alone = choose(spoilt), choose(PRICES[[0, 2]])
        steps = threshold_grid.walk_forward(spoilt, CELLS, train=40, test=20)
        clean = threshold_grid.walk_forward(PRICES, CELLS, train=40, test=20)
    reason = "the price -inf at row 70 is infinite"
    assert (found.status[1], found.reason[1], found.best[1]) == (threshold_grid.ERROR, reason, -1)
    for mine, theirs in zip(found, alone, strict=True):
        np.testing.assert_array_equal(mine[[0, 2]], theirs)
    for step, expected in zip(steps, clean, strict=True):
        if step.series == 1 and step.train_start <= 70 < step.test_stop:
            assert (step.status, step.reason) == (threshold_grid.ERROR, reason)
            assert np.isnan(step.test_return)
        elif step.series != 1 or step.test_stop <= 70:
            assert step == expected


@EVERY_WAY
@pytest.mark.parametrize("mode", ["compounding", "unit"])
@pytest.mark.parametrize("price", [1.7e308, 5e-324])
def test_a_series_whose_returns_leave_the_doubles_has_figures_only_where_they_are_right(stand, name, mode, price):
    if (mode, price) == ("unit", 5e-324):
        price = -1.7e308  # a small number among others is no trouble where prices are not divided by
    prices = np.insert(PRICES, 1, PRICES[0], axis=0)
    prices[1, 80:83] = price
    with way(name):
        metrics, alone = (threshold_grid.sweep(rows, CELLS, Rules(mode=mode)) for rows in (prices, PRICES))
        found = choose(prices, mode=mode)
        walk = threshold_grid.walk_forward(prices, CELLS, Rules(mode=mode), train=60, test=20)
    figures = np.stack([metrics.sharpe_ratio, metrics.cumulative_return, metrics.max_drawdown])
    known = np.isfinite(figures)
    assert (known.all(axis=0) | ~known.any(axis=0)).all()
    assert not known[:, 1].all()
    np.testing.assert_array_equal(metrics.sharpe_ratio[[0, 2, 3]], alone.sharpe_ratio)
    assert (found.best[1] < 0) == (not known[0, 1].any()) == ("beyond" in found.reason[1])
    assert (found.status == threshold_grid.ERROR).tolist() == (found.best < 0).tolist()
    for step in walk:
        figureless = step.cell < 0 or np.isnan(step.test_sharpe)
        assert (step.status == threshold_grid.ERROR) == figureless == bool(step.reason)
    assert not any(step.reason for step in walk if step.series != 1)


@EVERY_WAY
def test_a_series_of_which_every_cell_leaves_the_doubles_says_so(stand, name):
    prices = PRICES[:1].copy()
    prices[0, 60] = 1.7e308
    cells = threshold_grid.expand([0.7], [-0.5], [0.001], [6])
    with way(name):
        found = choose(prices, cells, (1, 1, 1, 1))
    assert (found.best[0], found.status[0]) == (-1, threshold_grid.ERROR)
    assert "largest or smallest doubles" in found.reason[0]
