"""A server that dies, restarts or hands over to another costs our clients no call that may be made twice."""

import asyncio
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from threading import Event

import grpc
import numpy as np
import pytest

import meanrev as mr
from meanrev_wire import research_pb2
from tests.faults.servers import Server, free_address

N_CLIENTS = 8
PRICES = np.exp(np.cumsum(0.01 * np.random.default_rng(0).standard_normal((4000, 20)), axis=0))
QUESTIONS = {
    "unary": lambda client: client.pca(np.diff(PRICES[:300], axis=0), n_components=3),
    "upload": lambda client: client.fit_ou(PRICES),
    "stored": lambda client: client.put_portfolio("mine", {"KO": 1.0}),
    "submitted": lambda client: client.submit("fit_ou", PRICES),
}


def until(load, answered, more):
    """Wait until each client has a number of answers more, and raise what one of them raised."""
    wanted = {number: answered[number] + more for number in range(N_CLIENTS)}
    while any(answered[number] < count for number, count in wanted.items()):
        for each in load:
            assert not each.done() or each.result() is None
        Event().wait(0.05)


def keep_asking(address, number, over, answered):
    questions = list(QUESTIONS.values())
    with mr.Client(address, timeout=120) as client:
        while not over.is_set():
            questions[number % len(questions)](client)
            answered[number] += 1


async def keep_awaiting(address, over, answered):
    async def one(client, number):
        questions = list(QUESTIONS.values())
        while not over.is_set():
            await questions[number % len(questions)](client)
            answered[number] += 1

    async with mr.AsyncClient(address, timeout=120) as client:
        await asyncio.gather(*(one(client, number) for number in range(N_CLIENTS)))


def loaded(pool, kind, address, over, answered):
    if kind == "asyncio":
        return [pool.submit(lambda: asyncio.run(keep_awaiting(address, over, answered)))]
    return [pool.submit(keep_asking, address, number, over, answered) for number in range(N_CLIENTS)]


@pytest.fixture
def start():
    """Start servers that are gone when the test ends."""
    with ExitStack() as started:
        yield lambda *words, listen: started.enter_context(Server(*words, listen=listen))


@pytest.mark.parametrize("kind", ["threads", "asyncio"])
def test_a_server_that_is_killed_and_started_again_costs_no_call(start, kind):
    over, answered, address = Event(), Counter(), free_address()
    server = start(listen=address)
    with ThreadPoolExecutor(N_CLIENTS) as pool:
        load = loaded(pool, kind, address, over, answered)
        try:
            for _ in range(3):
                until(load, answered, 2)
                server.kill()
                server = start(listen=address)
            until(load, answered, 2)
        finally:
            over.set()
        for each in load:
            each.result(120)


@pytest.mark.parametrize("kind", ["threads", "asyncio"])
def test_two_servers_are_restarted_one_after_the_other_without_a_lost_call(start, kind):
    over, answered, places = Event(), Counter(), [free_address(), free_address()]
    servers = [start("--grace", "5", listen=place) for place in places]
    with ThreadPoolExecutor(N_CLIENTS) as pool:
        load = loaded(pool, kind, ",".join(places), over, answered)
        try:
            for number, place in enumerate(places):
                until(load, answered, 2)
                assert servers[number].stop() == 0
                until(load, answered, 2)
                servers[number] = start("--grace", "5", listen=place)
            until(load, answered, 2)
        finally:
            over.set()
        for each in load:
            each.result(120)


class Forgetful(grpc.GenericRpcHandler):
    """Watches a job that advances by a step; its connection is lost after each report."""

    def __init__(self):
        self.watched = 0

    def service(self, details):
        def watch(data, context):
            self.watched += 1
            status = "done" if self.watched > 3 else "running"
            yield research_pb2.Job(job_id="0" * 64, method="FitOu", status=status, done=self.watched, total=4)
            if status == "running":
                context.abort(grpc.StatusCode.UNAVAILABLE, "Socket closed")

        assert details.method.endswith("/WatchJob")
        return grpc.unary_stream_rpc_method_handler(
            watch,
            request_deserializer=research_pb2.JobRequest.FromString,
            response_serializer=research_pb2.Job.SerializeToString,
        )


@pytest.fixture
def forgetful():
    server = grpc.server(ThreadPoolExecutor(2), handlers=(Forgetful(),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield f"127.0.0.1:{port}"
    server.stop(0).wait()


def test_a_job_is_watched_again_where_its_connection_was_lost(forgetful):
    with mr.Client(forgetful, timeout=60) as client:
        job = client.job("0" * 64)
        assert [state.done for state in job.watch()] == [2, 3, 4]


async def test_so_it_is_from_asyncio(forgetful):
    async with mr.AsyncClient(forgetful, timeout=60) as client:
        job = await client.job("0" * 64)
        assert [state.done async for state in job.watch()] == [2, 3, 4]


def test_a_stream_with_a_state_ends_with_the_connection():
    """Its window is gone with the server: only the caller can send it again."""
    with Server() as server, mr.Client(server.address, timeout=60) as client:
        stream = client.ou_stream(iter([1.0, 2.0] * 100_000))
        next(stream)
        server.kill()
        with pytest.raises(mr.ConnectionFailed):
            list(stream)
