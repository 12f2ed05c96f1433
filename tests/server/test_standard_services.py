"""Health and reflection answer odd calls as the other services do, and count them with their reason."""

import threading

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from meanrev_server.rpc import counted
from tests.server.observation.observing import observing

CHECK, LIST = "/grpc.health.v1.Health/Check", "/grpc.health.v1.Health/List"
WATCH = "/grpc.health.v1.Health/Watch"
REFLECTION = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"
NO_MESSAGE = b"\xff\xff\xff"


@pytest.fixture(scope="module")
def server():
    with observing(metrics="127.0.0.1:0") as server:
        yield server


def refused(server, path, *messages):
    call = server.channel.stream_stream(path)(iter(messages), timeout=30)
    with pytest.raises(grpc.RpcError) as refusal:
        list(call)
    return refusal.value.code(), refusal.value.details()


@pytest.mark.parametrize("path", [CHECK, LIST, WATCH, REFLECTION])
def test_bytes_that_are_no_message_are_refused_as_such(server, path):
    code, said = refused(server, path, NO_MESSAGE)
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert said == "a message of 3 bytes is no request of this method"


@pytest.mark.parametrize("path", [CHECK, LIST, WATCH])
def test_a_probe_that_ends_without_its_message_is_refused(server, path):
    code, said = refused(server, path)
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert said.startswith("the request must be sent")


@pytest.mark.parametrize("path", [CHECK, WATCH])
def test_a_probe_whose_message_does_not_come_is_given_up(server, monkeypatch, path):
    monkeypatch.setattr(counted, "_PATIENCE_S", 0.1)
    over = threading.Event()
    call = server.channel.stream_stream(path)(iter(lambda: over.wait(30) and b"", None), timeout=30)
    try:
        with pytest.raises(grpc.RpcError) as refusal:
            next(call)
    finally:
        over.set()
    assert refusal.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert refusal.value.details().startswith("no message came for 0.1 s")


def test_all_services_are_listed_with_their_states(server):
    found = health_pb2_grpc.HealthStub(server.channel).List(health_pb2.HealthListRequest(), timeout=30).statuses
    serving = health_pb2.HealthCheckResponse.SERVING
    names = {"", "meanrev.MeanRevService", "meanrev.MeanRevResearch"}
    assert {name: state.status for name, state in found.items()} == dict.fromkeys(names, serving)


def test_their_refusals_are_counted_with_their_reason(server):
    refused(server, CHECK, NO_MESSAGE)
    refused(server, CHECK, health_pb2.HealthCheckRequest(service="nothing").SerializeToString())
    server.wait_for_calls(0)
    found = {
        dict(labels)["reason"]
        for (name, labels), count in server.metrics().items()
        if name == "meanrev_calls_ended_total" and dict(labels)["method"] == "Health.Check" and count
    }
    assert {"malformed", "not_found"} <= found
    assert "internal" not in found
