"""Figures of returns against the oracle, pandas and SciPy, and what no figure may depend on."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import stats

from gpu_kernels import performance
from gpu_kernels.errors import InvalidInput
from gpu_kernels.performance.sharpe_error import portfolio_error, standard_errors
from tests.naive import performance as naive

RETURNS = np.random.default_rng(5).standard_t(4, size=(6, 400)) * 0.01
MISSING = np.nan
STEPS = st.integers(-900, 1500).map(lambda thousandth: thousandth / 1000)
SMALL = st.integers(-40, 50).map(lambda thousandth: thousandth / 1000)


def figures(values, **options):
    """Figures of one series by name."""
    found = performance.figures(np.array([values], dtype=float), **options)
    return {name: column[0].item() for name, column in found.figures._asdict().items()}


def assert_same(found, expected):
    """Hold two Performances to each other's bits."""
    assert (found.status, found.reason) == (expected.status, expected.reason)
    np.testing.assert_array_equal(found.n_bars, expected.n_bars)
    for name in performance.ReturnFigures._fields:
        np.testing.assert_array_equal(getattr(found.figures, name), getattr(expected.figures, name), err_msg=name)


def rows(found, places):
    """Some series of a Performance."""
    return performance.Performance(
        tuple(found.status[place] for place in places),
        tuple(found.reason[place] for place in places),
        found.n_bars[places],
        performance.ReturnFigures(*(column[places] for column in found.figures)),
    )


class TestOracle:
    @settings(max_examples=150, deadline=None)
    @given(
        st.lists(STEPS | SMALL | st.just(MISSING), min_size=1, max_size=40).filter(
            lambda drawn: not all(map(math.isnan, drawn))
        ),
        st.sampled_from([252.0, 52.0, 1.0]),
    )
    @example([0.5, -1 / 3, 0.1, -0.1], 252.0)
    @example([0.0, 0.0], 252.0)
    @example([0.1], 252.0)
    @example([MISSING, 0.1, MISSING, -0.05, MISSING], 12.0)
    def test_every_figure_is_its_definition(self, returns, periods_per_year):
        found = figures(returns, periods_per_year=periods_per_year)
        for name, value in naive.figures(returns, periods_per_year=periods_per_year).items():
            assert found[name] == pytest.approx(value, rel=1e-9, abs=1e-12, nan_ok=True), name

    @settings(max_examples=60, deadline=None)
    @given(st.lists(st.integers(1, 500).map(float) | st.just(MISSING), min_size=2, max_size=40))
    @example([100.0, 90.0, 100.0, 110.0, 105.0])
    def test_values_of_an_account_are_their_returns(self, values):
        if np.count_nonzero(~np.isnan(values)) < 2:
            return
        found = figures(values, kind="equity")
        for name, value in naive.figures(values, "equity").items():
            assert found[name] == pytest.approx(value, rel=1e-9, abs=1e-12, nan_ok=True), name

    @settings(max_examples=40, deadline=None)
    @given(st.lists(SMALL, min_size=1, max_size=40))
    def test_logarithmic_returns_are_their_exponentials(self, steps):
        found = figures(steps, kind="log")
        for name, value in naive.figures(steps, "log").items():
            assert found[name] == pytest.approx(value, rel=1e-9, abs=1e-12, nan_ok=True), name


class TestPeers:
    def test_moments_are_scipys(self):
        found = performance.figures(RETURNS).figures
        np.testing.assert_allclose(found.skewness, stats.skew(RETURNS, axis=1), rtol=1e-10)
        np.testing.assert_allclose(found.kurtosis, stats.kurtosis(RETURNS, axis=1, fisher=False), rtol=1e-10)

    def test_growth_volatility_and_drawdown_are_pandas(self):
        found = performance.figures(RETURNS).figures
        frame = pd.DataFrame(RETURNS.T)
        wealth = pd.concat([pd.DataFrame(np.ones((1, 6))), (1 + frame).cumprod()], ignore_index=True)
        np.testing.assert_allclose(found.total_return, wealth.iloc[-1] - 1, rtol=1e-11)
        np.testing.assert_allclose(found.cagr, wealth.iloc[-1] ** (252 / 400) - 1, rtol=1e-11)
        np.testing.assert_allclose(found.volatility, frame.std() * np.sqrt(252), rtol=1e-12)
        np.testing.assert_allclose(found.sharpe_ratio, frame.mean() / frame.std() * np.sqrt(252), rtol=1e-12)
        np.testing.assert_allclose(found.max_drawdown, (1 - wealth / wealth.cummax()).max(), rtol=1e-11)


