"""Accounts of many series: trades of the oracle, bars of a single run, and the same bits from both twins."""

import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gpu_kernels import performance, sweep
from gpu_kernels.dispatch import using
from gpu_kernels.errors import InvalidInput
from gpu_kernels.sweep import accounts_native
from tests.gpu_kernels.native import needs_compiler
from tests.gpu_kernels.sweep.single import options, paths, with_rules
from tests.naive import trades as naive

CENTS = st.integers(50, 20_000).map(lambda cents: cents / 100)
SPREADS = st.integers(-2_000, 2_000).map(lambda cents: cents / 100)
LEVELS = (1.5, 0.25, 0.001)
EVERY_BACKEND = pytest.mark.parametrize("backend", ["numpy", pytest.param("native", marks=needs_compiler)])
NAMES = ("entry_bar", "exit_bar", "bars", "side", "closed")
NUMBERS = ("entry_price", "exit_price", "entry_zscore", "exit_zscore", "quantity", "profit", "profit_fraction", "costs")


@st.composite
def cases(draw):
    mode = draw(st.sampled_from(sweep.MODES))
    entry_z = draw(st.floats(0.2, 2.0))
    prices = CENTS if mode == "compounding" else SPREADS
    drawn = draw(
        st.lists(prices | st.just(math.nan), min_size=1, max_size=60).filter(lambda x: not all(map(math.isnan, x)))
    )
    return {
        "prices": drawn,
        "entry_z": entry_z,
        "exit_z": entry_z * draw(st.floats(-1.0, 0.99)),
        "cost": draw(st.sampled_from([0.0, 0.0005, 0.01])),
        "lookback": draw(st.integers(2, 6)),
        "execution_delay": draw(st.integers(0, 5)),
        "mode": mode,
        "initial_capital": draw(st.sampled_from([1.0, 250.0])),
        **draw(options(entry_z)),
    }


def universe(n_series=5, n_bars=400, seed=7, mode="compounding"):
    """Mean-reverting prices; every second series misses bars at its ends and inside."""
    rng = np.random.default_rng(seed)
    prices = np.zeros((n_series, n_bars))
    for t in range(1, n_bars):
        prices[:, t] = 0.9 * prices[:, t - 1] + rng.normal(0, 1, n_series)
    prices[1::2, :17] = prices[1::2, 380:] = np.nan
    prices[1::2, 100:105] = prices[1::2, 200] = np.nan
    return prices + (30.0 if mode == "compounding" else 0.0)


def assert_same(found, expected):
    """Hold two answers to each other's bits."""
    if isinstance(expected, tuple) and not hasattr(expected, "_fields"):
        assert found == expected
        return
    for name in expected._fields:
        one, other = getattr(found, name), getattr(expected, name)
        if isinstance(other, tuple):
            assert_same(one, other)
        elif other is not None:
            np.testing.assert_array_equal(one, other, err_msg=name)
            assert one.dtype == other.dtype, name


def keep(accounts, places):
    """Some series' figures and paths of an answer."""
    figures = performance.ReturnFigures(*(column[places] for column in accounts.returns.figures))
    texts = (tuple(texts[place] for place in places) for texts in accounts.returns[:2])
    columns = {name: getattr(accounts, name)[places] for name in accounts._fields[1:-2]}
    return accounts._replace(
        returns=performance.Performance(*texts, accounts.returns.n_bars[places], figures),
        **columns,
        trades=None,
        paths=sweep.AccountPaths(*(path[places] for path in accounts.paths)),
    )


