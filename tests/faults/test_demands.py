"""Small requests that ask for much: refused before they are computed, with what is allowed and the way out."""

import json

import grpc
import numpy as np
import pytest

from meanrev_wire import codec, meanrev_pb2, research_pb2
from tests.faults.watched_server import Server, eventually
from tests.server.research import Research, chunks

MIB = 1024**2
SERVICE, RESEARCH = "/meanrev.MeanRevService/", "/meanrev.MeanRevResearch/"


def returns(n_rows, n_assets):
    return np.random.default_rng(1).normal(0, 0.01, (n_rows, n_assets))


def plan(n_periods, n_assets, **options):
    covariance = np.eye(n_assets) * 1e-4
    fields = {"n_periods": n_periods, "expected_returns": np.full(n_assets, 1e-3), "covariance": covariance}
    return codec.encode(meanrev_pb2.MultiperiodRequest, **fields, gamma=1.0, metadata=json.dumps(options))


REPLY, MEMORY, WORK = "a reply of at most 67108864 bytes", "bytes of memory", "steps of work"
HEAVY = {
    "a correlation matrix": (
        "PortfolioStats",
        codec.encode(meanrev_pb2.PortfolioStatsRequest, returns=returns(2, 12_000)),
        ("returns", REPLY, "max_message_bytes", "fewer assets take less"),
    ),
    "components": (
        "PcaPortfolios",
        codec.encode(meanrev_pb2.PcaRequest, returns_matrix=returns(3500, 1000)),
        ("returns_matrix", MEMORY, "max_bytes_in_flight", "n_components"),
    ),
    "a long plan": ("MultiperiodOptimize", plan(10_000, 200), ("n_periods", MEMORY, "max_bytes_in_flight", "periods")),
    "a plan in each period": (
        "MultiperiodOptimize",
        plan(3000, 20, mode="mpc"),
        ("n_periods", WORK, "max_work_in_flight", "mode 'plan'"),
    ),
}


@pytest.fixture(scope="module")
def server():
    limits = {"max_bytes_in_flight": 256 * MIB, "max_matrix_bytes": 256 * MIB, "max_queue_bytes": 256 * MIB}
    with Server(**limits, max_work_in_flight=10**12) as server:
        yield server


@pytest.fixture(scope="module")
def channel(server):
    with grpc.insecure_channel(server.address) as channel:
        yield channel


@pytest.mark.parametrize("case", HEAVY)
def test_what_can_never_be_answered_is_not_computed(server, channel, case):
    method, request, words = HEAVY[case]
    ask = channel.unary_unary(SERVICE + method)
    with server.growth() as grown, pytest.raises(grpc.RpcError) as refused:
        ask(request, timeout=60)
    grown[:] = grown or [0]
    assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert all(word in refused.value.details() for word in words), refused.value.details()
    trailing = dict(refused.value.trailing_metadata())
    known = json.loads(trailing["meanrev-error"])
    assert known["field"] == words[0]
    assert f"got {known['value']}" in refused.value.details()
    assert trailing["grpc-retry-pushback-ms"] == "-1"
    assert eventually(lambda: server.ask("load") == [0, 0, 0, 0])


@pytest.mark.parametrize("method", ["CaraOptimalWeights", "SharpeOptimalWeights"])
def test_weights_of_too_many_assets_are_refused(channel, method):
    data = codec.encode(meanrev_pb2.OptimizationInput, returns=returns(2, 4000))
    with pytest.raises(grpc.RpcError) as refused:
        list(channel.stream_stream(SERVICE + method)(iter([data]), timeout=60))
    assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert "returns must ask for at most 268435456 bytes of memory" in refused.value.details()


@pytest.mark.parametrize(
    ("method", "values", "options"),
    [
        ("ScanPairs", (20, 2000), {"lookback": 5}),
        ("SweepThresholds", (20, 5), {"entry": "0.1:10:0.01", "exit": "-0.09:0.09:0.0002", "lookback": [4]}),
    ],
)
def test_research_is_refused_by_the_memory_that_it_announces(server, method, values, options):
    with Research(server.address) as ask, pytest.raises(grpc.RpcError) as refused:
        ask(method, chunks(np.full(values, 100.0), total=values[0], **options))
    assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert "block must ask for at most 268435456 bytes of memory" in refused.value.details()
    assert "dry_run answers how much" in refused.value.details()


def test_too_many_submessages_are_counted_not_parsed(server, channel, answered):
    ask = channel.unary_unary(SERVICE + "MultiperiodOptimize")
    with server.growth() as grown:
        with pytest.raises(grpc.RpcError) as refused:
            ask(b"\x0a\x00" * (16 * MIB), timeout=60)
        assert answered(server.address)
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "returns_sequence must leave the message at most 500000 fields" in refused.value.details()
    # Parsed, they would take 1.1 GB.
    assert grown[0] < 300 * MIB


def test_compression_is_refused(server):
    with grpc.insecure_channel(server.address) as channel:
        ask = channel.unary_unary(SERVICE + "ComputeLogReturns")
        with server.growth() as grown, pytest.raises(grpc.RpcError) as refused:
            ask(bytes(32 * MIB), compression=grpc.Compression.Gzip, timeout=60)
        grown[:] = grown or [0]
    assert refused.value.code() is grpc.StatusCode.UNIMPLEMENTED
    assert grown[0] < 32 * MIB


def test_many_names_and_watchers_leave_the_loop_to_others(server, channel):
    publish = channel.unary_unary(RESEARCH + "PublishPrices")
    names = [f"name {i}" for i in range(100_000)]
    data = research_pb2.PublishPricesRequest(asset_ids=names, prices=[1.0] * len(names)).SerializeToString()
    book = research_pb2.Portfolio(
        portfolio_id="book", holdings=[research_pb2.Holding(asset_id=name, quantity=1.0) for name in names[:10_000]]
    ).SerializeToString()
    server.ask("held")
    publish(data, timeout=60)
    channel.unary_unary(RESEARCH + "PutPortfolio")(book, timeout=60)
    channel.unary_unary(RESEARCH + "GetPortfolio")(
        research_pb2.PortfolioRequest(portfolio_id="book").SerializeToString(), timeout=60
    )
    # In one piece, the names of the first call took 0.1 s. The garbage collector would take as long.
    assert server.ask("held") < 0.06
