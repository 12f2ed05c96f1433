"""A scan in parts is the scan: tiles of its tests, lists of its trades, and what needs all pairs."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gpu_kernels import dispatch, pair_trading
from gpu_kernels.errors import InvalidInput
from gpu_kernels.pair_trading import columns, multiplicity, tiles
from gpu_kernels.pair_trading.model import RANKINGS
from gpu_kernels.pair_trading.tiles import PairTests
from tests.gpu_kernels.native import needs_compiler
from tests.gpu_kernels.pair_trading.universe import assert_same, universe

N_TRAIN = 280
TESTS = {"lags": 1, "log": True}
TRADES = {"cost": 0.001, "lookback": 10, "score": "rolling"}


def awkward(seed):
    """Eleven names, of which one does not vary, and two revert to others."""
    prices = universe(seed, n_series=11)
    prices[:N_TRAIN, 6] = 7.0
    return prices


def in_parts(prices, blocks, lists, *, alpha=0.5, rank_by="p_value", top=None):
    """Return the fields of a scan's table that is made in tiles of blocks and in so many lists of pairs."""
    cut = [(rows, others) for place, rows in enumerate(blocks) for others in blocks[place:]]
    tests = tiles.joined(
        [pair_trading.test_pairs(prices, *tile, n_train=N_TRAIN, alpha=alpha, **TESTS) for tile in reversed(cut)]
    )
    listed = tests.y, tests.x, tests.hedge_ratio, tests.intercept, tests.p_value
    parts = [
        pair_trading.trade_pairs(prices, *(column[some] for column in listed), n_train=N_TRAIN, **TESTS, **TRADES)
        for some in np.array_split(np.arange(tests.y.size), lists)
    ]
    joined = {
        name: np.concatenate([np.array(getattr(part, name), dtype=object if name in TEXTS else None) for part in parts])
        for name in pair_trading.PairTrades._fields
    }
    shape = joined["sharpe_per_bar"], joined["skewness"], joined["kurtosis"]
    tries = multiplicity.tries_of(shape[0])
    ranks = multiplicity.ranked_by(rank_by, tests.adf_statistic, shape, N_TRAIN, tries)
    ranks = np.where(joined["status"] == "traded", ranks, np.nan)
    order = multiplicity.ranking(ranks, tests.p_value, tests.y, tests.x)[:top]
    deflated, _ = multiplicity.deflated(*(column[order] for column in shape), N_TRAIN, tries)
    found = {name: getattr(tests, name)[order] for name in tests._fields[:6]}
    found |= {name: column[order] for name, column in joined.items()}
    found |= {"q_value": multiplicity.q_values_among(found["p_value"], tests.p_values), "deflated_sharpe": deflated}
    found |= {"n_pairs": tests.n_pairs, "n_untested": tests.n_untested, "n_significant": tests.y.size}
    found["notes"] = tuple(columns.untested(tests, prices.shape[1], log=True))
    return found


TEXTS = {"status", "reason", "test_note"}


def assert_the_same(found, table):
    kept = {name: tuple(found[name]) if name in TEXTS else found[name] for name in table._fields if name in found}
    assert_same(table._replace(**kept), table, rtol=1e-9, atol=1e-12)
    left = set(table._fields) - set(kept)
    assert left == {"p_best", "null_universes", "null_reason"}


@settings(max_examples=6)
@given(st.data(), st.integers(0, 5), st.sampled_from(RANKINGS), st.sampled_from([None, 3]), st.integers(1, 3))
def test_any_tiling_gives_the_scan(data, seed, rank_by, top, lists):
    prices = awkward(seed)
    names = data.draw(st.permutations(range(11)))
    cuts = sorted(data.draw(st.sets(st.integers(1, 10), max_size=3)))
    blocks = [names[first:last] for first, last in zip([0, *cuts], [*cuts, 11], strict=True)]
    table = pair_trading.scan(prices, alpha=0.5, rank_by=rank_by, top=top, null_universes=0, **TESTS, **TRADES)
    assert table.n_untested == 10
    assert_the_same(in_parts(prices, blocks, lists, rank_by=rank_by, top=top), table)


@pytest.mark.parametrize("backend", ["numpy", pytest.param("native", marks=needs_compiler)])
def test_columns_that_are_the_same_are_not_tested_in_any_tile(backend):
    prices = universe(3)
    prices[:, 5], prices[:, 7] = 3.0 * prices[:, 2], 1e-3 * prices[:, 2]
    with dispatch.using(backend, 2):
        whole = pair_trading.test_pairs(prices, range(8), range(8), n_train=N_TRAIN, alpha=1.0)
        cut = [(range(6), range(6)), (range(6), [7, 6]), ([7, 6], [7, 6])]
        found = tiles.joined([pair_trading.test_pairs(prices, *tile, n_train=N_TRAIN, alpha=1.0) for tile in cut])
    assert (found.n_pairs, found.n_untested) == (25, 3)
    assert sorted(map(tuple, found.untested.T.tolist())) == [(2, 5), (2, 7), (5, 7)]
    assert found.alike.all()
    assert columns.untested(found, 8, log=True) == columns.untested(whole, 8, log=True)
    for name in PairTests._fields[:7]:
        np.testing.assert_allclose(getattr(found, name), getattr(whole, name), rtol=1e-9, err_msg=name)


