"""Clients that do not read what they asked for."""

import grpc
import numpy as np
import pytest

from meanrev_wire import codec, meanrev_pb2, research_pb2
from tests.faults.attacks import Connection
from tests.faults.watched_server import Server, eventually
from tests.server.serving import SERVICE, Caller

MIB = 1024**2
RETURNS = codec.encode(meanrev_pb2.ReturnsRequest, prices=np.full(MIB, 2.0))
"""8 MiB that are answered by as many."""


STATS = codec.encode(meanrev_pb2.PortfolioStatsRequest, returns=np.random.default_rng(1).normal(size=(2, 1000)))
"""16 kB that are answered by 16 MB."""


def ask_without_reading(connection, count, method="PortfolioStats", request=STATS):
    streams = [connection.open(SERVICE + method) for _ in range(count)]
    for stream in streams:
        connection.message(stream, request, end=True)
    return streams


def test_replies_that_nobody_reads_have_a_budget_and_then_their_time(answered):
    with Server(max_reply_bytes_in_flight=64 * MIB, write_timeout_s=2.0) as server:
        assert answered(server.address)
        with server.growth() as grown, Connection(server.address, window=0) as idle:
            ask_without_reading(idle, 30)
            assert eventually(lambda: server.ask("load")[3] > 0)
            assert answered(server.address)
            assert eventually(idle.closed.is_set)
        assert eventually(lambda: server.ask("load")[1:] == [0, 0, 0])
        assert server.ask("load")[3] == 0
        # 30 replies would take 480 MB. Three fit into the budget, and two more are computed meanwhile.
        assert grown[0] < 280 * MIB


def test_a_reply_over_the_budget_is_refused_before_it_is_computed():
    with Server(max_reply_bytes_in_flight=64 * MIB) as server, Connection(server.address, window=0) as idle:
        ask_without_reading(idle, 4)
        # Only the four together leave too little for a fifth, and they are announced one after the other.
        assert eventually(lambda: server.ask("load")[3] >= 4 * 16_000_000)
        with Caller(server.address) as call, pytest.raises(grpc.RpcError) as refused:
            call("PortfolioStats", STATS)
        assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert "max_reply_bytes_in_flight" in refused.value.details()
        assert int(dict(refused.value.trailing_metadata())["grpc-retry-pushback-ms"]) > 0


def test_streams_that_nobody_reads_hold_one_reply_each_and_then_their_time(answered):
    prices = codec.encode(meanrev_pb2.BacktestInput, prices=np.full(20_000, 2.0), entry_zscore=1.0)
    with Server(write_timeout_s=2.0) as server:
        assert answered(server.address)
        with server.growth() as grown, Connection(server.address, window=0) as idle:
            streams = [idle.open(SERVICE + "BacktestWithCosts") for _ in range(20)]
            for stream in streams:
                idle.message(stream, prices)
            assert eventually(idle.closed.is_set, 60)
            assert not any(idle.received.values())
        assert eventually(lambda: server.ask("load")[0] == 0)
        assert grown[0] < 300 * MIB
        assert answered(server.address)


def _patient(server):
    return grpc.insecure_channel(server.address, options=[("grpc.max_receive_message_length", -1)])


def test_a_slow_reader_gets_everything_within_its_time():
    with Server(write_timeout_s=5.0, max_reply_bytes_in_flight=64 * MIB) as server, _patient(server) as channel:
        ask = channel.unary_unary(SERVICE + "ComputeLogReturns")
        first, *others = [ask.future(RETURNS, timeout=60) for _ in range(4)]
        assert len(first.result()) > 8 * MIB - 16
        assert all(len(other.result()) == len(first.result()) for other in others)
        assert eventually(lambda: server.ask("load") == [0, 0, 0, 0])


def test_a_report_comes_every_tenth_of_a_second_at_most():
    request = meanrev_pb2.HealthRequest(asset_ids=["A"], update_frequency_ms=1)
    with Server() as server, Caller(server.address) as call:
        reports = call.start("PortfolioHealthStream", [request], timeout=60)
        first, second, third = (next(reports) for _ in range(3))
        assert third.timestamp_ms - second.timestamp_ms >= 90
        assert "reports come every 100 ms" in first.metadata
        assert not second.metadata
        reports.cancel()


def test_an_id_has_a_length():
    publish = research_pb2.PublishPricesRequest(asset_ids=["A", "x" * 257], prices=[1.0, 2.0])
    with Server() as server, Caller(server.address) as call:
        ask = call.channel.unary_unary("/meanrev.MeanRevResearch/PublishPrices")
        with pytest.raises(grpc.RpcError) as refused:
            ask(publish.SerializeToString(), timeout=30)
        assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert "asset_ids[1] must take at most 256 bytes" in refused.value.details()