class TestOracle:
    @settings(max_examples=120, deadline=None)
    @given(cases())
    @example(
        {
            "prices": [1.421, 2.03, 4.06, 2.03, 1.827, 1.624],
            "entry_z": 0.5,
            "exit_z": 0.0,
            "cost": 0.001,
            "lookback": 2,
            "execution_delay": 0,
            "mode": "compounding",
            "initial_capital": 1.0,
        }
    )
    def test_round_trips_are_those_of_a_plain_account(self, case):
        prices = case.pop("prices")
        found = with_rules(sweep.accounts, [prices], **case, trades=True, path=True)
        expected, ruined_at = naive.trades(prices, **case)
        assert found.trades.side.size == len(expected)
        for name in NAMES:
            assert getattr(found.trades, name).tolist() == [trip[name] for trip in expected], name
        scale = case["initial_capital"]
        for name in NUMBERS:
            theirs = np.array([trip[name] for trip in expected])
            np.testing.assert_allclose(
                getattr(found.trades, name), theirs, rtol=1e-9, atol=1e-10 * scale, equal_nan=True, err_msg=name
            )
        assert (found.returns.status[0] == "error") == (ruined_at is not None)
        if ruined_at is not None:
            assert f"ruined at row {ruined_at}:" in found.returns.reason[0]

    @settings(max_examples=120, deadline=None)
    @given(cases())
    def test_bars_are_those_of_a_single_run_to_the_bit(self, case):
        prices = np.array(case.pop("prices"))
        there = np.flatnonzero(~np.isnan(prices))
        span = slice(there[0], there[-1] + 1)
        found = with_rules(sweep.accounts, [prices], **case, path=True)
        run = with_rules(paths, prices, **case)
        for name in sweep.AccountPaths._fields:
            path = getattr(found.paths, name)[0]
            np.testing.assert_array_equal(path[span], getattr(run, name)[span], err_msg=name)
            assert np.isnan(np.delete(path, np.r_[span])).all()
        final = run.final
        assert found.final_equity[0] == final.equity
        assert found.total_costs[0] == final.total_costs
        assert (found.num_trades[0], found.position[0]) == (final.num_trades, final.position)
        assert found.returns.figures.max_drawdown[0] == max(0.0, final.max_drawdown)
        assert found.returns.figures.sharpe_ratio[0] == pytest.approx(final.sharpe_ratio, rel=1e-7, abs=1e-7)
        assert found.returns.figures.total_return[0] == pytest.approx(final.cumulative_return, rel=1e-12, abs=1e-13)
        assert found.win_rate[0] == pytest.approx(final.win_rate, rel=1e-14)
        assert (found.returns.status[0] == "error") == (final.status == sweep.ERROR)


@needs_compiler
class TestTwins:
    @settings(max_examples=120, deadline=None)
    @given(cases())
    def test_one_series_has_the_same_bits_from_both(self, case):
        prices = np.array([case.pop("prices")])
        expected = with_rules(sweep.accounts, prices, **case, trades=True, path=True)
        with using("native"):
            assert_same(with_rules(sweep.accounts, prices, **case, trades=True, path=True), expected)

    @pytest.mark.parametrize("mode", sweep.MODES)
    @pytest.mark.parametrize("delay", range(6))
    def test_a_batch_with_gaps_and_levels_of_its_own_has_the_same_bits_from_both(self, mode, delay, monkeypatch):
        prices = universe(11, mode=mode)
        entry, leave, cost = np.linspace(0.5, 2.0, 11), np.linspace(-0.4, 0.4, 11), np.linspace(0.0, 0.01, 11)
        options = {"execution_delay": delay, "mode": mode, "lookback": 15, "trades": True, "path": True}
        expected = with_rules(sweep.accounts, prices, entry, leave, cost, **options)
        with using("native", 2):
            assert_same(with_rules(sweep.accounts, prices, entry, leave, cost, **options), expected)
            monkeypatch.setattr(accounts_native, "_AT_ONCE", 1000)
            assert_same(with_rules(sweep.accounts, prices, entry, leave, cost, **options), expected)

    def test_a_locked_and_a_transposed_array_are_read_as_they_are(self):
        prices = universe()
        expected = sweep.accounts(prices, *LEVELS, trades=True, path=True)
        for given_prices in (np.asfortranarray(prices), prices.copy()):
            given_prices.flags.writeable = False
            for backend in ("numpy", "native"):
                with using(backend):
                    assert_same(sweep.accounts(given_prices, *LEVELS, trades=True, path=True), expected)


