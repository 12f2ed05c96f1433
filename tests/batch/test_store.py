"""The folder: whole files or none, the order of a chunk's files, and what is not ours."""

import os
import socket

import numpy as np
import pytest

from meanrev_batch import tables
from meanrev_batch.errors import BusyFolder, ForeignFolder
from meanrev_batch.identity import bytes_digest
from meanrev_batch.model import Chunk, Result, Tile
from meanrev_batch.store import Folder

TILE = Chunk("0" * 32, "test", "", Tile(0, 2, 0, 2), 1.0)
COLUMNS = {"y": [1], "x": [0], "hedge_ratio": [0.5], "intercept": [0.5], "adf_statistic": [0.5], "p_value": [0.5]}


def result(chunk=TILE, **note):
    p_values = np.array([0.5]).tobytes()
    said = {"id": chunk.id, "n_rows": 1, "n_pairs": 1, "beside": bytes_digest(p_values), **note}
    return Result(tables.encoded(COLUMNS, tables.TESTS, said), p_values)


@pytest.fixture
def folder(tmp_path):
    return Folder(tmp_path / "run").made()


def names(folder):
    return sorted(str(path.relative_to(folder.path)) for path in folder.path.rglob("*") if path.is_file())


def test_a_chunk_is_done_once_its_parquet_file_is_there_which_comes_last(folder, monkeypatch):
    put, order = Folder.put, []
    monkeypatch.setattr(Folder, "put", lambda self, name, data: (order.append(name), put(self, name, data)))
    assert not folder.has(TILE)
    folder.commit(TILE, result())
    assert folder.has(TILE)
    assert order == [f"test/{TILE.id}.p64", f"test/{TILE.id}.parquet"]


@pytest.mark.parametrize("n_bytes", [None, 0, 7, 8])
def test_a_chunk_without_its_p_values_is_not_done(folder, n_bytes):
    folder.commit(TILE, result())
    path = folder.path / f"test/{TILE.id}.p64"
    path.unlink() if n_bytes is None else path.write_bytes(bytes(n_bytes))
    assert not folder.has(TILE)


@pytest.mark.parametrize("wrong", [{"id": "1" * 32}, {"n_rows": 2}, "torn"])
def test_a_file_that_is_torn_or_of_another_chunk_is_not_done_and_is_replaced(folder, wrong):
    made = result() if wrong == "torn" else result(**wrong)
    body = made.body[:-9] if wrong == "torn" else made.body
    folder.commit(TILE, made._replace(body=body))
    assert not folder.has(TILE)
    folder.commit(TILE, result())
    assert folder.has(TILE)


def test_a_write_that_fails_leaves_nothing(folder):
    folder.put("run.json", b"before")

    def failing():
        with folder.placing("run.json") as path:
            path.write_bytes(b"half")
            raise OSError

    with pytest.raises(OSError):  # noqa: PT011 - any
        failing()
    assert names(folder) == ["run.json"]
    assert (folder.path / "run.json").read_bytes() == b"before"


def test_what_ended_processes_left_is_removed_and_what_is_not_ours_is_named(folder):
    host, ended = socket.gethostname(), 2**22 + 1  # above the largest number of a process
    left = [f".run.json.{host}.{ended}.tmp", f"test/.{TILE.id}.p64.{host}.{ended}.tmp"]
    kept = [f"trade/.{TILE.id}.parquet.{host}.{os.getpid()}.tmp", f"trade/.{TILE.id}.parquet.elsewhere.{ended}.tmp"]
    old = f"trade/.{'1' * 32}.parquet.elsewhere.{ended}.tmp"
    foreign = ["notes.txt", "test/notes.txt"]
    for name in (*left, *kept, old, *foreign):
        (folder.path / name).write_bytes(b"x")
    os.utime(folder.path / old, (0, 0))
    survey = folder.survey()
    assert survey.removed == 3
    assert list(survey.foreign) == foreign
    assert names(folder) == sorted([*kept, *foreign])


def test_a_folder_of_other_files_is_refused(tmp_path):
    (tmp_path / "thesis.tex").write_text("")
    with pytest.raises(ForeignFolder, match=r"holds thesis\.tex and no run; give another --out"):
        Folder(tmp_path).made()
    with pytest.raises(ForeignFolder, match="is a file"):
        Folder(tmp_path / "thesis.tex").made()


def test_clearing_leaves_what_is_not_ours(folder):
    folder.commit(TILE, result())
    (folder.path / "test/mine.p64").write_bytes(b"x")
    assert folder.cleared("test/*.p64") == 8
    assert names(folder) == [f"test/{TILE.id}.parquet", "test/mine.p64"]


@pytest.mark.parametrize(("first", "second"), [(False, False), (False, True), (True, False)])
def test_two_runs_in_one_folder_refuse_each_other_unless_both_are_shards(folder, first, second):
    folder.lock(shared=first)
    other = Folder(folder.path)
    with pytest.raises(BusyFolder, match=r"another run computes in .*; wait for its end, or give another --out"):
        other.lock(shared=second)
    folder.close()
    other.lock(shared=second)
    other.close()


def test_shards_share_a_folder(folder):
    folder.lock(shared=True)
    other = Folder(folder.path)
    other.lock(shared=True)
    other.close()
    folder.close()
