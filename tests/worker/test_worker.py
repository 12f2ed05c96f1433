"""A child computes what this process would, its end is survived, and nothing of it stays behind."""

import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import psutil
import pytest
import threadpoolctl

from gpu_kernels import cointegration, ou, pca, sweep, weights
from gpu_kernels.dispatch import Selection, using
from gpu_kernels.errors import Degenerate, InvalidInput, KernelError
from gpu_kernels.pca import lapack
from meanrev_worker import Fleet, Orders, RepeatedCrash, WorkerLost, process
from tests.gpu_kernels.native import needs_compiler
from tests.worker import mischief


@contextmanager
def working(channels=2, backend="numpy", changed=lambda: None):
    worker = Fleet(Orders(backend, 2), channels, changed=changed)
    try:
        yield worker
    finally:
        worker.close()


@pytest.fixture(scope="module")
def worker():
    """A child that every test leaves as it was."""
    with working() as worker:
        yield worker


@pytest.fixture
def mortal():
    """A child that its test may end."""
    with working() as worker:
        yield worker


def until(condition, seconds=120):
    for _ in range(int(seconds / 0.01)):
        if condition():
            return
        time.sleep(0.01)
    pytest.fail("it did not come to pass")


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    """On a busy machine the next child takes its time."""
    monkeypatch.setattr(process, "_NEXT_S", 120.0)


def is_stopped(number):
    """Tell whether no thread of a process runs any more: a signal reaches one after the other."""
    states = [path.read_text().rpartition(")")[2].split()[0] for path in Path(f"/proc/{number}/task").glob("*/stat")]
    return set(states) == {"T"}


def test_it_computes_in_another_process_as_it_was_told(worker):
    selection, number = worker.run(mischief.selected, ())
    assert selection == Selection("numpy", 2)
    assert number == worker.workers[0].pid != os.getpid()
    assert worker.backend.name == "numpy"


def test_its_matrix_products_take_no_more_threads_than_it_was_told():
    fleet = Fleet(Orders("numpy", blas_threads=1), 1)
    try:
        assert fleet.run(lapack.available, ())  # which loads the second library
        pools = fleet.run(threadpoolctl.threadpool_info, ())
    finally:
        fleet.close()
    assert {pool["num_threads"] for pool in pools if pool["user_api"] == "blas"} == {1}


@pytest.mark.parametrize("backend", ["numpy", pytest.param("native", marks=needs_compiler)])
def test_operations_have_the_bits_that_they_have_here(backend):
    rng = np.random.default_rng(3)
    prices = np.exp(np.cumsum(0.01 * rng.standard_normal((7, 300)), axis=1))
    prices[2, 40:60] = np.nan
    returns = rng.standard_normal((50, 4))

    def everything():
        yield from ou.fit(prices, adf_lags=1)
        yield from sweep.backtest(prices, [1.0, 2.0, 2.5], [0.0, 0.5, -1.0], 1e-3)
        found = cointegration.scan(prices[3:].T, lags=1)
        yield from (found.adf_statistic, found.hedge_ratio, found.half_life)
        yield from pca.fit(returns, n_components=3)
        yield from weights.cara(returns.mean(axis=0), np.cov(returns.T), gamma=2.0)

    with working(backend=backend) as worker:
        with using(backend, 2):
            here = list(everything())
        with using(backend, 2, worker.run):
            there = list(everything())
    for one, other in zip(here, there, strict=True):
        np.testing.assert_array_equal(one, other)


def test_errors_come_back_as_what_they_are(worker):
    with pytest.raises(InvalidInput, match=r"^prices\[2, 3\] must be positive, got -1.0$") as invalid:
        worker.run(mischief.invalid, ())
    assert (invalid.value.field, invalid.value.index) == ("prices", (2, 3))
    with pytest.raises(Degenerate, match="has no inverse") as degenerate:
        worker.run(mischief.degenerate, ())
    assert degenerate.value.field == "covariance"
    with pytest.raises(RuntimeError, match="Stubborn"):
        worker.run(mischief.stubborn, ())
    with pytest.raises(ZeroDivisionError):
        worker.run(divmod, (1, 0))
    assert worker.restarts == 0


def test_a_backend_that_cannot_run_is_an_error_at_the_start():
    with pytest.raises(KernelError, match="backend 'cuda' cannot run here"):
        Fleet(Orders("cuda"), 1)


