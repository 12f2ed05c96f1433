"""The metrics add up, whatever calls come, and no caller can make them grow."""

import socket
import threading
import time
from collections import Counter

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from meanrev_server.config import Settings, load
from meanrev_server.errors import ConfigError
from meanrev_server.observation.tallies import Histogram
from meanrev_server.rpc.status import REASONS
from meanrev_wire import meanrev_pb2
from tests.server.observation.observing import (
    ESTIMATE,
    HEALTH_STREAM,
    LOG_RETURNS,
    PORTFOLIO_STATS,
    observing,
    returns,
    until,
    watched,
)

STATS = meanrev_pb2.PortfolioStatsRequest(
    returns=meanrev_pb2.Matrix(rows=3, cols=2, values=[0.01, -0.02, 0.03, 0.01, 0.0, 0.02])
).SerializeToString()


def by_method(metrics, name):
    """Return a metric's sums by method."""
    sums = Counter()
    for (found, labels), value in metrics.items():
        if found == name:
            sums[dict(labels)["method"]] += value
    return sums


def ended(metrics):
    """Return how calls ended: (method, code, reason) and how many."""
    return {
        tuple(dict(labels)[name] for name in ("method", "code", "reason")): value
        for (found, labels), value in metrics.items()
        if found == "meanrev_calls_ended_total"
    }


def test_received_calls_are_those_that_ended_and_those_in_flight():
    with observing(metrics="127.0.0.1:0", max_calls_in_flight=3) as server:
        for _ in range(4):
            server.unary(LOG_RETURNS, returns())
        assert server.refused(LOG_RETURNS, b"\xff\xff").code() is grpc.StatusCode.INVALID_ARGUMENT
        assert server.refused(LOG_RETURNS, returns(-1.0, 2.0)).code() is grpc.StatusCode.INVALID_ARGUMENT
        server.unary(PORTFOLIO_STATS, STATS)
        left = server.channel.unary_stream(HEALTH_STREAM)(watched())
        next(left)
        left.cancel()
        late = server.channel.unary_stream(HEALTH_STREAM)(watched(), timeout=0.3)
        with pytest.raises(grpc.RpcError, match="DEADLINE_EXCEEDED"):
            list(late)
        server.wait_for_calls(0)
        open_streams = [server.channel.unary_stream(HEALTH_STREAM)(watched()) for _ in range(3)]
        for stream in open_streams:
            next(stream)
        for _ in range(2):
            assert server.refused(LOG_RETURNS, returns()).code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        server.wait_for_calls(3)
        metrics = server.metrics()
        for stream in open_streams:
            stream.cancel()
    outcomes = ended(metrics)
    assert outcomes == {
        ("ComputeLogReturns", "OK", ""): 4,
        ("ComputeLogReturns", "INVALID_ARGUMENT", "malformed"): 1,
        ("ComputeLogReturns", "INVALID_ARGUMENT", "invalid"): 1,
        ("ComputeLogReturns", "RESOURCE_EXHAUSTED", "max_calls_in_flight"): 2,
        ("PortfolioStats", "OK", ""): 1,
        ("PortfolioHealthStream", "CANCELLED", "left"): 1,
        ("PortfolioHealthStream", "DEADLINE_EXCEEDED", "deadline"): 1,
    }
    assert {reason for _, _, reason in outcomes} <= REASONS
    in_flight, received = (by_method(metrics, f"meanrev_calls_{name}") for name in ("in_flight", "received_total"))
    assert in_flight["PortfolioHealthStream"] == 3
    for method, count in received.items():
        assert count == in_flight[method] + sum(value for key, value in outcomes.items() if key[0] == method), method
    admitted = 4 * len(returns()) + len(returns(-1.0, 2.0)) + 2
    assert by_method(metrics, "meanrev_received_bytes_total")["ComputeLogReturns"] >= admitted
    unary = by_method(metrics, "meanrev_call_seconds_count")
    assert (unary["ComputeLogReturns"], by_method(metrics, "meanrev_stream_seconds_count")["ComputeLogReturns"]) == (
        8,
        0,
    )
    assert by_method(metrics, "meanrev_stream_seconds_count")["PortfolioHealthStream"] == 2