@EVERY_BACKEND
class TestFigures:
    @pytest.mark.parametrize("mode", sweep.MODES)
    def test_trades_add_up(self, backend, mode):
        with using(backend):
            found = sweep.accounts(
                universe(mode=mode), *LEVELS, sweep.Rules(mode=mode, initial_capital=5.0), trades=True, path=True
            )
        trades = found.trades
        assert trades.side.size > 50
        for series in range(5):
            own = trades.series == series
            np.testing.assert_allclose(trades.profit[own].sum(), found.final_equity[series] - 5.0, rtol=1e-9)
            np.testing.assert_allclose(trades.costs[own].sum(), found.total_costs[series], rtol=1e-12)
            assert (own & trades.closed).sum() == found.num_trades[series]
            gains = trades.profit[own & trades.closed]
            assert found.profit_factor[series] == pytest.approx(
                gains[gains > 0].sum() / -gains[gains < 0].sum(), rel=1e-12
            )
            assert found.win_rate[series] == pytest.approx((gains > 0).mean(), rel=1e-12)
            fractions = trades.profit_fraction[own & trades.closed]
            assert (found.best_trade[series], found.worst_trade[series]) == (fractions.max(), fractions.min())

    def test_exposure_and_turnover_are_their_definitions(self, backend):
        with using(backend):
            found = sweep.accounts(universe(), *LEVELS, trades=True, path=True)
        trades = found.trades
        for series in range(5):
            position, equity = (
                path[series][~np.isnan(path[series])] for path in (found.paths.position, found.paths.equity)
            )
            assert found.returns.n_bars[series] == equity.size
            assert found.exposure[series] == (position != 0).mean()
            own = trades.series == series
            legs = np.abs(trades.quantity) * (trades.entry_price + trades.exit_price * trades.closed)
            yearly = legs[own].sum() * 252 / equity.size
            assert found.turnover[series] == pytest.approx(yearly / equity.mean(), rel=1e-12)

    def test_figures_are_those_of_the_returns_of_the_path(self, backend):
        with using(backend):
            found = sweep.accounts(universe(), *LEVELS, sweep.Rules(periods_per_year=365.0), path=True)
        expected = performance.figures(found.paths.returns, periods_per_year=365.0)
        assert found.returns.status == expected.status
        for name in performance.ReturnFigures._fields:
            theirs = getattr(expected.figures, name)
            np.testing.assert_allclose(getattr(found.returns.figures, name), theirs, rtol=1e-9, err_msg=name)

    def test_nothing_traded_is_a_flat_account(self, backend):
        with using(backend):
            found = sweep.accounts(universe(), 1e6, 0.0, 0.001, trades=True)
        assert found.returns.status == ("ok",) * 5
        assert (found.final_equity == 1.0).all()
        assert (found.returns.figures.sharpe_ratio == 0.0).all()
        assert np.isnan(found.profit_factor).all()
        assert np.isnan(found.best_trade).all()
        assert (found.exposure == 0.0).all()
        assert found.trades.side.size == 0

    def test_gains_without_losses_are_infinitely_many_times_as_large(self, backend):
        prices = 10 + np.sin(np.arange(300) / 5)[None]
        with using(backend):
            found = sweep.accounts(prices, 1.0, 0.0, 0.0, sweep.Rules(lookback=63))
        assert found.num_trades[0] > 3
        assert found.profit_factor[0] == math.inf
        assert found.win_rate[0] == 1.0

    def test_the_order_of_the_series_changes_no_bit(self, backend):
        prices, order = universe(), [3, 0, 4, 2, 1]
        with using(backend):
            straight = sweep.accounts(prices, *LEVELS, path=True)
            assert_same(keep(sweep.accounts(prices[order], *LEVELS, path=True), range(5)), keep(straight, order))

    def test_a_series_that_cannot_be_traded_says_why_and_leaves_the_others_alone(self, backend):
        prices = universe()
        spoilt = np.vstack([prices[:2], np.full((1, 400), np.nan), prices[2:3], prices[:2], prices[3:]])
        spoilt[4, 110], spoilt[5, 120] = 0.0, np.inf
        entry = np.full(8, LEVELS[0])
        entry[7] = np.nan
        with using(backend):
            clean = sweep.accounts(prices[:4], *LEVELS, path=True)
            found = sweep.accounts(spoilt, entry, *LEVELS[1:], path=True, trades=True)
        assert found.returns.status == ("ok", "ok", "error", "ok", "error", "error", "ok", "error")
        assert [found.returns.reason[place] for place in (2, 4, 5, 7)] == [
            sweep.NO_PRICE,
            "the price 0.0 at row 110 is not positive; mode 'unit' trades such a series",
            "the price inf at row 120 is infinite",
            "there are no thresholds for it",
        ]
        assert np.isnan(found.final_equity[[2, 4, 5, 7]]).all()
        assert set(found.trades.series.tolist()) == {0, 1, 3, 6}
        assert_same(keep(found, [0, 1, 3, 6]), keep(clean, range(4)))

    def test_no_series_can_be_traded(self, backend):
        with using(backend):
            found = sweep.accounts(np.full((2, 5), np.nan), *LEVELS, trades=True, path=True)
        assert found.returns.status == ("error", "error")
        assert found.trades.side.size == 0
        assert np.isnan(found.paths.equity).all()

    @pytest.mark.parametrize("scale", [1e-10, 1e9])
    @pytest.mark.parametrize("mode", sweep.MODES)
    def test_the_unit_of_prices_changes_nothing(self, backend, scale, mode):
        prices, cost = universe(mode=mode), LEVELS[2]
        with using(backend):
            found = sweep.accounts(prices, *LEVELS, sweep.Rules(mode=mode), trades=True)
            options = {} if mode == "compounding" else {"initial_capital": scale}
            costs = cost if mode == "compounding" else cost * scale
            other = sweep.accounts(scale * prices, *LEVELS[:2], costs, sweep.Rules(mode=mode, **options), trades=True)
        np.testing.assert_array_equal(other.trades.entry_bar, found.trades.entry_bar)
        np.testing.assert_allclose(other.trades.profit_fraction, found.trades.profit_fraction, rtol=1e-6, atol=1e-9)
        for name in ("total_return", "sharpe_ratio", "sortino_ratio", "max_drawdown", "skewness"):
            theirs = getattr(found.returns.figures, name)
            np.testing.assert_allclose(getattr(other.returns.figures, name), theirs, rtol=1e-6, err_msg=name)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"entry_z": 0.0}, "entry_z.* must be finite and > 0"),
        ({"entry_z": np.nan}, "entry_z.* must be finite and > 0"),
        ({"entry_z": [1.0, 2.0]}, "entry_z must hold one value, or one for each of the 5 series"),
        ({"entry_z": [1.0, 2.0], "exit_z": [0.0, 0.0, 0.0]}, "entry_z must hold one value"),
        ({"exit_z": 2.0}, "exit_z.* must be at least -entry_z and below entry_z"),
        ({"cost": [0.0, 0.0, -1.0, 0.0, 0.0]}, r"cost\[2\] must be finite and >= 0"),
        ({"lookback": 1}, "lookback must be >= 2"),
        ({"mode": "levered"}, "mode must be one of"),
        ({"prices": np.empty((2, 0))}, "prices must have at least one bar"),
        ({"prices": [1.0, 2.0]}, "prices must have shape"),
    ],
)
def test_a_request_that_breaks_a_rule_is_refused(change, message):
    given_arguments = {"prices": universe(), "entry_z": 1.5, "exit_z": 0.25, "cost": 0.001}
    with pytest.raises(InvalidInput, match=message):
        with_rules(sweep.accounts, **{**given_arguments, **change})
