"""Computations run in threads that were prepared for them, on the twin that was chosen, in batches where they may."""

import asyncio
import threading
import time
from concurrent.futures.thread import BrokenThreadPool
from contextlib import contextmanager

import pytest

from gpu_kernels import interruption
from gpu_kernels.dispatch import Selection, current
from gpu_kernels.errors import Interrupted
from meanrev_server import launcher as launching
from meanrev_server.app import App
from meanrev_server.batcher import QueueLimits
from meanrev_server.config import Settings
from meanrev_server.errors import Expired, ServerStopping
from meanrev_server.launcher import Launcher


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    """On a busy machine a short computation may take a while."""
    monkeypatch.setattr(launching, "OVERDUE_S", 60.0)


async def test_a_computation_runs_on_the_selected_twin_in_a_thread_of_its_own():
    launcher = Launcher(1, Selection("native", 3))
    assert await launcher.run(current) == Selection("native", 3)
    assert (await launcher.run(threading.current_thread)).name.startswith("meanrev-compute")
    launcher.close()


async def test_every_thread_is_prepared_before_its_first_computation():
    here = threading.local()
    launcher = Launcher(2, Selection(), prepare=lambda: setattr(here, "ready", True))
    meeting = threading.Barrier(2)

    def work():
        meeting.wait(10)  # so that each thread has one
        return here.ready

    assert await asyncio.gather(launcher.run(work), launcher.run(work)) == [True, True]
    launcher.close()


async def test_the_gpu_of_the_settings_is_that_of_every_compute_thread(monkeypatch):
    from gpu_kernels import backend, device

    chosen = []
    monkeypatch.setattr(backend, "choose", lambda name: backend.Backend("cuda", "for the test"))
    monkeypatch.setattr(
        device, "limit", lambda *arguments: chosen.append((threading.current_thread().name[:15], *arguments))
    )
    app = App(Settings(device=1, gpu_memory=0.5))
    await app.call.compute(current)
    app.close()
    here = (threading.current_thread().name[:15], 1, 0.5)
    # Tried on that GPU, used from then on, and in the thread that computes.
    assert chosen == [here, here, ("meanrev-compute", 1, 0.5)]


@contextmanager
def blocked(launcher):
    """Hold the launcher's only thread until told to go on."""
    go = threading.Event()
    holding = asyncio.ensure_future(launcher.run(go.wait, 10))
    try:
        yield go
    finally:
        go.set()
        launcher.close()
    assert not holding.cancelled()


def either(together, alone):
    """Return a batchable function that computes one item by another function than several."""
    return lambda key, items: [alone(key, items[0])] if len(items) == 1 else together(key, items)


async def test_what_waits_goes_together_and_each_gets_its_own_result():
    batches = []

    def squares(key, items):
        batches.append((key, list(items)))
        return [item * item for item in items]

    launcher = Launcher(1, Selection(), limits=QueueLimits(max_batch_size=3))
    with blocked(launcher) as go:
        await asyncio.sleep(0)
        asking = [asyncio.ensure_future(launcher.batched(squares, "k", item)) for item in range(5)]
        other = asyncio.ensure_future(launcher.batched(squares, "l", 7))
        await asyncio.sleep(0)
        go.set()
        assert await asyncio.gather(*asking, other) == [0, 1, 4, 9, 16, 49]
    assert batches == [("k", [0, 1, 2]), ("l", [7]), ("k", [3, 4])]
    assert (launcher.counts.batches, launcher.counts.started) == (4, 7)


async def test_only_the_failing_one_fails():
    def inverses(key, items):
        return [1 / item for item in items]

    launcher = Launcher(1, Selection())
    with blocked(launcher) as go:
        await asyncio.sleep(0)
        asking = asyncio.gather(*(launcher.batched(inverses, "k", item) for item in (1, 0, 2)), return_exceptions=True)
        await asyncio.sleep(0)
        go.set()
        first, second, third = await asking
    assert (first, third) == (1.0, 0.5)
    assert isinstance(second, ZeroDivisionError)