def test_it_adds_up_under_load_from_many_threads():
    with observing(metrics="127.0.0.1:0", max_calls_in_flight=4, max_queue_calls=2) as server:

        def load(number):
            for turn in range(25):
                kind = (number + turn) % 4
                if kind == 0:
                    server.channel.unary_unary(LOG_RETURNS).future(returns()).cancel()
                elif kind == 1:
                    server.channel.unary_unary(PORTFOLIO_STATS).future(STATS).exception(30)
                elif kind == 2:
                    server.channel.unary_unary(LOG_RETURNS).future(b"\xff").exception(30)
                else:
                    stream = server.channel.unary_stream(HEALTH_STREAM)(watched(), timeout=0.05)
                    with pytest.raises(grpc.RpcError):
                        list(stream)

        threads = [threading.Thread(target=load, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        server.wait_for_calls(0)
        metrics = server.metrics()
    received = by_method(metrics, "meanrev_calls_received_total")
    assert received == +by_method(metrics, "meanrev_calls_ended_total") + Counter(dict.fromkeys(received, 0))
    assert received["PortfolioStats"] == 50
    opened = by_method(metrics, "meanrev_calls_opened_total")
    assert all(opened[method] >= count for method, count in received.items())


def test_what_has_no_route_is_counted_too_and_unknown_names_become_no_label():
    with observing(metrics="127.0.0.1:0") as server:
        for number in range(50):
            path = f"/meanrev.MeanRevService/Nothing{number}"
            assert server.refused(path).code() is grpc.StatusCode.UNIMPLEMENTED
        health = health_pb2_grpc.HealthStub(server.channel)
        health.Check(health_pb2.HealthCheckRequest())
        with pytest.raises(grpc.RpcError, match="NOT_FOUND"):
            health.Check(health_pb2.HealthCheckRequest(service="nothing"))
        watch = health.Watch(health_pb2.HealthCheckRequest())
        next(watch)
        reflection = reflection_pb2_grpc.ServerReflectionStub(server.channel)
        asked = reflection_pb2.ServerReflectionRequest(list_services="")
        assert list(reflection.ServerReflectionInfo(iter([asked])))
        server.wait_for_calls(1)
        metrics = server.metrics()
        watch.cancel()
        server.wait_for_calls(0)
    assert ended(metrics) == {
        ("unknown", "UNIMPLEMENTED", "unknown_method"): 50,
        ("Health.Check", "OK", ""): 1,
        ("Health.Check", "NOT_FOUND", "not_found"): 1,
        ("ServerReflection.ServerReflectionInfo", "OK", ""): 1,
    }
    assert by_method(metrics, "meanrev_calls_in_flight")["Health.Watch"] == 1
    assert not [labels for _, labels in metrics if "Nothing" in str(labels)]


def test_a_request_that_grpc_refuses_itself_is_counted_like_others():
    with observing(metrics="127.0.0.1:0", max_message_bytes=4096) as server:
        error = server.refused(LOG_RETURNS, bytes(5000))
        assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        metrics = server.metrics()
    assert by_method(metrics, "meanrev_calls_opened_total")["ComputeLogReturns"] == 1
    assert by_method(metrics, "meanrev_calls_received_total")["ComputeLogReturns"] == 1


def test_computations_show_their_times_and_batches():
    with observing(metrics="127.0.0.1:0") as server:
        server.unary(PORTFOLIO_STATS, STATS)
        metrics = server.metrics()
    for part in ("queue", "compute", "encode"):
        assert by_method(metrics, f"meanrev_call_{part}_seconds_count") == {"PortfolioStats": 1}
    assert by_method(metrics, "meanrev_call_compute_seconds_sum")["PortfolioStats"] > 0
    assert metrics["meanrev_computations_total", (("outcome", "started"),)] == 1
    assert (metrics["meanrev_batch_size_count", ()], metrics["meanrev_batch_size_sum", ()]) == (1, 1)
    assert metrics["meanrev_limit", (("setting", "max_calls_in_flight"),)] == Settings().max_calls_in_flight


def test_a_stuck_event_loop_shows_as_lag_and_metrics_are_still_read():
    with observing(metrics="127.0.0.1:0") as server:
        until(lambda: server.metrics()["meanrev_event_loop_lag_seconds_count", ()] > 0)
        lag = server.app.calls.observers  # an observer runs on the event loop
        lag.append(lambda _: time.sleep(0.7))
        server.unary(LOG_RETURNS, returns())
        lag.pop()
        until(lambda: server.metrics()["meanrev_event_loop_lag_seconds_sum", ()] > 0.5)


def test_memory_files_and_the_start_of_the_process_are_among_them():
    with observing(metrics="127.0.0.1:0") as server:
        metrics = server.metrics()
    assert metrics["process_resident_memory_bytes", ()] > 2**20
    assert metrics["process_open_fds", ()] > 3
    assert metrics["process_start_time_seconds", ()] < time.time()
    (info,) = [dict(labels) for name, labels in metrics if name == "meanrev_info"]
    assert info["backend"] == "numpy"


def test_a_port_that_is_in_use_is_refused():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with (
            pytest.raises(ConfigError, match=f"cannot listen on metrics = '127.0.0.1:{port}'"),
            observing(metrics=f"127.0.0.1:{port}"),
        ):
            pass


def test_a_reader_that_says_nothing_keeps_no_other_from_reading():
    with observing(metrics="127.0.0.1:0") as server:
        host, port = server.app.observation.metrics_address.split(":")
        with socket.create_connection((host, int(port))):
            assert server.metrics()


def test_a_value_belongs_to_the_first_bucket_that_is_not_below_it():
    histogram = Histogram((1.0, 2.0))
    for value in (0.5, 1.0, 1.5, 2.0, 3.0):
        histogram.observe(value)
    assert histogram.buckets() == [("1.0", 2.0), ("2.0", 4.0), ("+Inf", 5.0)]
    assert histogram.total == 8.0


def test_prices_of_a_stream_are_in_its_bytes():
    messages = [meanrev_pb2.PriceUpdate(price=1.0 + number).SerializeToString() for number in range(5)]
    with observing(metrics="127.0.0.1:0") as server:
        replies = list(server.channel.stream_stream(ESTIMATE)(iter(messages), timeout=30))
        server.wait_for_calls(0)
        metrics = server.metrics()
    assert by_method(metrics, "meanrev_received_bytes_total")["EstimateOUParams"] == sum(map(len, messages))
    assert by_method(metrics, "meanrev_sent_bytes_total")["EstimateOUParams"] == sum(map(len, replies))


@pytest.mark.parametrize("address", ["9464", "localhost", "127.0.0.1:99999", "::1:9464"])
def test_what_is_no_address_is_refused(address):
    with pytest.raises(ConfigError, match="metrics must be HOST:PORT"):
        load(None, {}, {"metrics": address})
