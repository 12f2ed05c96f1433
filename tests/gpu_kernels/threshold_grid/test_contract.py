"""Cells, ranges, blocks and progress of grids: limits, edges and bad input."""

import numpy as np
import pytest

from gpu_kernels import sweep, threshold_grid
from gpu_kernels.errors import InvalidInput
from gpu_kernels.threshold_grid import blocks

PRICES = 100 * np.exp(np.cumsum(np.random.default_rng(0).normal(0, 0.02, (5, 120)), axis=1))
CELLS = threshold_grid.expand([0.8, 1.2, 1.6], [-0.5, 0.0, 0.9], [0.0, 0.001], [5, 10])


def same(found, expected):
    for name in threshold_grid.GridMetrics._fields:
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name), err_msg=name)


def test_a_range_has_the_numbers_that_one_would_type():
    assert threshold_grid.grid("0.5:3:0.05").tolist() == [round(0.5 + 0.05 * k, 10) for k in range(51)]
    assert threshold_grid.grid(" -1 : 1 : 1e0 ").tolist() == [-1.0, 0.0, 1.0]
    assert threshold_grid.grid("2:2:0.1").tolist() == [2.0]
    assert threshold_grid.grid("1:2:0.333").tolist() == [1.0, 1.333, 1.666, 1.999]
    assert threshold_grid.grid("0:999999:1").size == threshold_grid.MAX_CELLS


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        "1:2",
        "1:2:3:4",
        "a:2:1",
        "1:2:0",
        "1:2:-1",
        "2:1:0.5",
        "nan:1:1",
        "0:inf:1",
        "0:1:1e999",
        "::",
        "1,2,1",
    ],
)
def test_a_bad_range_is_named(text):
    with pytest.raises(InvalidInput, match=r"grid must be 'a:b:step' with finite numbers, a <= b and step > 0, got "):
        threshold_grid.grid(text)


@pytest.mark.parametrize(
    "text", ["0:1:1e-6", "0:1:1e-300", "-1e100:1e100:1e-100", "0:1:1E-99999999", "0:1E-9:1E-999999999999999"]
)
def test_a_range_with_too_many_points_is_refused_before_it_is_made(text):
    with pytest.raises(InvalidInput, match="grid must have at most 1000000 points, got '"):
        threshold_grid.grid(text)


@pytest.mark.parametrize("text", ["2:2:1E-99999999", "1e-300:1e-300:1", "-1E-99999999:0:1"])
def test_numbers_that_only_decimals_can_carry_are_no_range(text):
    with pytest.raises(InvalidInput, match=r"grid must be 'a:b:step' .* each 0 or at least 1e-100 in size, got '"):
        threshold_grid.grid(text)


def test_many_points_of_many_digits_are_refused_for_they_are_made_one_by_one():
    with pytest.raises(InvalidInput, match="at most 10000 points where a number has more than 15 digits, got '"):
        threshold_grid.grid("0:1:0.00001000000000000000000000001")
    assert threshold_grid.grid("0:1:0.00100000000000000000000000001").size == 1001


@pytest.mark.parametrize("text", ["0.5:3:0.05", "0:999999:1", "-1:1:0.333", "2:2:0.1", "1e20:3e20:1e20", "0:1:0.3e-1"])
def test_the_size_of_a_range_is_told_without_its_points(text):
    assert threshold_grid.grid_size(text) == threshold_grid.grid(text).size


def test_something_else_than_text_is_no_range():
    with pytest.raises(InvalidInput, match="grid must be 'a:b:step'"):
        threshold_grid.grid(None)


def test_exits_vary_fastest_and_lookbacks_slowest():
    cells = threshold_grid.expand([1.0, 2.0], [0.0, 0.5], [0.1, 0.0], [20, 5])
    assert cells.exit_z.tolist() == [0.0, 0.5] * 8
    assert cells.entry_z.tolist() == [1.0, 1.0, 2.0, 2.0] * 4
    assert cells.cost.tolist() == ([0.1] * 4 + [0.0] * 4) * 2
    assert cells.lookback.tolist() == [20] * 8 + [5] * 8


def test_cells_on_the_edges_are_valid_from_below_alone():
    cells = threshold_grid.expand([0.5, 1.0], [-1.0, -0.5, 0.5, 1.0], [0.0], [5])
    assert cells.valid.tolist() == [False, True, False, False, True, True, True, False]


def test_ranges_of_two_axes_meet_exactly():
    """0.5 + 20 * 0.05 in doubles is above 1.5 or below it, and a cell with x just below e would be run."""
    cells = threshold_grid.expand(threshold_grid.grid("0.5:3:0.05"), threshold_grid.grid("-0.5:1.5:0.05"), [0.0], [5])
    assert not cells.valid[np.isclose(cells.entry_z, cells.exit_z, atol=1e-6)].any()


def test_too_many_cells_are_refused_before_they_are_made():
    axis = np.arange(1.0, 2001.0)
    with pytest.raises(InvalidInput, match="cells must be at most 1000000, got 4000000"):
        threshold_grid.expand(axis, axis, [0.0], [5])


