"""p_best is the share of null universes whose best pair ranks as high, by any twin, in any grouping."""

import math

import numpy as np
import pytest

from gpu_kernels import dispatch, interruption, pair_trading
from gpu_kernels.errors import Interrupted, InvalidInput
from gpu_kernels.pair_trading import null_host, null_native, null_universes, significance
from gpu_kernels.pair_trading.model import RANKINGS, ScanRules
from tests.gpu_kernels.native import needs_compiler
from tests.gpu_kernels.pair_trading.universe import universe
from tests.gpu_kernels.twins import CPU, WIDTHS, lanes, on

FEWEST = null_universes.FEWEST_UNIVERSES
SMALL = {"lookback": 10, "cost": 0.001, "alpha": 0.5}


@pytest.fixture(autouse=True)
def nothing_known():
    significance._found.clear()


def walks(seed, n_bars=120, n_series=5):
    return np.exp(4 + np.cumsum(np.random.default_rng(seed).normal(0, 0.01, (n_bars, n_series)), axis=0))


def rules(n_train, **options):
    given = {"lags": 1, "alpha": 0.5, "top": None, "log": True, "cost": 0.001, "objective": "sharpe", "lookback": 10}
    return ScanRules(n_train=n_train, periods_per_year=252.0, cost_legs=2, **{"score": "fixed"} | given | options)


def recipe(kind="walks", n_series=11, n_bars=84):
    levels = np.cumsum(np.random.default_rng(3).normal(0, 0.01, (n_series, n_bars)), axis=1)
    return null_universes.recipe_of(levels, kind, 7, starts=False, free=False)


def ranks(table, rank_by):
    """Return what the pairs of a table that were traded are ranked by, larger for better ones."""
    values = -table.adf_statistic if rank_by == "p_value" else getattr(table, rank_by)
    return [value for value, status in zip(values.tolist(), table.status, strict=True) if status == "traded"]


@on(CPU)
@pytest.mark.parametrize(
    ("kind", "rank_by"), [("bootstrap", "p_value"), *(("walks", rank_by) for rank_by in RANKINGS)], ids=str
)
def test_it_is_what_a_loop_over_public_scans_counts(twin, kind, rank_by):
    prices = universe(2, n_bars=120, n_series=5, n_planted=1, theta=0.5)
    found = pair_trading.scan(prices, null_universes=FEWEST, null_kind=kind, rank_by=rank_by, seed=7, **SMALL)
    n_train = pair_trading.train_rows(120, 0.7)
    free = rank_by == "p_value"
    drawn_from = null_universes.recipe_of(np.log(prices[:n_train]).T, kind, 7, starts=False, free=free)
    best = []
    for number in range(FEWEST):
        levels = 0.01 * null_universes.draw(drawn_from, number) if free else null_universes.draw(drawn_from, number)
        whole = np.exp(np.concatenate([levels, levels[:, :2]], axis=1).T)
        split = (n_train + 0.5) / len(whole)
        table = pair_trading.scan(whole, split=split, null_universes=0, rank_by=rank_by, **SMALL)
        best.append(max(ranks(table, rank_by), default=-math.inf))
    expected = [(1 + sum(each >= mine for each in best)) / (FEWEST + 1) for mine in ranks(found, rank_by)]
    np.testing.assert_allclose(found.p_best, expected)
    assert (found.null_universes, found.null_reason) == (FEWEST, "")
    assert len(set(expected)) > 2
    assert (np.diff(found.p_best) >= 0).all()


@on(WIDTHS)
@pytest.mark.parametrize("kind", null_universes.KINDS)
@pytest.mark.parametrize(
    "options",
    [{"lags": 0}, {"rank_by": "train_sharpe", "lags": 2}, {"rank_by": "deflated_sharpe", "log": False}],
    ids=str,
)
def test_lanes_find_the_best_pairs_of_the_numpy_twin_in_any_grouping(twin, kind, options):
    chosen, given = rules(84, **options), recipe(kind)
    assert null_native.covers(given, 0, 5, chosen)
    whole = null_native.best(given, 0, 5, chosen)
    parts = [null_native.best(given, start, stop, chosen) for start, stop in ((0, 1), (1, 3), (3, 5))]
    assert whole.tobytes() == np.concatenate(parts).tobytes()
    with lanes(8):
        assert whole.tobytes() == null_native.best(given, 0, 5, chosen).tobytes()
    with dispatch.using("numpy"):
        np.testing.assert_allclose(whole, null_host.best(given, 0, 5, chosen), rtol=1e-9)


