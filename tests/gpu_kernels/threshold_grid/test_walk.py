"""Walk-forward knows nothing of the future, respects the purge, and trades the test part alone."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gpu_kernels import sweep, threshold_grid
from gpu_kernels.threshold_grid import walk
from tests.gpu_kernels.sweep.single import paths

CELLS = threshold_grid.expand([0.7, 1.0, 1.4], [-0.5, 0.0, 0.4], [0.001], [5, 12])
SPANS = {"train": 40, "test": 20, "purge": 6}


def walks(seed, n_series=3, n_bars=150):
    return 100 * np.exp(np.cumsum(np.random.default_rng(seed).normal(0, 0.03, (n_series, n_bars)), axis=1))


def test_steps_follow_each_other_by_a_test_part():
    steps = threshold_grid.walk_forward(walks(0, 1), CELLS, **SPANS)
    assert [step[1:5] for step in steps] == [(k, k + 40, k + 46, k + 66) for k in (0, 20, 40, 60, 80)]


def test_bars_that_fill_no_step_are_not_used():
    prices = walks(1)
    assert threshold_grid.walk_forward(prices[:, :146], CELLS, **SPANS) == threshold_grid.walk_forward(
        prices, CELLS, **SPANS
    )
    assert len(threshold_grid.walk_forward(prices[:, :145], CELLS, **SPANS)) == 3 * 4


@settings(max_examples=12)
@given(seed=st.integers(0, 2**32), change=st.integers(40, 149), missing=st.booleans())
def test_future_prices_never_change_past_choices_or_results(seed, change, missing):
    prices = walks(seed)
    changed = prices.copy()
    changed[:, change:] = np.nan if missing else walks(seed + 1)[:, change:]
    before, after = (threshold_grid.walk_forward(one, CELLS, **SPANS) for one in (prices, changed))
    for old, new in zip(before, after, strict=True):
        if old.train_stop <= change:
            assert (new.cell, new.train_sharpe) == (old.cell, old.train_sharpe)
        if old.test_stop <= change:
            assert new == old


@settings(max_examples=12)
@given(st.integers(0, 2**32))
def test_purged_prices_never_change_a_choice(seed):
    prices = walks(seed, n_bars=66)
    changed = prices.copy()
    changed[:, 40:46] *= np.random.default_rng(seed).uniform(0.5, 2.0, (3, 6))
    before, after = (threshold_grid.walk_forward(one, CELLS, **SPANS) for one in (prices, changed))
    assert [(step.cell, step.train_sharpe) for step in before] == [(step.cell, step.train_sharpe) for step in after]


@settings(max_examples=12)
@given(st.integers(0, 2**32))
def test_with_a_purge_as_long_as_the_window_the_test_part_knows_no_train_price(seed):
    spans = {"train": 40, "test": 20, "purge": 11}
    prices = walks(seed, n_bars=71)
    step = threshold_grid.walk_forward(prices, CELLS, **spans)
    one_cell = threshold_grid.Cells(*(column[[step[0].cell]] for column in CELLS))
    changed = prices.copy()
    changed[:, :40] = walks(seed + 1, n_bars=71)[:, :40]
    old, new = (threshold_grid.walk_forward(one[:1], one_cell, **spans)[0] for one in (prices, changed))
    of_train = {"train_sharpe", "train_sharpe_std_error", "note", *threshold_grid.WalkStep._fields[:6]}
    told = [name for name in threshold_grid.WalkStep._fields if name not in of_train]
    assert [getattr(old, name) for name in told] == [getattr(new, name) for name in told]


def test_series_keep_their_steps_in_any_order_and_company():
    prices = walks(3, 5)
    order = [3, 0, 4, 1, 2]
    whole = threshold_grid.walk_forward(prices, CELLS, **SPANS)
    shuffled = threshold_grid.walk_forward(prices[order], CELLS, **SPANS)
    for place, series in enumerate(order):
        mine = [step[1:] for step in whole if step.series == series]
        assert mine == [step[1:] for step in shuffled if step.series == place]
        assert mine == [step[1:] for step in threshold_grid.walk_forward(prices[[series]], CELLS, **SPANS)]


def test_a_test_starts_flat_at_the_first_test_bar():
    """A score that is extreme through the purge, and still at the test's first bar, buys there and not before."""
    prices = np.full((1, 30), 100.0) + np.tile([0.0, 0.1], 15)
    prices[0, 18:] -= np.arange(1, 13)
    cells = threshold_grid.expand([1.0], [0.0], [0.01], [5])
    step = threshold_grid.walk_forward(prices, cells, sweep.Rules(execution_delay=0), train=20, test=6, purge=4)[0]
    held = paths(prices[0, 20:], 1.0, 0.0, 0.01, sweep.Rules(lookback=5, execution_delay=0))
    assert held.position[:5].tolist() == [0, 0, 0, 0, 1]
    assert (step.test_start, step.test_stop) == (24, 30)
    assert step.test_return == pytest.approx(prices[0, 29] / prices[0, 24] / 1.01 - 1, rel=1e-9)
    assert step.test_trades == 0


