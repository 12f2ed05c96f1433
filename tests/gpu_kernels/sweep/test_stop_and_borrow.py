"""The options `stop` and `borrow`: by hand, against the oracle in every way of running a sweep, and who serves them."""

import math
from functools import cache

import numpy as np
import pytest

from gpu_kernels import dispatch, sweep, threshold_grid
from gpu_kernels.errors import InvalidInput
from gpu_kernels.sweep import excursions, long_series, settle
from gpu_kernels.sweep.bars import gather, owed
from tests.gpu_kernels.native import needs_compiler
from tests.gpu_kernels.stand_in import stand
from tests.gpu_kernels.sweep.single import paths
from tests.gpu_kernels.sweep.test_native import assert_equal, walks
from tests.gpu_kernels.sweep.ways import EVERY_TWIN, EVERY_WAY, assert_same_bits, way
from tests.naive import sweep as naive

__all__ = ["stand"]

NAN, INF = math.nan, math.inf
BOTH = {"stop": 2.6, "borrow": 0.5, "lookback": 8}
SCORED = [
    {"stop": 2.6, "borrow": 0.5, "score": "fixed", "mean": 104.0, "deviation": 6.0},
    {"borrow": 0.5, "score": "online", "forgetting": 0.97},
]


def sides(scores, entry, leave, stop):
    side, halted, found = 0, False, []
    for score in scores:
        side, halted = settle.decide(side, halted, score, entry, leave, stop)
        found.append(side)
    return found


class TestStop:
    def test_a_losing_trade_closes_and_none_opens_before_the_score_was_inside_the_entry_levels(self):
        scores = [0.0, -1.1, -1.9, -2.0, -1.5, -3.0, NAN, -1.0, 1.5, 0.99, 1.0, 2.5, 0.5, -1.0]
        assert sides(scores, 1.0, 0.0, 2.0) == [0, 1, 1, 0, 0, 0, 0, 0, 0, 0, -1, 0, 0, 1]

    def test_the_entry_does_not_look_at_the_stop(self):
        assert sides([0.0, -3.0, -1.5, 0.1, 3.0, 3.0, 0.5], 1.0, 0.0, 2.0) == [0, 1, 1, 0, -1, 0, 0]

    def test_an_exit_at_which_the_other_side_opens_is_no_stop(self):
        assert sides([-1.0, 3.0, -3.0], 1.0, -1.0, 3.5) == [1, -1, 1]

    def test_it_fills_like_any_other_decision(self):
        prices = np.r_[100 + np.tile([0.0, 1.0], 10), 97.0, 90.0, 80.0, 70.0, 69.0]
        runs = [paths(prices, 1.5, 0.0, 0.0, sweep.Rules(10, delay, stop=2.5)) for delay in (0, 1, 2)]
        where = [np.flatnonzero(run.position).tolist() for run in runs]
        assert [bars[0] for bars in where] == [20, 21, 22]
        assert {len(bars) for bars in where} <= {1, 2}
        assert where[1] == [bar + 1 for bar in where[0]]

    @pytest.mark.parametrize("stop", [1.5, 1.0, -INF])
    @EVERY_TWIN
    def test_it_must_be_above_every_entry_level(self, stand, name, stop):
        prices, rules = walks(1, 2, 60), sweep.Rules(stop=stop)
        said = (
            "stop must be above"
            if stop < 0
            else f"stop must be above every entry level, of which the highest is 1.5, got {stop}"
        )
        with way(name):
            for ask in (sweep.backtest, sweep.moments, sweep.accounts):
                with pytest.raises(InvalidInput, match=said):
                    ask(prices, [1.0, 1.5], 0.0, 0.0, rules)
        cells = threshold_grid.expand([1.0, 1.5], [0.0], [0.0], [10])
        with pytest.raises(InvalidInput, match=said):
            threshold_grid.sweep(prices, cells, rules)
        with pytest.raises(InvalidInput, match=said):
            sweep.OnlineBacktest(rules).update(1.0, 1.5, 0.0, 0.0)

    def test_nan_is_no_stop(self):
        with pytest.raises(InvalidInput, match="stop must be above every entry_z, or infinite for none, got nan"):
            sweep.backtest(walks(1, 1, 9), 1.0, 0.0, 0.0, sweep.Rules(stop=NAN))


