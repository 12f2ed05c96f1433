"""Health and reflection under attack, and watches when the server stops."""

import time

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from tests.faults.attacks import Connection
from tests.faults.watched_server import Server, eventually

HEALTH = "/grpc.health.v1.Health/Watch"
REFLECTION = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"
SERVING, NOT_SERVING = health_pb2.HealthCheckResponse.SERVING, health_pb2.HealthCheckResponse.NOT_SERVING


def test_watches_have_a_cap_and_checks_are_answered(answered):
    with Server(max_concurrent_streams=1000) as server, Connection(server.address) as attack:
        opened = [attack.open(HEALTH) for _ in range(300)]
        for stream in opened:
            attack.message(stream, b"", end=True)
        assert eventually(lambda: len(attack.ended) == 300 - 256)
        with grpc.insecure_channel(server.address) as channel:
            check = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=30)
        assert check.status == SERVING
        assert answered(server.address)


def test_a_watch_ends_when_the_server_stops_and_keeps_it_from_nothing():
    with Server() as server:
        channel = grpc.insecure_channel(server.address)
        states = iter(health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest(), timeout=60))
        assert next(states).status == SERVING
        server._process.stdin.close()
        assert next(states).status == NOT_SERVING
        assert next(states, None) is None
        channel.close()


def test_a_watcher_that_does_not_read_keeps_no_other_from_the_news():
    with Server() as server, Connection(server.address, window=0) as deaf:
        deaf.message(deaf.open(HEALTH), b"", end=True)
        channel = grpc.insecure_channel(server.address)
        states = iter(health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest(), timeout=60))
        assert next(states).status == SERVING
        server._process.stdin.close()
        assert next(states).status == NOT_SERVING
        channel.close()


def test_questions_about_the_services_are_answered_one_after_the_other():
    with Server() as server, grpc.insecure_channel(server.address) as channel:
        asked = [reflection_pb2.ServerReflectionRequest(list_services="") for _ in range(100)]
        began = time.monotonic()
        answers = list(reflection_pb2_grpc.ServerReflectionStub(channel).ServerReflectionInfo(iter(asked), timeout=60))
        assert len(answers) == 100
        assert time.monotonic() - began > 0.9


def test_few_clients_ask_about_the_services_at_once(answered):
    with Server() as server, Connection(server.address) as attack:
        opened = [attack.open(REFLECTION) for _ in range(20)]
        assert eventually(lambda: len(attack.ended) == 20 - 16)
        assert answered(server.address)
        attack.message(next(stream for stream in opened if stream not in attack.ended), b"", end=True)
        assert eventually(lambda: len(attack.ended) == 20 - 16 + 1)
        attack.open(REFLECTION)
        attack.open(REFLECTION)
        assert eventually(lambda: len(attack.ended) == 20 - 16 + 2)
