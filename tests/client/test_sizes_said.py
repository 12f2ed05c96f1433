"""A message that is too large is said to be so in terms of the server's setting, and is not sent again."""

import grpc
import numpy as np
import pytest

import meanrev as mr
from meanrev.retry import Retries
from meanrev.transport.status import error_of


class Refused(grpc.RpcError):
    def __init__(self, details, trailing=()):
        self._details, self._trailing = details, trailing

    def code(self):
        return grpc.StatusCode.RESOURCE_EXHAUSTED

    def details(self):
        return self._details

    def trailing_metadata(self):
        return self._trailing


def test_a_refusal_of_grpc_itself_names_the_setting():
    error = error_of(Refused("whatever gRPC says (72000028 vs. 67108864)"), "box:1")
    assert isinstance(error, mr.Overloaded)
    assert error.retry_after_s is None
    assert "72000028 vs. 67108864" in str(error)
    assert "max_message_bytes of the server" in str(error)
    assert "MEANREV_MAX_MESSAGE_BYTES" in str(error)


def test_a_refusal_of_the_server_stays_as_it_is():
    assert str(error_of(Refused("too many calls", (("meanrev-error", "{}"),)), "box:1")) == "too many calls"


async def test_the_server_sends_details_beside_each_refusal(address):
    async with grpc.aio.insecure_channel(address) as channel:
        call = channel.unary_unary("/meanrev.MeanRevService/ComputeLogReturns")
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await call(b"\xff")
    assert "meanrev-error" in dict(caught.value.trailing_metadata())


@pytest.fixture(scope="module")
def small():
    with mr.serve(max_message_bytes=64 * 1024, grace_s=0) as where:
        yield where


async def test_both_clients_say_it_once(small, monkeypatch):
    refused, after = [], Retries.after

    def followed(self, error, now):
        pause = after(self, error, now)
        refused.extend([pause] * isinstance(error, mr.Overloaded))
        return pause

    monkeypatch.setattr(Retries, "after", followed)
    prices = np.linspace(1.0, 2.0, 20_000)
    with (
        mr.Client(small) as client,
        pytest.raises(mr.Overloaded, match="fit_ou and stats, send a matrix in parts"),
    ):
        client.log_returns(prices)
    async with mr.AsyncClient(small) as ask:
        with pytest.raises(mr.Overloaded, match=r"vs\. 65536.*max_message_bytes of the server"):
            await ask.log_returns(prices)
    assert refused == [None, None]


def test_an_answer_that_would_be_too_large_is_refused_before_it_is_computed(small):
    returns = np.random.default_rng(1).normal(size=(5, 100))
    with mr.Client(small) as client, pytest.raises(mr.InvalidInput, match="at most 65536 bytes") as refused:
        client.portfolio_stats(returns)
    assert refused.value.field == "returns"
    assert "MEANREV_MAX_MESSAGE_BYTES" in str(refused.value)
