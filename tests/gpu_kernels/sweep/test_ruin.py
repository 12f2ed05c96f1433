"""Ruin is an equity of at most 1e-12 of what it was before the trade, so that one that is 0 by algebra is ruin."""

import numpy as np
import pytest

from gpu_kernels import sweep
from tests.gpu_kernels.stand_in import stand
from tests.gpu_kernels.sweep.single import paths
from tests.gpu_kernels.sweep.ways import EVERY_TWIN, EVERY_WAY, way
from tests.naive import sweep as naive
from tests.naive import threshold_grid as naive_grids

__all__ = ["stand"]

DOUBLED = [1.421, 2.03, 4.06, 2.03, 1.827, 1.624]
RULES = {"lookback": 2, "execution_delay": 0}


def doublings(seed, n_series):
    """Series with a full-size short before an exact doubling, at prices whose doubles round in all ways."""
    rng = np.random.default_rng(seed)
    first = rng.integers(500, 5000, n_series) / 1000
    return np.stack([0.7 * first, first, 2 * first, first, 0.9 * first, 0.8 * first], axis=1)


@EVERY_WAY
@pytest.mark.parametrize("capital", [1.0, 1e-9, 3e7])
@pytest.mark.parametrize("cost", [0.0, 0.001, 0.05])
def test_a_short_whose_price_doubles_is_ruined(stand, name, capital, cost):
    prices = np.vstack([DOUBLED, doublings(1, 200)])
    with way(name):
        found = sweep.backtest(prices, 0.5, 0.0, cost, sweep.Rules(initial_capital=capital, **RULES))
    assert (found.status == sweep.ERROR).all()
    assert (found.num_trades == 1).all()
    np.testing.assert_allclose(found.realized_pnl / capital, -1.0 - 2 * cost / (1 + cost), rtol=1e-9)


def test_the_running_backtest_and_the_path_meet_it_alike():
    running = sweep.OnlineBacktest(sweep.Rules(**RULES))
    for price in DOUBLED:
        running.update(price, 0.5, 0.0, 0.001)
    run = paths(DOUBLED, 0.5, 0.0, 0.001, sweep.Rules(**RULES))
    assert (running.metric().status, run.final.status) == ("error", sweep.ERROR)
    assert naive.run(DOUBLED, 0.5, 0.0, 0.001, **RULES)["ruined"]
    assert running.metric().equity == run.final.equity
    assert run.position.tolist() == [0, -1, 0, 0, 0, 0]


@EVERY_WAY
def test_what_is_left_decides_and_not_what_it_is_in_money(stand, name):
    """The price falls to just above and just below 1e-12 of the entry's; the account is as small before as after."""
    lost = np.array([[1.0, 0.8, 0.8e-12 * share, 0.8e-12 * share] for share in (1.1, 0.9)])
    with way(name):
        found = sweep.backtest(lost, 0.5, -0.5, 0.0, sweep.Rules(initial_capital=1e-7, **RULES))
    assert found.status[:, 0].tolist() == [sweep.IN_TRADE, sweep.ERROR]


@EVERY_TWIN
def test_moments_of_a_ruined_account_are_the_oracle_s(stand, name):
    prices = doublings(2, 20)
    with way(name):
        found = sweep.moments(prices, 0.5, 0.0, 0.001, sweep.Rules(**RULES))
    for series, row in enumerate(prices.tolist()):
        returns = naive.run(row, 0.5, 0.0, 0.001, **RULES)["returns"]
        assert (found.skewness[series], found.kurtosis[series]) == pytest.approx(naive_grids.moments(returns), rel=1e-9)
