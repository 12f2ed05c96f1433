"""A scan equals its oracle, finds what was planted, and never looks at the test part to choose or to rank."""

from itertools import pairwise

import numpy as np
import pytest

from gpu_kernels import dispatch, pair_trading
from gpu_kernels.pair_trading import host, multiplicity, scanning, steps, train_part
from gpu_kernels.pair_trading.model import RANKINGS
from tests.gpu_kernels.native import needs_compiler
from tests.gpu_kernels.pair_trading.universe import OF_THE_SCAN, TEST_FIELDS, assert_same, names, universe
from tests.naive import pair_trading as naive

SMALL = {"lookback": 10, "cost": 0.001, "null_universes": 0}


@pytest.mark.parametrize(("seed", "lags", "log"), [(1, 1, True), (2, 0, False), (3, 2, True)])
def test_it_equals_the_oracle(seed, lags, log):
    prices = universe(seed, n_bars=120, n_series=5, theta=0.5)
    options = {"lags": lags, "split": 0.65, "alpha": 0.2, "log": log, "periods_per_year": 365.0, **SMALL}
    if not log:
        options["cost"] = 0.05
    table = pair_trading.scan(prices, bias="none", rank_by="deflated_sharpe", **options)
    del options["null_universes"]
    expected, n_pairs = naive.scan(prices, **options)
    assert (table.n_pairs, table.n_significant) == (n_pairs, len(expected))
    assert len(expected) >= 3
    assert set(table.status) == {"traded"}
    for name in set(table._fields) - {
        "status",
        "reason",
        "test_note",
        "p_best",
        *OF_THE_SCAN,
        "notes",
    }:
        # Its thresholds come from a search that stops at 1e-8 of a flat top.
        rtol = 1e-6 if name.endswith("_zscore") else 1e-8
        theirs = [row[name] for row in expected]
        np.testing.assert_allclose(getattr(table, name), theirs, rtol=rtol, atol=1e-7 * (rtol > 1e-8), err_msg=name)


@pytest.mark.parametrize("options", [{"cost": 0.0}, {}, {"cost": 0.001, "cost_legs": 1}], ids=str)
def test_five_planted_pairs_among_a_hundred_names_come_first_with_their_speed(options):
    prices = universe(3, n_bars=2_000, n_series=100, n_planted=5, theta=0.1)
    table = pair_trading.scan(prices, null_universes=0, **options)
    assert table.n_pairs == 4_950
    assert table.n_significant > 200
    assert set(names(table)[:5]) == {frozenset((2 * pair, 2 * pair + 1)) for pair in range(5)}
    assert (np.abs(table.theta[:5] - 0.1) < 2 * table.theta_std_error[:5]).all()
    assert (table.q_value[:5] < 1e-4).all()
    assert (table.q_value[5:] > 0.05).all()
    assert (table.test_sharpe[:5] > 1).all()


def test_a_speed_is_the_median_unbiased_one_unless_told_otherwise():
    prices = universe(7)
    corrected = pair_trading.scan(prices, alpha=0.3, **SMALL)
    plain = pair_trading.scan(prices, alpha=0.3, bias="none", **SMALL)
    found, before = (
        {(y, x): t for y, x, t in zip(each.y, each.x, each.theta, strict=True)} for each in (corrected, plain)
    )
    assert found.keys() == before.keys()
    assert all(np.isnan(theta) or theta < before[pair] for pair, theta in found.items())


def test_the_test_part_changes_the_test_columns_only():
    prices = universe(4)
    changed = prices.copy()
    changed[280:] = universe(5)[280:]
    before, after = pair_trading.scan(prices, alpha=0.3, **SMALL), pair_trading.scan(changed, alpha=0.3, **SMALL)
    for name in before._fields:
        ours, theirs = getattr(before, name), getattr(after, name)
        if name in TEST_FIELDS:
            assert not np.array_equal(ours, theirs), name
        else:
            np.testing.assert_array_equal(ours, theirs, err_msg=name)


def test_what_comes_later_does_not_reach_back_within_the_test_part():
    """Bars behind the last one of a shorter test part change nothing of it."""
    prices = universe(6, n_bars=500)
    short = pair_trading.scan(prices[:400], split=0.7, alpha=0.3, **SMALL)
    longer = pair_trading.scan(prices, split=280 / 500, alpha=0.3, **SMALL)
    np.testing.assert_array_equal(short.deflated_sharpe, longer.deflated_sharpe)
    assert (longer.test_max_drawdown >= short.test_max_drawdown).all()
    assert (longer.test_trades >= short.test_trades).all()


def test_the_order_of_columns_only_renames_them():
    prices, order = universe(7), np.array([3, 7, 0, 5, 1, 6, 2, 4])
    table, moved = (
        pair_trading.scan(prices, alpha=0.3, **SMALL),
        pair_trading.scan(prices[:, order], alpha=0.3, **SMALL),
    )
    assert_same(moved._replace(y=order[moved.y], x=order[moved.x]), table)


