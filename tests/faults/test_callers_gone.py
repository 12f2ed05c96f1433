"""A caller that has gone leaves no computation behind: the compute thread is free again long before its work would end.

Each request below is many minutes of work, and the patience of the tests is a small part of that.
"""

import time
from functools import cache

import grpc
import numpy as np
import pytest

from gpu_kernels import sweep
from gpu_kernels.errors import Interrupted
from meanrev_server import batches
from meanrev_server import launcher as launchers
from meanrev_server.research.tasks import backtest
from meanrev_wire import meanrev_pb2 as wire
from meanrev_wire import research_pb2
from tests.gpu_kernels.native import needs_compiler
from tests.server import research
from tests.server.serving import SERVICE, serving

PATIENCE_S = 60
ROOM = dict.fromkeys(("max_work_in_flight", "max_bytes_in_flight", "max_reply_bytes_in_flight"), 2**50)
RNG = np.random.default_rng(3)
WALKS = 100.0 + np.cumsum(RNG.normal(size=(4000, 600)), axis=0) * 0.01
N_BOUNDED = 1200


def matrix(values):
    return wire.Matrix(rows=values.shape[0], cols=values.shape[1], values=values.ravel())


def plan():
    """Return a plan that is made anew in each of many periods."""
    return wire.MultiperiodRequest(
        expected_returns=RNG.normal(size=20) * 1e-3,
        covariance=matrix(np.eye(20) + 0.1),
        n_periods=8000,
        transaction_cost=1e-4,
        metadata='{"mode": "mpc"}',
    )


def portfolio():
    """Return a portfolio of many bounded weights."""
    loads = RNG.normal(size=(N_BOUNDED, 5))
    return wire.OptimizationInput(
        expected_returns=np.abs(RNG.normal(size=N_BOUNDED)),
        covariance=matrix(loads @ loads.T + np.eye(N_BOUNDED)),
        metadata='{"bounds": [-0.01, 0.02], "leverage": 1.5}',
    )


def table(**options):
    return lambda: research.chunks(WALKS, 500, total=len(WALKS), **options)


REQUESTS = {
    "MultiperiodOptimize": lambda: [plan()],
    # One such portfolio takes half a second and more, so that many of them follow each other.
    "CaraOptimalWeights": lambda: [portfolio()] * 20,
    "SharpeOptimalWeights": lambda: [portfolio()] * 20,
    "SweepThresholds": table(entry="0.5:3:0.001", exit="0:0.4:0.01", lookback=[20, 30], cost=[0, 1e-4, 2e-4], stop=4.0),
    "ScanPairs": table(alpha=1.0, lags=20),
    "FitOu": table(adf_lags=100),
    "Backtest": table(entry=0.5, exit=0.4, stop=0.9),
}


@pytest.fixture
def slow_accounts(monkeypatch):
    """Make Backtest slow: each column alone, and a while for each; no matrix of a handy size takes it minutes."""
    at_once = sweep.accounts

    def accounts(*arguments, **options):
        time.sleep(1.0)
        return at_once(*arguments, **options)

    monkeypatch.setattr(sweep, "accounts", accounts)
    monkeypatch.setattr(backtest, "_ENTRIES_AT_ONCE", 1)


@pytest.fixture
def interrupted(monkeypatch):
    """The computations that ended early; one that ends by itself is none of them."""
    found, compute = [], batches.outcomes_of

    def noted(batch):
        outcomes = compute(batch)
        found.extend(each for each in outcomes if isinstance(getattr(each, "error", None), Interrupted))
        return outcomes

    monkeypatch.setattr(launchers, "outcomes_of", noted)
    return found


def until(condition, what):
    end = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > end:
            pytest.fail(f"it did not come to pass that {what}")
        time.sleep(0.01)


def under_way(launcher, seconds=0.3):
    """Tell whether something is computed all the time, for longer than a message is parsed; a portfolio takes more."""
    for _ in range(round(seconds / 0.01)):
        if not launcher.load.busy:
            return False
        time.sleep(0.01)
    return True


@cache
def serialized(method):
    return [message.SerializeToString() for message in REQUESTS[method]()]


def begin(channel, method, timeout=900):
    """Begin a call, which nobody reads."""
    service = research.SERVICE if method in research.METHODS else SERVICE
    messages = serialized(method)
    if method == "MultiperiodOptimize":
        return channel.unary_unary(service + method).future(messages[0], timeout=timeout)
    return channel.stream_stream(service + method)(iter(messages), timeout=timeout)


@pytest.mark.parametrize("method", REQUESTS)
@pytest.mark.parametrize(
    "settings",
    [
        pytest.param({"backend": "numpy"}, id="numpy"),
        pytest.param({"backend": "native"}, id="native", marks=needs_compiler),
        pytest.param({"backend": "native", "worker": "process"}, id="process", marks=needs_compiler),
    ],
)
def test_a_cancelled_computation_ends(made, slow_accounts, interrupted, method, settings):
    with serving(compute_threads=1, **ROOM, **settings) as address, grpc.insecure_channel(address) as channel:
        launcher = made[0].call.launcher
        # Of many computations that follow each other, one may end by itself just when its caller leaves.
        for _ in range(5):
            call = begin(channel, method)
            until(lambda: under_way(launcher), "the work is under way")
            call.cancel()
            until(lambda: not launcher.load.busy, "its thread is free")
            if interrupted:
                return
        pytest.fail("every computation ended by itself")


@pytest.mark.parametrize("way", ["deadline", "connection"])
def test_a_computation_ends_with_its_callers_deadline_and_connection(made, way):
    with serving(compute_threads=1, backend="numpy", **ROOM) as address, grpc.insecure_channel(address) as channel:
        launcher = made[0].call.launcher
        call = begin(channel, "MultiperiodOptimize", timeout=5 if way == "deadline" else 900)
        until(lambda: under_way(launcher), "the work is under way")
        if way == "connection":
            channel.close()
        until(lambda: not launcher.load.busy, "its thread is free")
        assert call.code() is (grpc.StatusCode.CANCELLED if way == "connection" else grpc.StatusCode.DEADLINE_EXCEEDED)


def test_a_cancelled_job_ends_between_two_reports_of_progress(made):
    with serving(compute_threads=1, backend="numpy", **ROOM) as address, research.Research(address) as ask:
        launcher = made[0].call.launcher
        chunks = research.chunks(WALKS, 500, total=len(WALKS), method="ScanPairs", alpha=1.0, lags=20)
        job = ask("SubmitJob", chunks)
        until(lambda: under_way(launcher), "the work is under way")
        ask("CancelJob", research_pb2.JobRequest(job_id=job.job_id))
        until(lambda: not launcher.load.busy, "its thread is free")
        (*_, seen) = ask("WatchJob", research_pb2.JobRequest(job_id=job.job_id))
        assert seen.status == "cancelled"


def test_a_server_that_stops_ends_its_computations(made):
    with serving(compute_threads=1, backend="numpy", **ROOM) as address, grpc.insecure_channel(address) as channel:
        launcher = made[0].call.launcher
        call = begin(channel, "FitOu")
        until(lambda: under_way(launcher), "the work is under way")
        assert not call.done()
    until(lambda: not any(thread.is_alive() for thread in launcher._pool._threads), "its thread has ended")
