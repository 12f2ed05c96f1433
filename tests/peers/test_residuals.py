"""Residual books of 20 S&P names beside the figures of another program, on prices that skfolio's package contains."""

import numpy as np
import pytest

from gpu_kernels import residuals

pytestmark = pytest.mark.peer

SUMS = {
    3: {"gain": 0.5523912746, "scores": 133617.46322282, "stocks": 631.25, "book": 1152.84987907},
}
LAST = (-1.51818319, 0.49899072, -0.61950857)


@pytest.fixture(scope="module")
def prices():
    datasets = pytest.importorskip("skfolio.datasets")
    return datasets.load_sp500_dataset().to_numpy(dtype=np.float64)


def traded(prices, factors, delay):
    rules = residuals.Rules(delay=delay, size=1.0 / 20.0)
    return residuals.trade(prices, factors=[factors], cost=0.0005, rules=rules)


@pytest.mark.parametrize(
    ("factors", "delay", "sharpe", "turnover", "median"),
    [
        (3, 0, (0.443, 0.190, -0.019), (0.0783, 0.1430), 7.38),
        (3, 1, (0.414, 0.159, -0.053), (0.0783, 0.1431), 7.38),
        ("55%", 0, (0.477, 0.226, 0.004), (0.0795, 0.1499), 7.35),
    ],
)
def test_the_figures_are_those_of_the_other_program(prices, factors, delay, sharpe, turnover, median):
    book = traded(prices, factors, delay)
    figures = book.figures
    found = (figures.sharpe_gross[0], figures.sharpe_stocks[0], figures.sharpe_book[0])
    assert found == pytest.approx(sharpe, abs=6e-4)
    assert (figures.turnover_stocks[0], figures.turnover_book[0]) == pytest.approx(turnover, abs=6e-5)
    assert book.counts.median_reversion == pytest.approx(median, abs=6e-3)


def test_the_sums_are_those_of_the_other_program(prices):
    book, panel = traded(prices, 3, 0), residuals.panel(prices, factors=3)
    wanted = SUMS[3]
    n_bars = np.isfinite(book.returns).sum()
    stocks, whole = (float(each[0]) * n_bars for each in (book.figures.turnover_stocks, book.figures.turnover_book))
    assert np.nansum(np.abs(panel.score)) == pytest.approx(wanted["scores"], rel=1e-9)
    assert np.isfinite(panel.score).sum() == book.counts.scores == 160042
    assert (stocks, whole) == pytest.approx((wanted["stocks"], wanted["book"]), rel=1e-9)
    assert np.nansum(book.returns) + 0.0005 * whole == pytest.approx(wanted["gain"], rel=1e-8)
    np.testing.assert_allclose(panel.score[-1, :3], LAST, atol=6e-9)


def test_a_name_that_stands_still_in_the_regression_has_no_score(prices):
    """The prices of Merck do not move in the 60 rows up to row 458 of the data."""
    panel = residuals.panel(prices[:470], factors=3)
    assert np.isnan(panel.score[458, 16])
    assert np.nanmax(np.abs(panel.score)) < 20.0
