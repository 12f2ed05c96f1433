"""When the next worker starts, and what none gets any more."""

from hypothesis import given
from hypothesis import strategies as st

from meanrev_worker.supervisor import Supervisor


def test_the_next_worker_starts_at_once_and_later_ones_are_spaced_out_while_none_computes():
    judge = Supervisor()
    assert [judge.lost() for _ in range(9)] == [0.0, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]
    judge.served()
    assert judge.lost() == 0.0
    assert judge.restarts == 10


def test_a_computation_is_refused_when_two_workers_ended_at_it():
    judge = Supervisor()
    judge.accuse(b"a")
    assert judge.is_suspect(b"a")
    assert not judge.refuses(b"a")
    judge.accuse(b"a")
    assert judge.refuses(b"a")
    assert not judge.is_suspect(b"b")


def test_one_that_returns_is_cleared():
    judge = Supervisor()
    judge.accuse(b"a")
    judge.clear(b"a")
    judge.accuse(b"a")
    assert not judge.refuses(b"a")
    judge.clear(b"a")
    judge.clear(b"never seen")
    assert not judge.suspects


@given(st.lists(st.tuples(st.sampled_from(["accuse", "clear"]), st.sampled_from("abc")), max_size=30))
def test_it_counts_the_ends_since_the_last_return(events):
    judge, ends = Supervisor(), dict.fromkeys("abc", 0)
    for event, name in events:
        getattr(judge, event)(name.encode())
        ends[name] = ends[name] + 1 if event == "accuse" else 0
    for name, count in ends.items():
        assert judge.is_suspect(name.encode()) == (count > 0)
        assert judge.refuses(name.encode()) == (count > 1)
    assert judge.suspects == any(ends.values())


def test_it_does_not_remember_without_limit():
    judge = Supervisor()
    for number in range(5000):
        judge.accuse(str(number).encode())
    assert judge.is_suspect(b"4999")
    assert not judge.is_suspect(b"0")