def test_as_many_compute_at_once_as_there_are_channels(worker, tmp_path):
    files = [tmp_path / str(number) for number in range(2)]
    with ThreadPoolExecutor(3) as pool:
        waiting = [pool.submit(worker.run, mischief.wait_for, (str(file),)) for file in files]
        until(lambda: all(file.exists() for file in files))
        third = pool.submit(worker.run, mischief.same, (1,))
        time.sleep(0.1)
        assert not third.done()
        for file in files:
            file.unlink()
        assert third.result(60) == (1,)
        assert [each.result(60) for each in waiting] == ["answered"] * 2


@pytest.mark.faults
def test_what_was_under_way_is_lost_and_the_next_child_goes_on(tmp_path):
    news: list[bool] = []
    lone: Fleet
    with working(changed=lambda: news.append(lone.ready)) as lone, ThreadPoolExecutor(1) as pool:
        file = tmp_path / "begun"
        lost = pool.submit(lone.run, mischief.wait_for, (str(file),))
        until(file.exists)
        first = lone.workers[0].pid
        os.kill(first, signal.SIGKILL)
        with pytest.raises(WorkerLost, match="the call may be repeated"):
            lost.result(60)
        assert lone.run(mischief.doubled, (np.ones(3),)).tolist() == [2.0] * 3
        assert lone.workers[0].pid != first
        assert lone.restarts == 1
        until(lambda: news == [False, True])
    assert not psutil.pid_exists(first)


@pytest.mark.faults
def test_a_call_that_met_a_dead_child_before_anybody_noticed_goes_to_the_next_one(mortal, monkeypatch):
    number = mortal.workers[0].pid
    os.kill(number, signal.SIGSTOP)  # its sockets stay open, so nothing is noticed yet
    until(lambda: is_stopped(number))
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(mortal.run, mischief.selected, ())
        os.kill(number, signal.SIGKILL)
        try:
            selection, other = waiting.result(60)
        except WorkerLost:
            selection, other = mortal.run(mischief.selected, ())
    assert other != number
    assert selection.backend == "numpy"


@pytest.mark.faults
def test_a_computation_that_ended_two_children_is_refused_and_others_go_on(mortal):
    for _ in range(2):
        with pytest.raises(WorkerLost):
            mortal.run(mischief.end, ())
    with pytest.raises(RepeatedCrash, match="ended twice at this computation"):
        mortal.run(mischief.end, ())
    until(lambda: mortal.restarts == 2)
    with pytest.raises(WorkerLost):
        mortal.run(mischief.end, (4,))
    assert mortal.run(mischief.same, (5,)) == (5,)


@pytest.mark.faults
def test_a_neighbour_of_a_crashing_computation_is_not_blamed(mortal, tmp_path):
    """It was under way at the first end; at the second the crashing one goes alone."""
    file = str(tmp_path / "begun")
    with ThreadPoolExecutor(2) as pool:
        neighbour = pool.submit(mortal.run, mischief.wait_for, (file,))
        until((tmp_path / "begun").exists)
        with pytest.raises(WorkerLost):
            mortal.run(mischief.end, ())
        with pytest.raises(WorkerLost):
            neighbour.result(60)
        (tmp_path / "begun").unlink()
        again = pool.submit(mortal.run, mischief.wait_for, (file,))
        until((tmp_path / "begun").exists)
        crash = pool.submit(mortal.run, mischief.end, ())
        time.sleep(0.1)
        assert not crash.done()
        (tmp_path / "begun").unlink()
        assert again.result(60) == "answered"
        with pytest.raises(WorkerLost):
            crash.result(60)
        with pytest.raises(RepeatedCrash):
            mortal.run(mischief.end, ())


@pytest.mark.faults
def test_one_that_answers_at_the_second_try_is_not_refused_later(mortal, tmp_path):
    for number in range(3):
        path = (str(tmp_path / "once"),)
        with pytest.raises(WorkerLost):
            mortal.run(mischief.end_if_absent, path)
        assert mortal.run(mischief.end_if_absent, path) == "answered"
        (tmp_path / "once").unlink()
        assert mortal.restarts == number + 1


def open_files():
    return list(Path("/proc/self/fd").iterdir())


def watchers():
    """Return the threads that watch over children."""
    return {thread for thread in threading.enumerate() if thread.name == "meanrev-worker" and thread.is_alive()}


@pytest.mark.faults
def test_nothing_is_left_when_it_closes():
    descriptors, others = len(open_files()), watchers()
    with working(channels=3) as worker:
        worker.run(mischief.doubled, (np.ones(100_000),))
        with pytest.raises(WorkerLost):
            worker.run(mischief.end, ())
        worker.run(mischief.doubled, (np.ones(100_000),))
        number = worker.workers[0].pid
    until(lambda: len(open_files()) <= descriptors)
    assert not psutil.pid_exists(number)
    with pytest.raises(WorkerLost):
        worker.run(mischief.same, (1,))
    assert watchers() <= others


