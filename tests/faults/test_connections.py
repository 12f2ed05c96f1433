"""Connections whose peers are silent, reset every call, or are more than the limit of open files allows."""

import subprocess
import time

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from tests.faults import servers
from tests.faults.attacks import Connection
from tests.faults.watched_server import Server, eventually
from tests.server.serving import SERVICE

FEW_FILES = "import resource\nresource.setrlimit(resource.RLIMIT_NOFILE, ({0}, {0}))"


@pytest.mark.timeout(180)
def test_a_peer_that_answers_no_pings_is_given_up(answered):
    """30 s without data, and 10 s for the answer; a slow machine may take longer, but gRPC's own limit is 90 s."""
    with Server() as server, Connection(server.address, answer_pings=False) as silent:
        silent.open(SERVICE + "EstimateOUParams")
        began = time.monotonic()
        assert silent.closed.wait(120)
        assert 30 < time.monotonic() - began < 75
        assert answered(server.address)


def test_few_files_allow_few_connections():
    with servers.Server("--log", "json", program=FEW_FILES.format(160), stderr=subprocess.PIPE) as server:
        with grpc.insecure_channel(server.address) as probe:
            check = health_pb2_grpc.HealthStub(probe).Check
            check(health_pb2.HealthCheckRequest(), timeout=60)
            held = [Connection(server.address) for _ in range(60)]
            assert eventually(lambda: sum(each.closed.is_set() for each in held) >= 60 - 31)
            check(health_pb2.HealthCheckRequest(), timeout=60)
            for each in held:
                each.__exit__()
        server.stop()
        assert "the limit of open files allows fewer connections" in server.process.stderr.read()


def test_hardly_any_files_are_said_at_the_start():
    with servers.Server(program=FEW_FILES.format(64), stderr=subprocess.PIPE) as server:
        assert server.process.wait(60) == 3
        said = server.process.stderr.read()
    assert "needs 4224 open files, and the limit of this process is 64; raise it (ulimit -n" in said
    assert len(said.splitlines()) == 1


def test_calls_that_are_reset_at_once_keep_nobody_out(answered):
    with Server() as server, Connection(server.address) as enemy:
        for _ in range(3000):
            enemy.reset(enemy.open(SERVICE + "ComputeLogReturns"))
        assert answered(server.address)
        assert eventually(lambda: server.ask("load")[0] == 0)
