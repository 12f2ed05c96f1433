"""Objects and arrays of every kind cross a channel unchanged."""

import os
from threading import Thread

import numpy as np
import pytest

from gpu_kernels.sweep.model import ThresholdPairs
from meanrev_worker.channel import Channel


@pytest.fixture
def ends():
    here, far = Channel.opened()
    there = Channel.at(*(os.dup(number) for number in far.descriptors))
    far.line.close()
    yield here, there
    here.close()
    there.close()


MESSAGES = [
    None,
    ("a", 1, 2.5, {"b": [3]}),
    np.arange(6.0).reshape(2, 3),
    np.arange(6.0).reshape(2, 3).T,
    np.arange(20.0)[::3],
    np.empty((0, 4)),
    np.float64(0.1),
    np.array(7),
    np.array([True, False]),
    ThresholdPairs(np.ones(3), np.zeros(3), np.full(3, 1e-4)),
    [np.full(1000, float(n)) for n in range(50)],
]


@pytest.mark.parametrize("keep", [True, False])
def test_messages_arrive_as_they_were_sent(ends, keep):
    here, there = ends
    for message in MESSAGES:
        here.send(message)
        received = there.receive(keep=keep)
        assert type(received) is type(message)
        np.testing.assert_equal(received, message)
        there.send(received)
        np.testing.assert_equal(here.receive(keep=keep), message)
        here.trim()


def test_what_is_kept_can_be_changed_and_outlives_the_next_message(ends):
    here, there = ends
    here.send(np.arange(1000.0))
    kept = there.receive(keep=True)
    kept[0] = -1.0
    here.send(np.zeros(1000))
    there.receive(keep=True)
    assert kept.tolist() == [-1.0, *range(1, 1000)]


def test_what_is_not_kept_cannot_be_changed(ends):
    here, there = ends
    here.send(np.arange(1000.0))
    assert not there.receive(keep=False).flags.writeable


def test_a_message_larger_than_a_socket_holds_crosses(ends):
    here, there = ends
    large = np.random.default_rng(0).standard_normal(3_000_000)
    sender = Thread(target=here.send, args=(("x" * 5_000_000, large),))
    sender.start()
    text, values = there.receive(keep=True)
    sender.join()
    assert len(text) == 5_000_000
    np.testing.assert_array_equal(values, large)


def test_what_finds_no_memory_is_not_sent_and_the_next_message_is(ends, monkeypatch):
    from meanrev_worker.memory import SharedMemory

    here, there = ends
    with monkeypatch.context() as patch:
        patch.setattr(SharedMemory, "_reserve", lambda *_: (_ for _ in ()).throw(MemoryError()))
        with pytest.raises(MemoryError):
            here.send(np.ones(10))
    assert here.in_step
    here.send("next")
    assert not here.in_step
    assert there.receive(keep=True) == "next"


def test_the_end_of_the_other_side_is_noticed(ends):
    here, far = Channel.opened()
    far.line.close()
    with pytest.raises(EOFError):
        here.receive(keep=True)
    with pytest.raises(OSError, match="pipe"):
        here.send(1)
    here.close()
