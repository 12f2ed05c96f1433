"""The better direction of each pair, and single pairs from their residuals."""

import itertools

import numpy as np
import pytest

from gpu_kernels import cointegration
from gpu_kernels.cointegration import LagRule, residual
from tests.gpu_kernels.cointegration.series import NAMES, market
from tests.naive import cointegration as naive


def test_the_better_direction_has_the_lower_statistic():
    fit = cointegration.scan(market(1, 100, 6))
    y, x = cointegration.best_direction(fit)
    assert {frozenset(pair) for pair in zip(y.tolist(), x.tolist(), strict=True)} == {
        frozenset(pair) for pair in itertools.combinations(range(6), 2)
    }
    assert (fit.adf_statistic[y, x] <= fit.adf_statistic[x, y]).all()


def test_a_direction_without_a_statistic_gives_way():
    fit = cointegration.scan(market(1, 100, 2))
    for place in ((0, 1), (1, 0)):
        statistic = fit.adf_statistic.copy()
        statistic[place] = np.nan
        y, x = cointegration.best_direction(fit._replace(adf_statistic=statistic))
        assert (x[0], y[0]) == place


@pytest.mark.parametrize("rule", [LagRule(1, by_aic=False), LagRule(3, by_aic=True)])
def test_single_pairs_are_computed_from_their_residuals(rule):
    prices = market(2, 60, 5)
    y, x = np.array([4, 0, 2, 1]), np.array([3, 1, 1, 0])
    found = residual.fit(prices, np.abs(prices).max(axis=0), y, x, rule)
    for place, (dependent, regressor) in enumerate(zip(y, x, strict=True)):
        expected = naive.fit(prices[:, dependent], prices[:, regressor], lags=rule.most, by_aic=rule.by_aic)
        for name in NAMES:
            assert getattr(found, name)[place] == pytest.approx(expected[name], rel=1e-11, nan_ok=True), name
