"""Columns that cannot be scanned leave the others as they are, and each pair without a row is counted and explained."""

import numpy as np
import pytest

from gpu_kernels import dispatch, pair_trading
from gpu_kernels.errors import InvalidInput
from tests.gpu_kernels.native import needs_compiler
from tests.gpu_kernels.pair_trading.universe import assert_same, names, universe

SMALL = {"lookback": 10, "alpha": 1.0, "null_universes": 0}


def spoilt(rows, value=np.nan):
    prices = universe(1)
    prices[rows, 3] = value
    return prices


def all_but(column, table):
    """Rename the columns of a table as if one had been taken out before them."""
    back = np.delete(np.arange(9), column)
    return table._replace(y=back[table.y], x=back[table.x])


@pytest.mark.parametrize(
    ("rows", "value", "reason"),
    [
        (slice(0, 50), np.nan, "no price before row 50: scan from there on, or leave the column out"),
        (slice(380, None), np.nan, "no price after row 379: scan up to there, or leave the column out"),
        (390, np.nan, "no price in row 390: fill it, or leave the column out"),
        ([7, 8, 200], np.nan, "no price in 3 rows between, the first is row 7: fill them, or leave the column out"),
        ([0, 399], np.nan, "no price before row 1: scan from there on; no price after row 398: scan up to there, or"),
        (slice(None), np.nan, "no price at all; leave the column out"),
        (390, np.inf, "price inf in row 390 is infinite; correct it, or leave the column out"),
        (390, -1.0, "price -1.0 in row 390 is not above 0, as logarithms need; scan with log=False"),
        (5, 0.0, "price 0.0 in row 5 is not above 0, as logarithms need; scan with log=False"),
        (0, 1e60, "price 1e+60 in row 0 is above 1e+50 in magnitude; take another unit, or leave the column out"),
    ],
)
def test_one_bad_column_is_noted_and_the_others_stay_as_they_are(rows, value, reason):
    table = pair_trading.scan(spoilt(rows, value), **SMALL)
    without = pair_trading.scan(np.delete(universe(1), 3, axis=1), **SMALL)
    assert_same(table._replace(n_untested=0, notes=()), all_but(3, without))
    (note,) = table.notes
    assert (note.column, note.status) == (3, "error")
    assert note.reason.startswith(reason)
    assert (table.n_pairs, table.n_untested) == (21, 7)


@pytest.mark.parametrize("backend", ["numpy", pytest.param("native", marks=needs_compiler)])
def test_a_column_that_is_left_out_changes_no_bit(backend):
    """The layout in memory decides the order of a matrix product's sums."""
    with dispatch.using(backend, 2):
        table = pair_trading.scan(spoilt(5), **SMALL)
        without = pair_trading.scan(np.delete(universe(1), 3, axis=1), **SMALL)
    for name in ("hedge_ratio", "intercept", "adf_statistic", "p_value", "train_sharpe", "test_sharpe"):
        np.testing.assert_array_equal(getattr(table, name), getattr(without, name), err_msg=name)


def test_prices_that_are_not_positive_are_fine_without_logarithms():
    table = pair_trading.scan(spoilt(390, -1.0), log=False, **SMALL)
    assert (table.n_pairs, table.n_untested, table.notes) == (28, 0, ())


def test_fewer_than_two_good_columns_are_refused_with_the_reasons():
    prices = universe(1)[:, :3]
    prices[:5, 0], prices[4, 2] = np.nan, -2.0
    with pytest.raises(InvalidInput) as caught:
        pair_trading.scan(prices, **SMALL)
    assert caught.value.index == (0, 0)
    assert "column 0: no price before row 5" in str(caught.value)
    assert "column 2: price -2.0 in row 4" in str(caught.value)
    assert "column 1" not in str(caught.value)


def test_a_refusal_names_three_columns_and_counts_the_others():
    with pytest.raises(InvalidInput, match=r"column 2: .*; and 5 more"):
        pair_trading.scan(-universe(1), **SMALL)


def test_progress_counts_the_pairs_of_columns_that_are_left_out():
    sentence = []
    pair_trading.scan(spoilt(4), progress=lambda *counts: sentence.append(counts), **SMALL)
    assert {total for _, total in sentence} == {28}
    assert sentence[0][0] >= 7
    assert sentence[-1] == (28, 28)


def test_a_constant_column_and_a_multiple_are_explained_and_every_pair_is_counted():
    rng = np.random.default_rng(3)
    first, second = np.exp(np.cumsum(rng.normal(0, 0.01, (300, 2)), axis=0)).T
    table = pair_trading.scan(np.column_stack([first, 2 * first, second, np.full(300, 5.0)]), **SMALL)
    assert (table.n_pairs, table.n_significant, table.n_untested) == (2, 2, 4)
    assert set(names(table)) == {frozenset({0, 2}), frozenset({1, 2})}
    sentence = [(note.column, note.status, note.sentence("ABCD")) for note in table.notes]
    alike = "its logarithms are those of another column but for factor and offset; not tested with"
    assert sentence == [
        (0, "ok", f"{alike} B"),
        (1, "ok", f"{alike} A"),
        (3, "error", "constant in the train part, so that no pair of it can be tested"),
    ]


