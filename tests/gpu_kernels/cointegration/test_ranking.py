"""Ranking takes the better direction of each pair and computes the first ones anew."""

import itertools

import numpy as np
import pytest

from gpu_kernels import cointegration
from gpu_kernels.errors import InvalidInput
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


@pytest.mark.parametrize("options", [{}, {"autolag": "aic", "max_lags": 3}])
def test_the_first_are_computed_from_their_residuals(options):
    prices = market(2, 60, 5)
    ranked = cointegration.ranked(cointegration.scan(prices, **options), top=4)
    assert ranked.dependent.shape == (4,)
    assert (np.diff(ranked.figures.adf_statistic) >= 0).all()
    for place, (y, x) in enumerate(zip(ranked.dependent, ranked.regressor, strict=True)):
        expected = naive.fit(prices[:, y], prices[:, x], lags=options.get("max_lags", 1), by_aic=bool(options))
        for name in NAMES:
            assert getattr(ranked.figures, name)[place] == pytest.approx(expected[name], rel=1e-11, nan_ok=True), name


def test_no_other_pair_has_a_lower_statistic():
    fit = cointegration.scan(market(3, 100, 6))
    ranked = cointegration.ranked(fit, top=3)
    y, x = cointegration.best_direction(fit)
    rest = np.sort(fit.adf_statistic[y, x])
    np.testing.assert_allclose(ranked.figures.adf_statistic, rest[:3], rtol=1e-9)


def test_asking_for_more_than_there_are_gives_all_that_have_a_statistic():
    prices = np.insert(market(4, 80, 3), 0, 5.0, axis=1)
    assert cointegration.ranked(cointegration.scan(prices), top=50).dependent.size == 3


def test_top_must_be_at_least_one():
    with pytest.raises(InvalidInput, match=r"top must be >= 1, got 0"):
        cointegration.ranked(cointegration.scan(market(5)), top=0)