@pytest.mark.parametrize(
    ("axes", "message"),
    [
        (([], [0], [0], [5]), "entry_z must not be empty"),
        (([[1.0]], [0], [0], [5]), r"entry_z must have shape \(E,\)"),
        (([0.0, 1], [0], [0], [5]), "entry_z must be finite and > 0, got 0.0"),
        (([2.0, 1], [0], [0], [5]), r"entry_z\[1\] must ascend, got 1.0"),
        (([1.0, 1], [0], [0], [5]), r"entry_z must not repeat a value, got \[1.0, 1.0\]"),
        (([1], [0, np.nan], [0], [5]), r"exit_z\[1\] must be finite, got nan"),
        (([1], [0], [0.1, -0.1], [5]), "cost must be finite and >= 0, got -0.1"),
        (([1], [0], ["x"], [5]), "cost must be numbers"),
        (([1], [0], [1e308, -1e308], [5]), r"cost must be finite and >= 0, got -1e\+308"),
        (([1], [1e308, -1e308], [0], [5]), r"exit_z\[1\] must ascend, got -1e\+308"),
        (([1], [0], [0], [5, 1]), r"lookback\[1\] must be a whole number >= 2, got 1.0"),
        (([1], [0], [0], [2.5]), r"lookback\[0\] must be a whole number >= 2, got 2.5"),
        (([1], [0], [0], [5, 5]), "lookback must not repeat a value"),
    ],
)
def test_bad_axes_are_named(axes, message):
    with pytest.raises(InvalidInput, match=message):
        threshold_grid.expand(*axes)


def test_invalid_cells_and_untradable_series_are_empty_and_change_no_other():
    prices = PRICES.copy()
    prices[1, 3] = -1.0
    found, whole = threshold_grid.sweep(prices, CELLS), threshold_grid.sweep(PRICES, CELLS)
    assert not CELLS.valid.all()
    assert np.isnan(whole.sharpe_ratio[:, ~CELLS.valid]).all()
    assert not np.isnan(whole.sharpe_ratio[:, CELLS.valid]).any()
    assert not whole.num_trades[:, ~CELLS.valid].any()
    assert np.isnan(found.total_costs[1]).all()
    rest = [0, 2, 3, 4]
    same(
        threshold_grid.GridMetrics(*(values[rest] for values in found)),
        threshold_grid.GridMetrics(*(v[rest] for v in whole)),
    )
    choice = threshold_grid.choose(found, CELLS, (3, 3, 2, 2), 120, prices=prices)
    assert (choice.best[1], choice.plateau[1]) == (-1, -1)
    assert np.isnan([choice.best_value[1], choice.deflated_sharpe[1], choice.plateau_value[1]]).all()
    assert (choice.best[rest] >= 0).all()
    walked = [step for step in threshold_grid.walk_forward(prices, CELLS, train=40, test=40) if step.series == 1]
    assert walked[0].cell == -1
    assert np.isnan([walked[0].train_sharpe, walked[0].test_sharpe, walked[0].test_return]).all()
    assert walked[0].test_trades == 0


def test_a_grid_without_a_valid_cell_is_no_error():
    cells = threshold_grid.expand([0.5], [1.0], [0.0], [5])
    metrics = threshold_grid.sweep(PRICES, cells)
    choice = threshold_grid.choose(metrics, cells, (1, 1, 1, 1), 120, prices=PRICES)
    assert (choice.best == -1).all()
    assert np.isnan(choice.plateau_value).all()
    assert {step.cell for step in threshold_grid.walk_forward(PRICES, cells, train=40, test=40)} == {-1}


def test_no_series_is_an_empty_answer():
    metrics = threshold_grid.sweep(np.empty((0, 9)), CELLS)
    assert metrics.sharpe_ratio.shape == (0, 36)
    assert threshold_grid.choose(metrics, CELLS, (3, 3, 2, 2), 9).best.shape == (0,)
    assert threshold_grid.walk_forward(np.empty((0, 9)), CELLS, train=3, test=2) == []


def test_small_blocks_change_no_bit_and_report_progress(monkeypatch):
    whole, reports = threshold_grid.sweep(PRICES, CELLS), []
    monkeypatch.setattr(blocks, "_LANES", 5)
    found = threshold_grid.sweep(PRICES, CELLS, progress=lambda done, total: reports.append((done, total)))
    same(found, whole)
    n_valid = int(CELLS.valid.sum())
    assert reports[-1] == (5 * n_valid, 5 * n_valid)
    assert len(reports) == 5 * 2 * 2  # a series, a lookback and a cost each
    assert [done for done, _ in reports] == sorted({done for done, _ in reports})
    one = threshold_grid.choose(found, CELLS, (3, 3, 2, 2), 120)
    monkeypatch.undo()
    np.testing.assert_array_equal(one.best, threshold_grid.choose(found, CELLS, (3, 3, 2, 2), 120).best)


