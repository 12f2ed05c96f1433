"""A worker that stands still is noticed: health says so, what it computed is told so, and the next one serves."""

import os
import signal
import time
from threading import Event

import grpc
import numpy as np
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

import meanrev as mr
from meanrev_wire import meanrev_pb2
from tests.server.serving import SERVICE, serving

PATIENCE_S = 60
SERVING, NOT_SERVING = health_pb2.HealthCheckResponse.SERVING, health_pb2.HealthCheckResponse.NOT_SERVING


def health(address):
    with grpc.insecure_channel(address) as channel:
        return health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=PATIENCE_S).status


def until(condition, what):
    end = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > end:
            pytest.fail(f"it did not come to pass that {what}")
        time.sleep(0.01)


def test_a_worker_that_stands_still_is_replaced(made, monkeypatch):
    from meanrev_worker import process

    may_start, start = Event(), process._Child.__init__

    def starting(self, *args):
        may_start.wait(PATIENCE_S)
        start(self, *args)

    returns = np.random.default_rng(0).standard_normal((60, 5))
    request = meanrev_pb2.PcaRequest(returns_matrix={"rows": 60, "cols": 5, "values": returns.ravel()})
    with serving(worker="process", backend="numpy", worker_patience_s=1) as address:
        monkeypatch.setattr(process._Child, "__init__", starting)
        assert health(address) == SERVING
        os.kill(made[0]._fleet.workers[0].pid, signal.SIGSTOP)
        with grpc.insecure_channel(address, [("grpc.enable_retries", 0)]) as channel:
            ask = channel.unary_unary(SERVICE + "PcaPortfolios")
            call = ask.future(request.SerializeToString(), timeout=PATIENCE_S)
            until(lambda: health(address) == NOT_SERVING, "health says so")
            assert call.code() is grpc.StatusCode.UNAVAILABLE
        may_start.set()
        until(lambda: health(address) == SERVING, "health says so")
        with mr.Client(address, timeout=PATIENCE_S) as client:
            assert client.pca(returns, n_components=2).components.shape == (2, 5)
