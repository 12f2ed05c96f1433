"""A file is whole or absent: it is synced before it gets its name, and its folder after."""

import os
from pathlib import Path

import numpy as np
import pytest

from meanrev_server.errors import DamagedFile
from meanrev_server.state.array_files import read_arrays, write_arrays
from meanrev_server.state.files import GrowingFile, written


@pytest.fixture
def order(monkeypatch):
    """What reaches the disk, in its order."""
    seen = []
    sync, rename = os.fsync, Path.rename

    def fsync(number):
        path = Path(f"/proc/self/fd/{number}").readlink()
        seen.append(("sync", path.name, path.stat().st_size if path.is_file() else 0))
        sync(number)

    def renamed(self, target):
        seen.append(("rename", self.name, target.name))
        return rename(self, target)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(Path, "rename", renamed)
    return seen


def test_a_file_is_synced_then_named_then_its_folder_is_synced(tmp_path, order):
    folder = tmp_path / "folder"
    folder.mkdir()
    assert written(folder / "x", "input", lambda file: file.write(b"abc")) == 3
    assert order == [("sync", "x.tmp", 3), ("rename", "x.tmp", "x"), ("sync", "folder", 0)]
    assert (folder / "x").read_bytes() == b"abc"


def test_what_is_not_kept_is_not_there(tmp_path):
    with GrowingFile(tmp_path / "x", "result") as growing:
        growing.add(b"abc")
        assert [path.name for path in tmp_path.iterdir()] == ["x.tmp"]
    assert list(tmp_path.iterdir()) == []


def test_a_failure_leaves_the_earlier_file_as_it_was(tmp_path):
    (tmp_path / "x").write_bytes(b"before")
    with pytest.raises(OSError, match="no"):
        written(tmp_path / "x", "input", fails)
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("x", b"before")]


def fails(file):
    file.write(b"half")
    raise OSError("no")


@pytest.mark.parametrize(
    "values",
    [
        np.array([[np.nan, -0.0], [1e-320, np.inf]]),
        np.arange(6).reshape(2, 3)[:, ::2],
        np.array(["", "no price", "é"]),
        np.empty((0, 3)),
        np.array([True, False]),
    ],
)
def test_arrays_come_back_to_the_last_bit(tmp_path, values):
    write_arrays(tmp_path / "x", "chunk", {"figures.a": values, "b": np.arange(3)})
    found = read_arrays(tmp_path / "x")
    assert list(found) == ["figures.a", "b"]
    assert found["figures.a"].dtype == values.dtype
    assert found["figures.a"].tobytes() == values.tobytes()


def test_objects_are_refused(tmp_path):
    with pytest.raises(ValueError, match="allow_pickle"):
        write_arrays(tmp_path / "x", "chunk", {"a": np.array([{}], dtype=object)})
    assert list(tmp_path.iterdir()) == []


def test_a_change_of_any_byte_is_found(tmp_path):
    path = tmp_path / "x"
    write_arrays(path, "chunk", {"a": np.arange(40.0), "b": np.array(["x", "y"])})
    data = path.read_bytes()
    for place in range(len(data)):
        path.write_bytes(data[:place] + bytes([data[place] ^ 0x10]) + data[place + 1 :])
        with pytest.raises(DamagedFile):
            read_arrays(path)