def test_two_columns_that_are_the_same_leave_nothing_to_test():
    prices = universe(2)[:, :1]
    table = pair_trading.scan(np.hstack([prices, prices]), log=False, **SMALL)
    assert (table.n_pairs, table.n_untested, table.status) == (0, 1, ())
    assert [note.status for note in table.notes] == ["error", "error"]
    assert table.notes[0].reason.startswith("its prices are those of another column")


def test_notes_after_a_left_out_column_name_the_columns_of_the_whole():
    prices = universe(2)
    prices[:, 7] = 3 * prices[:, 5]
    prices[9, 1] = np.nan
    prices[:280, 6] = 4.0
    notes = pair_trading.scan(prices, **SMALL).notes
    assert [(note.column, note.others) for note in notes] == [(1, ()), (5, (7,)), (6, ()), (7, (5,))]


def test_alpha_one_keeps_every_pair_that_was_tried():
    bars = np.arange(400.0) - 280
    growing = np.exp(0.1 * np.stack([1.01**bars, 1.02**bars], axis=1))
    table = pair_trading.scan(growing, lags=0, **SMALL)
    assert table.p_value.tolist() == [1.0]
    assert (table.n_pairs, table.n_significant, table.status) == (1, 1, ("no_process",))
    assert "unit root" in table.reason[0]
    assert pair_trading.scan(growing, lags=0, alpha=0.999, lookback=10).n_significant == 0


def test_a_pair_that_is_not_traded_says_why():
    prices = universe(4)
    costly = pair_trading.scan(prices, cost=10.0, **SMALL)
    assert set(costly.status) == {"too_costly"}
    spread = costly.sigma / np.sqrt(2 * costly.theta)
    for reason, each, hedge_ratio in zip(costly.reason, spread, costly.hedge_ratio, strict=True):
        paid = 20 * (1 + abs(hedge_ratio))
        assert reason == (
            f"a round trip costs {paid:.4g}, more than 30 stationary standard deviations of the residual, "
            f"each {each:.4g}"
        )
        assert 30 * each < 20
    rng = np.random.default_rng(5)
    walk = np.cumsum(rng.normal(size=200))
    jumps = np.where(np.arange(200) % 2, 1.0, -1.0) + 0.1 * rng.normal(size=200)
    broken = pair_trading.scan(300 + np.stack([walk, 2 * walk + jumps], axis=1), log=False, **SMALL)
    assert broken.status == ("no_process",)
    assert broken.reason[0].startswith("the residual is no Ornstein-Uhlenbeck process: no OU process has b <= 0")
    traded = pair_trading.scan(prices, cost=0.0, **SMALL)
    assert set(traded.reason) == {""}


@pytest.mark.parametrize("legs", [1, 2])
@pytest.mark.parametrize("log", [True, False])
def test_a_pair_pays_five_basis_points_of_its_legs_where_no_cost_is_given(log, legs):
    prices = universe(6) * np.array([1.0, 30.0, 1.0, 2.0, 50.0, 1.0, 4.0, 1.0])
    options = {"log": log, "bias": "none", **SMALL}
    table = pair_trading.scan(prices, cost_legs=legs, **options)
    for place, (y, x) in enumerate(zip(table.y, table.x, strict=True)):
        mean = np.ones(8) if log else prices[:280].mean(axis=0)
        paid = 0.0005 * (mean[y] + (abs(table.hedge_ratio[place]) * mean[x] if legs == 2 else 0.0))
        alone = pair_trading.scan(prices[:, [y, x]], cost=paid, cost_legs=1, **options)
        assert alone.entry_zscore[0] == pytest.approx(table.entry_zscore[place], rel=1e-6)
        assert alone.train_sharpe[0] == pytest.approx(table.train_sharpe[place], rel=1e-8)
        assert alone.test_return[0] == pytest.approx(table.test_return[place], rel=1e-8)
    free = pair_trading.scan(prices, cost=0.0, **options)
    assert table.train_sharpe.max() < free.train_sharpe.max()


@pytest.mark.parametrize("log", [True, False])
def test_columns_of_very_different_scales_give_the_same_pairs(log):
    prices = universe(7)
    units = 2.0 ** np.array([0, 20, -30, 10, 0, -20, 30, 5])
    base, found = (pair_trading.scan(values, log=log, **SMALL) for values in (prices, prices * units))
    assert names(found) == names(base)
    factor = units[base.y] if not log else np.ones(len(base.y))
    for name in ("p_value", "theta", "half_life", "entry_zscore", "train_sharpe", "test_sharpe", "test_trades"):
        # A threshold comes from a search that stops at 1e-8 of a flat top.
        np.testing.assert_allclose(getattr(found, name), getattr(base, name), rtol=1e-6, err_msg=name)
    np.testing.assert_allclose(found.sigma, base.sigma * factor, rtol=1e-7)


def test_a_note_names_some_of_many_columns_and_counts_the_others():
    """With N columns all alike, notes that name all of them would hold N^2 names."""
    names = [f"C{k}" for k in range(1000)]
    note = pair_trading.ColumnNote(0, "error", "not tested with", tuple(range(1, 1000)))
    assert note.sentence(names) == f"not tested with {', '.join(names[1:21])} and 979 more"
    assert note._replace(others=tuple(range(1, 21))).sentence(names) == f"not tested with {', '.join(names[1:21])}"
    assert note._replace(others=()).sentence(names) == "not tested with"
