"""Calls and connections that are opened and then left alone, and messages that never end."""

import time

import grpc
import numpy as np
import pytest

from meanrev_wire import codec, meanrev_pb2, research_pb2
from tests.faults.attacks import Connection
from tests.faults.watched_server import Server, eventually
from tests.server.serving import SERVICE

MIB = 1024**2
RESEARCH = "/meanrev.MeanRevResearch/"
METHODS = [SERVICE + "ComputeLogReturns", SERVICE + "EstimateOUParams", RESEARCH + "FitOu"]


@pytest.mark.parametrize("path", METHODS)
def test_calls_without_a_message_keep_nobody_out(answered, path):
    with Server(max_calls_in_flight=64) as server, Connection(server.address) as attack:
        opened = [attack.open(path) for _ in range(100)]
        assert answered(server.address)
        assert eventually(lambda: server.ask("load")[0] == 0)
        # A quarter of 64 may stay open. Those that have had a second make room for others.
        time.sleep(1.5)
        more = [attack.open(path) for _ in range(16)]
        assert attack.wait_ended(opened[:16]) == 0 or eventually(lambda: attack.ended.intersection(opened))
        assert answered(server.address)
        assert not attack.ended.intersection(more)


def test_a_request_that_never_comes_is_given_up():
    with Server(message_timeout_s=1.0) as server, Connection(server.address) as attack:
        opened = [attack.open(path) for path in (METHODS[0], METHODS[2])]
        assert attack.wait_ended(opened) == 2
        assert b"message_timeout_s" in attack.trailers[opened[0]]


def test_a_matrix_that_does_not_go_on_is_given_up_and_its_bytes_are_free():
    first = codec.encode(research_pb2.MatrixChunk, block=np.ones((10, 1000)), total_rows=10_000)
    with Server(message_timeout_s=1.0) as server, Connection(server.address) as attack:
        stream = attack.open(RESEARCH + "FitOu")
        attack.message(stream, first)
        assert eventually(lambda: server.ask("load")[1] >= 80_000_000)
        assert attack.wait_ended([stream]) == 1
        assert eventually(lambda: server.ask("load") == [0, 0, 0, 0])


def test_a_stream_of_prices_may_be_idle_for_its_time(answered):
    price = meanrev_pb2.PriceUpdate(asset_id="A", price=1.0).SerializeToString()
    with Server(message_timeout_s=1.0, idle_timeout_s=4.0) as server, Connection(server.address) as patient:
        stream = patient.open(SERVICE + "EstimateOUParams")
        patient.message(stream, price)
        time.sleep(2.5)
        assert not patient.ended
        patient.message(stream, price)
        assert eventually(lambda: patient.received.get(stream, 0) > 0)
        assert patient.wait_ended([stream]) == 1
        assert b"idle_timeout_s" in patient.trailers[stream]


def test_messages_without_their_end_count_as_if_they_were_whole(answered):
    size = 16 * MIB
    with Server(max_message_bytes=size, max_bytes_in_flight=4 * size, max_matrix_bytes=size) as server:
        assert answered(server.address)
        with server.growth() as grown, Connection(server.address) as attack:
            opened = [attack.open(METHODS[0]) for _ in range(12)]
            for stream in opened:
                attack.message(stream, bytes(size - MIB), announced=size - 16, patience_s=3)
            assert eventually(lambda: len(attack.ended.intersection(opened)) >= 11)
            assert server.ask("load")[1] <= 4 * size
            assert answered(server.address)
        assert grown[0] < 14 * size


def test_slow_uploads_leave_memory_to_large_requests_that_come_at_once():
    size = 8 * MIB
    limits = {"max_message_bytes": size, "max_bytes_in_flight": 8 * size, "max_matrix_bytes": size}
    data = codec.encode(meanrev_pb2.ReturnsRequest, prices=np.ones(300_000))
    with Server(**limits) as server, Connection(server.address) as attack:
        opened = [attack.open(METHODS[0]) for _ in range(64)]
        for stream in opened:
            attack.message(stream, bytes(1000), announced=size - 16)
        assert eventually(lambda: len(attack.ended.intersection(opened)) == 62)
        assert server.ask("load") == [0, 2 * size, 0, 0]
        assert b"requests that take more than a second" in b"".join(attack.trailers.values())
        with grpc.insecure_channel(server.address) as channel:
            assert channel.unary_unary(METHODS[0])(data, timeout=60)
        assert not attack.ended.issuperset(opened)


def test_an_idle_connection_is_closed():
    with Server(connection_idle_s=1.0) as server, Connection(server.address) as idle:
        assert eventually(idle.closed.is_set)


def test_connections_have_a_cap_and_a_closed_one_makes_room(answered):
    with Server(max_connections=4) as server:
        held = [Connection(server.address) for _ in range(4)]
        with Connection(server.address) as refused:
            assert eventually(refused.closed.is_set)
        assert not any(connection.closed.is_set() for connection in held)
        held.pop().__exit__()
        assert eventually(lambda: _gets_in(answered, server.address))
        for connection in held:
            connection.__exit__()


def _gets_in(answered, address):
    try:
        return answered(address, timeout=5)
    except grpc.RpcError:
        return False


def test_a_connection_has_a_cap_of_calls(answered):
    with Server(max_concurrent_streams=8) as server, Connection(server.address) as attack:
        opened = [attack.open(METHODS[1]) for _ in range(20)]
        assert attack.wait_ended(opened[8:]) == 12
        assert not attack.ended.intersection(opened[:8])
        assert answered(server.address)
