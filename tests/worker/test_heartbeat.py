"""A child that does not answer is replaced, and one that only takes long is not; interrupts cross into the child."""

import os
import signal
import threading
import time
from contextlib import contextmanager

import pytest

from gpu_kernels import interruption
from gpu_kernels.errors import Interrupted
from gpu_kernels.interruption import Interrupt
from meanrev_worker import Fleet, Orders, WorkerLost, process
from tests.worker import mischief

pytestmark = pytest.mark.faults

PATIENCE_S = 60


@contextmanager
def working(channels=1, patience_s=1.0):
    fleet = Fleet(Orders("numpy", 1), channels, patience_s=patience_s)
    try:
        yield fleet
    finally:
        fleet.close()


def until(condition):
    end = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > end:
            pytest.fail("it did not come to pass")
        time.sleep(0.01)


@contextmanager
def interrupted_after(seconds, fleet, function, *arguments):
    """Run a function in the child and interrupt it; yields how it ended, in a list that may be empty still."""
    interrupt, ends = Interrupt(), []

    def run():
        with interruption.using(interrupt):
            try:
                ends.append(fleet.run(function, arguments))
            except (Interrupted, WorkerLost) as error:
                ends.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    time.sleep(seconds)
    interrupt.set()
    yield ends


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    """On a busy machine the next child takes its time."""
    monkeypatch.setattr(process, "_NEXT_S", 120.0)


def test_a_child_that_stands_still_is_replaced():
    with working() as fleet:
        (worker,) = fleet.workers
        before = worker.pid
        os.kill(before, signal.SIGSTOP)
        until(lambda: fleet.restarts == 1 and fleet.ready)
        assert worker.pid != before
        assert fleet.run(abs, (-3,)) == 3


def test_what_it_computed_is_lost_and_may_be_repeated():
    with working() as fleet:
        threading.Timer(1.0, os.kill, (fleet.workers[0].pid, signal.SIGSTOP)).start()
        with pytest.raises(WorkerLost):
            fleet.run(time.sleep, (600,))
        assert fleet.run(abs, (-3,)) == 3


def test_a_child_whose_threads_all_wait_for_one_that_never_yields_is_replaced():
    with working() as fleet, pytest.raises(WorkerLost):
        fleet.run(mischief.keep_the_lock, (600,))


def test_a_child_that_takes_longer_than_the_patience_is_kept():
    with working() as fleet:
        before = fleet.workers[0].pid
        fleet.run(time.sleep, (4,))
        assert fleet.restarts == 0
        assert fleet.workers[0].pid == before


def test_an_interrupt_reaches_the_child_and_is_over_with_its_computation():
    with working() as fleet, interrupted_after(0.5, fleet, mischief.work_for, 600) as ends:
        until(lambda: ends)
        assert isinstance(ends[0], Interrupted)
        assert fleet.run(mischief.work_for, (0.1,)) == "done"
        with interruption.using(Interrupt()):
            assert fleet.run(mischief.work_for, (0.1,)) == "done"
        assert fleet.restarts == 0


def test_an_interrupt_of_one_computation_leaves_the_others_alone():
    with working(channels=2) as fleet, interrupted_after(0.0, fleet, mischief.work_for, 600) as ends:
        assert fleet.run(mischief.work_for, (2,)) == "done"
        until(lambda: ends)
        assert isinstance(ends[0], Interrupted)


def test_who_waits_for_a_child_stops_waiting_when_interrupted(monkeypatch):
    may_start, start = threading.Event(), process._Child.__init__

    def starting(self, *arguments):
        may_start.wait(PATIENCE_S)
        start(self, *arguments)

    with working() as fleet:
        monkeypatch.setattr(process._Child, "__init__", starting)
        os.kill(fleet.workers[0].pid, signal.SIGKILL)
        until(lambda: not fleet.ready)
        with interrupted_after(0.5, fleet, abs, -3) as ends:
            until(lambda: ends)
            assert isinstance(ends[0], Interrupted)
        may_start.set()


def test_a_child_that_does_not_end_an_interrupted_computation_is_replaced(monkeypatch):
    monkeypatch.setattr(process, "_DEAF", 2)
    with working() as fleet, interrupted_after(0.5, fleet, time.sleep, 600) as ends:
        until(lambda: ends)
        assert isinstance(ends[0], WorkerLost)
        assert fleet.run(abs, (-3,)) == 3
