"""Pairs that cannot be traded, universes without any, and requests that break a rule."""

import numpy as np
import pytest

from gpu_kernels import pair_trading, thresholds
from gpu_kernels.errors import InvalidInput
from tests.gpu_kernels.pair_trading.universe import names, universe

SMALL = {"lookback": 10, "null_universes": 0}


def alternating(n_bars=200):
    """Two columns whose residual jumps from side to side (b < 0), and a walk."""
    rng = np.random.default_rng(5)
    walks = np.cumsum(rng.normal(size=(n_bars, 2)), axis=0)
    jumps = np.where(np.arange(n_bars) % 2, 1.0, -1.0) + 0.1 * rng.normal(size=n_bars)
    return 300 + np.stack([walks[:, 0], 2 * walks[:, 0] + jumps, walks[:, 1]], axis=1)


def test_a_pair_without_a_process_has_a_status_and_nan_and_comes_last():
    table = pair_trading.scan(alternating(), log=False, alpha=1.0, **SMALL)
    place = table.status.index("no_process")
    assert names(table)[place] == {0, 1}
    assert place == 2
    assert set(table.status[:2]) == {"traded"}
    assert np.isfinite([table.hedge_ratio[place], table.p_value[place], table.q_value[place]]).all()
    between = pair_trading.PairTable._fields[7:20]
    assert between[0] == "theta"
    assert between[-1] == "test_max_drawdown"
    for name in between:
        value = getattr(table, name)[place]
        assert value == 0 if name == "test_trades" else np.isnan(value), name
    assert np.isfinite(table.train_sharpe[:2]).all()


def test_a_pair_without_a_process_is_no_try():
    with_it = pair_trading.scan(alternating(), log=False, alpha=1.0, **SMALL)
    assert np.isfinite(with_it.deflated_sharpe[:2]).all()
    alone = pair_trading.scan(alternating()[:, :2], log=False, **SMALL)
    assert alone.status == ("no_process",)
    assert np.isnan(alone.deflated_sharpe).all()


def test_a_round_trip_beyond_reach_has_a_status_and_keeps_the_process():
    prices = universe(1)
    table, free = pair_trading.scan(prices, cost=10.0, **SMALL), pair_trading.scan(prices, cost=0.0, **SMALL)
    assert set(table.status) == {"too_costly"}
    assert set(names(table)) == set(names(free))
    assert np.isfinite(table.theta).all()
    for name in pair_trading.PairTable._fields[12:20]:
        values = getattr(table, name)
        assert (values == 0).all() if name == "test_trades" else np.isnan(values).all(), name
    assert (np.diff(table.p_value) >= 0).all()


def test_without_a_cost_thresholds_are_those_of_the_smallest_one():
    table = pair_trading.scan(universe(2), cost=0.0, **SMALL)
    spread = table.sigma / np.sqrt(2 * table.theta)
    process = (table.theta, table.mu, table.sigma)
    expected = thresholds.optimal(*process, 1.000001 * thresholds.SMALLEST_COST * spread)
    np.testing.assert_allclose(table.entry_zscore, expected.entry_z, rtol=1e-5)
    np.testing.assert_allclose(table.exit_zscore, expected.exit_z, rtol=1e-5)
    assert (table.exit_zscore < table.entry_zscore).all()


@pytest.mark.parametrize("objective", ["sharpe", "profit", "kelly"])
@pytest.mark.parametrize("cost", [0.0, 1e-20, 0.3, 0.6])
def test_every_cost_has_an_answer(objective, cost):
    table = pair_trading.scan(universe(3), cost=cost, objective=objective, alpha=1.0, **SMALL)
    assert set(table.status) <= {"traded", "too_costly"}
    traded = np.array(table.status) == "traded"
    assert (np.isfinite(table.train_sharpe) == traded).all()
    assert (np.isfinite(table.test_sharpe) == traded).all()