class TestEdges:
    def test_a_drawdown_lasts_from_its_peak_to_its_recovery(self):
        assert figures([100, 110, 90, 95, 110, 109], kind="equity")["longest_drawdown"] == 3
        assert figures([100, 90, 95, 99, 98], kind="equity")["longest_drawdown"] == 4
        assert figures([0.5, -1 / 3, 0.0, 0.5, 0.1])["longest_drawdown"] == 3

    def test_rises_alone_are_no_drawdown(self):
        found = figures([0.01, 0.0, 0.02])
        assert (found["max_drawdown"], found["longest_drawdown"]) == (0.0, 0)
        assert found["omega_ratio"] == math.inf
        assert math.isnan(found["calmar_ratio"])
        assert math.isnan(found["sortino_ratio"])

    def test_returns_that_do_not_vary_have_no_ratio(self):
        for value in (0.0, 0.001, 1e-300):
            found = figures([value] * 50)
            assert found["volatility"] == 0.0
            assert all(math.isnan(found[name]) for name in ("sharpe_ratio", "skewness", "kurtosis"))

    def test_one_return_has_no_deviation(self):
        found = figures([0.01])
        assert math.isnan(found["volatility"])
        assert found["total_return"] == pytest.approx(0.01, rel=1e-15)

    @pytest.mark.parametrize(
        ("kind", "values", "reason"),
        [
            ("simple", [MISSING] * 3, "there is no return"),
            ("simple", [0.1, -1.0, 0.2], "the return -1.0 at row 1 is not above -1: it loses everything"),
            ("simple", [0.1, 0.2, -2.5], "the return -2.5 at row 2 is not above -1: it loses everything"),
            ("simple", [0.1, np.inf, 0.2], "the return inf at row 1 is infinite"),
            ("log", [-np.inf, 0.1, 0.2], "the return -inf at row 0 is infinite"),
            ("log", [0.1, 800.0, 0.2], "the return 800.0 at row 1 is too large for its exponential"),
            ("equity", [1.0, 0.0, 2.0], "the value 0.0 at row 1 is not positive"),
            ("equity", [MISSING, 2.0, MISSING], "there is one value, and a return takes two"),
            ("equity", [MISSING] * 3, "there is no value"),
        ],
    )
    def test_a_series_without_figures_says_why_and_leaves_the_others_alone(self, kind, values, reason):
        good = {"equity": [1.0, 1.1, 1.05]}.get(kind, [0.01, -0.02, 0.03])
        alone = performance.figures([good, good], kind=kind)
        found = performance.figures([good, values, good], kind=kind)
        assert (found.status[1], found.reason[1], found.n_bars[1]) == ("error", reason, 0)
        assert all(np.isnan(column[1]) for name, column in found.figures._asdict().items() if column.dtype == float)
        assert_same(rows(found, [0, 2]), alone)

    @pytest.mark.parametrize(
        ("values", "options", "message"),
        [
            ([0.1, 0.2], {}, r"values must have shape \(B, T\)"),
            (np.empty((2, 0)), {}, "values must have at least one bar"),
            ([[0.1]], {"kind": "percent"}, "kind must be one of 'simple', 'log', 'equity'"),
            ([[0.1]], {"periods_per_year": 0.0}, "periods_per_year must be finite and > 0"),
        ],
    )
    def test_a_request_that_breaks_a_rule_is_refused(self, values, options, message):
        with pytest.raises(InvalidInput, match=message):
            performance.figures(values, **options)


class TestWhatChangesNothing:
    @pytest.mark.parametrize("kind", performance.KINDS)
    def test_missing_entries_before_and_behind_change_no_bit(self, kind):
        values = {"equity": np.cumprod(1 + RETURNS, axis=1)}.get(kind, RETURNS)
        padded = np.full((6, 450), np.nan)
        for row in range(6):
            padded[row, 3 * row : 3 * row + 400] = values[row]
        assert_same(performance.figures(padded, kind=kind), performance.figures(values, kind=kind))

    def test_companions_and_their_order_change_no_bit(self):
        together = performance.figures(RETURNS)
        for row in range(6):
            assert_same(rows(together, [row]), performance.figures(RETURNS[[row]]))
        assert_same(performance.figures(RETURNS[::-1]), rows(together, [5, 4, 3, 2, 1, 0]))

    def test_the_layout_in_memory_changes_no_bit(self):
        assert_same(performance.figures(np.asfortranarray(RETURNS)), performance.figures(RETURNS))
        locked = RETURNS.copy()
        locked.flags.writeable = False
        assert_same(performance.figures(locked), performance.figures(RETURNS))

    def test_blocks_change_no_bit(self, monkeypatch):
        whole = performance.figures(RETURNS)
        monkeypatch.setattr(performance.host, "_AT_ONCE", 800)
        assert_same(performance.figures(RETURNS), whole)

    @pytest.mark.parametrize("scale", [1e-9, 1e7])
    def test_the_unit_of_an_account_changes_nothing(self, scale):
        values = np.cumprod(1 + RETURNS, axis=1)
        found, other = (performance.figures(each, kind="equity").figures for each in (values, scale * values))
        for name in performance.ReturnFigures._fields:
            np.testing.assert_allclose(getattr(other, name), getattr(found, name), rtol=1e-9, err_msg=name)

    def test_ratios_of_tiny_returns_are_those_of_larger_ones(self):
        found, tiny = (performance.figures(each).figures for each in (RETURNS, 1e-170 * RETURNS))
        for name in ("sharpe_ratio", "sortino_ratio", "omega_ratio", "skewness", "kurtosis"):
            np.testing.assert_allclose(getattr(tiny, name), getattr(found, name), rtol=1e-9, err_msg=name)


def test_the_error_of_a_portfolio_is_that_of_its_excess_returns_on_whole_rows():
    returns = np.random.default_rng(8).normal(1e-3, 0.01, (300, 3))
    held, rate = np.array([0.5, 0.4, -0.3]), 2e-4
    earned = returns @ held - rate * held.sum()
    gappy = np.insert(returns, [0, 150], [np.nan, 1.0, 1.0], axis=0)
    assert portfolio_error(gappy, held, rate) == pytest.approx(standard_errors(earned[None])[0], rel=1e-12)
    assert math.isnan(portfolio_error(returns[:2], held))
