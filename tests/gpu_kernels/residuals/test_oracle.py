"""Scores and accounts beside the oracle, on prices with gaps and memberships that change."""

import numpy as np
import pytest

from gpu_kernels import residuals
from tests.gpu_kernels.residuals.universe import SMALL, followed, naive_days, universe, with_gaps
from tests.gpu_kernels.twins import CPU, on
from tests.naive import residuals as naive

THRESHOLDS = (1.0, 0.4, 0.6)
FEW = residuals.Filters(min_dof=5)


@on(CPU)
@pytest.mark.parametrize("factors", [1, 2, "55%"])
def test_scores_and_loadings_are_the_oracles(twin, factors):
    prices, members = with_gaps(universe(1, 90, 7), 2, share=0.005)
    share = 0.55 if isinstance(factors, str) else factors
    days = naive_days(prices, share, members=members, min_dof=5, **SMALL)
    rows = np.arange(len(prices))
    found = residuals.panel(prices, factors=factors, filters=FEW, members=members, rows=rows, **SMALL)
    scores = np.array([each[0] for each in days])
    assert np.isfinite(scores).sum() > 100
    np.testing.assert_allclose(found.score, scores, rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(found.theta, np.array([each[1] for each in days]), rtol=1e-8)
    weights = np.linspace(-1.0, 1.0, prices.shape[1])
    for row, (_, _, q, b) in enumerate(days):
        # Signs of factors are free, so books are compared, not loadings.
        np.testing.assert_allclose(found.Q[row] @ (found.B[row].T @ weights), q @ (b.T @ weights), atol=1e-9)


@pytest.mark.parametrize(
    ("options", "of_oracle"),
    [
        ({"centre": False}, {"centre": False}),
        ({"drift": True}, {"drift": True}),
    ],
    ids=["without centre", "with drift"],
)
def test_filters_of_the_score_are_the_oracles(options, of_oracle):
    prices = universe(3, 80, 6)
    days = naive_days(prices, 2, min_dof=5, **SMALL, **of_oracle)
    found = residuals.panel(prices, factors=2, filters=FEW._replace(**options), **SMALL)
    np.testing.assert_allclose(found.score, np.array([each[0] for each in days]), rtol=1e-8, atol=1e-10)


def test_a_slow_reversion_has_no_score():
    prices = universe(4, 90, 6)
    days = naive_days(prices, 2, min_dof=5, max_reversion=3.0, **SMALL)
    found = residuals.panel(prices, factors=2, max_reversion=3.0, filters=FEW, **SMALL)
    scores = np.array([each[0] for each in days])
    assert np.isnan(scores[40:]).any()
    np.testing.assert_array_equal(np.isnan(found.score), np.isnan(scores))


@on(CPU)
@pytest.mark.parametrize("delay", [0, 1, 4])
@pytest.mark.parametrize("gaps", [False, True], ids=["whole", "with gaps"])
def test_the_account_is_the_oracles(twin, delay, gaps):
    prices, members = universe(5, 160, 7, reversion=0.2), None
    if gaps:
        prices, members = with_gaps(prices, 6, share=0.004)
    days = naive_days(prices, 2, members=members, min_dof=5, **SMALL)
    wanted, stale = followed(prices, days, THRESHOLDS, 40, delay=delay, size=0.1)
    rules = residuals.Rules(delay=delay, size=0.1, borrow=0.02)
    entry, exit_long, exit_short = THRESHOLDS
    cost = 0.001
    book = residuals.trade(
        prices,
        **_in_lists(2),
        entry=entry,
        exit_long=exit_long,
        exit_short=exit_short,
        cost=cost,
        rules=rules,
        filters=FEW,
        members=members,
    )
    gain, stocks, traded, short, opened = wanted.T
    net = gain - cost * traded - 0.02 / 252.0 * short
    np.testing.assert_allclose(book.returns[40:], net, rtol=1e-9, atol=1e-13)
    assert np.isnan(book.returns[:40]).all()
    figures = {name: float(values[0]) for name, values in book.figures._asdict().items()}
    assert figures["num_trades"] == opened.sum() > 5
    expected = {
        "turnover_stocks": stocks.mean(),
        "turnover_book": traded.mean(),
        "sharpe_gross": naive.sharpe(gain),
        "sharpe_stocks": naive.sharpe(gain - cost * stocks - 0.02 / 252.0 * short),
        "sharpe_book": naive.sharpe(net),
        "total_return": np.prod(1.0 + net) - 1.0,
    }
    assert {name: figures[name] for name in expected} == pytest.approx(expected, rel=1e-9)
    assert book.counts.stale_fills == stale
    assert bool(stale) == gaps


def test_factors_that_are_refitted_seldom_are_kept_between():
    prices = universe(7, 100, 6)
    rows = np.arange(100)
    found = residuals.panel(prices, factors=2, filters=FEW._replace(refit=5), rows=rows, **SMALL)
    daily = residuals.panel(prices, factors=2, filters=FEW, rows=rows, **SMALL)
    for row in range(40, 100):
        at = row - (row - 40) % 5
        np.testing.assert_array_equal(found.Q[row], daily.Q[at])
    np.testing.assert_array_equal(found.score[40::5], daily.score[40::5])
    assert not np.array_equal(found.score[41], daily.score[41])


def _in_lists(factors):
    return {"factors": [factors], **{name: [value] for name, value in SMALL.items()}}