def test_a_universe_without_a_significant_pair_gives_an_empty_table():
    told = []
    table = pair_trading.scan(universe(4), alpha=1e-12, progress=lambda *counts: told.append(counts), **SMALL)
    assert (table.n_pairs, table.n_significant, table.status) == (28, 0, ())
    assert told[-1] == (28, 28)
    assert table.period_p_value.shape == table.period_half_life.shape == (0, 3)
    for name in pair_trading.PairTable._fields[:20]:
        assert getattr(table, name).shape == (0,), name
    assert table.y.dtype == table.x.dtype == table.test_trades.dtype == np.int64


def test_a_constant_column_is_not_tried_and_touches_no_other_pair():
    prices = universe(5)
    constant = np.column_stack([prices, np.full(400, 7.0)])
    with_it, without = pair_trading.scan(constant, alpha=0.3, **SMALL), pair_trading.scan(prices, alpha=0.3, **SMALL)
    assert (with_it.n_pairs, without.n_pairs) == (28, 28)
    np.testing.assert_allclose(with_it.q_value, without.q_value)
    np.testing.assert_allclose(with_it.deflated_sharpe, without.deflated_sharpe)


def test_a_column_and_its_multiple_are_not_tried():
    prices = universe(6)
    table = pair_trading.scan(np.column_stack([prices, 3 * prices[:, 0]]), alpha=1.0, **SMALL)
    assert table.n_pairs == 35
    assert frozenset({0, 8}) not in names(table)


def test_a_column_constant_in_a_third_of_the_train_part_has_no_figures_there():
    prices = universe(7)
    prices[93:186, 1] = prices[93, 1]
    table = pair_trading.scan(prices, alpha=1.0, **SMALL)
    concerned = np.array([1 in pair for pair in names(table)])
    np.testing.assert_array_equal(np.isnan(table.period_p_value[:, 1]), concerned)
    assert not np.isnan(table.period_p_value[:, [0, 2]]).any()


def test_a_column_constant_in_the_test_part_has_its_answer():
    prices = universe(8)
    prices[270:, :2] = prices[270, :2]
    table = pair_trading.scan(prices, alpha=1.0, top=40, score="rolling", **SMALL)
    place = names(table).index(frozenset({0, 1}))
    assert (table.test_sharpe[place], table.test_trades[place], table.test_return[place]) == (0.0, 0, 0.0)


@pytest.mark.parametrize("seed", [7, 8])
def test_a_residual_constant_in_the_test_part_is_bought_once_where_it_lies_beyond_the_entry(seed):
    """The z-score of the fitted process stays where it is: one side is paid for, and nothing is earned."""
    prices = universe(seed)
    prices[270:, :2] = prices[270, :2]
    table = pair_trading.scan(prices, alpha=1.0, top=40, cost=0.0005, **SMALL)
    place = names(table).index(frozenset({0, 1}))
    y, x = np.log(prices[-1, [table.y[place], table.x[place]]])
    residual = y - table.intercept[place] - table.hedge_ratio[place] * x
    z = (residual - table.mu[place]) / (table.sigma[place] / np.sqrt(2 * table.theta[place]))
    opened = abs(z) >= table.entry_zscore[place]
    assert opened == (seed == 8)
    paid = 0.0005 * (1 + abs(table.hedge_ratio[place])) if opened else 0.0
    assert table.test_trades[place] == 0
    assert table.test_return[place] == pytest.approx(-paid, rel=1e-9)
    assert table.test_max_drawdown[place] == pytest.approx(paid, rel=1e-9)
    # Of n returns one is -c and the others are 0: mean -c / n, deviation c / sqrt(n).
    assert table.test_sharpe[place] == pytest.approx(-np.sqrt(252 / 120) * opened, rel=1e-9)


