"""Who gets a channel, and for how long one waits."""

import threading
import time

import pytest

from meanrev_worker.errors import WorkerLost
from meanrev_worker.pool import Pool


class Line:
    """What the pool knows of a channel."""

    def __init__(self):
        self.closed = False

    def close(self):
        self.closed = True


@pytest.fixture
def pool():
    pool = Pool()
    pool.fill("worker", [Line(), Line()])
    return pool


def in_a_thread(work):
    found = []
    thread = threading.Thread(target=lambda: found.append(work()), daemon=True)
    thread.start()
    return thread, found


def until(condition):
    for _ in range(12_000):
        if condition():
            return
        time.sleep(0.01)
    pytest.fail("it did not come to pass")


def taking(pool, *, alone=False, patience=6000.0):
    try:
        with pool.taken(patience, alone=alone) as (worker, _):
            return worker
    except WorkerLost as loss:
        return str(loss)


def test_a_channel_is_one_threads_at_a_time(pool):
    with pool.taken(1, alone=False) as (_, one), pool.taken(1, alone=False) as (_, other):
        assert one is not other
        thread, found = in_a_thread(lambda: taking(pool))
        time.sleep(0.05)
        assert not found
    thread.join(60)
    assert found == ["worker"]


def test_whoever_wants_to_be_alone_waits_for_the_others_and_they_for_him(pool):
    with pool.taken(1, alone=False):
        alone, found = in_a_thread(lambda: taking(pool, alone=True))
        until(lambda: pool._waiting_alone == 1)
        late, found_late = in_a_thread(lambda: taking(pool))
        time.sleep(0.05)
        assert not found
        assert not found_late  # a channel is free, but somebody waits for all
    for thread in (alone, late):
        thread.join(60)
    assert found == found_late == ["worker"]
    with pool.taken(1, alone=True):
        other, found = in_a_thread(lambda: taking(pool))
        time.sleep(0.05)
        assert not found
    other.join(60)


def test_channels_of_a_worker_that_ended_are_closed_by_whoever_has_them(pool):
    with pool.taken(1, alone=False) as (_, held):
        pool.empty("worker")
        assert not held.closed
        pool.fill("another", [Line()])
        pool.empty("worker")  # no news any more
        assert taking(pool) == "another"
    assert held.closed


def test_those_that_wait_for_a_channel_are_told_when_the_worker_ends_and_does_not_return(pool):
    with pool.taken(1, alone=False), pool.taken(1, alone=False):
        thread, found = in_a_thread(lambda: taking(pool, patience=0.1))
        until(lambda: pool._changed._waiters)
        pool.empty("worker")
        thread.join(60)
    assert "no compute worker is there" in found[0]


def test_while_a_worker_stays_away_nobody_waits_anew(pool, monkeypatch):
    pool.empty("worker")
    monkeypatch.setattr(pool, "_since", pool._since - 1000.0)
    monkeypatch.setattr(pool._changed, "wait", lambda *_: pytest.fail("it waits"))
    assert "no compute worker is there" in taking(pool, patience=999.0)
    monkeypatch.undo()
    waiting, found = in_a_thread(lambda: taking(pool))
    pool.fill("another", [Line()])
    waiting.join(60)
    assert found == ["another"]


def test_nobody_waits_for_a_pool_that_is_closed(pool):
    pool.empty("worker")
    waiting, found = in_a_thread(lambda: taking(pool, patience=600))
    pool.close()
    waiting.join(60)
    assert "the server stops" in found[0]
