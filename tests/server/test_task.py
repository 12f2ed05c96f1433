"""Work of a task that is left before its end: it stops, or never starts, and asyncio has nothing to report."""

import asyncio
import gc
import threading
from contextlib import aclosing
from dataclasses import replace

import numpy as np
import pytest

from gpu_kernels.selection import Selection
from meanrev_server.app import App
from meanrev_server.chunks import Table
from meanrev_server.config import Settings
from meanrev_server.launcher import Launcher
from meanrev_server.research.task import Task, running
from meanrev_server.rpc.options import Options

TABLE = Table(np.ones((2, 3)), ("A", "B", "C"), None, "")
PATIENCE_S = 10


@pytest.fixture
def call():
    app, launcher = App(Settings()), Launcher(1, Selection())
    yield replace(app.call, launcher=launcher)
    launcher.close()
    app.close()


@pytest.fixture
async def reported():
    """Return what asyncio reports as forgotten, on this test's loop."""
    found = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: found.append(context["message"]))
    return found


def task(run):
    return Task("Count", Options, lambda *_: 7, run, lambda *_: b"")


async def steps_of(call, run):
    async with aclosing(running(task(run), TABLE, call)) as steps:
        return [step async for step in steps]


async def test_steps_begin_with_nothing_done_and_end_with_the_reply(call):
    def run(table, chosen, ignored, progress):
        progress(3, 7)
        return b"reply"

    steps = await steps_of(call, run)
    assert steps[0] == (0, 7)
    assert steps[-1] == b"reply"


async def test_work_that_is_left_at_its_first_step_never_starts(call, reported):
    started = threading.Event()
    async with aclosing(running(task(lambda *_: started.set()), TABLE, call)) as steps:
        assert await anext(steps) == (0, 7)
    await asyncio.sleep(0)  # the work would join the queue
    await call.compute(int)  # the only thread has been through its queue
    assert not started.is_set()
    gc.collect()
    assert reported == []


async def test_work_that_waits_for_a_thread_never_starts_once_it_is_left(call, reported):
    go, started = threading.Event(), threading.Event()
    holding = asyncio.ensure_future(call.compute(go.wait, PATIENCE_S))
    async with aclosing(running(task(lambda *_: started.set()), TABLE, call)) as steps:
        await anext(steps)
        await asyncio.sleep(0)  # the work joins the queue
    go.set()
    await holding
    await call.compute(int)
    assert not started.is_set()
    gc.collect()
    assert reported == []


async def test_work_that_has_begun_stops_at_its_next_step(call, reported):
    begun, go, ends = threading.Event(), threading.Event(), []

    def run(table, chosen, ignored, progress):
        begun.set()
        go.wait(PATIENCE_S)
        try:
            progress(1, 7)
            ends.append("went on")
        except Exception as error:
            ends.append(type(error).__name__)
            raise

    async with aclosing(running(task(run), TABLE, call)) as steps:
        await anext(steps)
        await asyncio.to_thread(begun.wait, PATIENCE_S)
    go.set()
    await call.compute(int)
    assert ends == ["Cancelled"]
    gc.collect()
    assert reported == []


async def test_a_failure_that_nobody_came_for_is_not_reported(call, reported):
    failed = threading.Event()

    def run(*_):
        failed.set()
        raise ValueError("in the work")

    async with aclosing(running(task(run), TABLE, call)) as steps:
        await anext(steps)
        await asyncio.to_thread(failed.wait, PATIENCE_S)
        await call.compute(int)  # by now the failure has reached the loop
    del steps
    gc.collect()
    assert reported == []


async def test_a_failure_reaches_who_waits(call):
    def run(*_):
        raise ValueError("in the work")

    with pytest.raises(ValueError, match="in the work"):
        await steps_of(call, run)