async def test_an_operation_that_loses_a_result_is_asked_one_by_one():
    losing = either(lambda key, items: items[:-1], lambda key, item: item)
    launcher = Launcher(1, Selection())
    with blocked(launcher) as go:
        await asyncio.sleep(0)
        asking = asyncio.gather(*(launcher.batched(losing, "k", item) for item in (1, 2)))
        await asyncio.sleep(0)
        go.set()
        assert await asking == [1, 2]


async def test_a_cancelled_or_late_computation_never_starts():
    launcher = Launcher(1, Selection())
    began = []
    with blocked(launcher) as go:
        await asyncio.sleep(0)
        cancelled = asyncio.ensure_future(launcher.run(began.append, "cancelled"))
        late = asyncio.ensure_future(launcher.submit(lambda: began.append("late"), deadline=time.monotonic()))
        served = asyncio.ensure_future(launcher.run(began.append, "served"))
        await asyncio.sleep(0)
        cancelled.cancel()
        await asyncio.sleep(0)
        go.set()
        await served
        with pytest.raises(Expired, match="deadline passed while the call waited"):
            await late
    assert began == ["served"]
    assert (launcher.counts.cancelled, launcher.counts.expired) == (1, 1)


async def test_who_leaves_a_batch_that_has_failed_is_not_computed_again():
    """The batch is held while one of its computations is cancelled; then it fails, and the rest are run one by one."""
    running, go, alone = threading.Event(), threading.Event(), []

    def failing(key, items):
        running.set()
        go.wait(10)
        raise ValueError

    compute = either(failing, lambda key, item: alone.append(item) or item)
    launcher = Launcher(1, Selection())
    with blocked(launcher) as first:
        await asyncio.sleep(0)
        asking = [asyncio.ensure_future(launcher.batched(compute, "k", item)) for item in range(3)]
        await asyncio.sleep(0)
        first.set()
        await asyncio.to_thread(running.wait, 10)
        asking[1].cancel()
        await asyncio.sleep(0)
        go.set()
        assert await asyncio.gather(asking[0], asking[2]) == [0, 2]
    assert alone == [0, 2]


async def test_a_computation_that_waits_for_company_goes_when_its_time_is_over():
    def same(key, items):
        return items

    launcher = Launcher(1, Selection(), limits=QueueLimits(max_queue_delay_us=20_000))
    with blocked(launcher) as go:
        await asyncio.sleep(0)
        asking = asyncio.gather(*(launcher.batched(same, "k", item) for item in (1, 2)))
        await asyncio.sleep(0)
        go.set()
        assert await asking == [1, 2]
        began = time.monotonic()
        assert await launcher.batched(same, "k", 3) == 3
        assert time.monotonic() - began >= 0.02


@pytest.mark.parametrize("error", [ValueError("bad"), SystemExit(3), KeyboardInterrupt()])
async def test_whatever_a_computation_raises_reaches_its_caller_and_the_thread_lives_on(error):
    def fails():
        raise error

    async def ask():
        try:
            await launcher.run(fails)
        except BaseException as raised:  # noqa: BLE001 - the loop must not see what ends programs
            return raised

    launcher = Launcher(1, Selection())
    assert await ask() is error
    assert await launcher.run(int, "7") == 7
    launcher.close()


async def test_an_exception_may_be_a_result_and_the_end_of_an_iterator_an_error():
    launcher = Launcher(1, Selection())
    result = ValueError("found")
    assert await launcher.run(lambda: result) is result
    with pytest.raises(RuntimeError, match="StopIteration"):
        await launcher.run(next, iter([]))
    launcher.close()


async def test_threads_that_cannot_be_prepared_fail_every_computation():
    def fails():
        raise OSError

    launcher = Launcher(1, Selection(), prepare=fails)
    for _ in range(3):
        with pytest.raises(BrokenThreadPool):
            await launcher.run(int, "7")
    launcher.close()