@needs_compiler
@pytest.mark.parametrize(("threads", "shares"), [(1, [(0, 5, 1)]), (2, [(0, 2, 1), (2, 5, 1)]), (12, None)])
def test_threads_share_the_universes_and_each_has_its_part_of_the_kernels_threads(monkeypatch, threads, shares):
    asked, compute = [], null_native._best

    def noted(recipe, start, stop, rules):
        asked.append((start, stop, dispatch.current().threads))
        assert interruption.current() is flag
        return compute(recipe, start, stop, rules)

    monkeypatch.setattr(null_native, "_best", noted)
    flag = interruption.Interrupt()
    with dispatch.using("native", threads), interruption.using(flag):
        found = null_native.best(recipe(), 0, 5, rules(84))
    assert sorted(asked) == (shares or [(place, place + 1, 2) for place in range(5)])
    with dispatch.using("native", 1):
        np.testing.assert_array_equal(found, compute(recipe(), 0, 5, rules(84)))


@needs_compiler
@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("kind", null_universes.KINDS)
def test_a_column_that_is_a_straight_line_has_walks_that_are_constant(kind):
    rng = np.random.default_rng(4)
    line, walk, other = 50.0 + np.arange(120) / 64, *(50.0 + rng.normal(size=(2, 120)).cumsum(axis=1))
    prices = np.stack([line, walk, other], axis=1)
    rules = {"log": False, "null_universes": FEWEST, "null_kind": kind, "rank_by": "train_sharpe", "alpha": 1.0}
    tables = []
    for backend in ("numpy", "native"):
        significance._found.clear()
        with dispatch.using(backend):
            tables.append(pair_trading.scan(prices, **rules))
            assert tables[-1].null_universes == FEWEST
            assert np.isfinite(tables[-1].p_best).any()
    np.testing.assert_array_equal(tables[0].p_best, tables[1].p_best)


def test_a_rolling_score_is_left_to_the_numpy_twin():
    chosen = rules(84, rank_by="train_sharpe", score="rolling")
    assert not null_native.covers(recipe(), 0, 5, chosen)
    prices = universe(3, n_bars=120, n_series=4, n_planted=1, theta=0.5)
    options = {"rank_by": "train_sharpe", "score": "rolling", "null_universes": FEWEST, **SMALL}
    expected = pair_trading.scan(prices, **options).p_best
    significance._found.clear()
    with dispatch.using("native", 2):
        np.testing.assert_array_equal(pair_trading.scan(prices, **options).p_best, expected)


def test_equal_seeds_give_equal_answers_and_others_do_not():
    prices = universe(5, n_bars=120, n_series=5, n_planted=0)

    def asked(**options):
        significance._found.clear()
        return pair_trading.scan(prices, null_universes=99, **options, **SMALL).p_best

    np.testing.assert_array_equal(asked(seed=1), asked(seed=1))
    assert not np.array_equal(asked(seed=1), asked(seed=2))


def test_the_best_pair_of_a_universe_without_any_has_a_uniform_p_value():
    """Within wide bounds; bench/calibration has the narrow ones. By p-value the null universes are the same for all."""
    found, scores = [], []
    for seed in range(60):
        table = pair_trading.scan(walks(seed, 100, 6), alpha=0.999, null_universes=199)
        found.append(table.p_best[0])
        scores.append(np.nanmax(table.deflated_sharpe))
    assert np.mean(np.array(found) < 0.05) <= 0.15
    assert np.mean(np.array(found) < 0.5) == pytest.approx(0.5, abs=0.2)
    assert np.mean(np.array(scores) > 0.95) > 0.2  # what the closed form says of the same universes


def test_planted_pairs_are_found():
    """Within wide bounds, as above: half-lives of 10 bars in 1,050 bars of the train part."""
    found = [
        pair_trading.scan(universe(seed, 1_500, 8, 1, theta=math.log(2) / 10), null_universes=99).p_best[0]
        for seed in range(8)
    ]
    assert np.count_nonzero(np.array(found) < 0.05) >= 6


