"""What the server takes on at once, and how it says no: at the door, over a real socket, and to gRPC's own retries."""

import json
import threading
from contextlib import contextmanager

import grpc
import numpy as np
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from hypothesis import given
from hypothesis import strategies as st

from meanrev_server.admission import Admission, Ticket
from meanrev_server.capacity import Capacity, Demand, Load
from meanrev_server.errors import LimitReached
from meanrev_server.rpc.pushback import Pushback
from meanrev_wire import codec, meanrev_pb2, research_pb2
from tests.server.serving import SERVICE, Caller, serving


def test_calls_are_let_in_until_one_does_not_fit_and_again_when_one_has_left():
    door = Admission(Capacity(2, 100, 10))
    first, _ = door.admit(10), door.admit(20)
    with pytest.raises(LimitReached, match=r"busy: 2 calls are in flight, of 2; .* max_calls_in_flight") as refused:
        door.admit()
    assert refused.value.passing
    assert door.refused == 1
    first.release()
    assert door.load == Load(1, 20, 0)
    door.admit(80)


def test_a_call_that_can_never_fit_is_told_so():
    door = Admission(Capacity(2, 100, 10))
    with pytest.raises(LimitReached, match=r"the call alone asks for 101 bytes, more than the limit of 100") as refused:
        door.admit(101)
    assert not refused.value.passing
    assert door.load == Load()


def test_work_is_announced_in_place_of_what_was_announced_before():
    door = Admission(Capacity(2, 100, 10))
    with door.admit() as one, door.admit() as other:
        one.announce(Demand(9, 0))
        one.announce(Demand(4, 0))
        other.announce(Demand(6, 0))
        with pytest.raises(LimitReached, match=r"10 steps of work are in flight, of 10.*MEANREV_MAX_WORK_IN_FLIGHT"):
            other.announce(Demand(7, 0))
        assert door.load == Load(2, 0, 10)
    assert door.load == Load()


def test_a_stream_holds_its_large_message_and_what_it_keeps():
    large = 100_000
    door = Admission(Capacity(2, 3 * large, 10))
    with door.admit() as ticket:
        ticket.receive(large)
        ticket.keep(large)
        assert door.load.nbytes == 2 * large
        ticket.receive(10)
        assert door.load.nbytes == large
        with pytest.raises(LimitReached, match="max_bytes_in_flight"):
            ticket.receive(3 * large)
        assert door.load.nbytes == large
    assert door.load == Load()


def test_a_full_server_ends_no_stream_of_small_messages():
    door = Admission(Capacity(2, 100, 10))
    with door.admit() as stream, door.admit(100):
        stream.receive(50_000)


def test_a_matrix_that_is_announced_is_let_in_once_and_its_chunks_do_not_count_beside_it():
    most = 10**9
    door = Admission(Capacity(4, most, 10))
    with door.admit() as ticket:
        ticket.receive(100_000)
        ticket.reserve(most)
        for _ in range(200):
            ticket.receive(8 * 1024 * 1024)
        assert door.load.nbytes == most
        assert ticket.message_bytes == 0
        with pytest.raises(LimitReached, match=r"1000000000 bytes are in flight, of 1000000000; try again") as busy:
            door.admit(1)
        assert busy.value.passing
    assert door.load == Load()


def test_only_what_may_pass_later_is_told_to_try_again():
    door = Admission(Capacity(4, 1000, 10))
    with door.admit() as ticket, door.admit(600):
        ticket.reserve(300)
        with pytest.raises(LimitReached, match="try again later") as busy:
            ticket.reserve(900)
        assert busy.value.passing
        with pytest.raises(LimitReached, match=r"alone asks for 1001 bytes, more than the limit of 1000") as never:
            ticket.reserve(1001)
        assert not never.value.passing
        assert door.load.nbytes == 900


def test_a_lasting_ticket_takes_over_what_the_call_held():
    door = Admission(Capacity(4, 1000, 10))
    with door.admit() as ticket:
        ticket.reserve(1000)
        ticket.announce(Demand(10, 0))
        lasting = ticket.hand_over()
        assert door.load == Load(1, 1000, 10)
    assert door.load == Load(0, 1000, 10)
    lasting.announce(Demand(10, 0))
    lasting.release()
    assert door.load == Load()


def test_work_that_outlives_its_call_has_a_ticket_of_its_own():
    door = Admission(Capacity(1, 100, 10))
    with door.admit(10) as ticket:
        lasting = ticket.detached()
        lasting.keep(50)
    assert door.load == Load(0, 50, 0)
    lasting.release()
    assert door.load == Load()


