"""The batcher: a machine of random arrivals, cancellations and time beside a plain account of what may happen."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, precondition, rule

from meanrev_server.batcher import Batcher, Computation, QueueLimits
from meanrev_server.errors import LimitReached


class Queue(RuleBasedStateMachine):
    """Jobs live in plain lists here: those that wait in order of arrival, and batches that run."""

    running = Bundle("running")

    @initialize(
        size=st.integers(1, 4), delay_us=st.sampled_from([0, 10]), calls=st.integers(1, 8), nbytes=st.integers(5, 40)
    )
    def start(self, size, delay_us, calls, nbytes):
        self.limits = QueueLimits(size, delay_us, calls, nbytes)
        self.batcher = Batcher(self.limits)
        self.now = 0.0
        self.waiting = []
        self.batches = []
        self.ended = set()
        self.in_company = set()

    @rule(
        key=st.sampled_from([None, "a", "b"]),
        nbytes=st.integers(0, 12),
        deadline=st.none() | st.integers(0, 30).map(lambda us: us * 1e-6),
    )
    def arrives(self, key, nbytes, deadline):
        computation = Computation(object(), key, nbytes, None if deadline is None else self.now + deadline)
        held = sum(each.nbytes for each in self.waiting)
        if len(self.waiting) == self.limits.max_queue_calls:
            with pytest.raises(LimitReached, match="max_queue_calls"):
                self.batcher.add(computation, self.now)
        elif held + nbytes > self.limits.max_queue_bytes:
            with pytest.raises(LimitReached, match="max_queue_bytes") as refused:
                self.batcher.add(computation, self.now)
            assert refused.value.passing == bool(self.waiting)
        else:
            self.batcher.add(computation, self.now)
            self.waiting.append(computation)

    @rule(microseconds=st.integers(1, 20))
    def time_passes(self, microseconds):
        self.now += microseconds * 1e-6

    @precondition(lambda self: self.waiting)
    @rule(data=st.data())
    def a_waiting_job_is_cancelled(self, data):
        computation = data.draw(st.sampled_from(self.waiting))
        assert self.batcher.cancel(computation)
        assert not self.batcher.cancel(computation)
        self.waiting.remove(computation)
        self.ended.add(computation)

    @precondition(lambda self: self.batches)
    @rule(data=st.data())
    def a_running_job_is_cancelled(self, data):
        computation = data.draw(st.sampled_from(data.draw(st.sampled_from(self.batches))))
        assert not self.batcher.cancel(computation)
        assert not computation.is_wanted(self.now)

    @rule(target=running)
    def the_compute_side_has_room(self):
        # Which keys may start is decided with the plain lists, before the batcher is asked.
        startable = self.startable()
        batch, expired = self.batcher.take(self.now)
        for computation in expired:
            assert computation.deadline <= self.now
        for computation in batch:
            assert computation.deadline is None or self.now < computation.deadline
        assert not self.ended & {*batch, *expired}
        self.ended.update(batch, expired)
        before = list(self.waiting)
        self.waiting = [computation for computation in self.waiting if computation not in self.ended]
        if not batch:
            assert all(late(computation, self.now) for name in startable for computation in startable[name])
            return batch
        assert batch[0].key in {computation.key for name in startable for computation in startable[name]}
        assert len({computation.key for computation in batch}) == 1
        assert len(batch) <= (1 if batch[0].key is None else self.limits.max_batch_size)
        # Of its key the batch took the oldest, in order, and all that fit.
        same = [computation for computation in before if computation.key == batch[0].key and computation not in expired]
        if batch[0].key is not None:
            assert list(batch) == same[: len(batch)]
            assert len(batch) == self.limits.max_batch_size or len(batch) == len(same)
        self.batches.append(batch)
        (self.in_company.add if len(batch) > 1 else self.in_company.discard)(batch[0].key)
        return batch

    @rule(batch=consumes(running))
    def a_batch_is_done(self, batch):
        if batch:
            self.batcher.done(batch)
            self.batches.remove(batch)

    @rule()
    def all_waiting_work_is_dropped(self):
        assert set(self.batcher.drain()) == set(self.waiting)
        self.ended.update(self.waiting)
        self.waiting = []

    def startable(self):
        """Return the waiting computations that may start now, by group."""
        groups = {}
        for computation in self.waiting:
            groups.setdefault(computation if computation.key is None else computation.key, []).append(computation)
        busy = {batch[0].key for batch in self.batches} - {None}
        delay = self.limits.max_queue_delay_us * 1e-6
        return {
            name: computations
            for name, computations in groups.items()
            if computations[0].key is None
            or len(computations) >= self.limits.max_batch_size
            or (name not in busy and computations[0].added + (delay if name in self.in_company else 0) <= self.now)
        }

    @invariant()
    def the_counts_add_up(self):
        counts = self.batcher.counts
        assert self.batcher.waiting == len(self.waiting)
        assert self.batcher._bytes == sum(computation.nbytes for computation in self.waiting)
        assert counts.added == counts.started + counts.expired + counts.cancelled + len(self.waiting)

    @invariant()
    def it_says_when_time_alone_will_do(self):
        due = self.batcher.wake_at()
        if due is not None and due > self.now:
            was, self.now = self.now, due
            assert self.startable()
            self.now = was
        if not self.limits.max_queue_delay_us:
            assert due is None


def late(computation, now):
    return computation.deadline is not None and computation.deadline <= now


Queue.TestCase.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)
TestQueue = Queue.TestCase


def filled(limits, *keys):
    batcher = Batcher(limits)
    computations = [Computation(number, key) for number, key in enumerate(keys)]
    for computation in computations:
        batcher.add(computation, 0.0)
    return batcher, computations


def test_while_a_batch_runs_the_next_one_fills():
    batcher, [first] = filled(QueueLimits(), "a")
    assert batcher.take(0.0).batch == (first,)
    later = [Computation(number, "a") for number in range(3)]
    for computation in later:
        batcher.add(computation, 1.0)
        assert not batcher.take(1.0).batch
    batcher.done((first,))
    assert batcher.take(2.0).batch == tuple(later)


def test_a_full_batch_does_not_wait_for_the_one_before():
    batcher, computations = filled(QueueLimits(max_batch_size=2), *"aaaaa")
    assert batcher.take(0.0).batch == tuple(computations[:2])
    assert batcher.take(0.0).batch == tuple(computations[2:4])
    assert not batcher.take(0.0).batch


def test_a_busy_key_does_not_hold_up_another():
    batcher, computations = filled(QueueLimits(max_batch_size=2), *"aaaab")
    assert batcher.take(0.0).batch == tuple(computations[:2])
    assert batcher.take(0.0).batch == (computations[4],)
    assert batcher.take(0.0).batch == tuple(computations[2:4])


def test_jobs_without_a_key_go_alone_and_never_wait_for_company():
    batcher, computations = filled(QueueLimits(max_queue_delay_us=1000), None, None)
    assert [batcher.take(0.0).batch for _ in computations] == [(computation,) for computation in computations]


def test_after_company_a_job_waits_for_more_as_long_as_it_is_told():
    batcher, computations = filled(QueueLimits(max_queue_delay_us=1000), "a", "a")
    assert batcher.take(0.0).batch == tuple(computations)
    batcher.done(tuple(computations))
    computation = Computation(None, "a")
    batcher.add(computation, 1.0)
    assert not batcher.take(1.0005).batch
    assert batcher.wake_at() == pytest.approx(1.001)
    assert batcher.take(1.001).batch == (computation,)


def test_a_lone_caller_never_waits_for_company():
    batcher, [computation] = filled(QueueLimits(max_queue_delay_us=1000), "a")
    for now in (0.0, 1.0):
        assert batcher.take(now).batch == (computation,)
        batcher.done((computation,))
        computation = Computation(None, "a")
        batcher.add(computation, now + 1.0)


def test_keys_that_callers_make_up_are_not_remembered_for_ever():
    batcher = Batcher(QueueLimits(max_queue_delay_us=1000))
    for key in range(3000):
        for computation in (Computation(None, key), Computation(None, key)):
            batcher.add(computation, 0.0)
        batcher.done(batcher.take(0.0).batch)
    assert len(batcher._batched_before) <= 1024
    assert not batcher._groups
    assert not batcher._running


def test_what_has_no_room_is_told_which_knob():
    batcher, _ = filled(QueueLimits(max_queue_calls=1), "a")
    with pytest.raises(LimitReached, match=r"1 computations wait; .*max_queue_calls \(MEANREV_MAX_QUEUE_CALLS\)"):
        batcher.add(Computation(None), 0.0)
    assert (batcher.counts.refused, batcher.waiting) == (1, 1)


def test_short_jobs_pass_long_ones_that_may_not_start():
    batcher = Batcher(QueueLimits(max_queue_delay_us=10))
    first, short, second = (Computation(object(), long=long) for long in (True, False, True))
    for computation in (first, short, second):
        batcher.add(computation, 0.0)
    assert batcher.take(0.0, long=False).batch == (short,)
    assert batcher.take(0.0, long=False).batch == ()
    assert batcher.wake_at(long=False) is None
    assert batcher.take(0.0).batch == (first,)
    assert batcher.take(0.0).batch == (second,)


def test_a_long_job_that_leaves_is_forgotten():
    batcher = Batcher(QueueLimits())
    gone, short = Computation(object(), long=True), Computation(object())
    batcher.add(gone, 0.0)
    batcher.cancel(gone)
    batcher.add(short, 0.0)
    assert batcher.take(0.0, long=False).batch == (short,)


def test_identities_take_turns_however_much_one_has_queued():
    queue = Batcher(QueueLimits(max_batch_size=1))
    for number in range(20):
        queue.add(Computation(f"greedy {number}", identity="greedy"), 0.0)
    for name in ("modest", "other"):
        queue.add(Computation(name, identity=name), 0.0)
    started = [queue.take(0.0).batch[0].work for _ in range(22)]
    assert started[:4] == ["greedy 0", "modest", "other", "greedy 1"]
    assert started[4:] == [f"greedy {number}" for number in range(2, 20)]
