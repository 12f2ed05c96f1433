"""One pair against its oracle, statsmodels' coint and OLS, and a scan of the same two columns."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.regression.linear_model import OLS
from statsmodels.tsa.stattools import coint

from gpu_kernels import engle_granger, ou, pair_trading
from gpu_kernels.errors import Degenerate, InvalidInput
from tests.gpu_kernels.twins import CPU, LAYOUTS, on
from tests.naive import engle_granger as naive

pytestmark = [pytest.mark.usefixtures("twin"), on(CPU), pytest.mark.filterwarnings("ignore::FutureWarning")]

FIGURES = [name for name in engle_granger.EngleGranger._fields if name not in {"spread", "status", "reason", "turned"}]


def draw(seed=1, n_bars=300, reversion=0.1, slope=0.8):
    """Prices of a pair whose log spread reverts."""
    source = np.random.default_rng(seed)
    x = 4 + np.cumsum(source.normal(0, 0.01, n_bars))
    u = np.zeros(n_bars)
    for t in range(1, n_bars):
        u[t] = (1 - reversion) * u[t - 1] + source.normal(0, 0.01)
    return np.exp(np.column_stack([slope * x + u, x]))


PRICES = draw()


def figures(fitted):
    return {name: getattr(fitted, name) for name in FIGURES}


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 1000), st.floats(0.1, 0.5), st.integers(0, 2), st.booleans())
def test_it_agrees_with_the_oracle(seed, reversion, lags, log):
    prices = draw(seed, 80, reversion)
    cost = 1e-3 * (1.0 if log else prices[:, 0].mean())
    found = engle_granger.fit(prices, lags=lags, log=log, cost=cost, bias="none")
    paid = cost * (1 + abs(found.hedge_ratio)) if log else cost  # a fraction of each leg's notional, or an amount
    expected = naive.fit(prices, lags=lags, log=log, cost=paid)
    spread = expected.pop("spread")
    scale = np.abs(spread).max()
    np.testing.assert_allclose(found.spread, spread, atol=1e-11 * scale, rtol=1e-9)
    for name, value in expected.items():
        # The oracle's search ends where the objective is flat, a few millionths of a deviation beside its optimum.
        close = {"rel": 1e-5, "abs": 1e-5} if name.endswith("zscore") else {"rel": 1e-8, "abs": 1e-9 * scale}
        assert getattr(found, name) == pytest.approx(value, **close), name


@pytest.mark.parametrize("log", [True, False])
@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ({"lags": 0}, {"maxlag": 0, "autolag": None}),
        ({"lags": 3}, {"maxlag": 3, "autolag": None}),
        ({"autolag": "aic", "max_lags": 4}, {"maxlag": 4}),
        ({"autolag": "aic"}, {}),
    ],
)
def test_it_agrees_with_statsmodels(ours, theirs, log):
    found = engle_granger.fit(PRICES, log=log, **ours)
    y, x = (np.log(PRICES) if log else PRICES).T
    statistic, p_value = tuple(coint(y, x, return_results=False, **theirs))[:2]
    solved = OLS(y, np.column_stack([np.ones(len(x)), x])).fit()
    assert (found.adf_statistic, found.p_value) == pytest.approx((statistic, p_value), rel=1e-8)
    assert [found.intercept, found.hedge_ratio] == pytest.approx(solved.params, rel=1e-9)
    np.testing.assert_allclose(found.spread, solved.resid, atol=1e-12 * np.abs(y).max())


@pytest.mark.parametrize("options", [{}, {"bias": "none"}])
def test_the_process_is_the_fit_of_the_spread(options):
    found = engle_granger.fit(PRICES, **options)
    process = ou.single(ou.fit(found.spread[None], bias=options.get("bias", "median_unbiased")))
    for name in ("theta", "theta_std_error", "half_life", "mu", "sigma"):
        assert getattr(found, name) == getattr(process, name)


@pytest.mark.parametrize("log", [True, False])
@pytest.mark.parametrize("objective", ["sharpe", "profit"])
@pytest.mark.parametrize("options", [{}, {"cost_legs": 1}, {"bias": "none"}, {"cost": 0.001}], ids=str)
def test_the_figures_are_those_of_a_scan_of_its_train_part(log, objective, options):
    longer = draw(3, 400)
    table = pair_trading.scan(longer, split=0.75, alpha=1.0, log=log, objective=objective, **options)
    found = engle_granger.fit(longer[:300], direction="best", log=log, objective=objective, **options)
    assert found.turned == (table.y[0] == 1)
    for name in FIGURES:
        if name not in {"lags", "hedge_ratio_lower", "hedge_ratio_upper"}:  # which a scan does not show
            assert getattr(found, name) == pytest.approx(getattr(table, name)[0], rel=1e-9, abs=1e-13), name


@pytest.mark.parametrize("seed", range(4))
def test_the_best_direction_has_the_lower_statistic(seed):
    prices = draw(seed)
    there, back = engle_granger.fit(prices), engle_granger.fit(prices[:, ::-1])
    best = engle_granger.fit(prices, direction="best")
    assert best.turned == (back.adf_statistic < there.adf_statistic)
    expected = back if best.turned else there
    assert figures(best) == pytest.approx(figures(expected), rel=1e-9)
    np.testing.assert_allclose(best.spread, expected.spread, atol=1e-12)
    assert not there.turned


@pytest.mark.parametrize("power", [-40, 30])
def test_prices_of_another_unit_move_the_intercept_alone(power):
    scaled = engle_granger.fit(PRICES * 2.0**power, log=False, cost=0.01 * 2.0**power)
    plain = engle_granger.fit(PRICES, log=False, cost=0.01)
    for name in ("intercept", "mu", "sigma"):
        assert getattr(scaled, name) == pytest.approx(getattr(plain, name) * 2.0**power, rel=1e-9, abs=0), name
    for name in ("hedge_ratio", "adf_statistic", "p_value", "theta", "half_life", "entry_zscore", "exit_zscore"):
        assert getattr(scaled, name) == pytest.approx(getattr(plain, name), rel=1e-9), name


@LAYOUTS
def test_the_layout_in_memory_does_not_matter(layout):
    found, expected = engle_granger.fit(layout(PRICES)), engle_granger.fit(PRICES)
    np.testing.assert_array_equal(found.spread, expected.spread)
    assert figures(found) == figures(expected)


@pytest.mark.parametrize("legs", [1, 2])
def test_a_cost_that_is_not_given_is_five_basis_points_of_the_notional_of_the_legs(legs):
    y, x = np.abs(PRICES).mean(axis=0)
    prices_as_they_are = engle_granger.fit(PRICES, log=False, cost_legs=legs)
    second = abs(prices_as_they_are.hedge_ratio) * x if legs == 2 else 0.0
    same = engle_granger.fit(PRICES, log=False, cost=0.0005 * (y + second))
    assert figures(prices_as_they_are) == pytest.approx(figures(same), rel=1e-9)
    of_logarithms = engle_granger.fit(PRICES, cost_legs=legs)
    assert figures(of_logarithms) == figures(engle_granger.fit(PRICES, cost=0.0005, cost_legs=legs))


def test_the_second_leg_pays_for_its_share_of_the_hedge():
    both = engle_granger.fit(PRICES, cost=0.001)
    one = engle_granger.fit(PRICES, cost=0.001 * (1 + abs(both.hedge_ratio)), cost_legs=1)
    assert figures(both) == pytest.approx(figures(one), rel=1e-9)
    assert both.entry_zscore > 1.01 * engle_granger.fit(PRICES, cost=0.001, cost_legs=1).entry_zscore


def test_a_spread_that_cannot_bear_the_cost_says_so():
    found = engle_granger.fit(PRICES, cost=10.0)
    assert found.status == "too_costly"
    assert f"a round trip costs {20 * (1 + abs(found.hedge_ratio)):.4g}, more" in found.reason
    assert math.isnan(found.entry_zscore)
    assert math.isnan(found.exit_zscore)
    assert found.theta == engle_granger.fit(PRICES).theta


@pytest.mark.parametrize("log", [True, False])
def test_no_cost_is_too_large_to_be_too_costly(log):
    found = engle_granger.fit(PRICES, cost=1.7e308, log=log)
    assert found.status == "too_costly"
    assert math.isnan(found.entry_zscore)


def test_a_spread_that_is_no_process_says_so():
    """The spread jumps from one side to the other, as no Ornstein-Uhlenbeck process does."""
    x = np.linspace(10, 20, 60)
    found = engle_granger.fit(np.column_stack([x + 0.1 * (-1.0) ** np.arange(60), x + 0.01 * np.sin(x)]), log=False)
    assert found.status == "no_process"
    assert found.reason.startswith("the residual is no Ornstein-Uhlenbeck process: ")
    assert math.isnan(found.theta)
    assert math.isnan(found.entry_zscore)
    assert np.isfinite(found.adf_statistic)


def test_the_fewest_rows_and_one_fewer():
    assert np.isfinite(engle_granger.fit(PRICES[:6]).adf_statistic)
    with pytest.raises(InvalidInput, match=r"^prices must have T >= 6 rows for 1 lags, got 5$"):
        engle_granger.fit(PRICES[:5])


@pytest.mark.parametrize(
    ("prices", "options", "words"),
    [
        (PRICES[:, :1], {}, r"prices must be \(T, 2\), one column for each series of the pair, got \(300, 1\)"),
        (PRICES[:, 0], {}, r"prices must have shape \(T, 2\)"),
        (np.where(PRICES[7, 1] == PRICES, np.nan, PRICES), {}, r"prices\[7, 1\] must be finite: fill it, or leave"),
        (-PRICES, {}, r"prices\[0, 0\] must be > 0 with log"),
        (1e60 * PRICES, {"log": False}, r"prices\[0, 0\] must be at most 1e\+50 in magnitude"),
        (PRICES, {"direction": "both"}, "direction must be one of"),
        (PRICES, {"objective": "mean"}, "objective must be one of"),
        (PRICES, {"cost": -1.0}, r"cost must be finite and >= 0, got -1\.0"),
        (PRICES, {"cost_legs": 3}, "cost_legs must be 1 or 2, got 3"),
        (PRICES, {"cost_legs": 0}, "cost_legs must be >= 1, got 0"),
        (PRICES, {"lags": -1}, "lags must be >= 0, got -1"),
        (PRICES, {"autolag": "bic"}, "autolag must be None or 'aic', got 'bic'"),
        (PRICES, {"max_lags": 2}, "max_lags must be None unless autolag is 'aic', got 2"),
    ],
)
def test_what_breaks_a_rule_is_refused_by_name(prices, options, words):
    with pytest.raises(InvalidInput, match=f"^{words}"):
        engle_granger.fit(prices, **options)


@pytest.mark.parametrize("log", [True, False])
def test_a_constant_column_has_no_regression(log):
    with pytest.raises(Degenerate, match=r"^prices\[:, 1\] must vary, got 7\.0 in every row: choose another") as caught:
        engle_granger.fit(np.column_stack([PRICES[:, 0], np.full(300, 7.0)]), log=log)
    assert caught.value.index == (0, 1)


def test_columns_that_give_each_other_leave_nothing_to_test():
    with pytest.raises(Degenerate, match=r"^prices must not give each other exactly: column 0 is column 1 but for"):
        engle_granger.fit(np.column_stack([3 * PRICES[:, 1] + 2, PRICES[:, 1]]), log=False)
