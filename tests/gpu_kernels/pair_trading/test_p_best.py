"""p_best is the share of null universes whose best pair is at least as good, by any twin, in any grouping."""

import math

import numpy as np
import pytest

from gpu_kernels import dispatch, pair_trading
from gpu_kernels.errors import InvalidInput
from gpu_kernels.pair_trading import null_host, null_native, null_universes, significance
from gpu_kernels.pair_trading.model import ScanRules
from tests.gpu_kernels.native import needs_compiler
from tests.gpu_kernels.pair_trading.universe import universe
from tests.gpu_kernels.twins import CPU, on

FEWEST = null_universes.FEWEST_UNIVERSES
SMALL = {"lookback": 10, "cost": 0.001, "alpha": 0.5}


@pytest.fixture(autouse=True)
def nothing_known():
    significance.forget()


def walks(seed, n_bars=120, n_series=5):
    return np.exp(4 + np.cumsum(np.random.default_rng(seed).normal(0, 0.01, (n_bars, n_series)), axis=0))


def rules(n_train, **options):
    given = {"lags": 1, "alpha": 0.5, "top": None, "log": True, "cost": 0.001, "objective": "sharpe", "lookback": 10}
    return ScanRules(n_train=n_train, periods_per_year=252.0, score="fixed", cost_legs=2, **given | options)


def recipe(n_series=5, n_bars=84, kind="walks"):
    levels = np.cumsum(np.random.default_rng(3).normal(0, 0.01, (n_series, n_bars)), axis=1)
    return null_universes.recipe_of(levels, kind, 7, starts=False, free=False)


def plainly(sharpe, std_error):
    """A table's own statistic: Sharpe ratio over the error that skewness and kurtosis give it."""
    return np.asarray(sharpe) / np.asarray(std_error)


@on(CPU)
@pytest.mark.parametrize("kind", null_universes.KINDS)
def test_it_is_what_a_loop_over_public_scans_counts(twin, kind):
    prices = universe(2, n_bars=120, n_series=5, n_planted=1, theta=0.5)
    found = pair_trading.scan(prices, null_universes=FEWEST, null_kind=kind, seed=7, **SMALL)
    n_train = pair_trading.train_rows(120, 0.7)
    drawn_from = null_universes.recipe_of(np.log(prices[:n_train]).T, kind, 7, starts=False, free=False)
    best = []
    for number in range(FEWEST):
        levels = null_universes.draw(drawn_from, number)
        whole = np.exp(np.concatenate([levels, levels[:, -1:], levels[:, :1]], axis=1).T)
        table = pair_trading.scan(whole, split=(n_train + 0.5) / len(whole), null_universes=0, **SMALL)
        best.append(max(ranked_by(table), default=-math.inf))
    expected = [(1 + sum(each >= mine for each in best)) / (FEWEST + 1) for mine in ranked_by(found)]
    np.testing.assert_allclose(found.p_best, expected)
    assert found.null_universes == FEWEST
    assert found.null_reason == ""
    assert len(set(expected)) > 2
