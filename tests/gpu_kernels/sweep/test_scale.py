"""No figure depends on the unit of the prices or on the size of the capital."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gpu_kernels import sweep
from gpu_kernels.sweep import native, zscore
from tests.gpu_kernels.native import needs_compiler
from tests.gpu_kernels.stand_in import stand
from tests.gpu_kernels.sweep.single import paths
from tests.gpu_kernels.sweep.test_native import walks
from tests.gpu_kernels.sweep.ways import EVERY_TWIN, EVERY_WAY, way
from tests.naive import sweep as naive

__all__ = ["stand"]

ENTRY, EXIT = (axis.ravel() for axis in np.meshgrid([0.7, 1.1, 1.6], [-0.5, 0.0, 0.4]))
MONEY = ("total_costs", "realized_pnl", "unrealized_pnl", "equity")
POWERS = (2.0**-70, 2.0**-30, 2.0**40)
FACTORS = (1e-12, 3e-7, 7e9)


def calm(seed=1, n_series=2):
    """Prices near 1 that move by 0.2 %, with a constant stretch."""
    prices = walks(seed, n_series, 250, 0.002) / 100
    prices[:, 100:130] = prices[:, [100]]
    return prices


def run(mode, factor, capital=None, cost=0.0005):
    """Sweep prices times a factor; in mode "unit" cost and capital are multiplied too, unless a capital is given."""
    money = factor if mode == "unit" else 1.0
    return sweep.backtest(
        calm() * factor,
        ENTRY,
        EXIT,
        cost * money,
        sweep.Rules(mode=mode, lookback=15, initial_capital=(2.0 * money) if capital is None else capital),
    )


@EVERY_WAY
@pytest.mark.parametrize("mode", sweep.MODES)
@pytest.mark.parametrize("factor", POWERS)
def test_a_power_of_two_changes_no_bit(stand, name, mode, factor):
    with way(name):
        one, other = run(mode, 1.0), run(mode, factor)
    assert one.num_trades.min() > 3
    for field in one._fields:
        unit = factor if field in MONEY and mode == "unit" else 1.0
        np.testing.assert_array_equal(getattr(other, field), getattr(one, field) * unit, err_msg=field)


@EVERY_WAY
@pytest.mark.parametrize("mode", sweep.MODES)
@pytest.mark.parametrize("factor", FACTORS)
def test_any_factor_changes_no_more_than_the_last_digits(stand, name, mode, factor):
    with way(name):
        one, other = run(mode, 1.0), run(mode, factor)
    for field in one._fields:
        unit = factor if field in MONEY and mode == "unit" else 1.0
        ours = getattr(other, field) / unit
        np.testing.assert_allclose(ours, getattr(one, field), rtol=1e-9, atol=1e-11, err_msg=field)


@EVERY_TWIN
@pytest.mark.parametrize("mode", sweep.MODES)
@pytest.mark.parametrize("factor", POWERS + FACTORS)
def test_moments_have_no_unit(stand, name, mode, factor):
    cost = 0.0005 * (factor if mode == "unit" else 1.0)
    with way(name):
        one = sweep.moments(calm(), 1.0, 0.0, 0.0005, sweep.Rules(mode=mode, lookback=15))
        other = sweep.moments(calm() * factor, 1.0, 0.0, cost, sweep.Rules(mode=mode, lookback=15))
    np.testing.assert_allclose(other, one, rtol=0 if factor in POWERS else 1e-9)


@pytest.mark.parametrize("mode", sweep.MODES)
@pytest.mark.parametrize("factor", POWERS + FACTORS)
def test_a_running_backtest_has_no_unit(mode, factor):
    money = factor if mode == "unit" else 1.0
    metrics = []
    for scale, unit in ((1.0, 1.0), (factor, money)):
        running = sweep.OnlineBacktest(sweep.Rules(mode=mode, lookback=15, initial_capital=2.0 * unit))
        for bar, price in enumerate(calm()[0]):
            running.update(price * scale, 1.0, 0.1, 0.0005 * unit, timestamp_ms=bar * 7_200_000)
        metrics.append(running.metric()._asdict())
    one, other = metrics
    assert one["num_trades"] > 3
    for field, value in one.items():
        expected = value * money if field in MONEY else value
        if isinstance(value, float) and factor not in POWERS:
            assert other[field] == pytest.approx(expected, rel=1e-9, abs=1e-11 * (money if field in MONEY else 1)), (
                field
            )
        else:
            assert other[field] == expected, field


@EVERY_WAY
@pytest.mark.parametrize("capital", [1e-6, 1e6, 1e12])
def test_the_capital_of_a_unit_trade_costs_its_ratios_no_digit(stand, name, capital):
    """The capital only divides: the Sharpe ratio is that of the changes, and a gain of 1e-12 of it keeps its digits."""
    with way(name):
        small, large = run("unit", 1.0, 1.0), run("unit", 1.0, capital)
    np.testing.assert_allclose(large.sharpe_ratio, small.sharpe_ratio, rtol=1e-11, atol=1e-12)
    for field in ("cumulative_return", "max_drawdown", "avg_profit_per_trade"):
        np.testing.assert_allclose(getattr(large, field) * capital, getattr(small, field), rtol=1e-10, err_msg=field)


def test_the_path_of_a_unit_trade_keeps_the_digits_of_its_changes():
    prices = calm()[0]
    small, large = (
        paths(prices, 1.0, 0.1, 0.0005, sweep.Rules(mode="unit", lookback=15, initial_capital=capital))
        for capital in (1.0, 1e9)
    )
    np.testing.assert_array_equal(large.pnl, small.pnl)
    np.testing.assert_allclose(large.returns * 1e9, small.returns, rtol=1e-15)
    np.testing.assert_allclose(large.drawdown * 1e9, small.drawdown, rtol=1e-15)


@EVERY_WAY
@pytest.mark.parametrize("mode", sweep.MODES)
def test_dust_trades_as_the_oracle_says(stand, name, mode):
    prices = (2.5e-10 * calm(n_series=1)).round(14)
    cost = 1e-3 if mode == "compounding" else 2e-13
    with way(name):
        found = sweep.backtest(prices, 1.0, 0.1, cost, sweep.Rules(mode=mode, lookback=15, initial_capital=1e-9))
    final = naive.run(prices[0].tolist(), 1.0, 0.1, cost, mode=mode, lookback=15, initial_capital=1e-9)["final"]
    assert final["num_trades"] > 3
    for field, value in final.items():
        assert getattr(found, field)[0, 0] == pytest.approx(value, rel=1e-9, abs=1e-20), field


def one_by_one(prices, lookback):
    running = zscore.RollingScore(lookback)
    return np.array([[running.update(price) for price in prices[0]]])


SCORES = [
    pytest.param(zscore.rolling, id="numpy"),
    pytest.param(native.rolling, id="native", marks=needs_compiler),
    pytest.param(one_by_one, id="online"),
]


@pytest.mark.parametrize("score", SCORES)
@settings(max_examples=40)
@given(seed=st.integers(0, 2**32), power=st.integers(-300, 300), lookback=st.integers(2, 12))
def test_a_score_has_no_unit(score, seed, power, lookback):
    prices = np.random.default_rng(seed).integers(95, 106, (1, 60)) / 100
    np.testing.assert_array_equal(score(prices * 2.0**power, lookback), score(prices, lookback))
    expected = score(prices, lookback)
    np.testing.assert_allclose(score(prices * 10.0 ** (power // 4), lookback), expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("score", SCORES)
@pytest.mark.parametrize("level", [0.1, 1 / 3, 2.5e-10, 1e-200, -7.7e8, 1e9, 0.0])
def test_equal_prices_have_no_score_at_any_level(score, level):
    assert np.isnan(score(np.full((1, 40), level), 7)).all()


@pytest.mark.parametrize("score", SCORES)
@pytest.mark.parametrize("level", [1e-130, 2.5e-10, 1.0, 1e9, 1e130])
def test_moves_of_a_thousandth_of_a_billionth_of_the_level_are_rounding_and_larger_ones_are_not(score, level):
    noise = np.random.default_rng(5).choice([-1.0, 1.0], (1, 60))
    assert np.isnan(score(level * (1 + 5e-13 * noise), 10)).all()
    moved = score(level * (1 + 1e-11 * noise), 10)[0, 9:]
    expected = score(noise, 10)[0, 9:]
    np.testing.assert_allclose(moved, expected, atol=1e-3)  # a double of this level has no more digits of the move


@pytest.mark.parametrize("score", SCORES)
def test_a_spread_around_nothing_is_scored_however_small(score):
    noise = np.random.default_rng(6).normal(size=(1, 60))
    np.testing.assert_array_equal(score(noise * 2.0**-60, 10), score(noise, 10))