async def test_closing_ends_what_waits_and_refuses_what_comes():
    launcher = Launcher(1, Selection())
    with blocked(launcher):
        await asyncio.sleep(0)
        waiting = asyncio.ensure_future(launcher.run(int, "7"))
        await asyncio.sleep(0)
        launcher.close()
        with pytest.raises(asyncio.CancelledError):
            await waiting
    with pytest.raises(ServerStopping):
        await launcher.run(int, "7")


def test_it_outlives_a_loop_that_ended_with_work_under_way():
    go = threading.Event()
    launcher = Launcher(1, Selection())

    async def leave():
        asyncio.ensure_future(launcher.run(go.wait, 10))  # noqa: RUF006 - left on purpose
        await asyncio.sleep(0.05)

    asyncio.run(leave())
    go.set()
    assert asyncio.run(launcher.run(int, "7")) == 7
    launcher.close()


async def test_it_serves_one_loop_at_a_time():
    launcher = Launcher(1, Selection())
    await launcher.run(int, "7")
    with pytest.raises(RuntimeError, match="one event loop"):
        await asyncio.to_thread(asyncio.run, launcher.run(int, "7"))
    launcher.close()


def work_until_interrupted(begun, ended):
    """Work in short steps, and put down how it ended."""
    begun.set()
    try:
        while True:
            time.sleep(0.001)
            interruption.check()
    except Interrupted:
        ended.append("interrupted")
        raise


async def told(event):
    assert await asyncio.to_thread(event.wait, 30)


async def free(launcher):
    for _ in range(3000):
        if not launcher.load.busy:
            return
        await asyncio.sleep(0.01)
    pytest.fail("a computation goes on")


async def test_a_computation_whose_caller_leaves_is_interrupted():
    launcher, begun, ended = Launcher(1, Selection()), threading.Event(), []
    call = asyncio.ensure_future(launcher.run(work_until_interrupted, begun, ended))
    await told(begun)
    call.cancel()
    await free(launcher)
    assert ended == ["interrupted"]
    assert await launcher.run(abs, -3) == 3
    launcher.close()


async def test_a_batch_is_interrupted_when_its_last_caller_leaves():
    launcher, begun, ended = Launcher(1, Selection()), threading.Event(), []

    def batch(key, items):
        if len(items) > 1:
            work_until_interrupted(begun, ended)
        return items

    with blocked(launcher) as go:
        calls = [asyncio.ensure_future(launcher.batched(batch, "key", number)) for number in range(3)]
        await asyncio.sleep(0)
        go.set()
        await told(begun)
        for left in (0, 2):
            calls[left].cancel()
            await asyncio.sleep(0.05)
            assert not ended
        calls[1].cancel()
        await free(launcher)
        assert ended == ["interrupted"]


async def test_closing_interrupts_what_is_under_way():
    launcher, begun, ended = Launcher(1, Selection()), threading.Event(), []
    call = asyncio.ensure_future(launcher.run(work_until_interrupted, begun, ended))
    await told(begun)
    launcher.close()
    with pytest.raises(ServerStopping):
        await call
    assert ended == ["interrupted"]


@pytest.mark.parametrize("threads", [1, 2])
async def test_short_computations_never_wait_for_long_ones(threads):
    launcher, go = Launcher(threads, Selection()), threading.Event()
    long = [asyncio.ensure_future(launcher.submit(lambda: go.wait(60), long=True)) for _ in range(3)]
    await asyncio.sleep(0)
    assert launcher.load.busy == 1
    for number in range(20):
        assert await asyncio.wait_for(launcher.run(abs, -number), 30) == number
    go.set()
    assert await asyncio.gather(*long) == [True] * 3
    launcher.close()


async def test_short_computations_pass_those_that_were_said_to_be_short(monkeypatch):
    monkeypatch.setattr(launching, "OVERDUE_S", 0.05)
    launcher, go = Launcher(2, Selection()), threading.Event()
    slow = [asyncio.ensure_future(launcher.run(go.wait, 60)) for _ in range(2)]
    await asyncio.sleep(0)
    for number in range(20):
        assert await asyncio.wait_for(launcher.run(abs, -number), 30) == number
    assert not any(each.done() for each in slow)
    go.set()
    await asyncio.gather(*slow)
    launcher.close()