def test_units_of_a_price_move_only_the_intercept_in_logarithms():
    prices = universe(8)
    table, scaled = pair_trading.scan(prices, alpha=0.3, **SMALL), pair_trading.scan(prices * 4.0, alpha=0.3, **SMALL)
    assert_same(scaled._replace(intercept=table.intercept), table)


@pytest.mark.parametrize("rank_by", RANKINGS)
def test_pairs_are_ranked_by_the_train_part_alone(rank_by):
    table = pair_trading.scan(universe(9), alpha=0.5, rank_by=rank_by, **SMALL)
    assert len(table.y) > 5
    descending = table.p_value[::-1] if rank_by == "p_value" else getattr(table, rank_by)
    assert (np.diff(descending) <= 0).all()
    assert (np.diff(table.test_sharpe) > 0).any()


def test_top_cuts_the_ranking_and_changes_nothing_else():
    prices = universe(10)
    whole, first = pair_trading.scan(prices, alpha=0.5, **SMALL), pair_trading.scan(prices, alpha=0.5, top=3, **SMALL)
    for name in whole._fields:
        theirs = getattr(whole, name)
        cut = theirs if name in {*OF_THE_SCAN, "notes"} else theirs[:3]
        np.testing.assert_array_equal(getattr(first, name), cut, err_msg=name)
    many = pair_trading.scan(prices, alpha=0.5, top=1_000, **SMALL)
    assert_same(many, whole)


@pytest.mark.parametrize("objective", ["profit", "kelly"])
def test_thresholds_are_those_of_the_objective(objective):
    table = pair_trading.scan(universe(11), objective=objective, **SMALL)
    by_sharpe = pair_trading.scan(universe(11), **SMALL)
    assert set(names(table)) == set(names(by_sharpe))
    if objective == "profit":
        np.testing.assert_array_equal(table.exit_zscore, -table.entry_zscore)
    else:  # without a bound on the fraction they are the same
        np.testing.assert_allclose(table.entry_zscore, by_sharpe.entry_zscore)


def test_blocks_change_nothing(monkeypatch):
    prices = universe(12)
    whole = pair_trading.scan(prices, alpha=0.5, **SMALL)
    for entries in (1, 280 * 3):
        monkeypatch.setattr(host, "ENTRIES", entries)
        monkeypatch.setattr(train_part, "AT_ONCE", 2 * entries)
        assert_same(pair_trading.scan(prices, alpha=0.5, **SMALL), whole, rtol=1e-12, atol=1e-15)


def test_progress_is_told_in_every_stage_and_ends_with_all_pairs(monkeypatch):
    monkeypatch.setattr(train_part, "AT_ONCE", 280 * 2)
    monkeypatch.setattr(scanning, "SIDE", 3)
    told = []
    pair_trading.scan(universe(12), alpha=0.5, progress=lambda done, total: told.append((done, total)), **SMALL)
    counts = [done for done, _ in told]
    assert {total for _, total in told} == {28}
    assert counts == sorted(counts)
    assert counts[0] < 28 * scanning.TESTED
    assert counts[-1] == 28
    stages = scanning.TESTED, scanning.TRAINED, scanning.TRADED_OUT, scanning.DIVIDED
    for begin, end in pairwise((0.0, *stages)):
        assert len([done for done in counts if 28 * begin <= done <= 28 * end]) > 2


def test_all_pairs_are_examined_only_when_the_table_is_made(monkeypatch):
    """What follows the last report of a scan without null universes is no work."""
    events = []
    for module, name in ((steps, "notes"), (scanning, "described"), (multiplicity, "q_values_among")):
        made = getattr(module, name)
        monkeypatch.setattr(module, name, lambda *given, made=made: (made(*given), events.append("made"))[0])
    progress = lambda done, total: events.append("all" if done == total else "some")  # noqa: E731
    pair_trading.scan(universe(12), alpha=0.5, progress=progress, **SMALL)
    assert events.count("made") == 3
    assert events[-1] == "all"
    assert "all" not in events[:-1]


@pytest.mark.parametrize("share", [0.0, 0.4, 0.75, 0.85, 1.0])
def test_an_exception_from_progress_ends_the_scan_in_every_stage(share, monkeypatch):
    monkeypatch.setattr(train_part, "AT_ONCE", 280)
    monkeypatch.setattr(scanning, "SIDE", 3)
    told = []

    def stop(done, total):
        told.append(done)
        if done >= share * total:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pair_trading.scan(universe(12), alpha=0.5, progress=stop, **SMALL)
    assert share * 28 <= told[-1] <= (share + 0.15) * 28
    assert all(done < share * 28 for done in told[:-1])


@needs_compiler
def test_compiled_kernels_give_the_same_table():
    prices = universe(13, n_series=12)
    expected = pair_trading.scan(prices, alpha=0.5, **SMALL)
    with dispatch.using("native", 2):
        assert_same(pair_trading.scan(prices, alpha=0.5, **SMALL), expected)


def test_a_read_only_array_is_left_as_it_is():
    prices = universe(14)
    before = prices.copy()
    prices.setflags(write=False)
    pair_trading.scan(prices, **SMALL)
    pair_trading.scan(np.asfortranarray(prices), log=False, **SMALL)
    np.testing.assert_array_equal(prices, before)