class TestBorrow:
    @pytest.mark.parametrize("mode", sweep.MODES)
    def test_a_short_position_pays_for_each_bar_from_close_to_close(self, mode):
        prices = np.r_[100 + np.tile([0.0, 1.0], 10), 110.0, 112.0, 108.0, 109.0, 101.0, 101.0]
        free, charged = (paths(prices, 2.0, 0.5, 1e-3, sweep.Rules(20, mode=mode, borrow=rate)) for rate in (0.0, 2.52))
        np.testing.assert_array_equal(free.position, charged.position)
        held = np.flatnonzero(free.position < 0)
        assert held.size > 2
        quantity = 1.0 if mode == "unit" else 1.0 / (1.001 * prices[held[0]])
        paid = 0.01 * quantity * prices[held].sum()
        assert free.final.equity - charged.final.equity == pytest.approx(paid, rel=1e-10)
        assert free.equity[held[0]] == charged.equity[held[0]]
        assert free.final.total_costs == charged.final.total_costs
        assert free.final.realized_pnl - charged.final.realized_pnl == pytest.approx(paid, rel=1e-10)

    def test_a_long_position_pays_nothing(self):
        prices = np.r_[100 + np.tile([0.0, 1.0], 10), 92.0, 94.0, 99.0, 102.0, 101.0]
        free, charged = (paths(prices, 2.0, 0.0, 1e-3, sweep.Rules(borrow=rate)) for rate in (0.0, 9.0))
        assert (free.position >= 0).all()
        assert free.final.num_trades == 1
        assert free.final == charged.final

    def test_a_bar_without_a_price_costs_as_much_and_is_paid_at_the_next_price(self):
        prices = np.array([[4.0, NAN, NAN, 3.0, NAN, -5.0, NAN]])
        rules = sweep.Rules(borrow=0.5, periods_per_year=5.0)
        found = owed(gather(prices, 1), rules)
        np.testing.assert_allclose(found, [[0.0, 3 * 0.4, 3 * 0.4 + 2 * 0.3]], rtol=1e-14)
        later = owed(gather(np.pad(prices, ((0, 0), (2, 0)), constant_values=NAN), 1), rules)
        np.testing.assert_array_equal(found, later)

    def test_it_can_ruin(self):
        prices = np.r_[100 + np.tile([0.0, 1.0], 10), [110.0, 111.0] * 10]
        run = paths(prices, 1.9, -1.9, 0.0, sweep.Rules(20, borrow=80.0))
        assert run.final.status == sweep.ERROR
        assert paths(prices, 1.9, -1.9, 0.0, sweep.Rules(20)).final.status != sweep.ERROR

    @pytest.mark.parametrize("borrow", [-0.1, NAN, INF])
    def test_it_is_a_rate(self, borrow):
        with pytest.raises(InvalidInput, match="borrow must be finite and >= 0"):
            sweep.backtest(walks(1, 1, 9), 1.0, 0.0, 0.0, sweep.Rules(borrow=borrow))


ENTRIES = (0.8, 1.3, 1.9)


def gapped(gaps):
    prices = walks(3, 4, 140, 0.03)
    if gaps:
        prices[np.random.default_rng(1).random(prices.shape) < [[0.0], [0.1], [0.2], [0.3]]] = NAN
    return prices


@cache
def oracles(gaps, rules):
    """Return the oracle's figures by series and pair; it computes in 40 digits, so once for all ways."""
    prices, options = gapped(gaps), rules._asdict()
    return {
        (series, pair): naive.run(prices[series].tolist(), ENTRIES[pair], 0.1, 1e-3, **options)["final"]
        for series, pair in np.ndindex(4, 3)
    }


