"""Every method announces what it takes: at least the memory that is measured, and not many times as much.

Whatever it computes waits in the name of its caller.
"""

import asyncio
import tracemalloc
from contextlib import aclosing
from dataclasses import replace

import pytest

from meanrev_server.admission import SMALL_BYTES, SMALL_PEAK_BYTES, Ticket
from meanrev_server.app import App
from meanrev_server.batcher import Batcher
from meanrev_server.config import Settings
from meanrev_server.records import Caller, CallRecord
from meanrev_wire import research_pb2
from tests.requests.jobs import NEEDS_A_JOB
from tests.requests.kept_matrices import NEEDS_A_MATRIX, of_size
from tests.requests.portfolios import book
from tests.server.cases import CASES, method_of
from tests.server.research import chunks

TIMES_THE_MEASURED = 12
"""A method may announce so many times what it takes: its formula covers options that take more."""

LEAST_BYTES = 4 * SMALL_PEAK_BYTES
"""Bytes below which the factor does not matter; a scan announces the memory of a whole group of pairs."""


class Recording(Ticket):
    """Keeps what was announced."""

    def __init__(self):
        super().__init__()
        self.announced = []

    def announce(self, demand):
        self.announced.append(demand)
        super().announce(demand)


@pytest.fixture(scope="module")
def app():
    return App(Settings(backend="numpy"))


@pytest.fixture
def askers(monkeypatch):
    """The identities whose computations wait for a thread meanwhile."""
    found, add = set(), Batcher.add

    def adding(self, computation, now):
        found.add(computation.identity)
        add(self, computation, now)

    monkeypatch.setattr(Batcher, "add", adding)
    return found


ROUTES = {route.method: route for route in App(Settings(backend="numpy")).routes.values()}


def of_alice(call, **others):
    return replace(call, record=CallRecord(caller=Caller(identity="alice")), **others)


async def answered(app, method, messages):
    """Call a method in this process; returns what it announced, and the bytes of its replies."""
    ticket, route = Recording(), ROUTES[method]
    call = of_alice(app.call, ticket=ticket)

    async def streamed():
        for data in messages:
            yield data

    handling = app.routes[route.path].handle(streamed() if route.client_streaming else messages[0], call)
    if not route.server_streaming:
        replies = [await handling]
    else:
        async with aclosing(handling) as found:
            replies = [await anext(found)] if method in ENDLESS else [reply async for reply in found]
    while call.background:
        await asyncio.gather(*call.background)
    return ticket.announced, [len(reply) for reply in replies]


ENDLESS = {"PortfolioHealthStream", "WatchJob"}


async def case(app, name, size):
    make, _ = CASES[name]
    method, messages = method_of(name), make(size)
    if method in NEEDS_A_JOB:
        job = research_pb2.Job.FromString(
            await app.routes[ROUTES["SubmitJob"].path].handle(_each(CASES["SubmitJob"][0](50)), of_alice(app.call))
        )
        await asyncio.gather(*app.call.background)
        messages = [research_pb2.JobRequest(job_id=job.job_id).SerializeToString()]
    if method == "GetPortfolio":
        await answered(app, "PutPortfolio", [book(size).SerializeToString()])
    if name in NEEDS_A_MATRIX:
        put = [one.SerializeToString() for one in chunks(of_size(size), stamps=range(size), total=size)]
        await answered(app, "PutMatrix", put)
    await answered(app, method, messages)  # modules are imported and tables made
    if method in {"PutMatrix", "AppendRows", "DropMatrix"}:
        await forgotten(app)
        if name in NEEDS_A_MATRIX:
            await answered(app, "PutMatrix", put)
    tracemalloc.start()
    try:
        announced, replies = await answered(app, method, messages)
        return announced, replies, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


async def forgotten(app):
    """Drop what is kept, so that it is kept anew."""
    matrices = app.call.state.matrices.matrices
    for found in matrices.listed("alice", 100):
        matrices.forget(found)


async def _each(messages):
    for data in messages:
        yield data


def test_every_method_is_tried():
    """A method without a case needs one in a module of tests/requests, which is named after it."""
    assert set(map(method_of, CASES)) == set(ROUTES)


@pytest.mark.parametrize(("name", "size"), [(name, size) for name in CASES for size in CASES[name][1]])
def test_what_is_announced_covers_what_is_taken(app, askers, name, size):
    announced, replies, taken = asyncio.run(case(app, name, size))
    assert announced, f"{name} announces nothing"
    assert max(demand.work for demand in announced) > 0
    peak = max(demand.peak_bytes for demand in announced)
    assert taken <= max(peak, SMALL_PEAK_BYTES)
    assert peak <= TIMES_THE_MEASURED * max(taken, LEAST_BYTES)
    expected = max(demand.reply_bytes for demand in announced)
    assert ROUTES[method_of(name)].chunked or max(replies) <= max(expected, SMALL_BYTES)
    assert askers <= {"alice"}, "computations of nobody take one turn together, so callers would wait for each other's"