def test_in_process_nothing_is_counted_or_refused():
    ticket = Ticket()
    ticket.receive(10**12)
    ticket.announce(Demand(10**18, 0))
    assert ticket.load == Load(0, 10**12, 10**18)


@given(st.lists(st.tuples(st.sampled_from(["receive", "keep", "announce", "detached"]), st.integers(0, 200_000))))
def test_what_is_in_flight_is_the_sum_of_the_tickets(moves):
    door = Admission(Capacity(3, 400_000, 400_000))
    tickets = [door.admit(), door.admit(1000)]
    for number, (move, size) in enumerate(moves):
        ticket = tickets[number % len(tickets)]
        try:
            if move == "detached":
                tickets.append(ticket.detached())
            else:
                getattr(ticket, move)(Demand(size, 10 * size) if move == "announce" else size)
        except LimitReached:
            pass
        assert door.load == Load(
            *(sum(getattr(each.load, part) for each in tickets) for part in ("calls", "nbytes", "work", "reply_bytes"))
        )
        assert door.load.nbytes <= 400_000
        assert door.load.work <= 400_000
    for ticket in tickets:
        ticket.release()
    assert door.load == Load()


def test_pushbacks_are_spread_evenly_around_their_mean():
    pushback = Pushback(200)
    values = [int(pushback.next()) for _ in range(100)]
    assert min(values) >= 100
    assert max(values) <= 300
    assert max(np.diff(sorted(values))) <= 8


@contextmanager
def busy(monkeypatch, **settings):
    """Serve; yields a caller, and an event that lets the computations of returns go on, with a list of those begun."""
    from gpu_kernels.returns import host

    go, begun, compute = threading.Event(), [], host.compute

    def held(prices, *args):
        begun.append(float(prices.flat[0]))
        go.wait(20)
        return compute(prices, *args)

    with serving(**settings) as address, Caller(address) as call:
        monkeypatch.setattr(host, "compute", held)
        monkeypatch.setattr("meanrev_server.launcher.OVERDUE_S", 60.0)  # else the spare thread would compute the others
        monkeypatch.setattr("meanrev_server.handlers.compute_log_returns._BRIEF", 0)
        try:
            yield call, go, begun
        finally:
            go.set()


def returns(call, first, **options):
    request = meanrev_pb2.ReturnsRequest(prices=[first, 2.0])
    return call.channel.unary_unary(SERVICE + "ComputeLogReturns").future(request.SerializeToString(), **options)


def wait_for(begun, count):
    for _ in range(6000):
        if len(begun) >= count:
            return
        threading.Event().wait(0.01)
    pytest.fail(f"only {begun} began")


def refusal(future):
    with pytest.raises(grpc.RpcError) as refused:
        future.result(60)
    error = refused.value
    return error.code(), error.details(), dict(error.trailing_metadata())


def test_a_call_too_many_is_refused_at_once_and_told_when_to_come_again(monkeypatch):
    with busy(monkeypatch, max_calls_in_flight=2) as (call, go, begun):
        held = [returns(call, 1.0), returns(call, 1.0)]
        wait_for(begun, 2)
        code, details, trailing = refusal(returns(call, 3.0, timeout=5))
        assert code is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert "max_calls_in_flight" in details
        assert 100 <= int(trailing["grpc-retry-pushback-ms"]) <= 300
        go.set()
        assert all(future.result(60) for future in held)
        assert returns(call, 3.0).result(60)


def test_health_and_reflection_answer_whatever_the_load(monkeypatch):
    with busy(monkeypatch, max_calls_in_flight=1) as (call, _, begun):
        held = returns(call, 1.0)
        wait_for(begun, 1)
        check = health_pb2_grpc.HealthStub(call.channel).Check(health_pb2.HealthCheckRequest(), timeout=5)
        assert check.status == health_pb2.HealthCheckResponse.SERVING
        asked = iter([reflection_pb2.ServerReflectionRequest(list_services="")])
        assert list(reflection_pb2_grpc.ServerReflectionStub(call.channel).ServerReflectionInfo(asked, timeout=5))
        assert not held.done()


def test_a_request_larger_than_all_that_may_be_in_flight_is_told_not_to_come_again():
    with serving(max_work_in_flight=1000) as address, Caller(address) as call:
        block = meanrev_pb2.Matrix(rows=1001, cols=1, values=[1.0] * 1001)
        chunk = research_pb2.MatrixChunk(block=block, total_rows=1001, metadata='{"method": "FitOu"}')
        asked = call.channel.stream_unary("/meanrev.MeanRevResearch/SubmitJob")
        future = asked.future(iter([chunk.SerializeToString()]))
        code, details, trailing = refusal(future)
        assert code is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert "block must ask for at most 1000 steps of work" in details
        assert "which max_work_in_flight (MEANREV_MAX_WORK_IN_FLIGHT) raises" in details
        assert details.endswith("got 1001")
        assert trailing["grpc-retry-pushback-ms"] == "-1"


