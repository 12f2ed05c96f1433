"""Tiles, ids, whose turn it is, and the time that is left."""

import math
from itertools import combinations

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from meanrev_batch import identity
from meanrev_batch.errors import BadOption
from meanrev_batch.model import Chunk, PairList, Tile
from meanrev_batch.options import ScanOptions
from meanrev_batch.progress import Pace
from meanrev_batch.supervise import Docket, hopeless
from meanrev_batch.tiling import block_size, list_size, ranges, tiles

NAMES = [f"N{place}" for place in range(8)]
DIGESTS = {name: name.lower() for name in NAMES}
TILE = Tile(0, 4, 4, 8)


def pairs_of(tile):
    rows, columns = range(tile.y_start, tile.y_stop), range(tile.x_start, tile.x_stop)
    found = {(min(y, x), max(y, x)) for y in rows for x in columns if y != x}
    assert len(found) == tile.n_pairs
    return sorted(found)


@given(st.integers(2, 60), st.integers(2, 20))
def test_tiles_have_each_pair_once(n_names, size):
    found = [pair for tile in tiles(n_names, size) for pair in pairs_of(tile)]
    assert sorted(found) == list(combinations(range(n_names), 2))


@given(st.integers(1, 10**10), st.integers(10, 10**6), st.integers(2, 10**4))
def test_a_block_takes_the_memory_that_it_may(memory, n_bars, n_names):
    size = block_size(memory, n_bars, n_names)
    assert 2 <= size <= min(512, n_names)
    assert size <= 16 or 160e6 + 38 * n_bars * 2 * size + 140 * (2 * size) ** 2 <= memory


def test_ranges_and_lists():
    assert list(ranges(5, 2)) == [(0, 2), (2, 4), (4, 5)]
    assert not list(ranges(0, 2))
    assert list_size(10**9) == 16


@pytest.mark.parametrize(
    ("change", "differs"),
    [
        ({"lags": 2}, {"test", "trade"}),
        ({"log": False}, {"test", "trade"}),
        ({"select": "p<0.01"}, {"test"}),
        ({"cost": 0.001}, {"trade"}),
        ({"objective": "profit"}, {"trade"}),
        ({"lookback": 61}, {"trade"}),
        ({"periods_per_year": 365.0}, {"trade"}),
        ({"score": "rolling"}, {"trade"}),
        ({"cost_legs": 1}, {"trade"}),
        ({"bias": "none"}, {"trade"}),
        ({"rank_by": "train_sharpe", "top": 5, "fill": 3, "least_bars": 0.5, "split": "99", "memory": 7}, set()),
    ],
)
def test_ids_differ_where_results_do(change, differs):
    changed = msgspec.structs.replace(ScanOptions(), **change)
    numbers, figures = np.arange(2), np.arange(2.0)
    listed = PairList(50, numbers, numbers + 1, figures, figures, figures, figures)
    found = set()
    for stage, id_of, work in (("test", identity.tile_id, TILE), ("trade", identity.list_id, listed)):
        if id_of(changed, 40, NAMES, DIGESTS, work) != id_of(ScanOptions(), 40, NAMES, DIGESTS, work):
            found.add(stage)
    assert found == differs
    other = listed._replace(hedge_ratio=figures + 1e-16)
    assert identity.list_id(changed, 40, NAMES, DIGESTS, other) != identity.list_id(changed, 40, NAMES, DIGESTS, listed)


def test_an_id_depends_on_the_prices_of_its_names_alone():
    first, other = Tile(0, 2, 0, 2), Tile(2, 4, 2, 4)
    changed = {**DIGESTS, "N1": "another"}
    before, after = (
        [identity.tile_id(ScanOptions(), 40, NAMES, each, tile) for tile in (first, other)]
        for each in (DIGESTS, changed)
    )
    assert before[0] != after[0]
    assert before[1] == after[1]
    assert identity.tile_id(ScanOptions(), 41, NAMES, DIGESTS, other) != before[1]


@pytest.mark.parametrize("select", ["p", "p<0", "p<1.5", "q>0.1", "r<0.1", "q<"])
def test_a_rule_of_selection_that_is_none(select):
    with pytest.raises(BadOption, match=r"^select must be p<LEVEL or q<LEVEL"):
        _ = ScanOptions(select=select).selection


def chunk(number):
    return Chunk(str(number), "test", "", TILE, 1.0)


def test_a_chunk_whose_worker_ended_is_next_and_the_second_time_poison():
    docket = Docket([chunk(0), chunk(1)])
    taken = docket.take()
    assert docket.lost(taken)
    assert docket.take() == taken
    assert docket.attempts(taken) == 2
    assert not docket.lost(taken)
    assert docket.take() == chunk(1)
    assert docket.take() is None


def test_a_run_is_hopeless_where_many_of_the_first_chunks_fail():
    assert not hopeless(20, 2)
    assert hopeless(3, 3)
    assert not hopeless(21, 21)


def test_the_time_left_follows_the_pace():
    pace = Pace(100.0, now=0.0)
    assert math.isnan(pace.ended(10.0, 1.0))
    assert math.isnan(pace.ended(10.0, 2.0))
    assert pace.ended(10.0, 3.0) == pytest.approx(7.0)
    assert pace.ended(10.0, 13.0) == pytest.approx(60 * (0.8 * 0.1 + 0.2 * 1.0))
