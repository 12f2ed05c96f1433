"""A client makes any number of calls at once: a server takes 256 on a connection, and ours go on a further one."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, aclosing, closing

import pytest

import meanrev as mr
from meanrev.errors import ConnectionFailed
from meanrev.transport.channels import MOST_CALLS, Channels

N_STREAMS = 300


def test_a_call_has_room_beside_many_streams():
    with mr.serve(grace_s=0) as address, mr.Client(address, timeout=60) as client, ExitStack() as open_streams:
        for _ in range(N_STREAMS):
            stream = client.health(holdings={"KO": 1.0}, timeout=60)
            open_streams.enter_context(closing(stream))
            next(stream)
        assert client.log_returns([1.0, 2.0]).n_periods == 1


async def test_so_it_has_from_asyncio():
    with mr.serve(grace_s=0) as address:
        async with mr.AsyncClient(address, timeout=60) as client:
            streams = [client.health(holdings={"KO": 1.0}, timeout=60) for _ in range(N_STREAMS)]
            await asyncio.gather(*(anext(stream) for stream in streams))
            assert (await client.log_returns([1.0, 2.0])).n_periods == 1
            for stream in streams:
                async with aclosing(stream):
                    pass


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
