"""Which matrices are kept: those used least recently leave first, nothing that is used leaves, budgets hold."""

import numpy as np
import pytest

from meanrev_server.errors import LimitReached, NotFound
from meanrev_server.kept_bytes import KeptBytes
from meanrev_server.matrices import KeptMatrix, Matrices
from meanrev_server.uploaded_matrix import UploadedMatrix

BYTES = KeptMatrix.of("", UploadedMatrix(np.zeros((10, 1)), ("A",), None, "x"), 0).held


class Shelf:
    """Matrices of one size, and those that were dropped."""

    def __init__(self, memory, disk=None, share=1.0):
        self.dropped = []
        self.all = Matrices(
            KeptBytes("kept_matrix_bytes", memory * BYTES, share),
            KeptBytes("kept_disk_bytes", (disk or 0) * BYTES, share),
            lambda kept: self.dropped.append(kept.matrix_id),
        )
        self.all.lasts = disk is not None
        self.time = 0

    def put(self, name, identity="", rows=10):
        self.time += 1
        kept = KeptMatrix.of(identity, UploadedMatrix(np.zeros((rows, 1)), ("A",), None, name), self.time)
        with self.all.room_for(kept) as add:
            add()
        return kept

    def use(self, name, identity=""):
        self.time += 1
        self.all.touch(self.all.get(identity, name), self.time)

    @property
    def kept(self):
        return {kept.matrix_id for mine in self.all._of.values() for kept in mine.values()}

    @property
    def in_memory(self):
        return {kept.matrix_id for mine in self.all._of.values() for kept in mine.values() if kept.table is not None}


def test_the_one_used_least_recently_leaves_first():
    shelf = Shelf(3)
    for name in "abc":
        shelf.put(name)
    shelf.use("a")
    shelf.put("d")
    shelf.put("e")
    assert shelf.dropped == ["b", "c"]
    assert shelf.kept == {"a", "d", "e"}
    assert shelf.all.memory.total == 3 * BYTES


def test_with_a_disk_it_leaves_memory_only():
    shelf = Shelf(2, disk=3)
    for name in "abc":
        shelf.put(name)
    assert (shelf.kept, shelf.in_memory) == ({"a", "b", "c"}, {"b", "c"})
    shelf.put("d")
    assert shelf.dropped == ["a"]
    assert (shelf.kept, shelf.in_memory) == ({"b", "c", "d"}, {"c", "d"})
    assert (shelf.all.memory.total, shelf.all.disk.total) == (2 * BYTES, 3 * BYTES)


def test_one_that_is_read_again_takes_the_place_of_another():
    shelf = Shelf(1, disk=2)
    first, second = shelf.put("a"), shelf.put("b")
    assert shelf.in_memory == {"b"}
    with shelf.all.room_to_load(first) as take:
        take(UploadedMatrix(np.zeros((10, 1)), ("A",), None, "a"))
    assert shelf.in_memory == {"a"}
    assert second.table is None
    assert shelf.all.memory.total == BYTES


def test_what_a_call_uses_does_not_leave():
    shelf = Shelf(2)
    used = shelf.put("a")
    used.uses += 1
    shelf.put("b")
    shelf.put("c")
    assert shelf.kept == {"a", "c"}
    shelf.all.find("", "c").uses += 1
    with pytest.raises(LimitReached, match=r"calls are using .* try again later") as busy:
        shelf.put("d")
    assert busy.value.passing
    assert shelf.kept == {"a", "c"}, "nothing leaves in vain"
    shelf.all.release(used)
    shelf.put("d")
    assert shelf.kept == {"c", "d"}


def test_one_that_is_dropped_while_it_is_used_is_counted_until_its_last_use_ends():
    shelf = Shelf(1)
    used = shelf.put("a")
    used.uses += 2
    shelf.all.forget(used)
    with pytest.raises(NotFound):
        shelf.all.get("", "a")
    shelf.all.release(used)
    assert used.table is not None
    assert shelf.all.memory.total == BYTES
    shelf.all.release(used)
    assert used.table is None
    assert shelf.all.memory.total == 0
    shelf.put("b")


@pytest.mark.parametrize(("disk", "setting"), [(None, "kept_matrix_bytes"), (1, "kept_disk_bytes")])
def test_one_that_is_larger_than_the_budget_is_refused_for_good(disk, setting):
    shelf = Shelf(2 if disk is None else 9, disk=disk)
    with pytest.raises(LimitReached, match=rf"block must take at most \d+ bytes to be kept; {setting} ") as refused:
        shelf.put("a", rows=10 + 3 * BYTES // 8)
    assert not refused.value.passing
    assert shelf.all.memory.total == shelf.all.disk.total == 0


def test_a_caller_has_its_share():
    shelf = Shelf(4, share=0.5)
    for name in "abc":
        shelf.put(name, "alice")
    assert shelf.dropped == ["a"], "of its own, though there is room"
    with pytest.raises(LimitReached, match=r"kept_matrix_bytes .* or state_share"):
        shelf.put("d", "alice", rows=10 + 2 * BYTES // 8)


def test_others_leave_only_where_the_callers_own_do_not_suffice():
    shelf = Shelf(4, share=0.75)
    for name in "abc":
        shelf.put(name, "alice")
    shelf.put("d", "bob")
    shelf.put("e", "carol")
    assert shelf.dropped == ["a"], "of the caller who has most, the one used least recently"
    shelf.put("f", "carol")
    assert shelf.dropped == ["a", "e"], "of its own first"


def test_no_more_than_so_many_are_kept(monkeypatch):
    monkeypatch.setattr("meanrev_server.matrices.MAX_MATRICES", 2)
    shelf = Shelf(9)
    for name in "abc":
        shelf.put(name)
    assert shelf.kept == {"b", "c"}


def test_a_room_that_is_not_taken_is_given_back():
    shelf = Shelf(2, disk=2)
    kept = KeptMatrix.of("", UploadedMatrix(np.zeros((10, 1)), ("A",), None, "a"), 0)
    with shelf.all.room_for(kept):
        assert shelf.all.memory.total == shelf.all.disk.total == BYTES
    assert shelf.all.memory.total == shelf.all.disk.total == len(shelf.all) == 0


def test_one_that_is_dropped_while_it_is_read_takes_no_memory():
    shelf = Shelf(1, disk=2)
    first = shelf.put("a")
    shelf.put("b")
    with shelf.all.room_to_load(first) as take:
        shelf.all.forget(first)
        take(UploadedMatrix(np.zeros((10, 1)), ("A",), None, "a"))
    assert shelf.all.memory.total == 0
