"""Marks go forward in time, and reach those who listen."""

import pytest

from meanrev_server import marks as marks_module
from meanrev_server.errors import LimitReached
from meanrev_server.marks import Mark, Marks


def test_the_last_mark_is_kept_and_older_ones_are_ignored():
    marks = Marks()
    for price, at in ((1.0, 5), (2.0, 7), (3.0, 6), (4.0, 7)):
        marks.publish(Mark("A", price, at))
    heard = []
    with marks.listening(["A"], heard.append):
        assert heard == [Mark("A", 4.0, 7)]


def test_a_listener_hears_the_last_mark_then_each_new_one_until_it_leaves():
    marks = Marks()
    marks.publish(Mark("A", 1.0, 1))
    heard = []
    with marks.listening(["A", "B", "A"], heard.append):
        marks.publish(Mark("A", 2.0, 2))
        marks.publish(Mark("B", 3.0, 2))
        marks.publish(Mark("C", 4.0, 2))
    marks.publish(Mark("A", 5.0, 3))
    assert [mark.price for mark in heard] == [1.0, 2.0, 3.0]


def test_listeners_that_left_leave_nothing_behind():
    marks = Marks()
    for _ in range(3):
        with marks.listening(["A"], print):
            pass
    assert not marks._listeners


def test_only_so_many_assets_are_marked(monkeypatch):
    monkeypatch.setattr(marks_module, "MAX_ASSETS", 2)
    marks = Marks()
    for name in "AB":
        marks.publish(Mark(name, 1.0, 1))
    marks.publish(Mark("A", 2.0, 2))
    with pytest.raises(LimitReached, match="at most 2 assets"):
        marks.publish(Mark("C", 1.0, 1))
