"""Faults that are planted into a batch run: for each, a test of this folder must fail that passes without it."""

import numpy as np
import pytest

from gpu_kernels.pair_trading import multiplicity
from gpu_kernels.pair_trading.multiplicity import Tries
from meanrev_batch import identity
from meanrev_batch.gather import false_discovery, ranking
from meanrev_batch.gather import series as series_gathering
from meanrev_batch.store import Folder
from meanrev_batch.work import scan as scan_work
from tests.batch import test_pure_parts, test_scan, test_series, test_store, test_windows
from tests.batch.universes import prices, write

FOUND = (AssertionError, pytest.fail.Exception)


def test_q_values_without_the_tail_above_the_level(tmp_path, monkeypatch):
    monkeypatch.setattr(false_discovery, "q_values", lambda _, wanted: multiplicity.q_values(wanted))
    with pytest.raises(FOUND, match="q_value"):
        test_scan.test_it_agrees_with_a_scan_of_one_matrix(tmp_path, {})


def test_ranks_in_the_order_of_the_chunks(tmp_path, monkeypatch):
    order = ranking._order

    def by_chunk(plan, traded):
        right, deflated = order(plan, traded)
        return np.sort(right), deflated

    monkeypatch.setattr(ranking, "_order", by_chunk)
    with pytest.raises(FOUND):
        test_scan.test_it_agrees_with_a_scan_of_one_matrix(tmp_path, {})


@pytest.mark.parametrize("change", [{"lags": 2}, {"cost": 0.001}])
def test_ids_that_leave_the_options_out(monkeypatch, change):
    monkeypatch.setattr(identity, "_chosen", lambda *_: {})
    with pytest.raises(FOUND):
        test_pure_parts.test_ids_differ_where_results_do(change, {"trade"} if "cost" in change else {"test", "trade"})


def test_ids_that_leave_the_prices_out(monkeypatch):
    monkeypatch.setattr(identity, "_id", lambda content: identity.hashed([*content[:4], content[-1]]))
    with pytest.raises(FOUND):
        test_pure_parts.test_an_id_depends_on_the_prices_of_its_names_alone()


def test_a_chunk_that_says_it_is_done_before_its_p_values_are_there(tmp_path, monkeypatch):
    def commit(self, chunk, result):
        self.put(f"{chunk.stage}/{chunk.id}.parquet", result.body)
        self.put(f"{chunk.stage}/{chunk.id}.p64", result.beside)

    monkeypatch.setattr(Folder, "commit", commit)
    with pytest.raises(FOUND):
        test_store.test_a_chunk_is_done_once_its_parquet_file_is_there_which_comes_last(
            Folder(tmp_path / "run").made(), monkeypatch
        )


def test_a_window_that_begins_at_the_first_bar(tmp_path, monkeypatch):
    test = scan_work.test_in_window
    monkeypatch.setattr(
        scan_work,
        "test_in_window",
        lambda prices, tile, n_train, options, _, rows: test(prices, tile, n_train, options, 0, rows),
    )
    values = prices(40, 320)
    universe = write(tmp_path / "windows.parquet", values)
    test_windows.run(universe, tmp_path / "windows")
    with pytest.raises(FOUND):
        test_windows.test_a_window_is_a_scan_of_its_bars(values, tmp_path / "windows", tmp_path, 2)


def test_tries_whose_means_are_taken_to_be_equal(monkeypatch):
    def within(number, _, squares):
        return Tries(int(number.sum()), float(squares.sum() / (number.sum() - 1)))

    monkeypatch.setattr(test_series, "pooled", within)
    assert series_gathering.pooled is not within
    with pytest.raises(FOUND):
        test_series.test_pooled_tries_do_not_depend_on_the_parts()