def test_long_series_run_in_smaller_blocks(monkeypatch):
    monkeypatch.setattr(blocks, "_BAR_STEPS", 120 * 20)
    reports = []
    threshold_grid.sweep(PRICES, CELLS, progress=lambda done, total: reports.append(done))
    assert len(reports) == 5 * 2


def test_progress_of_walk_forward_and_choice_ends_at_the_total(monkeypatch):
    monkeypatch.setattr(blocks, "_LANES", 40)
    reports = []
    threshold_grid.walk_forward(PRICES, CELLS, train=40, test=20, progress=lambda *report: reports.append(report))
    total = 4 * 5 * int(CELLS.valid.sum())
    assert reports[-1] == (total, total)
    assert [done for done, _ in reports] == sorted({done for done, _ in reports})
    reports.clear()
    metrics = threshold_grid.sweep(PRICES, CELLS)
    threshold_grid.choose(metrics, CELLS, (3, 3, 2, 2), 120, progress=lambda *report: reports.append(report))
    assert reports == [(k, 5) for k in range(1, 6)]


def test_what_progress_raises_ends_the_work():
    def cancel(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        threshold_grid.sweep(PRICES, CELLS, progress=cancel)
    with pytest.raises(KeyboardInterrupt):
        threshold_grid.walk_forward(PRICES, CELLS, train=40, test=20, progress=cancel)


@pytest.mark.parametrize(
    ("prices", "options", "message"),
    [
        (PRICES[0], {}, r"prices must have shape \(B, T\), got \(120,\)"),
        (PRICES[:, :0], {}, r"prices must have at least one bar, got \(5, 0\)"),
        (PRICES, {"mode": "lots"}, "mode must be one of 'compounding', 'unit', got 'lots'"),
        (PRICES, {"execution_delay": -1}, "execution_delay must be >= 0, got -1"),
        (PRICES, {"initial_capital": 0.0}, "initial_capital must be finite and > 0, got 0.0"),
        (PRICES, {"periods_per_year": -1.0}, "periods_per_year must be finite and > 0, got -1.0"),
    ],
)
def test_bad_input_of_a_sweep_is_named(prices, options, message):
    invalid = threshold_grid.expand([0.5], [1.0], [0.0], [5])  # no cell runs, and it is named all the same
    for cells in (CELLS, invalid):
        with pytest.raises(InvalidInput, match=message):
            threshold_grid.sweep(prices, cells, sweep.Rules(**options))


def test_columns_of_different_lengths_are_refused():
    with pytest.raises(InvalidInput, match=r"cells must have columns of one length, got \(36, 36, 1, 36, 36\)"):
        threshold_grid.sweep(PRICES, CELLS._replace(cost=np.zeros(1)))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"by": "luck"}, "by must be one of 'sharpe_ratio', .*, got 'luck'"),
        ({"shape": (3, 3, 2, 1)}, r"shape must have a product of 36, the number of cells, got \(3, 3, 2, 1\)"),
        ({"n_bars": 0}, "n_bars must be >= 1, got 0"),
        ({"prices": PRICES[:, :7]}, r"prices must have shape \(5, 120\), got \(5, 7\)"),
    ],
)
def test_bad_input_of_a_choice_is_named(options, message):
    given = {"shape": (3, 3, 2, 2), "n_bars": 120}
    with pytest.raises(InvalidInput, match=message):
        threshold_grid.choose(threshold_grid.sweep(PRICES, CELLS), CELLS, **given | options)


@pytest.mark.parametrize(
    ("spans", "message"),
    [
        ({"train": 1, "test": 5}, "train must be >= 2, got 1"),
        ({"train": 5, "test": 0}, "test must be >= 1, got 0"),
        ({"train": 5, "test": 5, "purge": -1}, "purge must be >= 0, got -1"),
        ({"train": 100, "test": 20, "purge": 1}, r"prices must have at least train \+ purge \+ test = 121 bars, got"),
    ],
)
def test_bad_spans_are_named(spans, message):
    with pytest.raises(InvalidInput, match=message):
        threshold_grid.walk_forward(PRICES, CELLS, **spans)


def test_read_only_prices_are_left_alone():
    prices = PRICES.copy()
    prices.flags.writeable = False
    metrics = threshold_grid.sweep(prices, CELLS)
    threshold_grid.choose(metrics, CELLS, (3, 3, 2, 2), 120, prices=prices)
    assert threshold_grid.walk_forward(prices, CELLS, train=40, test=40)


def test_the_figures_are_those_of_the_sweep():
    metrics = threshold_grid.sweep(PRICES, CELLS)
    cell = int(np.flatnonzero(CELLS.valid & (CELLS.lookback == 10))[3])
    alone = sweep.backtest(PRICES, CELLS.entry_z[cell], CELLS.exit_z[cell], CELLS.cost[cell], sweep.Rules(lookback=10))
    for name in threshold_grid.GridMetrics._fields:
        np.testing.assert_array_equal(getattr(metrics, name)[:, cell], getattr(alone, name)[:, 0])
