"""What holds of residual books whatever the prices: orthogonality, no look-ahead, and the figures of noise."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gpu_kernels import ou, residuals
from gpu_kernels.residuals.regression import residuals as regress
from tests.gpu_kernels.residuals.universe import SMALL, universe
from tests.gpu_kernels.twins import CPU, by_numpy, on

FEW = residuals.Filters(min_dof=5)
LISTS = {name: [value] for name, value in SMALL.items()}


@settings(deadline=None, max_examples=15)
@given(seed=st.integers(0, 2**32 - 1), n_factors=st.integers(1, 4))
def test_loadings_and_portfolios_are_orthogonal(seed, n_factors):
    prices = universe(seed, 44, 10, n_factors=3)
    panel = by_numpy(residuals.panel, prices, factors=n_factors, filters=FEW, rows=[43], **SMALL)
    q, b, e = panel.Q[0], panel.B[0], panel.windows[0]
    np.testing.assert_allclose(q.T @ b, np.eye(n_factors), atol=1e-9)
    np.testing.assert_allclose(e.T @ q, 0.0, atol=1e-9 * np.abs(e).max() * np.abs(q).max())
    weights = np.random.default_rng(seed).normal(size=10)
    held = weights - q @ (b.T @ weights)
    np.testing.assert_allclose(b.T @ held, 0.0, atol=1e-9)
    np.testing.assert_allclose(e.sum(axis=1), 0.0, atol=1e-14)


@settings(deadline=None, max_examples=15)
@given(seed=st.integers(0, 2**32 - 1))
def test_residuals_depend_on_the_span_of_the_portfolios_alone(seed):
    source = np.random.default_rng(seed)
    returns, q = source.normal(0.0, 0.01, (30, 8)), source.normal(size=(8, 3))
    turned = q @ (source.normal(size=(3, 3)) + 3.0 * np.eye(3))
    first, second = regress(returns, returns @ q), regress(returns, returns @ turned)
    np.testing.assert_allclose(first.e, second.e, atol=1e-12)
    np.testing.assert_allclose(first.alpha, second.alpha, atol=1e-13)


def test_a_factor_that_repeats_another_is_dropped():
    source = np.random.default_rng(1)
    returns = source.normal(0.0, 0.01, (30, 8))
    factors = returns @ source.normal(size=(8, 2))
    found = regress(returns, np.column_stack([factors, factors[:, 0] - 2.0 * factors[:, 1]]))
    plain = regress(returns, factors)
    assert (found.dropped, plain.dropped) == (1, 0)
    np.testing.assert_allclose(found.e, plain.e, atol=1e-13)
    np.testing.assert_array_equal(found.B[:, 2], 0.0)


@on(CPU)
def test_the_processes_are_those_of_ou_fit(twin):
    panel = residuals.panel(universe(2, 60, 8), factors=2, filters=FEW, rows=np.arange(40, 60), **SMALL)
    paths = np.cumsum(panel.windows, axis=2).reshape(-1, 25)
    fit = ou.fit(paths, dt=1.0)
    theta = panel.theta[40:].ravel()
    reverts = ~np.isnan(theta)
    assert reverts.sum() > 100
    np.testing.assert_allclose(theta[reverts], fit.theta[reverts], rtol=1e-12)
    sigma_eq = fit.sigma / np.sqrt(2.0 * np.where(reverts, fit.theta, 1.0))
    score = panel.score[40:].ravel()
    means = np.where(np.isnan(score), np.nan, fit.mu).reshape(20, 8)
    centred = fit.mu - np.repeat(np.nanmean(means, axis=1), 8)
    some = ~np.isnan(score)
    np.testing.assert_allclose(score[some], ((paths[:, -1] - centred) / sigma_eq)[some], rtol=1e-10, atol=1e-12)


@on(CPU)
def test_later_prices_change_nothing_before_them(twin):
    prices = universe(3, 150, 8)
    whole = residuals.trade(prices, factors=[2], filters=FEW, **LISTS)
    panel = residuals.panel(prices, factors=2, filters=FEW, **SMALL)
    for stop in (46, 71, 104, 129):
        part = residuals.trade(prices[:stop], factors=[2], filters=FEW, **LISTS)
        np.testing.assert_array_equal(part.returns, whole.returns[:stop])
        np.testing.assert_array_equal(part.positions, whole.positions[:stop])
        seen = residuals.panel(prices[:stop], factors=2, filters=FEW, **SMALL)
        np.testing.assert_array_equal(seen.score, panel.score[:stop])
        np.testing.assert_array_equal(seen.hedged, panel.hedged[:stop])
        for poison in (1e9, np.nan):
            spoiled = prices.copy()
            spoiled[stop:] = poison
            found = residuals.panel(spoiled, factors=2, filters=FEW, **SMALL)
            np.testing.assert_array_equal(found.score[:stop], panel.score[:stop])
        # A book of prices that rise to 1e9 is ruined, or not, by the side that it holds; one without prices is not.
        traded = residuals.trade(spoiled, factors=[2], filters=FEW, **LISTS)
        np.testing.assert_array_equal(traded.returns[:stop], whole.returns[:stop])


def test_earlier_prices_change_no_score_behind_their_window():
    prices = universe(4, 120, 8)
    whole = residuals.panel(prices, factors=2, filters=FEW, **SMALL)
    for start in (1, 17, 50):
        part = residuals.panel(prices[start:], factors=2, filters=FEW, **SMALL)
        np.testing.assert_allclose(part.score[40:], whole.score[start + 40 :], rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("factor", [2.0**-30, 2.0**40])
def test_the_unit_of_a_price_is_free(factor):
    prices = universe(5, 70, 6)
    other = prices.copy()
    other[:, 2] *= factor
    first, second = (residuals.panel(each, factors=2, filters=FEW, **SMALL) for each in (prices, other))
    np.testing.assert_array_equal(first.score, second.score)


def test_the_order_of_the_names_is_free():
    prices, order = universe(6, 80, 6), [3, 1, 5, 0, 2, 4]
    first, second = (residuals.panel(each, factors=2, filters=FEW, **SMALL) for each in (prices, prices[:, order]))
    np.testing.assert_allclose(second.score, first.score[:, order], rtol=1e-8, atol=1e-10)


def test_noise_earns_nothing_and_passes_the_filter():
    prices = universe(7, 2000, 100, n_factors=5)
    book = residuals.trade(prices, factors=[5], rules=residuals.Rules(delay=0, size=0.01))
    gross, net = float(book.figures.sharpe_gross[0]), float(book.figures.sharpe_book[0])
    assert abs(gross) < 1.0
    assert net < gross
    assert 0.98 < book.counts.scores / book.counts.fits < 0.99
    assert book.counts.median_reversion == pytest.approx(book.counts.noise_reversion, rel=0.03)


def test_planted_reversion_earns_much():
    prices = universe(8, 1200, 60, n_factors=3, reversion=1.0 / 7.0)
    book = residuals.trade(prices, factors=[3], rules=residuals.Rules(delay=0, size=1.0 / 60.0))
    assert float(book.figures.sharpe_gross[0]) > 10.0
    assert book.counts.median_reversion < 0.8 * book.counts.noise_reversion
