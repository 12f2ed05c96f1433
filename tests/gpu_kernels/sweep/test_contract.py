"""What a sweep accepts, refuses and says about series that cannot be traded."""

import math

import numpy as np
import pytest

from gpu_kernels import dispatch, sweep
from gpu_kernels.errors import InvalidInput
from tests.gpu_kernels.native import needs_compiler
from tests.gpu_kernels.sweep.single import paths, with_rules
from tests.naive import threshold_grid as naive

NAN, INF = math.nan, math.inf
PRICES = 100 + 10 * np.sin(np.arange(120.0) / 3)
GOOD = {"prices": PRICES[None], "entry_z": [1.0], "exit_z": [0.0], "cost": [0.001]}
FLOATS = ("cumulative_return", "sharpe_ratio", "max_drawdown", "win_rate", "equity", "realized_pnl", "unrealized_pnl")


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"prices": PRICES}, r"prices must have shape \(B, T\), got \(120,\)"),
        ({"prices": [["a"]]}, r"prices must be numbers of shape \(B, T\), got 'list'"),
        ({"prices": np.empty((2, 0))}, r"prices must have at least one bar, got \(2, 0\)"),
        ({"entry_z": [0.0]}, r"entry_z\[0\] must be finite and > 0, got 0.0"),
        ({"entry_z": [1.0, NAN]}, r"entry_z\[1\] must be finite and > 0, got nan"),
        ({"entry_z": [INF]}, r"entry_z\[0\] must be finite and > 0, got inf"),
        ({"exit_z": [1.0]}, r"exit_z\[0\] must be at least -entry_z and below entry_z, got 1.0"),
        ({"exit_z": [0.0, -1.1]}, r"exit_z\[1\] must be at least -entry_z and below entry_z, got -1.1"),
        ({"exit_z": [NAN]}, r"exit_z\[0\] must be at least -entry_z and below entry_z, got nan"),
        ({"cost": [-0.1]}, r"cost\[0\] must be finite and >= 0, got -0.1"),
        (
            {"cost": [0.1] * 3, "exit_z": [0.0] * 2},
            r"exit_z must hold one value, or one for each of the 3 pairs, got 2",
        ),
        ({"cost": [[0.1]]}, r"cost must have shape \(G,\), got \(1, 1\)"),
        ({"lookback": 1}, "lookback must be >= 2, got 1"),
        ({"execution_delay": -1}, "execution_delay must be >= 0, got -1"),
        ({"mode": "margin"}, "mode must be one of 'compounding', 'unit', got 'margin'"),
        ({"initial_capital": 0.0}, "initial_capital must be finite and > 0, got 0.0"),
        ({"periods_per_year": NAN}, "periods_per_year must be finite and > 0, got nan"),
    ],
)
def test_a_broken_request_is_refused_by_field_rule_and_value(changed, message):
    with pytest.raises(InvalidInput, match=f"^{message}$"):
        with_rules(sweep.backtest, **{**GOOD, **changed})


def test_one_bad_series_is_nan_with_a_status_and_leaves_the_others_alone():
    bad = PRICES.copy()
    bad[50] = -1.0
    empty = np.full_like(PRICES, NAN)
    infinite = np.where(np.arange(PRICES.size) == 70, INF, PRICES)
    both = sweep.backtest([PRICES, bad, empty, infinite, PRICES], [1.0, 1.5], [0.0], [0.001])
    alone = sweep.backtest([PRICES], [1.0, 1.5], [0.0], [0.001])
    assert both.status[1:4].tolist() == [[sweep.ERROR] * 2] * 3
    assert (both.num_trades[1:4] == 0).all()
    assert (both.position[1:4] == 0).all()
    for name in FLOATS:
        values = getattr(both, name)
        assert np.isnan(values[1:4]).all()
        np.testing.assert_array_equal(values[[0, 4]], np.repeat(getattr(alone, name), 2, axis=0))


@pytest.mark.parametrize("mode", sweep.MODES)
@pytest.mark.parametrize("infinity", [INF, -INF])
@pytest.mark.parametrize("gaps", [[], [0, 1], [40, 119]])
@pytest.mark.parametrize("backend", ["numpy", pytest.param("native", marks=needs_compiler)])
def test_an_infinite_price_is_told_by_its_row_and_leaves_the_others_alone(backend, mode, infinity, gaps):
    spoilt = PRICES.copy()
    spoilt[gaps] = NAN
    spoilt[60] = infinity
    prices = np.array([PRICES, spoilt, PRICES[::-1]])
    assert sweep.reasons(prices, mode, 5) == ["", f"the price {infinity} at row 65 is infinite", ""]
    with dispatch.using(backend, 2):
        for ask in (sweep.backtest, sweep.moments):
            found = ask(prices, 1.0, 0.0, 0.001, sweep.Rules(mode=mode))
            alone = ask(prices[[0, 2]], 1.0, 0.0, 0.001, sweep.Rules(mode=mode))
            for ours, theirs in zip(found, alone, strict=True):
                np.testing.assert_array_equal(ours[[0, 2]], theirs)
        assert np.isnan(found.skewness[1])


