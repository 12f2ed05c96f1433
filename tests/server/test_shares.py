"""Short computations always find a thread, and long ones leave one to them, whatever comes and goes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meanrev_server.shares import Shares, most_threads


@given(st.integers(1, 5), st.lists(st.sampled_from(["short", "long", "overdue", "end"]), max_size=60), st.randoms())
def test_a_short_one_waits_for_short_ones_alone(threads, events, random):
    shares, running = Shares(threads), []
    for event in events:
        if event in {"short", "long"}:
            may_start = shares.may_start(long=event == "long")
            n_long = running.count("long")
            if event == "long" and may_start:
                assert len(running) < threads
                assert n_long < max(1, threads - 1)
            if event == "short" and not may_start:
                assert "short" in running or len(running) == most_threads(threads)
            if may_start:
                shares.start(long=event == "long")
                running.append(event)
        elif event == "overdue" and "short" in running:
            shares.overdue()
            running[running.index("short")] = "long"
        elif event == "end" and running:
            kind = running.pop(random.randrange(len(running)))
            shares.end(long=kind == "long")
        assert len(running) <= most_threads(threads)
        # Where a long one may start, so may a short one.
        assert shares.may_start(long=False) or not shares.may_start(long=True)


@pytest.mark.parametrize("threads", [1, 2, 3, 8])
def test_research_never_takes_the_last_thread(threads):
    shares = Shares(threads)
    while shares.may_start(long=True):
        shares.start(long=True)
    assert shares.may_start(long=False)


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_short_ones_use_all_threads_and_no_spare_one(threads):
    shares = Shares(threads)
    for _ in range(threads):
        assert shares.may_start(long=False)
        shares.start(long=False)
    assert not shares.may_start(long=False)
    assert not shares.may_start(long=True)


def test_short_ones_that_turn_out_to_be_long_are_passed_by_in_the_spare_thread():
    shares = Shares(2)
    for _ in range(2):
        shares.start(long=False)
    shares.overdue()
    assert not shares.may_start(long=False)
    shares.overdue()
    assert shares.may_start(long=False)
    shares.start(long=False)
    assert not shares.may_start(long=False)
