"""A request gets the same bits in company as alone, and no neighbour's fault is its own."""

import json
import threading

import grpc
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gpu_kernels.errors import InvalidInput
from meanrev_server.batchable import ThresholdKey, optimal_thresholds
from meanrev_wire import meanrev_pb2
from tests.server.serving import SERVICE, Caller, serving


def same(left, right):
    return all(
        np.array_equal(np.asarray(one), np.asarray(other), equal_nan=np.asarray(one).dtype.kind == "f")
        for one, other in zip(left, right, strict=True)
    )


processes = st.fixed_dictionaries(
    {
        "theta": st.floats(1e-3, 1e2),
        "mu": st.floats(-1e3, 1e3),
        "sigma": st.floats(1e-2, 1e2),
        "cost": st.floats(1e-6, 1e-2),
    }
)
kinds = st.sampled_from(
    [
        ("sharpe", "reversal", {}),
        ("sharpe", "reversal", {"dt": 0.001}),
        ("profit", "reversal", {"stop": 30.0}),
        ("profit", "to_mean", {}),
        ("kelly", "reversal", {}),
        ("kelly", "reversal", {"f_max": 0.1}),
    ]
)


@settings(max_examples=40, deadline=None)
@given(kinds, st.lists(processes, min_size=2, max_size=9))
def test_thresholds_are_the_same_alone_and_together(kind, drawn):
    objective, model, optional = kind
    items = [{**item, **optional} for item in drawn]
    key = ThresholdKey(objective, model, tuple(optional))
    alone = [optimal_thresholds(key, [item])[0] for item in items]
    assert all(same(one, other) for one, other in zip(alone, optimal_thresholds(key, items), strict=True))


def test_an_error_alone_names_no_place_in_a_batch():
    item = {"theta": -1.0, "mu": 0.0, "sigma": 1.0, "cost": 0.1}
    with pytest.raises(InvalidInput, match=r"^theta must be > 0"):
        optimal_thresholds(ThresholdKey("sharpe", "reversal"), [item])


def request(theta, **fields):
    process = {"theta": theta, "mu": 1.0, "sigma": 0.2}
    return meanrev_pb2.ThresholdRequest(ou_params=process, transaction_cost=0.01, **fields).SerializeToString()


def test_calls_that_were_computed_together_answer_as_they_do_alone(monkeypatch):
    """One computation holds the only thread; all that come meanwhile go together, good and bad ones."""
    from gpu_kernels.returns import host
    from meanrev_server import batcher

    go, begun, compute = threading.Event(), threading.Event(), host.compute

    def held(*args):
        begun.set()
        go.wait(20)
        return compute(*args)

    monkeypatch.setattr(host, "compute", held)
    monkeypatch.setattr("meanrev_server.launcher.OVERDUE_S", 60.0)  # else the spare thread would compute the others
    monkeypatch.setattr("meanrev_server.handlers.compute_log_returns._BRIEF", 0)
    sizes, arrived, take, add = [], threading.Semaphore(0), batcher.Batcher.take, batcher.Batcher.add

    def taking(self, now, *, long=True):
        taken = take(self, now, long=long)
        sizes.append(len(taken.batch))
        return taken

    def adding(self, job, now):
        add(self, job, now)
        arrived.release()

    requests = [request(0.1 * n) for n in range(1, 8)] + [request(-1.0), request(0.3, optimization_objective="profit")]
    with serving(compute_threads=1) as address, Caller(address) as call:
        ask = call.channel.unary_unary(SERVICE + "OptimalThresholds")
        alone = [outcome(ask.future(each)) for each in requests]
        monkeypatch.setattr(batcher.Batcher, "take", taking)
        monkeypatch.setattr(batcher.Batcher, "add", adding)
        prices = meanrev_pb2.ReturnsRequest(prices=[1.0, 2.0]).SerializeToString()
        first = call.channel.unary_unary(SERVICE + "ComputeLogReturns").future(prices)
        begun.wait(10)
        futures = [ask.future(each) for each in requests]
        for _ in range(1 + len(requests)):
            assert arrived.acquire(timeout=10)
        go.set()
        assert first.result(10)
        assert [outcome(future) for future in futures] == alone
    assert 8 in sizes
    code, details, trailing = alone[7]
    assert (code, details) == (grpc.StatusCode.INVALID_ARGUMENT, "ou_params.theta must be > 0, got -1.0")
    assert json.loads(trailing)["field"] == "ou_params.theta"


def outcome(future):
    try:
        return future.result(10)
    except grpc.RpcError as error:
        return error.code(), error.details(), dict(error.trailing_metadata()).get("meanrev-error")