@pytest.mark.parametrize("options", [BOTH, {"borrow": 0.5, "lookback": 8}, *SCORED])
@pytest.mark.parametrize("gaps", [False, True])
@pytest.mark.parametrize("mode", sweep.MODES)
@EVERY_WAY
def test_every_way_gives_the_oracle_s_figures(stand, name, mode, gaps, options):
    rules = sweep.Rules(mode=mode, execution_delay=2, **options)
    with way(name):
        found = sweep.backtest(gapped(gaps), np.array(ENTRIES), 0.1, 1e-3, rules)
    for place, final in oracles(gaps, rules).items():
        for field, value in final.items():
            assert getattr(found, field)[place] == pytest.approx(value, rel=1e-8, abs=1e-10), (field, place)


@pytest.mark.parametrize("gaps", [False, True])
@EVERY_WAY
def test_prices_whose_borrowing_exceeds_the_doubles_are_answered(stand, name, gaps):
    prices = walks(2, 2, 60)
    prices[0] *= 1e306
    if gaps:
        prices[:, 30:33] = NAN
    with way(name):
        found = sweep.backtest(prices, [0.8], 0.1, 1e-3, sweep.Rules(borrow=200.0, lookback=8))
    assert np.isfinite(found.equity[1]).all()


@pytest.mark.parametrize("options", [BOTH, {"borrow": 0.5, "lookback": 8}])
@pytest.mark.parametrize("mode", sweep.MODES)
@EVERY_WAY
def test_a_series_alone_has_the_bits_that_it_has_in_a_batch(stand, name, mode, options):
    prices = walks(5, 3, 120)
    prices[1, 90:] = prices[2, 40:43] = NAN
    rules = sweep.Rules(mode=mode, **options)
    with way(name):
        whole = sweep.backtest(prices, [0.8, 1.3], 0.1, 1e-3, rules)
        for series in range(3):
            assert_same_bits(whole, sweep.backtest(prices[[series]], [0.8, 1.3], 0.1, 1e-3, rules), [series])


@needs_compiler
@pytest.mark.parametrize(
    ("n_pairs", "option", "served"),
    [
        (40, {}, ["excursions"]),
        (40, {"borrow": 0.5}, ["excursions"]),
        (40, {"stop": 2.6}, []),
        (2, {}, ["long_series"]),
        (2, {"borrow": 0.5}, []),
        (2, {"stop": 2.6}, []),
    ],
)
def test_what_a_faster_way_does_not_serve_goes_to_the_dense_kernel(n_pairs, option, served, monkeypatch):
    calls = []
    for name, module in (("excursions", excursions), ("long_series", long_series)):
        run = module.run
        monkeypatch.setattr(module, "run", lambda *rest, name=name, run=run: [calls.append(name), run(*rest)])
    monkeypatch.setattr(long_series, "LEAST_BARS", 1)
    prices, levels, rules = walks(1, 2, 100), np.linspace(0.5, 2.5, n_pairs), sweep.Rules(lookback=8, **option)
    with dispatch.using("native"):
        found = sweep.backtest(prices, levels, 0.1, 1e-3, rules)
    assert calls == served
    assert_equal(found, sweep.backtest(prices, levels, 0.1, 1e-3, rules))


@needs_compiler
@pytest.mark.parametrize("mode", sweep.MODES)
def test_a_stop_that_is_never_met_and_a_rate_of_nothing_change_no_bit(mode):
    prices = walks(2, 4, 300)
    for backend in ("numpy", "native"):
        with dispatch.using(backend):
            for ask in (sweep.backtest, sweep.moments, sweep.accounts):
                plain = ask(prices, 1.2, 0.1, 1e-3, sweep.Rules(mode=mode))
                other = ask(prices, 1.2, 0.1, 1e-3, sweep.Rules(mode=mode, stop=1e9))
                assert repr(plain) == repr(other)


def test_a_walk_forward_step_is_the_backtest_with_the_same_rules():
    prices, rules = walks(6, 1, 200, 0.03), sweep.Rules(stop=1.6, borrow=1.0, execution_delay=0)
    cells = threshold_grid.expand([0.8, 1.2], [0.0], [0.001], [6])
    for step in threshold_grid.walk_forward(prices, cells, rules, train=80, test=40):
        part = prices[0, step.test_start - 5 : step.test_stop]
        run = paths(part, cells.entry_z[step.cell], 0.0, 0.001, rules._replace(lookback=6))
        assert step.test_return == pytest.approx(run.final.cumulative_return, rel=1e-9, abs=1e-12)
