"""The estimator of scikit-learn: its contract, what it learns and trades, and its place in a search."""

import pickle
import subprocess
import sys
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
import statsmodels.api as sm
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.estimator_checks import check_estimator
from statsmodels.tsa.stattools import coint

import meanrev as mr
from meanrev.sklearn import NotTradedWarning, PairsTrader
from tests.naive import sweep

CANNOT_APPLY = {
    "check_methods_subset_invariance": "a position depends on the bars before it, so no row is predicted alone",
    "check_methods_sample_order_invariance": "rows are bars in time, and another order is another path",
}
"""Checks of scikit-learn that a rule with a path cannot pass; they pass only on data on which it holds no position."""


@pytest.fixture(scope="module")
def pair():
    """(900, 3): two prices that revert to each other with a hedge ratio of 0.8 in logarithms, and a walk."""
    rng = np.random.default_rng(5)
    walk, other, noise = [*np.cumsum(rng.normal(0, 0.01, (2, 900)), axis=1), np.zeros(900)]
    for t in range(1, 900):
        noise[t] = 0.9 * noise[t - 1] + rng.normal(0, 0.01)
    x = walk + 4.0
    return np.exp(np.column_stack([0.3 + 0.8 * x + noise, x, 3.0 + other]))


@pytest.mark.parametrize(
    "estimator",
    [
        PairsTrader(columns=(0, 1), log=False, cost_per_side=0.001),
        PairsTrader(columns=0, cost_per_side=0.001),
        PairsTrader(columns=0, cost_per_side=0.001, entry_zscore=1.0, exit_zscore=0.0, execution_delay=0),
    ],
    ids=["pair", "spread", "given levels"],
)
def test_it_is_an_estimator_of_scikit_learn(estimator):
    """With log=False, for the data of the checks are not positive; logarithms are the subject of the tests below."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotTradedWarning)
        found = check_estimator(estimator, expected_failed_checks=CANNOT_APPLY, on_skip=None)
    assert {check["status"] for check in found} <= {"passed", "skipped", "xfail"}
    assert {check["check_name"] for check in found if check["status"] == "xfail"} <= set(CANNOT_APPLY)
    assert {check["check_name"] for check in found if check["status"] == "skipped"} <= {"check_array_api_input"}
    assert sum(check["status"] == "passed" for check in found) >= 35


def test_the_hedge_ratio_and_the_process_are_those_of_the_peers(pair):
    trader = PairsTrader(columns=(0, 1)).fit(pair)
    y, x = np.log(pair[:, :2]).T
    line = sm.OLS(y, sm.add_constant(x)).fit()
    assert [trader.intercept_, trader.hedge_ratio_] == pytest.approx(line.params, rel=1e-9)
    np.testing.assert_allclose(trader.spread(pair), line.resid, atol=1e-10)
    assert trader.p_value_ == pytest.approx(coint(y, x, maxlag=1, autolag=None)[1], rel=1e-6)
    assert trader.half_life_ == pytest.approx(np.log(2) / trader.theta_)
    assert trader.cost_ == pytest.approx(5e-4 * (1 + trader.hedge_ratio_))
    assert trader.status_ == "traded"


@pytest.mark.parametrize("rules", [{}, {"stop": 2.5, "execution_delay": 0}, {"execution_delay": 3}])
def test_positions_and_scores_are_those_of_the_oracle(pair, rules):
    trader = PairsTrader(columns=(0, 1), periods_per_year=365.0, **rules).fit(pair[:600])
    test = pair[600:]
    expected = sweep.run(
        trader.spread(test).tolist(),
        trader.entry_zscore_,
        trader.exit_zscore_,
        trader.cost_,
        mode="unit",
        periods_per_year=365.0,
        score="fixed",
        mean=trader.mu_,
        deviation=trader.sigma_ / np.sqrt(2 * trader.theta_),
        **rules,
    )
    positions = trader.predict(test)
    assert positions.dtype == np.int64
    np.testing.assert_array_equal(positions, expected["position"])
    assert {-1, 0, 1} == set(positions.tolist())
    assert trader.score(test) == pytest.approx(expected["final"]["sharpe_ratio"], rel=1e-9)
    assert trader.backtest(test).sharpe_ratio == trader.score(test)


def test_the_rule_is_that_of_a_scan(pair):
    """A scan splits, fits and trades by itself; its test part is what the estimator has not seen."""
    with mr.Client("local") as client:
        found = client.scan(pair[:, :2], split=2 / 3, alpha=0.99, null_universes=0)
    first, second = int(found.y[0]), int(found.x[0])
    trader = PairsTrader(columns=(first, second)).fit(pair[:600])
    assert trader.entry_zscore_ == pytest.approx(found.entry_zscore[0], rel=1e-6)
    assert trader.score(pair[600:]) == pytest.approx(found.test_sharpe[0], rel=1e-6)


def test_a_spread_is_traded_by_the_clients_own_fit(pair):
    spread = np.log(pair[:, 0]) - 0.8 * np.log(pair[:, 1])
    trader = PairsTrader(cost_per_side=0.001, objective="profit").fit(spread[:600, None])
    with mr.Client("local") as client:
        fit = client.ou(spread[:600], bias="median_unbiased")
        best = client.thresholds(fit, round_trip_cost=0.002, objective="profit")
    assert (trader.theta_, trader.mu_, trader.sigma_) == (fit.theta, fit.mu, fit.sigma)
    assert (trader.entry_zscore_, trader.exit_zscore_) == (best.entry_zscore, best.exit_zscore)
    assert (trader.hedge_ratio_, trader.cost_) == (0.0, 0.001)
    logs = PairsTrader(cost_per_side=0.001, objective="profit", log=True).fit(np.exp(spread[:600, None]))
    assert logs.theta_ == pytest.approx(trader.theta_, rel=1e-9)


def test_cross_validation_scores_each_part_by_what_was_learnt_before_it(pair):
    folds = TimeSeriesSplit(n_splits=4)
    scores = cross_val_score(PairsTrader(columns=(0, 1)), pair, cv=folds, error_score="raise")
    expected = [PairsTrader(columns=(0, 1)).fit(pair[train]).score(pair[test]) for train, test in folds.split(pair)]
    np.testing.assert_array_equal(scores, expected)
    assert np.unique(scores).size == 4


def test_a_search_chooses_the_pair_and_the_levels(pair):
    frame = pd.DataFrame(pair, columns=["KO", "PEP", "XOM"])
    grid = {"columns": [("KO", "PEP"), ("KO", "XOM")], "stop": [None, 4.0]}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotTradedWarning)
        search = GridSearchCV(PairsTrader(), grid, cv=TimeSeriesSplit(3), error_score="raise").fit(frame)
    assert search.best_params_["columns"] == ("KO", "PEP")
    assert search.best_estimator_.columns_ == [0, 1]
    assert search.best_estimator_.feature_names_in_.tolist() == ["KO", "PEP", "XOM"]
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_it_is_the_last_step_of_a_pipeline(pair):
    steps = make_pipeline(FunctionTransformer(np.log), PairsTrader(columns=(0, 1), log=False, cost_per_side=0.001))
    steps.fit(pair[:600])
    assert steps[-1].hedge_ratio_ == pytest.approx(PairsTrader(columns=(0, 1)).fit(pair[:600]).hedge_ratio_, rel=1e-9)
    assert np.isfinite(steps.score(pair[600:]))


def test_a_server_and_a_client_compute_the_same(address, pair):
    here = PairsTrader(columns=(0, 1)).fit(pair[:600])
    there = PairsTrader(address, columns=(0, 1)).fit(pair[:600])
    with mr.Client(address) as client:
        given = PairsTrader(client, columns=(0, 1)).fit(pair[:600])
        for other in (there, given, clone(given).fit(pair[:600]), pickle.loads(pickle.dumps(given))):
            np.testing.assert_array_equal(other.predict(pair[600:]), here.predict(pair[600:]))
        assert client.ou(pair[:, 0]).n_samples == 900  # it is still open


def test_frames_of_pandas_and_polars_go_by_name(pair):
    names = ["KO", "PEP", "XOM"]
    plain = PairsTrader(columns=(1, 0)).fit(pair)
    for frame in (pd.DataFrame(pair, columns=names), pl.DataFrame(pair, schema=names)):
        named = PairsTrader(columns=("PEP", "KO")).fit(frame)
        assert named.hedge_ratio_ == plain.hedge_ratio_
        np.testing.assert_array_equal(named.predict(frame), plain.predict(pair))
    with pytest.raises(ValueError, match="feature names should match"):
        named.predict(pd.DataFrame(pair[:, ::-1], columns=names[::-1]))


def test_what_does_not_revert_is_not_traded_and_says_so(pair):
    rising = np.exp(np.linspace(0, 5, 100))[:, None]
    with pytest.warns(NotTradedWarning, match="the spread reverts to no mean"):
        trader = PairsTrader(cost_per_side=0.001).fit(rising)
    assert (trader.status_, trader.score(rising)) == ("no_process", 0.0)
    np.testing.assert_array_equal(trader.predict(rising), np.zeros(100))
    assert np.isnan([trader.theta_, trader.half_life_, trader.entry_zscore_]).all()
    with pytest.raises(mr.InvalidInput, match="cannot be traded by this fit"):
        trader.backtest(rising)


@pytest.mark.parametrize("columns", [(0, 1), 0])
def test_too_high_a_cost_is_not_traded_unless_levels_are_given(pair, columns):
    with pytest.warns(NotTradedWarning, match="stationary standard deviations"):
        trader = PairsTrader(columns=columns, cost_per_side=1e3, log=True).fit(pair)
    assert (trader.status_, trader.score(pair)) == ("too_costly", 0.0)
    assert trader.theta_ > 0
    given = PairsTrader(columns=columns, cost_per_side=1e3, log=True, entry_zscore=1.0, exit_zscore=0.0).fit(pair)
    assert (given.status_, given.entry_zscore_, given.exit_zscore_) == ("traded", 1.0, 0.0)
    assert given.score(pair) < 0


def test_without_a_position_the_score_is_zero(pair):
    trader = PairsTrader(columns=(0, 1), entry_zscore=50.0, exit_zscore=0.0).fit(pair)
    assert not trader.predict(pair).any()
    assert trader.score(pair) == 0.0


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, r"^columns must name one or two of the 3 columns of X: 0, 1, 2"),
        ({"columns": ("KO", "PEP")}, r"^columns must be one or two columns of X, which has 3 feature\(s\): 0, 1, 2"),
        ({"columns": (1, 1)}, r"^columns must be one or two columns"),
        ({"columns": (0, 1), "log": False}, r"^cost_per_side must be given"),
        ({"columns": (0, 1), "cost_per_side": -1.0}, r"^cost_per_side must be"),
        ({"columns": (0, 1), "objective": "fame"}, r"^objective must be one of"),
        ({"columns": (0, 1), "entry_zscore": 1.0}, r"^entry_zscore must be given with exit_zscore"),
        ({"columns": (0, 1), "client": "nowhere:x"}, r"^address must have a port"),
    ],
)
def test_a_wrong_argument_is_refused_by_its_name(pair, options, said):
    with pytest.raises(mr.InvalidInput, match=said):
        PairsTrader(**options).fit(pair)


def test_prices_are_refused_by_their_place(pair):
    spoilt = pair.copy()
    spoilt[7, 1] = -2.0
    with pytest.raises(mr.InvalidInput, match=r"^X\[7, 1\] must be positive where logarithms are modelled .* got -2.0"):
        PairsTrader(columns=(0, 1)).fit(spoilt)
    trader = PairsTrader(columns=(0, 1)).fit(pair)
    with pytest.raises(mr.InvalidInput, match=r"^X\[7, 1\] must be positive"):
        trader.predict(spoilt)
    spoilt[7, 1] = np.nan
    with pytest.raises(ValueError, match="NaN"):
        trader.score(spoilt)
    with pytest.raises(NotFittedError):
        PairsTrader().predict(pair)


def test_the_package_does_not_load_scikit_learn_and_says_what_brings_it():
    program = (
        "import sys, meanrev\nmeanrev.Client\nassert 'sklearn' not in sys.modules\nsys.modules['sklearn'] = None\n"
        "sys.modules['sklearn.base'] = None\n"
        "try:\n    import meanrev.sklearn\nexcept ModuleNotFoundError as error:\n    print(error)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "needs scikit-learn" in done.stdout
    assert "pip install '.[sklearn]'" in done.stdout
