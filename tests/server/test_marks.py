"""Marks are ordered by arrival, reach those who listen, expire, and belong to their caller."""

import pytest

from meanrev_server import marks as marks_module
from meanrev_server.errors import LimitReached
from meanrev_server.marks import AllMarks, Mark
from meanrev_server.stored_bytes import StoredBytes


@pytest.fixture
def everyone():
    return AllMarks(StoredBytes(10**6, 1.0), 100.0)


def publish(marks, *given, now_s=0.0):
    with marks.room() as reserve:
        reserve({mark.asset_id for mark in given})
        for mark in given:
            marks.publish(mark, now_s)


def last(marks, *names, now_s=0.0):
    heard = []
    with marks.listening(names, heard.append, now_s):
        return list(heard)


def test_the_mark_that_arrived_last_counts_at_no_earlier_time_than_the_one_before(everyone):
    marks = everyone.of("")
    heard = []
    with marks.listening(["A"], heard.append, 0.0):
        publish(marks, *(Mark("A", *each) for each in ((1.0, 5), (2.0, 7), (3.0, 6), (4.0, 7), (5.0, 9))))
    assert heard == [Mark("A", *each) for each in ((1.0, 5), (2.0, 7), (3.0, 7), (4.0, 7), (5.0, 9))]
    assert last(marks, "A") == [Mark("A", 5.0, 9)]


def test_a_listener_hears_the_last_mark_then_each_new_one_until_it_leaves(everyone):
    marks = everyone.of("")
    publish(marks, Mark("A", 1.0, 1))
    heard = []
    with marks.listening(["A", "B", "A"], heard.append, 0.0):
        publish(marks, Mark("A", 2.0, 2), Mark("B", 3.0, 2), Mark("C", 4.0, 2))
    publish(marks, Mark("A", 5.0, 3))
    assert [mark.price for mark in heard] == [1.0, 2.0, 3.0]


def test_listeners_that_left_leave_nothing_behind(everyone):
    for _ in range(3):
        last(everyone.of(""), "A")
    assert not everyone._listeners


def test_a_callers_marks_are_nobody_elses(everyone):
    publish(everyone.of("alice"), Mark("A", 1.0, 1))
    heard = []
    with everyone.of("bob").listening(["A"], heard.append, 0.0):
        publish(everyone.of("alice"), Mark("A", 2.0, 2))
    assert heard == []
    publish(everyone.of("bob"), Mark("A", 3.0, 1))
    assert last(everyone.of("alice"), "A") == [Mark("A", 2.0, 2)]
    assert last(everyone.of("bob"), "A") == [Mark("A", 3.0, 1)]


def test_a_mark_expires_when_none_has_come_for_long(everyone):
    marks = everyone.of("")
    publish(marks, Mark("A", 1.0, 1), Mark("B", 1.0, 1))
    publish(marks, Mark("B", 2.0, 1), now_s=50.0)
    assert last(marks, "A", "B", now_s=100.0) == [Mark("A", 1.0, 1), Mark("B", 2.0, 1)]
    assert last(marks, "A", "B", now_s=101.0) == [Mark("B", 2.0, 1)]
    held = everyone._bytes.total
    everyone.expire("", 101.0)
    assert everyone._bytes.total == held / 2
    everyone.expire("", 151.0)
    assert (everyone._bytes.total, everyone.identities) == (0, ())


def test_only_so_many_assets_are_marked(everyone, monkeypatch):
    monkeypatch.setattr(marks_module, "MAX_ASSETS", 2)
    marks = everyone.of("")
    publish(marks, Mark("A", 1.0, 1), Mark("B", 1.0, 1))
    publish(marks, Mark("A", 2.0, 2))
    with pytest.raises(LimitReached, match="at most 2 assets"):
        publish(marks, Mark("C", 1.0, 1))
    publish(everyone.of("another"), Mark("C", 1.0, 1))


def test_bytes_are_counted_and_room_that_is_not_used_is_given_back():
    stored = StoredBytes(3 * (512 + 1), 1.0)
    marks = AllMarks(stored, 100.0).of("")
    with marks.room() as reserve:
        reserve("AB")
        reserve("C")
        assert stored.total == 3 * 513
        with pytest.raises(LimitReached, match="max_state_bytes"):
            reserve("D")
        marks.publish(Mark("A", 1.0, 1), 0.0)
    assert stored.total == 513
    publish(marks, Mark("A", 2.0, 2), Mark("B", 2.0, 2))
    assert stored.total == 2 * 513


def test_changed_marks_are_taken_once_and_newer_ones_are_not_put_back_over(everyone):
    publish(everyone.of("alice"), Mark("A", 1.0, 1), Mark("A", 2.0, 1), Mark("B", 1.0, 1))
    changed = everyone.take_changed()
    assert {name: arrived.mark.price for name, arrived in changed["alice"].items()} == {"A": 2.0, "B": 1.0}
    assert everyone.take_changed() == {}
    publish(everyone.of("alice"), Mark("A", 3.0, 1))
    everyone.put_back(changed)
    again = everyone.take_changed()
    assert {name: arrived.mark.price for name, arrived in again["alice"].items()} == {"A": 3.0, "B": 1.0}
