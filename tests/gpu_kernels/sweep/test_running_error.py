"""The standard error of a running backtest's Sharpe ratio: Mertens' formula for independent returns, at every bar."""

import math

import numpy as np
import pytest
from scipy import stats

from gpu_kernels import sweep
from gpu_kernels.performance.sharpe_error import FEWEST, independent_error, probability, standard_errors
from gpu_kernels.sweep.return_shape import ReturnShape

SOURCE = np.random.default_rng(11)
PRICES = np.exp(np.cumsum(0.02 * SOURCE.standard_t(4, 160)))
LEVELS = (0.8, 0.0, 0.001)
NO_STAMPS = np.zeros(PRICES.size, dtype=np.int64)


def mertens(returns, periods_per_year):
    """By the library's moments, from the returns themselves."""
    if returns.size < FEWEST or not returns.std() > 0:
        return math.nan
    ratio, skewness = returns.mean() / returns.std(), stats.skew(returns)
    variance = 1 - ratio * skewness + ratio**2 / 4 * (stats.kurtosis(returns, fisher=False) - 1)
    return math.sqrt(variance / returns.size * periods_per_year)


@pytest.mark.parametrize("mode", sweep.MODES)
@pytest.mark.parametrize("scale", [1.0, 1e-70, 1e70])
def test_every_bar_has_the_error_of_the_returns_so_far(twin, mode, scale):
    rules = sweep.Rules(lookback=5, mode=mode, periods_per_year=100.0)
    prices, cost = PRICES * scale, LEVELS[2] * (scale if mode == "unit" else 1.0)
    [returns] = sweep.accounts(prices[None], *LEVELS[:2], cost, rules, path=True).paths.returns
    with twin.running():
        found = sweep.OnlineBacktest(rules).whole(prices, *LEVELS[:2], cost, NO_STAMPS).sharpe_std_error
    in_units = returns / np.abs(returns).max()
    expected = [mertens(in_units[: bar + 1], 100.0) for bar in range(returns.size)]
    assert np.isfinite(expected).sum() > 100
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_the_probability_is_that_of_a_normal_ratio():
    run = sweep.OnlineBacktest(sweep.Rules(lookback=5))
    assert math.isnan(run.metric().probability_sharpe_positive)
    for price in PRICES.tolist():
        run.update(price, *LEVELS)
    told = run.metric()
    expected = stats.norm.cdf(told.sharpe_ratio / told.sharpe_std_error)
    assert told.probability_sharpe_positive == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("sharpe", "error", "expected"), [(0.0, 1.0, 0.5), (1.0, 0.0, math.nan), (1.0, math.nan, math.nan)]
)
def test_without_an_error_there_is_no_probability(sharpe, error, expected):
    assert probability(sharpe, error) == pytest.approx(expected, nan_ok=True)


def test_independent_returns_have_the_error_without_lags():
    returns = SOURCE.normal(0.1, 1.0, 400)
    centred = returns - returns.mean()
    sums = [float(np.sum(centred**power)) for power in (2, 3, 4)]
    found = independent_error(returns.size, float(returns.mean()), *sums)
    assert found == pytest.approx(mertens(returns, 1.0), rel=1e-12)
    assert found == pytest.approx(standard_errors(returns[None])[0], rel=0.2)


def test_returns_that_do_not_vary_have_no_error():
    shape = ReturnShape()
    for value in (0.0, 0.0, 0.0, 0.0):
        shape.add(value)
    assert math.isnan(shape.standard_error())
    shape.add(1e-300)
    assert shape.standard_error() > 0


def test_rows_in_blocks_are_as_rows_alone():
    returns = SOURCE.normal(size=(7, 100_000))
    alone = [standard_errors(row[None])[0] for row in returns]
    np.testing.assert_allclose(standard_errors(returns), alone, rtol=1e-12)
    assert standard_errors(np.empty((0, 9))).shape == (0,)
