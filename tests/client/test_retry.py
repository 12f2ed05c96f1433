"""What got no answer, or was told to come again, is asked again while the timeout lasts; a wrong question is not."""

import time
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest

import meanrev as mr
from meanrev.retry import Retries, pauses
from meanrev_wire.meanrev_pb2 import ReturnsResponse

ANSWER = ReturnsResponse(n_periods=1, log_returns=[0.5]).SerializeToString()


class Moody(grpc.GenericRpcHandler):
    """Refuses its first calls with a status, then answers."""

    def __init__(self, code, times, pushback_ms=None):
        self.code, self.left, self.calls = code, times, 0
        self.trailing = () if pushback_ms is None else (("grpc-retry-pushback-ms", pushback_ms),)

    def service(self, details):
        def answer(data, context):
            self.calls += 1
            if self.left:
                self.left -= 1
                context.set_trailing_metadata(self.trailing)
                context.abort(self.code, "not now")
            return ANSWER

        return grpc.unary_unary_rpc_method_handler(answer)


@pytest.fixture
def moody():
    """Start a server of that mood; gives (mood, address)."""
    servers = []

    def started(code, times, pushback_ms=None):
        mood = Moody(code, times, pushback_ms)
        server = grpc.server(ThreadPoolExecutor(2), handlers=(mood,))
        servers.append(server)
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        return mood, f"127.0.0.1:{port}"

    yield started
    for server in servers:
        server.stop(0).wait()


def test_an_unavailable_server_is_asked_again(moody):
    mood, address = moody(grpc.StatusCode.UNAVAILABLE, 2)
    with mr.Client(address) as client:
        assert client.log_returns([1.0, 2.0]).n_periods == 1
    assert mood.calls == 3


async def test_so_it_is_from_asyncio(moody):
    mood, address = moody(grpc.StatusCode.UNAVAILABLE, 2)
    async with mr.AsyncClient(address) as ask:
        assert (await ask.log_returns([1.0, 2.0])).n_periods == 1
    assert mood.calls == 3


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (grpc.StatusCode.INVALID_ARGUMENT, mr.InvalidInput),
        (grpc.StatusCode.INTERNAL, mr.ServerError),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, mr.Overloaded),
    ],
)
def test_other_answers_are_final(moody, code, kind):
    mood, address = moody(code, 1)
    with mr.Client(address) as client, pytest.raises(kind, match="not now"):
        client.log_returns([1.0, 2.0])
    assert mood.calls == 1


def test_a_busy_server_is_asked_again_when_it_says(moody):
    mood, address = moody(grpc.StatusCode.RESOURCE_EXHAUSTED, 2, "3")
    with mr.Client(address) as client:
        assert client.log_returns([1.0, 2.0]).n_periods == 1
    assert mood.calls == 3


async def test_so_is_a_busy_one_from_asyncio(moody):
    mood, address = moody(grpc.StatusCode.RESOURCE_EXHAUSTED, 2, "3")
    async with mr.AsyncClient(address) as ask:
        assert (await ask.log_returns([1.0, 2.0])).n_periods == 1
    assert mood.calls == 3


@pytest.mark.parametrize(("pushback_ms", "told"), [("-1", None), ("soon", None), ("9" * 400, None), ("40000", 40.0)])
def test_a_busy_server_that_says_never_or_too_late_is_not_asked_again(moody, pushback_ms, told):
    mood, address = moody(grpc.StatusCode.RESOURCE_EXHAUSTED, 1, pushback_ms)
    with mr.Client(address, timeout=30) as client, pytest.raises(mr.Overloaded, match="not now") as refusal:
        client.log_returns([1.0, 2.0])
    assert mood.calls == 1
    assert refusal.value.retry_after_s == told


def test_patience_ends_with_the_attempts_whoever_is_asked():
    patience, busy = Retries(deadline=100.0), mr.Overloaded("later", retry_after_s=0.5)
    assert [patience.after(busy, 0.0) for _ in range(5)] == [0.5, 0.5, 0.5, 0.5, None]
    assert Retries(deadline=100.0).after(busy, 99.6) is None


def test_asking_ends_after_five_times(moody):
    mood, address = moody(grpc.StatusCode.UNAVAILABLE, 100)
    with mr.Client(address) as client, pytest.raises(mr.ConnectionFailed, match="not now"):
        client.log_returns([1.0, 2.0])
    assert mood.calls == 5


def test_asking_ends_before_the_timeout(closed_address, monkeypatch):
    """A pause that would not fit is not begun."""
    monkeypatch.setattr("meanrev.retry.pauses", lambda: iter([1.0, 1000.0, 1.0]))
    slept = []
    monkeypatch.setattr(time, "sleep", slept.append)
    with mr.Client(closed_address, timeout=500) as client, pytest.raises(mr.ConnectionFailed, match=closed_address):
        client.log_returns([1.0, 2.0])
    assert slept == [1.0]


def test_pauses_double_up_to_two_seconds_and_differ():
    waits = list(pauses())
    assert len(waits) == 4
    assert all(top / 2 <= wait <= top for wait, top in zip(waits, (0.1, 0.2, 0.4, 0.8), strict=True))
    assert waits != list(pauses())


def test_a_client_finds_a_server_that_starts_later(closed_address):
    with mr.Client(closed_address, timeout=60) as client:
        with pytest.raises(mr.ConnectionFailed):
            client.log_returns([1.0, 2.0])
        with mr.serve(closed_address, grace_s=0):
            assert client.log_returns([1.0, 2.0], timeout=60).n_periods == 1
