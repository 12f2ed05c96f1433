"""Files of a run that are damaged, missing or of another chunk are found, and computed or written again."""

import shutil

import pytest

from meanrev_batch import gather, scan, status
from meanrev_batch.engines import execution, here
from meanrev_batch.errors import ForeignFolder, Incomplete
from tests.batch.universes import OPTIONS

ANSWERS = ("pairs.parquet", "universe.parquet")


def chunk_file(out, pattern):
    """Return the largest file, which has rows."""
    return max(out.glob(pattern), key=lambda path: (path.stat().st_size, path.name))


def truncated(path):
    path.write_bytes(path.read_bytes()[:-20])


def emptied(path):
    path.write_bytes(b"")


def missing(path):
    path.unlink()


def flipped(path):
    """Flip one bit of a page, which leaves length and footer as they are."""
    data = bytearray(path.read_bytes())
    data[len(data) // 3] ^= 4
    path.write_bytes(data)


def swapped(path):
    other = next(each for each in sorted(path.parent.glob(f"*{path.suffix}")) if each != path)
    path.write_bytes(other.read_bytes())


@pytest.fixture
def out(scanned, tmp_path):
    return shutil.copytree(scanned, tmp_path / "run")


@pytest.fixture
def begun(monkeypatch):
    """The chunks that a run in this process computes."""
    ids, performed = [], execution.performed
    monkeypatch.setattr(
        here, "performed", lambda job, prices, chunk: (ids.append(chunk.id), performed(job, prices, chunk))[1]
    )
    return ids


@pytest.mark.parametrize("damage", [truncated, emptied, missing, flipped, swapped])
@pytest.mark.parametrize("pattern", ["test/*.parquet", "test/*.p64", "trade/*.parquet"])
def test_a_damaged_chunk_is_computed_again_and_no_other_one(universe, scanned, out, begun, pattern, damage):
    path = chunk_file(out, pattern)
    damage(path)
    with pytest.raises(Incomplete, match=r"1 of . chunks of stage .* are missing"):
        gather(out)
    report = scan(str(universe), out, OPTIONS, engine="here")
    assert report.state == "complete"
    assert begun == [path.stem]
    assert [(out / name).read_bytes() for name in ANSWERS] == [(scanned / name).read_bytes() for name in ANSWERS]


@pytest.mark.parametrize("damage", [truncated, emptied, missing, flipped])
@pytest.mark.parametrize("name", ["pairs.parquet", "universe.parquet", "matrix.npy", "report.json"])
def test_other_damaged_files_are_written_again(universe, scanned, out, begun, name, damage):
    damage(out / name)
    assert scan(str(universe), out, OPTIONS, engine="here").state == "complete"
    assert begun == []
    assert [(out / each).read_bytes() for each in ANSWERS] == [(scanned / each).read_bytes() for each in ANSWERS]


def test_a_damaged_table_of_names_is_named(out):
    flipped(out / "universe.parquet")
    for function in (gather, status):
        with pytest.raises(Incomplete, match=r"universe\.parquet is damaged .*; run the command that wrote it again"):
            function(out)


def test_a_damaged_plan_is_refused_and_fresh_replaces_it(universe, scanned, out, begun):
    truncated(out / "run.json")
    with pytest.raises(ForeignFolder, match=r"run\.json is not that of a batch run, or is damaged"):
        scan(str(universe), out, OPTIONS, engine="here")
    assert scan(str(universe), out, OPTIONS, engine="here", fresh=True).state == "complete"
    assert len(begun) == len(list(out.glob("t*/*.parquet")))
    assert [(out / name).read_bytes() for name in ANSWERS] == [(scanned / name).read_bytes() for name in ANSWERS]
