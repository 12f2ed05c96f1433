"""When the next worker starts, and what none gets any more."""

from hypothesis import given
from hypothesis import strategies as st

from meanrev_worker.supervisor import Docket, Restarts


def test_the_next_worker_starts_at_once_and_later_ones_are_spaced_out_while_none_computes():
    children = Restarts()
    assert [children.lost() for _ in range(9)] == [0.0, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]
    children.served()
    assert children.lost() == 0.0
    assert children.count == 10


def test_a_computation_is_refused_when_two_workers_ended_at_it():
    docket = Docket()
    docket.accuse(b"a")
    assert docket.is_suspect(b"a")
    assert not docket.refuses(b"a")
    docket.accuse(b"a")
    assert docket.refuses(b"a")
    assert not docket.is_suspect(b"b")


def test_one_that_returns_is_cleared():
    docket = Docket()
    docket.accuse(b"a")
    docket.clear(b"a")
    docket.accuse(b"a")
    assert not docket.refuses(b"a")
    docket.clear(b"a")
    docket.clear(b"never seen")
    assert docket.is_empty


@given(st.lists(st.tuples(st.sampled_from(["accuse", "clear"]), st.sampled_from("abc")), max_size=30))
def test_it_counts_the_ends_since_the_last_return(events):
    docket, ends = Docket(), dict.fromkeys("abc", 0)
    for event, name in events:
        getattr(docket, event)(name.encode())
        ends[name] = ends[name] + 1 if event == "accuse" else 0
    for name, count in ends.items():
        assert docket.is_suspect(name.encode()) == (count > 0)
        assert docket.refuses(name.encode()) == (count > 1)
    assert docket.is_empty != any(ends.values())


def test_it_does_not_remember_without_limit():
    docket = Docket()
    for number in range(5000):
        docket.accuse(str(number).encode())
    assert docket.is_suspect(b"4999")
    assert not docket.is_suspect(b"0")