def test_a_full_queue_names_its_knob(monkeypatch):
    with busy(monkeypatch, compute_threads=1, max_queue_calls=1) as (call, _, begun):
        held = [returns(call, 1.0)]
        wait_for(begun, 1)
        held.append(returns(call, 2.0))
        both = [returns(call, 3.0), returns(call, 4.0)]
        code, details, trailing = refusal(both[1])
        assert code is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert "max_queue_calls" in details
        assert int(trailing["grpc-retry-pushback-ms"]) > 0


def test_a_plain_client_with_a_retry_policy_gets_in_later(monkeypatch):
    policy = {
        "maxAttempts": 5,
        "initialBackoff": "60s",
        "maxBackoff": "60s",
        "backoffMultiplier": 1,
        "retryableStatusCodes": ["RESOURCE_EXHAUSTED"],
    }
    config = json.dumps({"methodConfig": [{"name": [{}], "retryPolicy": policy}]})
    with busy(monkeypatch, max_calls_in_flight=1, retry_pushback_ms=1000) as (call, go, begun):
        held = returns(call, 1.0)
        wait_for(begun, 1)
        channel = grpc.insecure_channel(address_of(call), options=[("grpc.service_config", config)])
        request = meanrev_pb2.ReturnsRequest(prices=[5.0, 2.0]).SerializeToString()
        patient = channel.unary_unary(SERVICE + "ComputeLogReturns").future(request, timeout=60)
        threading.Event().wait(0.15)
        go.set()
        assert held.result(60)
        # Sooner than its own backoff: it came when it was told to.
        assert patient.result(60)
        channel.close()


def address_of(call):
    return call.channel._channel.target().decode().rpartition("/")[2]


def test_a_call_that_is_late_or_left_never_computes(monkeypatch):
    from meanrev_server.batcher import Batcher

    waits, add, cancel = [], Batcher.add, Batcher.cancel
    monkeypatch.setattr(Batcher, "add", lambda self, job, now: (add(self, job, now), waits.append(job)))
    monkeypatch.setattr(Batcher, "cancel", lambda self, job: (cancel(self, job), waits.remove(job)))
    with busy(monkeypatch, compute_threads=1) as (call, go, begun):
        held = returns(call, 1.0)
        wait_for(begun, 1)
        left, served = returns(call, 3.0), returns(call, 4.0)
        wait_for(waits, 3)
        late = returns(call, 2.0, timeout=0.5)
        code, _, _ = refusal(late)
        assert code is grpc.StatusCode.DEADLINE_EXCEEDED
        left.cancel()
        for _ in range(6000):
            if len(waits) == 2:
                break
            threading.Event().wait(0.01)
        go.set()
        assert held.result(60)
        assert served.result(60)
        assert begun == [1.0, 4.0]


def test_research_work_counts_against_its_own_limit():
    with serving(max_work_in_flight=1000) as address, grpc.insecure_channel(address) as channel:
        fit = channel.stream_stream("/meanrev.MeanRevResearch/FitOu")
        chunk = codec.encode(research_pb2.MatrixChunk, block=np.cumsum(np.ones((600, 2)), axis=0))
        code, details, _ = refusal_of_stream(fit(iter([chunk])))
        assert code is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert "block must ask for at most 1000 steps of work" in details


def refusal_of_stream(replies):
    with pytest.raises(grpc.RpcError) as refused:
        list(replies)
    return refused.value.code(), refused.value.details(), dict(refused.value.trailing_metadata())


def test_a_call_without_a_deadline_has_that_of_the_server(monkeypatch):
    with busy(monkeypatch, compute_threads=1, default_deadline_s=1.0) as (call, go, begun):
        held = returns(call, 1.0)
        wait_for(begun, 1)
        forgotten, expected = returns(call, 2.0), returns(call, 3.0, timeout=30)
        threading.Event().wait(1.5)
        go.set()
        code, details, _ = refusal(forgotten)
        assert code is grpc.StatusCode.DEADLINE_EXCEEDED
        assert "while the call waited" in details
        assert held.result(60)
        assert expected.result(60)
        assert begun == [1.0, 3.0]