def test_the_train_part_is_not_short_of_a_bar_by_rounding():
    """0.29 * 100 is 28.999999999999996."""
    prices = universe(9, n_bars=100)
    by_share = pair_trading.scan(prices, split=0.29, alpha=1.0, **SMALL)
    changed = prices.copy()
    changed[28] *= 1.01
    assert not np.array_equal(by_share.p_value, pair_trading.scan(changed, split=0.29, alpha=1.0, **SMALL).p_value)
    changed = prices.copy()
    changed[29] *= 1.01
    np.testing.assert_array_equal(by_share.p_value, pair_trading.scan(changed, split=0.29, alpha=1.0, **SMALL).p_value)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"lags": -1}, "lags must be >= 0, got -1"),
        ({"split": 0.0}, "split must be above 0 and below 1, got 0.0"),
        ({"split": 1.0}, "split must be above 0 and below 1, got 1.0"),
        ({"split": float("nan")}, "split must be above 0 and below 1, got nan"),
        ({"alpha": 0.0}, "alpha must be above 0 and at most 1, got 0.0"),
        ({"alpha": 1.5}, "alpha must be above 0 and at most 1, got 1.5"),
        ({"top": 0}, "top must be >= 1, got 0"),
        ({"cost": -0.1}, "cost must be finite and >= 0, got -0.1"),
        ({"cost": float("nan")}, "cost must be finite and >= 0, got nan"),
        ({"objective": "omega"}, "objective must be one of 'profit', 'sharpe', 'kelly', got 'omega'"),
        ({"lookback": 1}, "lookback must be >= 2, got 1"),
        ({"lookback": 281}, "lookback must be at most the 280 rows of the train part, got 281"),
        ({"periods_per_year": 0.0}, "periods_per_year must be finite and > 0, got 0.0"),
        (
            {"lags": 45},
            "prices must leave at least 282 rows in the train part, for 45 lags in each third of it, got 280",
        ),
        ({"split": 0.999}, "prices must leave at least 2 rows in the test part, got 1"),
    ],
)
def test_an_option_out_of_its_range_is_named(options, message):
    with pytest.raises(InvalidInput) as caught:
        pair_trading.scan(universe(1), **{**SMALL, **options})
    assert str(caught.value) == message


def test_the_longest_window_and_the_shortest_test_part_are_served():
    table = pair_trading.scan(universe(1), lookback=398, split=0.995, alpha=1.0, bias="none")
    assert np.isfinite(table.test_sharpe).all()


@pytest.mark.parametrize("prices", [np.ones(5), np.ones((50, 1)), "prices"])
def test_prices_of_another_shape_are_refused(prices):
    with pytest.raises(InvalidInput, match=r"prices must be .*\(T, N\)|prices must have shape \(T, N\)"):
        pair_trading.scan(prices)


def test_a_p_value_of_alpha_itself_is_not_significant():
    table = pair_trading.scan(universe(1), alpha=0.5, **SMALL)
    largest = float(table.p_value.max())
    assert pair_trading.scan(universe(1), alpha=largest, **SMALL).n_significant == table.n_significant - 1


def test_notes_of_a_pair_are_of_both_parts_its_lookback_and_its_test():
    prices = universe(1)
    plain = pair_trading.scan(prices)
    for trades, note in zip(plain.test_trades, plain.test_note, strict=True):
        assert note == (f"closed trades: {trades}, which is fewer than 5" if trades < 5 else "")
    assert "" in plain.test_note
    rolling = pair_trading.scan(prices, score="rolling", lookback=20)
    for half_life, note in zip(rolling.half_life, rolling.test_note, strict=True):
        assert ("score 'rolling' over 20 bars" in note) == bool(10 * half_life > 20)
    long = pair_trading.scan(prices, score="rolling", lookback=int(np.ceil(10 * plain.half_life.max())))
    assert not any("score 'rolling'" in note for note in long.test_note)
    short = pair_trading.scan(prices[:60], split=0.45, alpha=1.0, lookback=10)
    for p_value, status, note in zip(short.p_value, short.status, short.test_note, strict=True):
        assert ("train part: 27 bars" in note) == (status == "traded")
        assert ("the unit root of this fit is not rejected" in note) == (status == "traded" and p_value >= 0.05)
    assert any(p_value >= 0.05 for p_value in short.p_value)