def test_the_test_figures_are_those_of_the_bars_of_the_test_part():
    prices = walks(8, 1)
    for step in threshold_grid.walk_forward(prices, CELLS, **SPANS):
        lookback = int(CELLS.lookback[step.cell])
        thresholds = (CELLS.entry_z[step.cell], CELLS.exit_z[step.cell], CELLS.cost[step.cell])
        run = paths(
            prices[0, step.test_start - lookback + 1 : step.test_stop], *thresholds, sweep.Rules(lookback=lookback)
        )
        returns = run.returns[lookback - 1 :]
        assert not run.position[: lookback - 1].any()
        assert returns.size == 20
        ratio = returns.mean() / returns.std(ddof=1) * math.sqrt(252) if run.position.any() else 0.0
        assert step.test_sharpe == pytest.approx(ratio, rel=1e-9)
        assert step.test_return == pytest.approx(np.prod(1 + returns) - 1, rel=1e-9, abs=1e-12)


@settings(max_examples=100)
@given(seed=st.integers(0, 2**32), n_zeros=st.integers(0, 50), n_last=st.integers(2, 50))
def test_zeros_before_the_last_bars_are_taken_out_of_a_ratio(seed, n_zeros, n_last):
    last = np.random.default_rng(seed).normal(0.1, 1, n_last)
    padded = np.r_[np.zeros(n_zeros), last]
    found = walk.over_last_bars(padded.mean() / padded.std(ddof=1), padded.size, n_last)
    assert found == pytest.approx(last.mean() / last.std(ddof=1), rel=1e-6)


def test_a_ratio_of_one_bar_or_of_equal_bars_is_nought():
    padded = np.r_[0.0, 0.0, 0.5]
    assert walk.over_last_bars(padded.mean() / padded.std(ddof=1), 3, 1) == 0.0
    equal = np.r_[0.0, 0.5, 0.5]
    assert walk.over_last_bars(equal.mean() / equal.std(ddof=1), 3, 2) == 0.0
    assert math.isnan(walk.over_last_bars(math.nan, 5, 2))


def test_a_missing_bar_in_the_warm_up_is_replaced_by_an_earlier_price():
    prices = walks(4, 1, 66)
    gap = prices.copy()
    gap[0, 43] = np.nan
    cells = threshold_grid.expand([0.5], [0.0], [0.0], [5])
    step = threshold_grid.walk_forward(gap, cells, **SPANS)[0]
    run = paths(np.delete(gap[0, 41:66], 2), 0.5, 0.0, 0.0, sweep.Rules(lookback=5))
    assert step.test_return == pytest.approx(run.final.cumulative_return, rel=1e-12)


def test_a_window_that_no_train_part_fills_was_not_tried_there():
    cells = threshold_grid.expand([0.5], [0.0], [0.0], [60])
    step = threshold_grid.walk_forward(walks(5, 1, 66), cells, **SPANS)[0]
    assert (step.cell, step.status) == (-1, "error")
    assert step.reason == "lookback 60 is longer than the train part's 40 bars"
    assert np.isnan([step.train_sharpe, step.test_sharpe, step.test_return, step.test_max_drawdown]).all()


def test_the_train_ratio_has_the_error_of_the_returns_of_its_cell():
    prices = walks(5)
    for step in threshold_grid.walk_forward(prices, CELLS, **SPANS):
        train = prices[[step.series], step.train_start : step.train_stop]
        cell = (CELLS.entry_z[step.cell], CELLS.exit_z[step.cell], CELLS.cost[step.cell])
        ran = sweep.accounts(train, *cell, sweep.Rules(lookback=int(CELLS.lookback[step.cell])))
        expected = ran.returns.figures.sharpe_std_error[0]
        assert step.train_sharpe_std_error == pytest.approx(expected, rel=1e-12, nan_ok=True)


@pytest.mark.parametrize(
    ("train", "test", "few"),
    [(30, 30, []), (29, 30, ["train part: 29 bars, which"]), (30, 29, ["29 bars, which"])],
)
def test_a_step_says_which_part_has_few_bars(train, test, few):
    waves = 100 + 5 * np.sin(np.arange(200) * 2.2)[None] + np.random.default_rng(2).normal(0, 0.1, (1, 200))
    cells = threshold_grid.expand([0.7], [0.0], [0.001], [4])
    for step in threshold_grid.walk_forward(waves, cells, train=train, test=test, purge=0):
        assert step.test_trades >= 5
        assert step.note == "; ".join(f"{part} is fewer than 30" for part in few)


def test_a_step_says_that_its_train_part_made_few_trades():
    rising = np.linspace(100, 200, 150)[None]
    [step, *_] = threshold_grid.walk_forward(rising, CELLS, train=60, test=40, purge=0)
    assert step.note.startswith("train part: closed trades: ")
