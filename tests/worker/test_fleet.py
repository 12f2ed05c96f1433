"""Several workers share the work, and what they know of a computation that ends them."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier

import pytest

from gpu_kernels.backend import Backend
from gpu_kernels.interruption import Cell
from meanrev_worker import Fleet, Orders, RepeatedCrash, WorkerLost, fleet
from meanrev_worker.messages import Outcome, TwinCall
from meanrev_worker.process import Seat


class Line:
    """A channel to a child that computes here, and ends at a computation of that name."""

    def __init__(self):
        self.interrupted = Cell()

    def send(self, task):
        self.task = task

    def receive(self, *, keep):
        assert keep
        if self.task.twin == "end":
            raise EOFError
        return Outcome(self.task.twin(*self.task.arguments))

    def trim(self):
        pass


class Simulated:
    """A worker of a GPU that there is not."""

    def __init__(self, orders, channels, changed, patience_s):
        if orders.device > 3:
            raise RuntimeError("there is no such device")
        self.device, self.backend, self.ready, self.restarts = orders.device, Backend("cuda", "simulated"), True, 0
        self.seats, self.closed, self.is_closing = [], False, False

    @contextmanager
    def seat(self, *, alone):
        self.seats.append(alone)
        yield Seat(1000 * self.device + self.restarts, Line())

    def served(self):
        pass

    def part(self):
        self.is_closing = True

    def close(self):
        self.closed = True


@pytest.fixture
def four(monkeypatch):
    monkeypatch.setattr(fleet, "Worker", Simulated)
    return Fleet(Orders("cuda"), 2, gpus=4)


def test_each_gpu_has_a_worker(four):
    assert [worker.device for worker in four.workers] == [0, 1, 2, 3]
    assert four.backend.name == "cuda"
    four.close()
    assert all(worker.closed for worker in four.workers)


def test_one_gpu_too_many_ends_those_that_have_begun(monkeypatch):
    made = []
    monkeypatch.setattr(fleet, "Worker", lambda *arguments: made.append(Simulated(*arguments)) or made[-1])
    with pytest.raises(RuntimeError, match="no such device"):
        Fleet(Orders("cuda", device=2), 1, gpus=3)
    assert [worker.device for worker in made] == [2, 3]
    assert all(worker.closed for worker in made)


def test_whoever_has_least_to_do_computes_next(four):
    meeting = Barrier(8)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: four.run(meeting.wait, (20,)), range(8)))
    assert [len(worker.seats) for worker in four.workers] == [2, 2, 2, 2]


def test_a_worker_that_is_not_ready_is_passed_over(four):
    four.workers[0].ready = four.workers[2].ready = False
    for _ in range(3):
        four.run(divmod, (7, 2))
    assert [len(worker.seats) for worker in four.workers] == [0, 3, 0, 0]
    assert four.ready
    for worker in four.workers:
        worker.ready = False
    assert not four.ready


def test_what_ended_two_of_them_is_refused_by_all(four):
    for child in range(2):
        four.workers[0].restarts = child
        with pytest.raises(WorkerLost):
            four.run("end", ())
    with pytest.raises(RepeatedCrash):
        four.run("end", ())
    assert [alone for worker in four.workers for alone in worker.seats] == [False, True]
    assert four.run(divmod, (7, 2)) == (3, 1)


def test_one_that_becomes_suspect_while_it_waits_goes_alone(four, monkeypatch):
    """Its twin ended a child meanwhile, and it must not be beside a stranger."""
    worker, seat = four.workers[0], Simulated.seat

    @contextmanager
    def waiting(self, *, alone):
        if not self.seats:
            four._note_crash(TwinCall(divmod, (7, 2)), 99, alone=False)
        with seat(self, alone=alone) as taken:
            yield taken

    monkeypatch.setattr(Simulated, "seat", waiting)
    assert four.run(divmod, (7, 2)) == (3, 1)
    assert worker.seats == [False, True]
    assert four._suspects.is_empty
