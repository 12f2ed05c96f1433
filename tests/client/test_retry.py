"""What got no answer, or was told to come again, is asked again while the timeout lasts; a wrong question is not."""

from concurrent.futures import ThreadPoolExecutor
from itertools import islice

import grpc
import pytest

import meanrev as mr
from meanrev.retry import Outage, Retries, pauses
from meanrev_wire.meanrev_pb2 import ReturnsResponse
from meanrev_wire.research_pb2 import PublishPricesReply

ANSWER = ReturnsResponse(n_periods=1, log_returns=[0.5])


class Moody(grpc.GenericRpcHandler):
    """Refuses its first calls with a status, then answers."""

    def __init__(self, code, times, pushback_ms, answer, says):
        self.code, self.left, self.calls, self.says = code, times, 0, says
        self.reply = answer.SerializeToString()
        self.trailing = () if pushback_ms is None else (("grpc-retry-pushback-ms", pushback_ms),)

    def service(self, details):
        def answer(data, context):
            self.calls += 1
            if self.left:
                self.left -= 1
                context.set_trailing_metadata(self.trailing)
                context.abort(self.code, self.says)
            return self.reply

        return grpc.unary_unary_rpc_method_handler(answer)


@pytest.fixture
def moody():
    """Start a server of that mood; gives (mood, address)."""
    servers = []

    def started(code, times, pushback_ms=None, answer=ANSWER, says="not now"):
        mood = Moody(code, times, pushback_ms, answer, says)
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


@pytest.mark.parametrize(
    ("code", "says"),
    [
        (grpc.StatusCode.CANCELLED, "not now"),  # of a server that stops
        (grpc.StatusCode.INTERNAL, "Internal error from Core"),  # what gRPC's asyncio code says where a send fails
    ],
)
def test_a_call_that_breaks_off_is_made_again(moody, code, says):
    mood, address = moody(code, 2, says=says)
    with mr.Client(address) as client:
        assert client.log_returns([1.0, 2.0]).n_periods == 1
    assert mood.calls == 3


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


def test_patience_with_a_busy_server_ends_after_five_attempts_or_at_the_timeout():
    outage, busy = Outage("x", 30), mr.Overloaded("later", retry_after_s=0.5)
    patience = Retries(100.0, outage)
    assert [patience.after(busy, 0.0) for _ in range(5)] == [0.5, 0.5, 0.5, 0.5, None]
    assert Retries(100.0, outage).after(busy, 99.6) is None


def attempts(retries, lost, now):
    """Return when the attempts begin that follow a first one that is lost at a time, as all others are."""
    found = []
    while (pause := retries.after(lost, now)) is not None:
        now += pause
        found.append(now)
    return found


def test_patience_with_a_server_that_is_away_ends_at_the_timeout():
    outage = Outage("x", 30)
    outage.answered()
    begun = attempts(Retries(600.0, outage), mr.ConnectionFailed("away"), 0.0)
    assert len(begun) > 500
    assert 599 < begun[-1] < 600


def test_patience_ends_sooner_where_no_server_has_ever_answered():
    """The address may be a wrong one, and the timeout of research is an hour."""
    begun = attempts(Retries(3600.0, Outage("x", 30)), mr.ConnectionFailed("away"), 0.0)
    assert 29 < begun[-1] < 30


def test_a_call_that_must_not_be_made_twice_is_not():
    retries = Retries(600.0, Outage("x", 30), repeatable=False)
    assert retries.after(mr.ConnectionFailed("away"), 0.0) is None
    assert retries.after(mr.Overloaded("refused before anything was done", retry_after_s=0.5), 0.0) == 0.5


@pytest.mark.parametrize(("stamp", "calls"), [(None, 1), (1_700_000_000_000, 3)])
def test_prices_without_a_time_are_published_once(moody, stamp, calls):
    """The server gives them the time at which they come, so a second attempt could replace newer ones."""
    mood, address = moody(grpc.StatusCode.UNAVAILABLE, 2, answer=PublishPricesReply(accepted=1))
    with mr.Client(address) as client:
        if stamp is None:
            with pytest.raises(mr.ConnectionFailed, match="not now"):
                client.publish({"KO": 60.0})
        else:
            assert client.publish({"KO": 60.0}, timestamp_ms=stamp) == 1
    assert mood.calls == calls


@pytest.mark.faults
def test_asking_ends_with_the_timeout(moody):
    mood, address = moody(grpc.StatusCode.UNAVAILABLE, 1000)
    with mr.Client(address, timeout=8) as client, pytest.raises(mr.ConnectionFailed, match="not now"):
        client.log_returns([1.0, 2.0])
    assert mood.calls >= 3


def test_pauses_double_up_to_a_second_and_differ():
    waits = list(islice(pauses(), 7))
    assert all(top / 2 <= wait <= top for wait, top in zip(waits, (0.1, 0.2, 0.4, 0.8, 1.0, 1.0, 1.0), strict=True))
    assert waits != list(islice(pauses(), 7))


def test_a_long_outage_is_told_once(caplog):
    outage, away = Outage("there:1", 30), mr.ConnectionFailed("away")
    with caplog.at_level("WARNING", logger="meanrev"):
        attempts(Retries(1.5, outage), away, 0.0)
        assert caplog.messages == []
        for _ in range(3):
            attempts(Retries(20.0, outage), away, 0.0)
    [said] = caplog.messages
    assert said.startswith("no server answers at there:1; the call goes on trying for ")


def test_a_client_finds_a_server_that_starts_later(closed_address):
    with mr.Client(closed_address, timeout=60) as client, ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(client.log_returns, [1.0, 2.0])
        with mr.serve(closed_address, grace_s=0):
            assert waiting.result(60).n_periods == 1
