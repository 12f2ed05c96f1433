"""The worker is killed under load, again and again: calls in flight are told so, and all that is answered is right."""

import os
import signal
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from threading import Event

import grpc
import numpy as np
import psutil
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

import meanrev as mr
from meanrev_wire import meanrev_pb2
from tests.server.serving import SERVICE, serving

pytestmark = pytest.mark.faults

N_KILLS = 20
N_CLIENTS = 5


def until(condition, what, seconds=30):
    for _ in range(seconds * 100):
        if condition():
            return
        time.sleep(0.01)
    pytest.fail(f"it did not come to pass that {what}")


def shared_memory():
    """Return what this process has open of it."""
    links = [path.readlink() for path in Path("/proc/self/fd").iterdir() if path.is_symlink()]
    return [link for link in links if "memfd:meanrev" in str(link)]


def question(number):
    """Return the number-th question, a function of a client; every one has data of its own."""
    rng = np.random.default_rng(number)
    prices = np.exp(np.cumsum(0.01 * rng.standard_normal((300, 5)), axis=0))
    asked = (
        lambda client: client.fit_ou(prices, adf_lags=1).theta,
        lambda client: client.sweep(prices, entry=[1.0, 2.0], exit=[0.0, 0.5], cost_per_side=1e-4).figures.sharpe_ratio,
        lambda client: client.scan(prices, alpha=1.0).hedge_ratio,
        lambda client: client.pca(np.diff(prices, axis=0), n_components=3).components,
    )
    return asked[number % len(asked)]


def keep_asking(address, first, over, answers):
    """Ask one question after the other through our client, which repeats those that were lost."""
    with mr.Client(address, timeout=60) as client:
        number = first
        while not over.is_set():
            answers[number] = question(number)(client)
            number += N_CLIENTS


def keep_asking_once(address, over, codes):
    """Ask for components, which takes the worker some time, without a second attempt."""
    returns = np.random.default_rng(0).standard_normal((600, 150))
    options = [("grpc.enable_retries", 0)]
    with grpc.insecure_channel(address, options) as channel:
        ask = channel.unary_unary(SERVICE + "PcaPortfolios")
        while not over.is_set():
            try:
                request = meanrev_pb2.PcaRequest(returns_matrix={"rows": 600, "cols": 150, "values": returns.flat})
                ask(request.SerializeToString(), timeout=60)
                codes[grpc.StatusCode.OK] += 1
            except grpc.RpcError as error:
                codes[error.code()] += 1
            returns[0, 0] += 1e-3


def done(answers, codes):
    """Return how many questions each client has had answered, and how many calls were answered at once."""
    return np.bincount([number % N_CLIENTS for number in list(answers)], minlength=N_CLIENTS), codes[grpc.StatusCode.OK]


def has_gone_on(load, answers, codes, before):
    """Tell whether every client has an answer since, also to what it had under way at the last end."""
    for each in load:
        assert not each.done() or each.result() is None
    each, at_once = done(answers, codes)
    return (each >= before[0] + 2).all() and at_once >= before[1] + 2


def is_back(worker, restarts):
    return worker.restarts == restarts and worker.ready


def test_twenty_ends_under_load(made):
    over, answers, codes = Event(), {}, Counter()
    with serving(worker="process", compute_threads=3) as address, ThreadPoolExecutor(N_CLIENTS + 1) as pool:
        (app,) = made
        (worker,) = app._fleet.workers
        load = [pool.submit(keep_asking, address, first, over, answers) for first in range(N_CLIENTS)]
        load.append(pool.submit(keep_asking_once, address, over, codes))
        try:
            for kill in range(N_KILLS):
                until(partial(has_gone_on, load, answers, codes, done(answers, codes)), "calls succeed again")
                os.kill(worker.pid, signal.SIGKILL)
                until(partial(is_back, worker, kill + 1), "the worker is there again")
        finally:
            over.set()
        for each in load:
            each.result(60)
        assert health(address) == health_pb2.HealthCheckResponse.SERVING
        number = worker.pid
    assert set(codes) <= {grpc.StatusCode.OK, grpc.StatusCode.UNAVAILABLE}
    assert codes[grpc.StatusCode.UNAVAILABLE] > 0
    with mr.Client("local") as client:
        for asked, answer in answers.items():
            np.testing.assert_array_equal(answer, question(asked)(client))
    until(lambda: not psutil.pid_exists(number) and not shared_memory(), "nothing of it is left")


def health(address):
    with grpc.insecure_channel(address) as channel:
        return health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=10).status


def test_health_says_when_there_is_no_worker(made, monkeypatch):
    from meanrev_worker import process

    may_start, start = Event(), process._Child.__init__

    def starting(self, *args):
        may_start.wait(20)
        start(self, *args)

    with serving(worker="process") as address:
        monkeypatch.setattr(process._Child, "__init__", starting)
        assert health(address) == health_pb2.HealthCheckResponse.SERVING
        os.kill(made[0]._fleet.workers[0].pid, signal.SIGKILL)
        until(lambda: health(address) == health_pb2.HealthCheckResponse.NOT_SERVING, "health says so")
        may_start.set()
        until(lambda: health(address) == health_pb2.HealthCheckResponse.SERVING, "health says so")
