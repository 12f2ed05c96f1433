"""A client makes any number of calls at once: a server takes 256 on a connection, and ours go on a further one."""

import asyncio
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, aclosing, closing

import grpc
import pytest

import meanrev as mr
from meanrev.errors import ConnectionFailed
from meanrev.transport.channels import MOST_CALLS, Channels
from meanrev_wire import meanrev_pb2

N_STREAMS = 300


class Connections(grpc.GenericRpcHandler):
    """Answers a stream of portfolio health once and keeps it open; counts the streams of each connection."""

    def __init__(self):
        self.streams = Counter()

    def service(self, details):
        async def watch(data, context):
            self.streams[context.peer()] += 1
            yield meanrev_pb2.HealthMetric().SerializeToString()
            await asyncio.sleep(60)

        return grpc.unary_stream_rpc_method_handler(watch)


@pytest.fixture
def connections():
    """Serve on a loop of its own, for a thread a stream would be many; gives (connections, address)."""
    counted, loop, served = Connections(), asyncio.new_event_loop(), []

    async def start():
        served.append(grpc.aio.server(handlers=(counted,)))
        port = served[0].add_insecure_port("127.0.0.1:0")
        await served[0].start()
        return f"127.0.0.1:{port}"

    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield counted, asyncio.run_coroutine_threadsafe(start(), loop).result(30)
    asyncio.run_coroutine_threadsafe(served[0].stop(0), loop).result(30)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def test_streams_of_a_client_share_a_connection_up_to_a_number(connections):
    counted, address = connections
    with mr.Client(address, timeout=60) as client, ExitStack() as open_streams:
        for _ in range(N_STREAMS):
            stream = client.health(holdings={"KO": 1.0}, timeout=60)
            open_streams.enter_context(closing(stream))
            next(stream)
        assert sorted(counted.streams.values()) == [N_STREAMS - 2 * MOST_CALLS, MOST_CALLS, MOST_CALLS]


async def test_so_do_those_of_the_other_client(connections):
    counted, address = connections
    async with mr.AsyncClient(address, timeout=60) as client:
        streams = [client.health(holdings={"KO": 1.0}, timeout=60) for _ in range(N_STREAMS)]
        await asyncio.gather(*(anext(stream) for stream in streams))
        assert sorted(counted.streams.values()) == [N_STREAMS - 2 * MOST_CALLS, MOST_CALLS, MOST_CALLS]
        for stream in streams:
            async with aclosing(stream):
                pass


def test_a_call_has_room_beside_many_streams():
    with mr.serve(grace_s=0) as address, mr.Client(address, timeout=60) as client, ExitStack() as open_streams:
        for _ in range(N_STREAMS):
            stream = client.health(holdings={"KO": 1.0}, timeout=60)
            open_streams.enter_context(closing(stream))
            next(stream)
        assert client.log_returns([1.0, 2.0]).n_periods == 1


def test_hundreds_of_threads_share_a_client():
    n_threads = 400
    together = threading.Barrier(n_threads)

    def work(client):
        together.wait(60)
        return [client.log_returns([1.0, 2.0]).n_periods for _ in range(3)]

    with (
        mr.serve(grace_s=0) as address,
        mr.Client(address, timeout=120) as client,
        ThreadPoolExecutor(n_threads) as pool,
    ):
        assert list(pool.map(work, [client] * n_threads)) == [[1, 1, 1]] * n_threads


def test_a_channel_carries_so_many_calls_and_gives_their_places_back():
    channels = Channels(["one"], connect=lambda address: object())
    with ExitStack() as full:
        first = {full.enter_context(channels.turn()) for _ in range(MOST_CALLS)}
        assert len(first) == 1
        with channels.turn() as other:
            assert other not in first
    with channels.turn() as again:
        assert again in first
    assert len(channels.close()) == 2


def test_calls_go_round_the_servers_and_pass_over_one_that_fails():
    channels = Channels(["one", "two", "three"], connect=str.upper)

    def turn():
        with channels.turn() as channel:
            return channel

    assert [turn() for _ in range(6)] == ["ONE", "TWO", "THREE"] * 2
    with pytest.raises(ConnectionFailed), channels.turn():
        raise ConnectionFailed("it is away")
    assert {turn() for _ in range(6)} == {"TWO", "THREE"}
    for _ in range(2):
        with pytest.raises(ConnectionFailed), channels.turn():
            raise ConnectionFailed("they are away too")
    assert turn() == "ONE"  # it failed first, so it may be back first
