"""When the next worker starts, and what none gets any more."""

from hypothesis import given
from hypothesis import strategies as st

from meanrev_worker.supervisor import Docket, Fingerprint, Restarts

ONE, OTHER = Fingerprint(1, b"one"), Fingerprint(2, b"other")


def test_the_next_worker_starts_at_once_and_later_ones_are_spaced_out_while_none_computes():
    children = Restarts()
    assert [children.lost() for _ in range(9)] == [0.0, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]
    children.served()
    assert children.lost() == 0.0
    assert children.count == 10


def test_a_computation_is_refused_when_a_second_worker_ended_at_it_alone():
    docket = Docket()
    docket.accuse(ONE, child=7, now=0, alone=False)
    assert docket.is_suspect(ONE)
    assert not docket.refuses(ONE)
    docket.accuse(ONE, child=8, now=1, alone=True)
    assert docket.refuses(ONE)
    assert not docket.is_suspect(OTHER)


def test_copies_that_were_under_way_at_one_end_count_once():
    docket = Docket()
    for _ in range(5):
        docket.accuse(ONE, child=7, now=0, alone=True)
    assert not docket.refuses(ONE)


def test_a_second_end_in_company_proves_nothing():
    docket = Docket()
    for child in range(5):
        docket.accuse(ONE, child=child, now=0, alone=False)
    assert docket.is_suspect(ONE)
    assert not docket.refuses(ONE)


def test_one_that_returns_is_cleared():
    docket = Docket()
    docket.accuse(ONE, child=7, now=0, alone=True)
    docket.clear(ONE)
    docket.accuse(ONE, child=8, now=1, alone=True)
    assert not docket.refuses(ONE)
    docket.clear(ONE)
    docket.clear(OTHER)
    assert docket.is_empty


def test_only_what_looks_alike_needs_a_closer_look():
    docket = Docket()
    assert not docket.knows(ONE.outline, now=0)
    docket.accuse(ONE, child=7, now=0, alone=True)
    assert docket.knows(ONE.outline, now=1)
    assert not docket.knows(OTHER.outline, now=1)


def test_suspects_are_forgotten_and_the_refused_later():
    docket = Docket()
    docket.accuse(ONE, child=7, now=0, alone=True)
    docket.accuse(ONE, child=8, now=100, alone=True)
    docket.accuse(OTHER, child=8, now=100, alone=False)
    assert docket.knows(OTHER.outline, now=219)
    assert not docket.knows(OTHER.outline, now=221)
    assert docket.refuses(ONE)
    assert docket.knows(ONE.outline, now=3600)
    assert not docket.knows(ONE.outline, now=3701)
    assert docket.is_empty


@given(st.lists(st.tuples(st.sampled_from(["accuse", "clear"]), st.sampled_from("abc"), st.booleans()), max_size=30))
def test_it_knows_of_the_ends_since_the_last_return(events):
    """Every accusation is of another child, so the second one alone convicts."""
    docket, ends = Docket(), {name: [] for name in "abc"}
    for child, (event, name, alone) in enumerate(events):
        task = Fingerprint(ord(name), name.encode())
        if event == "accuse":
            docket.accuse(task, child, now=0, alone=alone)
            ends[name].append(alone)
        else:
            docket.clear(task)
            ends[name].clear()
    for name, known in ends.items():
        task = Fingerprint(ord(name), name.encode())
        assert docket.is_suspect(task) == bool(known)
        assert docket.refuses(task) == any(known[1:])
    assert docket.is_empty != any(ends.values())


def test_it_does_not_remember_without_limit():
    docket = Docket()
    for number in range(5000):
        docket.accuse(Fingerprint(number, str(number).encode()), child=number, now=0, alone=True)
    assert docket.is_suspect(Fingerprint(4999, b"4999"))
    assert not docket.is_suspect(Fingerprint(0, b"0"))
