"""Work of a task that is left before its end: it stops, or never starts, and asyncio has nothing to report."""

import asyncio
import gc
import threading
from contextlib import aclosing
from dataclasses import replace

import numpy as np
import pytest

from gpu_kernels.dispatch import Selection
from meanrev_server.app import App
from meanrev_server.config import Settings
from meanrev_server.errors import LimitReached
from meanrev_server.launcher import Launcher
from meanrev_server.matrix_upload import UploadedMatrix
from meanrev_server.outline import Outline
from meanrev_server.research.answer import Answer
from meanrev_server.research.estimate import Estimate
from meanrev_server.research.prepared import Request
from meanrev_server.research.running import running
from meanrev_server.research.task import ResearchOptions, Task
from meanrev_wire.research_pb2 import FitOuReply

TABLE = UploadedMatrix(np.ones((2, 3)), ("A", "B", "C"), None)
OUTLINE = Outline(2, 3, ("A", "B", "C"), "")
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
    return Task(
        method="Count",
        options_type=ResearchOptions,
        reply=FitOuReply,
        total=lambda *_: 7,
        estimate=lambda *_: Estimate(7, 0, 0),
        run=run,
    )


def prepared(run):
    return Request.read(task(run), OUTLINE).with_table(TABLE)


async def steps_of(call, run):
    async with aclosing(running(prepared(run), call)) as steps:
        return [step async for step in steps]


async def test_steps_begin_with_nothing_done_and_end_with_the_reply(call):
    def run(table, chosen, progress):
        progress(3, 7)
        return Answer({"columns": ["A"]})

    steps = await steps_of(call, run)
    assert steps[0] == (0, 7)
    assert FitOuReply.FromString(steps[-1]).result.columns == ["A"]


async def test_the_time_of_work_to_come_is_told_from_work_that_was_done(call):
    assert call.rates.seconds("Count", 7) == 0
    await steps_of(call, lambda *_: Answer({}))
    once = call.rates.seconds("Count", 7)
    assert once > 0
    assert call.rates.seconds("Count", 70) == pytest.approx(10 * once)
    assert call.rates.seconds("Another", 7) == 0


async def test_what_was_computed_is_sent_through_a_full_queue(call, monkeypatch):
    answer = Answer({"columns": [str(i) for i in range(5000)]})
    tight = replace(call, settings=Settings(max_message_bytes=4096))
    parts = []
    async with aclosing(running(prepared(lambda *_: answer), tight)) as steps:
        async for step in steps:
            if isinstance(step, bytes):
                parts.append(FitOuReply.FromString(step))
                monkeypatch.setattr(call.launcher._batcher, "add", refuse)
    assert len(parts) > 5
    assert [name for part in parts for name in part.result.columns] == [str(i) for i in range(5000)]


def refuse(*_):
    raise LimitReached("full", passing=True)


async def test_work_that_is_left_at_its_first_step_never_starts(call, reported):
    started = threading.Event()
    async with aclosing(running(prepared(lambda *_: started.set()), call)) as steps:
        assert await anext(steps) == (0, 7)
    await asyncio.sleep(0)  # the work would join the queue
    await call.compute(int)  # the only thread has been through its queue
    assert not started.is_set()
    gc.collect()
    assert reported == []


async def test_work_that_waits_for_a_thread_never_starts_once_it_is_left(call, reported):
    go, started = threading.Event(), threading.Event()
    holding = asyncio.ensure_future(call.compute(go.wait, PATIENCE_S))
    async with aclosing(running(prepared(lambda *_: started.set()), call)) as steps:
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

    def run(table, chosen, progress):
        begun.set()
        go.wait(PATIENCE_S)
        try:
            progress(1, 7)
            ends.append("went on")
        except Exception as error:
            ends.append(type(error).__name__)
            raise

    async with aclosing(running(prepared(run), call)) as steps:
        await anext(steps)
        await asyncio.to_thread(begun.wait, PATIENCE_S)
    go.set()
    await call.compute(int)
    assert ends == ["Abandoned"]
    gc.collect()
    assert reported == []


async def test_a_failure_that_nobody_came_for_is_not_reported(call, reported):
    failed = threading.Event()

    def run(*_):
        failed.set()
        raise ValueError("in the work")

    async with aclosing(running(prepared(run), call)) as steps:
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