def test_the_first_bad_price_is_the_reason():
    both = np.where(np.arange(PRICES.size) == 70, INF, PRICES)
    both[20] = 0.0
    assert "the price 0.0 at row 20 is not positive" in sweep.reasons(both[None], "compounding")[0]
    assert sweep.reasons(both[None], "unit") == ["the price inf at row 70 is infinite"]


def test_a_spread_may_be_negative_in_unit_mode_alone():
    spread = PRICES - 100
    assert sweep.backtest([spread], [1.0], [0.0], [0.1], sweep.Rules(mode="unit")).status[0, 0] != sweep.ERROR
    assert sweep.backtest([spread], [1.0], [0.0], [0.1]).status[0, 0] == sweep.ERROR


def test_inputs_are_left_as_they_were_and_may_be_read_only():
    prices = np.array([PRICES, PRICES[::-1]])
    prices[1, 7] = NAN
    before = prices.copy()
    prices.setflags(write=False)
    thresholds = np.array([1.0, 1.5])
    thresholds.setflags(write=False)
    sweep.backtest(prices, thresholds, thresholds / 2, thresholds / 1000)
    sweep.accounts(prices, 1.0, 0.0, 0.001)
    np.testing.assert_array_equal(prices, before)


def test_one_number_serves_all_pairs_and_shapes_are_series_by_pairs():
    metrics = sweep.backtest([PRICES, PRICES, PRICES], [1.0, 1.5], 0.0, 0.001)
    assert {values.shape for values in metrics} == {(3, 2)}
    again = sweep.backtest([PRICES] * 3, [1.0, 1.5], [0.0, 0.0], [0.001, 0.001])
    for mine, theirs in zip(metrics, again, strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_no_series_and_no_pairs_are_empty_answers():
    assert sweep.backtest(np.empty((0, 5)), [1.0], [0.0], [0.0]).equity.shape == (0, 1)
    assert sweep.backtest(PRICES[None], [], [], []).equity.shape == (1, 0)


def test_too_few_prices_for_the_window_trade_nothing():
    metrics = sweep.backtest(PRICES[None, :19], [1.0], [0.0], [0.001])
    assert (metrics.num_trades, metrics.equity, metrics.sharpe_ratio, metrics.status) == (0, 1.0, 0.0, sweep.FLAT)


def test_one_bar_is_a_legal_backtest():
    run = paths([5.0], 1.0, 0.0, 0.0)
    assert run.equity.tolist() == [1.0]
    assert (run.final.sharpe_ratio, run.final.max_drawdown) == (0.0, 0.0)


@pytest.mark.parametrize("mode", sweep.MODES)
def test_initial_capital_scales_money_and_not_ratios(mode):
    small = paths(PRICES, 1.0, 0.0, 0.001, sweep.Rules(mode=mode)).final
    large = paths(PRICES, 1.0, 0.0, 0.001, sweep.Rules(mode=mode, initial_capital=1e6)).final
    assert large.num_trades == small.num_trades > 3
    scale = 1e6 if mode == "compounding" else 1.0
    assert large.realized_pnl == pytest.approx(small.realized_pnl * scale, rel=1e-9)
    assert large.total_costs == pytest.approx(small.total_costs * scale, rel=1e-9)
    if mode == "compounding":
        assert large.cumulative_return == pytest.approx(small.cumulative_return, rel=1e-9)
        assert large.sharpe_ratio == pytest.approx(small.sharpe_ratio, rel=1e-9)


def test_the_price_s_unit_does_not_matter_when_compounding():
    cents = paths(PRICES * 128, 1.0, 0.0, 0.001).final
    assert cents == paths(PRICES, 1.0, 0.0, 0.001).final


def test_costs_only_take():
    equity = sweep.backtest([PRICES], [1.0], [0.0], [0.0, 0.0005, 0.001, 0.01]).equity[0]
    assert (np.diff(equity) < 0).all()


def test_an_order_still_waiting_at_the_end_is_not_filled():
    prices = [1.0, 2.0, 1.0, 2.0, 9.0]
    at_once, later = (paths(prices, 1.2, 0.0, 0.0, sweep.Rules(lookback=4, execution_delay=delay)) for delay in (0, 1))
    assert (at_once.final.position, later.final.position) == (-1, 0)


def test_orders_wait_for_the_next_price_and_fill_in_turn():
    prices = [1.0, 2.0, 1.0, 2.0, 9.0, NAN, NAN, 8.0]
    run = paths(prices, 1.2, 0.0, 0.01, sweep.Rules(lookback=4))
    assert run.position.tolist() == [0, 0, 0, 0, 0, 0, 0, -1]
    assert run.returns[5:7].tolist() == [0.0, 0.0]
    assert np.isnan(run.zscore[5:7]).all()
    assert run.fees[7] == pytest.approx(0.01 / 1.01)


def test_ruin_sells_halts_and_says_so():
    prices = [10.0, 10.2, 9.9, 12.0, 11.9, 40.0, 1.0, 39.0, 20.0, 10.0]
    run = paths(prices, 1.2, 0.0, 0.01, sweep.Rules(lookback=4))
    assert run.position.tolist() == [0, 0, 0, 0, -1] + [0] * 5
    assert run.final.status == sweep.ERROR
    assert run.final.num_trades == 1
    assert run.final.cumulative_return < -1
    assert run.returns[5] < -1
    assert (run.returns[6:] == 0).all()
    assert (run.equity[5:] == run.final.equity).all()
    assert run.final.equity - 1 == pytest.approx(run.final.realized_pnl, rel=1e-14)


def test_in_unit_mode_equity_may_fall_below_zero_and_trading_goes_on():
    prices = np.concatenate([[0.0, 0.1, -0.1, 3.0, 3.0, 50.0, 80.0], 5 * np.sin(np.arange(40.0))])
    run = paths(prices, 1.2, 0.0, 0.01, sweep.Rules(lookback=4, mode="unit"))
    assert run.equity.min() < 0
    assert run.final.num_trades > 3
    assert run.final.status != sweep.ERROR


def test_gaps_of_one_series_do_not_touch_a_whole_one_beside_it():
    gapped = PRICES.copy()
    gapped[[0, 40, 41, 119]] = NAN
    both = sweep.backtest([PRICES, gapped], [1.0], [0.0], [0.001], sweep.Rules(execution_delay=2))
    for row, series in enumerate((PRICES, gapped)):
        alone = paths(series, 1.0, 0.0, 0.001, sweep.Rules(execution_delay=2)).final
        assert both.equity[row, 0] == alone.equity
        assert both.num_trades[row, 0] == alone.num_trades > 3


def test_moments_of_many_series_are_those_of_their_paths():
    rng = np.random.default_rng(8)
    prices = 100 * np.exp(np.cumsum(rng.normal(0, 0.02, (5, 120)), axis=1))
    prices[1, 30:35] = np.nan
    prices[4, 3] = -1.0
    entry, leave, cost = rng.uniform(0.8, 2, 5), rng.uniform(-0.5, 0.5, 5), rng.choice([0, 1e-3], 5)
    found = sweep.moments(prices, entry, leave, cost, sweep.Rules(lookback=15, execution_delay=2))
    for i in range(4):
        alone = paths(prices[i], entry[i], leave[i], cost[i], sweep.Rules(lookback=15, execution_delay=2))
        expected = naive.moments(alone.returns.tolist())
        assert (found.skewness[i], found.kurtosis[i]) == pytest.approx(expected, rel=1e-10)
    assert np.isnan(found).tolist() == [[False] * 4 + [True]] * 2


@pytest.mark.parametrize(
    ("entry", "leave", "said"),
    [
        ([1.0, 1.0], 0.0, r"entry_z must hold one value, or one for each of the 3 series"),
        (1.0, [0.0, 0.0], r"one for each of the 3 series, like exit_z and cost, got 2"),
        ([1.0, 1.0, 1.0], [0.0, 0.0], r"exit_z must hold one value, or one for each of the 3 pairs, got 2"),
        ("high", 0.0, r"entry_z must be numbers"),
        ([1.0, -1.0, 1.0], -0.5, r"entry_z\[1\] must be finite and > 0"),
    ],
)
def test_moments_refuse_thresholds_that_do_not_fit_the_series(entry, leave, said):
    with pytest.raises(InvalidInput, match=said):
        sweep.moments(np.full((3, 30), 10.0), entry, leave, 0.0)
