"""The interval of a hedge ratio against its oracle, what it must not depend on, and how often it covers."""

import math

import numpy as np
import pytest
from statsmodels.regression.linear_model import OLS
from statsmodels.tools import add_constant

from bench.calibration import hedge
from gpu_kernels import engle_granger, interruption
from gpu_kernels.engle_granger import dynamic_least_squares
from gpu_kernels.engle_granger.dynamic_least_squares import dynamic_slope, hedge_interval
from gpu_kernels.errors import Interrupted
from tests.naive import dynamic_least_squares as naive


def draw(n_bars, half_life, seed=3):
    return hedge.pair(np.random.default_rng(seed), n_bars, half_life, 0.6)


@pytest.mark.parametrize("half_life", [0, 1, 14])
@pytest.mark.parametrize("n_bars", [26, 60, 250])
def test_it_agrees_with_the_oracle(n_bars, half_life):
    y, x = draw(n_bars, half_life)
    assert dynamic_slope(y, x) == pytest.approx(naive.dynamic_slope(y, x), rel=1e-9)


def test_rows_are_read_in_parts_without_a_seam(monkeypatch):
    y, x = draw(300, 3)
    expected = hedge_interval(y, x)
    monkeypatch.setattr(dynamic_least_squares, "_ROWS_AT_ONCE", 7)
    assert hedge_interval(y, x) == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("factor", [1e-150, 1e-8, 1e40])
def test_units_do_not_matter(factor):
    y, x = draw(250, 3)
    expected = np.array(hedge_interval(y, x))
    np.testing.assert_allclose(hedge_interval(y * factor, x), expected * factor, rtol=1e-9)
    np.testing.assert_allclose(hedge_interval(y, x * factor), expected / factor, rtol=1e-9)
    np.testing.assert_allclose(hedge_interval(y + 100.0, x - 50.0), expected, rtol=1e-9)


def test_a_pair_shows_the_interval_of_the_direction_that_it_took():
    y, x = draw(250, 3)
    prices = np.exp(0.01 * np.column_stack([y, x]))
    for direction in ("given", "best"):
        found = engle_granger.fit(prices, direction=direction)
        levels = np.log(prices).T[::-1] if found.turned else np.log(prices).T
        assert (found.hedge_ratio_lower, found.hedge_ratio_upper) == hedge_interval(*levels)
    turned = engle_granger.fit(prices[:, ::-1])
    assert (turned.hedge_ratio_lower, turned.hedge_ratio_upper) == hedge_interval(*np.log(prices).T[::-1])


def test_few_bars_and_steps_that_do_not_vary_have_no_interval():
    y, x = draw(25, 1)
    assert all(map(math.isnan, hedge_interval(y, x)))
    y, _ = draw(100, 1)
    assert all(map(math.isnan, hedge_interval(y, np.arange(100.0))))  # its steps are the constant
    assert all(map(math.isnan, hedge_interval(y, (np.arange(100) >= 99) * 1.0)))  # still but for the last bar


def test_a_relation_without_residual_is_an_interval_of_no_width():
    _, x = draw(200, 1)
    steps = np.concatenate([[0.0], np.diff(x)])
    lower, upper = hedge_interval(2.0 * x + steps, x)
    assert (lower, upper) == pytest.approx((2.0, 2.0), rel=1e-9)


def test_it_ends_when_it_is_told_to():
    flag = interruption.Interrupt()
    flag.set()
    with interruption.using(flag), pytest.raises(Interrupted):
        hedge_interval(*draw(250, 3))


def test_it_covers_where_least_squares_does_not():
    source, n_pairs = np.random.default_rng(9), 600
    drawn = [hedge.pair(source, 250, 7.0, 0.6) for _ in range(n_pairs)]
    ends = np.array([hedge_interval(y, x) for y, x in drawn])
    covered = np.mean((ends[:, 0] <= hedge.SLOPE) & (ends[:, 1] >= hedge.SLOPE))
    assert covered > 0.9  # .94 in the calibration, with a standard error of .01 here
    solved = [OLS(y, add_constant(x)).fit().conf_int()[1] for y, x in drawn]
    assert np.mean([lower <= hedge.SLOPE <= upper for lower, upper in solved]) < 0.6
