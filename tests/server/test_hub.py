"""Marks belong to their caller, go forward in time, and reach who listens."""

import pytest

from meanrev_server import hub as hub_module
from meanrev_server.errors import LimitReached
from meanrev_server.hub import Hub, Mark


def test_the_last_mark_is_kept_and_older_ones_are_ignored():
    hub = Hub()
    for price, at in ((1.0, 5), (2.0, 7), (3.0, 6), (4.0, 7)):
        hub.publish("me", Mark("A", price, at))
    assert hub.last("me", "A") == Mark("A", 4.0, 7)


def test_another_identity_sees_nothing():
    hub = Hub()
    heard = []
    with hub.listening("you", ["A"], heard.append):
        hub.publish("me", Mark("A", 1.0, 1))
    assert heard == []
    assert hub.last("you", "A") is None


def test_a_listener_hears_the_last_mark_then_each_new_one_until_it_leaves():
    hub = Hub()
    hub.publish("me", Mark("A", 1.0, 1))
    heard = []
    with hub.listening("me", ["A", "B", "A"], heard.append):
        hub.publish("me", Mark("A", 2.0, 2))
        hub.publish("me", Mark("B", 3.0, 2))
        hub.publish("me", Mark("C", 4.0, 2))
    hub.publish("me", Mark("A", 5.0, 3))
    assert [mark.price for mark in heard] == [1.0, 2.0, 3.0]


def test_listeners_that_left_leave_nothing_behind():
    hub = Hub()
    for _ in range(3):
        with hub.listening("me", ["A"], print):
            pass
    assert not hub._listeners


def test_one_identity_marks_only_so_many_assets(monkeypatch):
    monkeypatch.setattr(hub_module, "MAX_ASSETS", 2)
    hub = Hub()
    for name in "AB":
        hub.publish("me", Mark(name, 1.0, 1))
    hub.publish("me", Mark("A", 2.0, 2))
    with pytest.raises(LimitReached, match="at most 2 assets"):
        hub.publish("me", Mark("C", 1.0, 1))
    hub.publish("you", Mark("C", 1.0, 1))
