"""Prices at the ends of float64: what cannot be computed has a status and a reason, whichever twin computes it."""

import warnings

import numpy as np
import pytest

import meanrev as mr
from tests.front_door.series import reverting

SMALLEST, LARGEST = 5e-324, 1.7e308
RULE = {"entry": [1.0], "exit": [0.0], "cost_per_side": [0.0005]}


@pytest.fixture(scope="module", params=["numpy", "auto"])
def twin(request):
    """A server on the NumPy twins, and one on the best that this machine has."""
    with mr.serve(backend=request.param, grace_s=0) as where, mr.Client(where) as connected:
        yield connected


@pytest.fixture
def prices():
    """A good column, and one that the account enters at the smallest positive number."""
    good = reverting(seed=3)
    low = good.copy()
    low[30::10] = low[31::10] = SMALLEST
    return np.column_stack([good, low])


def test_an_account_beyond_float64_has_no_best_cell_but_a_reason(twin, prices):
    answer = twin.sweep(prices, **RULE, walk_forward=(60, 30), figures=["sharpe_ratio"])
    assert np.isnan(answer.figures.sharpe_ratio[1]).all()
    assert list(answer.best.status) == ["ok", "error"]
    assert "the figures are not finite" in answer.best.reason[1]
    assert answer.best.cell[1] == -1
    walk = answer.walk_forward
    without = np.isnan(walk.test_sharpe)
    assert without.any()
    assert all(status == "error" for status in np.asarray(walk.status)[without])
    assert all(reason for reason in np.asarray(walk.reason)[without])


def test_a_good_column_beside_it_keeps_its_figures(twin, prices):
    beside = twin.sweep(prices, **RULE).figures.sharpe_ratio[0]
    np.testing.assert_array_equal(beside, twin.sweep(prices[:, :1], **RULE).figures.sharpe_ratio[0])


def test_a_backtest_beyond_float64_says_so(twin, prices):
    answer = twin.backtest(prices, entry_zscore=1.0, exit_zscore=0.0, cost_per_side=0.0005)
    assert list(answer.status) == ["ok", "error"]
    assert "the figures are not finite" in answer.reason[1]


@pytest.mark.parametrize("mode", ["compounding", "unit"])
@pytest.mark.parametrize("end", [SMALLEST, LARGEST])
def test_prices_at_the_ends_of_float64_warn_of_nothing(end, mode):
    """A warning of NumPy on a server's standard error tells its operator nothing that the answer does not."""
    series = reverting(seed=3)
    series[30::10] = end
    with warnings.catch_warnings(), mr.Client("local") as client:
        warnings.simplefilter("error", RuntimeWarning)
        answer = client.sweep(series, **RULE, mode=mode, initial_capital=1e-6)
    assert np.isfinite(answer.best.sharpe_ratio) or answer.best.reason