def test_neither_the_order_of_columns_nor_a_constant_one_changes_it():
    prices, options = universe(6, n_bars=150, n_series=5), {"null_universes": 39, "rank_by": "train_sharpe", **SMALL}
    prices *= np.array([1.0, 2.0, 5.0, 0.1, 1.0])
    expected = pair_trading.scan(prices, **options).p_best
    assert len(set(expected.tolist())) > 1
    np.testing.assert_array_equal(pair_trading.scan(prices[:, [3, 0, 4, 1, 2]], **options).p_best, expected)
    beside = np.column_stack([prices, np.full(150, 3.0)])
    np.testing.assert_array_equal(pair_trading.scan(beside, **options).p_best, expected)


@pytest.mark.parametrize(
    ("prices", "options", "words"),
    [
        (walks(1), {"null_universes": 0}, ""),
        (walks(1), {"null_universes": FEWEST - 1}, f"at least {FEWEST} null universes, got {FEWEST - 1}"),
        (walks(1, 80), {"null_universes": 99}, "at least 60 rows in the train part, got 56"),
        (walks(1, 80), {}, "at least 60 rows in the train part, got 56"),
        (walks(1), {"alpha": 1e-9}, "no pair was traded, so that there is nothing to compare"),
        (walks(1), {"cost": 10.0}, "no pair was traded, so that there is nothing to compare"),
    ],
    ids=str,
)
def test_without_null_universes_there_is_no_number_and_the_reason(prices, options, words):
    table = pair_trading.scan(prices, **{"alpha": 0.5, "lookback": 10, **options})
    assert table.null_universes == 0
    assert words in table.null_reason
    assert bool(table.null_reason) == bool(words)
    assert np.isnan(table.p_best).all()
    assert table.p_best.shape == table.p_value.shape


def test_null_universes_that_take_long_are_made_only_if_asked_for():
    assert pair_trading.plan(100, 1_258, 880, None) == (199, "")
    planned = pair_trading.plan(1_000, 1_258, 880, None)
    assert planned.n_universes == 0
    assert "ask for null_universes=199" in planned.reason
    assert pair_trading.plan(1_000, 1_258, 880, 99) == (99, "")


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"null_universes": -1}, "null_universes"),
        ({"null_universes": 100_001}, "null_universes"),
        ({"null_kind": "walk"}, "null_kind"),
        ({"seed": -1}, "seed"),
        ({"rank_by": "sharpe"}, "rank_by"),
    ],
)
def test_options_out_of_range_are_refused(options, field):
    with pytest.raises(InvalidInput) as refused:
        pair_trading.scan(walks(1), **options)
    assert refused.value.field == field


def test_what_was_found_of_null_universes_serves_other_scans_of_the_same_shape(monkeypatch):
    asked = []

    def best(recipe, start, stop, rules):
        asked.append((start, stop))
        return null_host.best(recipe, start, stop, rules)

    monkeypatch.setattr(significance, "NULL_TWINS", dispatch.Twins(host=best))
    first = pair_trading.scan(walks(1), null_universes=39, **SMALL)
    pair_trading.scan(walks(2), null_universes=FEWEST, top=2, **{**SMALL, "cost": 0.1, "alpha": 0.4})
    assert asked == [(0, 39)]
    np.testing.assert_array_equal(pair_trading.scan(walks(1), null_universes=39, **SMALL).p_best, first.p_best)
    pair_trading.scan(walks(2), null_universes=59, **SMALL)
    assert asked == [(0, 39), (39, 59)]
    for changed in ({"lags": 0}, {"seed": 1}, {"null_kind": "bootstrap"}, {"rank_by": "train_sharpe"}):
        pair_trading.scan(walks(1), null_universes=FEWEST, **changed, **SMALL)
        assert asked.pop() == (0, FEWEST)
    pair_trading.scan(walks(1), null_universes=FEWEST, rank_by="train_sharpe", **{**SMALL, "cost": 0.002})
    assert asked.pop() == (0, FEWEST)  # what trades cost depends on the deviations


def test_progress_counts_the_pairs_of_null_universes_and_ends_them(monkeypatch):
    monkeypatch.setattr(significance, "_AT_ONCE", 84 * 5 * 10)
    told = []
    pair_trading.scan(walks(1), null_universes=25, progress=lambda *counts: told.append(counts), **SMALL)
    assert {total for _, total in told} == {10 * 26}
    assert [done for done, _ in told][-4:] == [10, 110, 210, 260]
    significance._found.clear()
    stopping = interruption.Interrupt()

    def stop(done, total):
        if done > 10:
            stopping.set()

    with interruption.using(stopping), pytest.raises(Interrupted):
        pair_trading.scan(walks(1), null_universes=25, progress=stop, **SMALL)