def test_what_a_scan_does_not_read_may_be_missing():
    """Prices of other columns, and for the tests those behind the train part; a map of a file is read as it lies."""
    prices = universe(3)
    expected = pair_trading.test_pairs(prices, range(4), range(4), n_train=N_TRAIN, alpha=1.0)
    pair = [column[:1] for column in (*expected[:4], expected.p_value)]
    traded = pair_trading.trade_pairs(prices, *pair, n_train=N_TRAIN)
    held = np.ascontiguousarray(prices.T).T
    held[N_TRAIN:, :4], held[:, 5] = np.nan, -1.0
    held.setflags(write=False)
    found = pair_trading.test_pairs(held, range(4), range(4), n_train=N_TRAIN, alpha=1.0)
    for name, column in found._asdict().items():
        np.testing.assert_allclose(column, getattr(expected, name), rtol=1e-9, err_msg=name)
    others = np.full_like(prices, np.nan)
    both = [int(pair[0][0]), int(pair[1][0])]
    others[:, both] = prices[:, both]
    again = pair_trading.trade_pairs(others, *pair, n_train=N_TRAIN)
    for name, column in again._asdict().items():
        np.testing.assert_array_equal(column, getattr(traded, name), err_msg=name)


def test_no_pair_makes_empty_columns():
    found = pair_trading.trade_pairs(universe(1), [], [], [], [], [], n_train=N_TRAIN)
    assert {len(column) for column in found} == {0}
    assert found.period_p_value.shape == (0, 3)
    alone = pair_trading.test_pairs(universe(1), [3], [3], n_train=N_TRAIN)
    assert (alone.n_pairs, alone.n_untested, alone.p_values.size) == (0, 0, 0)


def test_progress_of_a_list_ends_with_its_pairs():
    told = []
    tests = pair_trading.test_pairs(universe(1), range(8), range(8), n_train=N_TRAIN, alpha=0.5)
    pair_trading.trade_pairs(
        universe(1), *tests[:4], tests.p_value, n_train=N_TRAIN, progress=lambda *counts: told.append(counts)
    )
    assert told == sorted(told)
    assert told[-1] == (tests.y.size, tests.y.size)


@pytest.mark.parametrize(
    ("rows", "others", "options", "message"),
    [
        ([0, 1], [1, 2], {}, "columns must be those of rows, or share none with them, got 1"),
        ([0, 8], [1, 2], {}, "rows must be column numbers from 0 to 7, got 8"),
        ([0], [-1], {}, "columns must be column numbers from 0 to 7, got -1"),
        ([0, 0], [1], {}, "rows must list each column once"),
        ([], [1], {}, "rows must list column numbers"),
        ([0], [1], {"n_train": 401}, "n_train must be 6 to 400, the rows of prices, got 401"),
        ([0], [1], {"alpha": 0.0}, "alpha must be above 0 and at most 1"),
        ([0], [2], {}, r"prices\[5, 2\] must be finite, at most 1e\+50 in magnitude and above 0"),
    ],
)
def test_a_tile_that_breaks_a_rule_is_refused(rows, others, options, message):
    prices = universe(1)
    prices[5, 2] = np.nan
    with pytest.raises(InvalidInput, match=message):
        pair_trading.test_pairs(prices, rows, others, **{"n_train": N_TRAIN, **options})


@pytest.mark.parametrize(
    ("given_", "message"),
    [
        ({"x": [1, 2]}, r"x must be \(1,\) column numbers"),
        ({"y": [9]}, "y must be column numbers from 0 to 7, got 9"),
        ({"intercept": [np.nan]}, "intercept"),
        ({"p_value": [0.1, 0.2]}, r"p_value must have shape \(1,\)"),
        ({"n_train": 399}, "must leave at least 2 rows in the test part"),
        ({"x": [2]}, "prices"),
    ],
)
def test_a_list_that_breaks_a_rule_is_refused(given_, message):
    prices = universe(1)
    prices[395, 2] = np.nan
    pair = {"y": [0], "x": [1], "hedge_ratio": [1.0], "intercept": [0.0], "p_value": [0.01], "n_train": N_TRAIN}
    with pytest.raises(InvalidInput, match=message):
        pair_trading.trade_pairs(prices, **{**pair, **given_})