PARENT = """
import sys
from meanrev_worker import Fleet, Orders
worker = Fleet(Orders("numpy"), 1)
print(worker.workers[0].pid, flush=True)
sys.stdin.read()
"""


@pytest.mark.faults
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_it_ends_with_its_parent(how):
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    with parent:
        child = psutil.Process(int(parent.stdout.readline()))
        parent.send_signal(how)
        parent.wait(60)
        child.wait(60)


def test_a_signal_to_the_group_is_the_parents_affair(worker):
    assert worker.run(mischief.same, (0,)) == (0,)  # it has started, and ignores signals from then on
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1):
        os.kill(worker.workers[0].pid, number)
    assert worker.run(mischief.same, (1,)) == (1,)
    assert worker.restarts == 0


def test_a_child_that_cannot_be_made_leaves_nothing_open(monkeypatch):
    def refuse(*_, **__):
        raise OSError("Resource temporarily unavailable")

    descriptors = len(open_files())
    monkeypatch.setattr(subprocess, "Popen", refuse)
    with pytest.raises(OSError, match="temporarily unavailable"):
        Fleet(Orders("numpy"), 3)
    assert len(open_files()) <= descriptors


def test_an_unexpected_error_tells_where_in_the_child_it_happened(worker):
    with pytest.raises(RuntimeError) as error:
        worker.run(mischief.stubborn, ())
    assert "Stubborn" in str(error.value)
    with pytest.raises(KeyError) as missing:
        worker.run(mischief.missing, ({},))
    assert "mischief.py" in missing.value.__notes__[0]


def test_what_finds_no_memory_harms_nobody(worker, monkeypatch):
    from meanrev_worker.memory import SharedMemory

    def refuse(self, size):
        raise MemoryError("no shared memory")

    with monkeypatch.context() as patch:
        patch.setattr(SharedMemory, "_reserve", refuse)
        with pytest.raises(MemoryError, match="no shared memory"):
            worker.run(mischief.doubled, (np.ones(100),))
    with pytest.raises(MemoryError, match="in the child"):
        worker.run(mischief.too_much, ())
    assert worker.run(mischief.same, (1,)) == (1,)
    assert worker.restarts == 0


@pytest.mark.faults
def test_copies_of_one_computation_at_one_end_are_not_two_ends(mortal, tmp_path):
    """As of two dashboards that ask for the same."""
    file = tmp_path / "begun"
    with ThreadPoolExecutor(2) as pool:
        both = [pool.submit(mortal.run, mischief.wait_with_others, (str(file),)) for _ in range(2)]
        until(lambda: len(list(tmp_path.glob("begun.*"))) == 2)
        os.kill(mortal.workers[0].pid, signal.SIGKILL)
        for each in both:
            with pytest.raises(WorkerLost):
                each.result(60)
        again = pool.submit(mortal.run, mischief.wait_with_others, (str(file),))
        until(lambda: len(list(tmp_path.glob("begun.*"))) == 3)
        file.touch()
        assert again.result(60) == "answered"


@pytest.mark.faults
def test_an_end_of_any_kind_is_followed_by_another_child(mortal, monkeypatch):
    os.kill(mortal.workers[0].pid, 40)  # a signal without a name
    until(lambda: mortal.restarts == 1 and mortal.ready)

    fine, refusals = process._Child.__init__, [RuntimeError("the GPU is busy"), OSError("no process")]

    def starting(self, *arguments):
        if refusals:
            raise refusals.pop()
        fine(self, *arguments)

    monkeypatch.setattr(process._Child, "__init__", starting)
    os.kill(mortal.workers[0].pid, signal.SIGKILL)
    until(lambda: mortal.ready and not refusals)
    assert mortal.run(mischief.same, (1,)) == (1,)


def test_an_answer_that_was_not_read_is_nobody_elses(mortal, monkeypatch):
    """An interrupted caller leaves its channel out of step."""
    from meanrev_worker.channel import Channel

    receive = Channel.receive

    def interrupted(self, *, keep):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Channel, "receive", interrupted)
        with pytest.raises(KeyboardInterrupt):
            mortal.run(mischief.same, ("mine",))
    assert Channel.receive is receive
    for number in range(4):
        assert mortal.run(mischief.same, (number,)) == (number,)
