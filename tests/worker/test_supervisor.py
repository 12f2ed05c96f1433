"""When the next worker starts, and what none gets any more."""

from hypothesis import given
from hypothesis import strategies as st

from meanrev_worker.supervisor import Fingerprint, Restarts, Suspects

ONE, OTHER = Fingerprint(1, b"one"), Fingerprint(2, b"other")


def test_the_next_worker_starts_at_once_and_later_ones_are_spaced_out_while_none_computes():
    children = Restarts()
    assert [children.lost() for _ in range(9)] == [0.0, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]
    children.served()
    assert children.lost() == 0.0
    assert children.count == 10


def test_a_computation_is_refused_when_a_second_worker_ended_at_it_alone():
    suspects = Suspects()
    suspects.note_crash(ONE, child=7, now=0, alone=False)
    assert suspects.is_suspect(ONE)
    assert not suspects.is_refused(ONE)
    suspects.note_crash(ONE, child=8, now=1, alone=True)
    assert suspects.is_refused(ONE)
    assert not suspects.is_suspect(OTHER)


def test_copies_that_were_under_way_at_one_end_count_once():
    suspects = Suspects()
    for _ in range(5):
        suspects.note_crash(ONE, child=7, now=0, alone=True)
    assert not suspects.is_refused(ONE)


def test_a_second_end_in_company_proves_nothing():
    suspects = Suspects()
    for child in range(5):
        suspects.note_crash(ONE, child=child, now=0, alone=False)
    assert suspects.is_suspect(ONE)
    assert not suspects.is_refused(ONE)


def test_one_that_returns_is_cleared():
    suspects = Suspects()
    suspects.note_crash(ONE, child=7, now=0, alone=True)
    suspects.clear(ONE)
    suspects.note_crash(ONE, child=8, now=1, alone=True)
    assert not suspects.is_refused(ONE)
    suspects.clear(ONE)
    suspects.clear(OTHER)
    assert suspects.is_empty


def test_only_what_looks_alike_needs_a_closer_look():
    suspects = Suspects()
    assert not suspects.may_know(ONE.rough, now=0)
    suspects.note_crash(ONE, child=7, now=0, alone=True)
    assert suspects.may_know(ONE.rough, now=1)
    assert not suspects.may_know(OTHER.rough, now=1)


def test_suspects_are_forgotten_and_the_refused_later():
    suspects = Suspects()
    suspects.note_crash(ONE, child=7, now=0, alone=True)
    suspects.note_crash(ONE, child=8, now=100, alone=True)
    suspects.note_crash(OTHER, child=8, now=100, alone=False)
    assert suspects.may_know(OTHER.rough, now=219)
    assert not suspects.may_know(OTHER.rough, now=221)
    assert suspects.is_refused(ONE)
    assert suspects.may_know(ONE.rough, now=3600)
    assert not suspects.may_know(ONE.rough, now=3701)
    assert suspects.is_empty


@given(st.lists(st.tuples(st.sampled_from(["accuse", "clear"]), st.sampled_from("abc"), st.booleans()), max_size=30))
def test_it_knows_of_the_ends_since_the_last_return(events):
    """Every crash is of another child, so the second one alone gets the computation refused."""
    suspects, ends = Suspects(), {name: [] for name in "abc"}
    for child, (event, name, alone) in enumerate(events):
        task = Fingerprint(ord(name), name.encode())
        if event == "accuse":
            suspects.note_crash(task, child, now=0, alone=alone)
            ends[name].append(alone)
        else:
            suspects.clear(task)
            ends[name].clear()
    for name, known in ends.items():
        task = Fingerprint(ord(name), name.encode())
        assert suspects.is_suspect(task) == bool(known)
        assert suspects.is_refused(task) == any(known[1:])
    assert suspects.is_empty != any(ends.values())


def test_it_does_not_remember_without_limit():
    suspects = Suspects()
    for number in range(5000):
        suspects.note_crash(Fingerprint(number, str(number).encode()), child=number, now=0, alone=True)
    assert suspects.is_suspect(Fingerprint(4999, b"4999"))
    assert not suspects.is_suspect(Fingerprint(0, b"0"))
