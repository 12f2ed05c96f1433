"""A message that is too large is said to be so in terms of the server's setting, and is not sent again."""

import grpc
import numpy as np
import pytest

import meanrev as mr
from meanrev.retry import Patience
from meanrev.transport.status import error_of


class Told(grpc.RpcError):
    def __init__(self, details):
        self._details = details

    def code(self):
        return grpc.StatusCode.RESOURCE_EXHAUSTED

    def details(self):
        return self._details

    def trailing_metadata(self):
        return ()


@pytest.mark.parametrize("prefix", ["", "SERVER: ", "CLIENT: "])
@pytest.mark.parametrize(("word", "what"), [("Received", "request"), ("Sent", "answer")])
def test_grpcs_sentence_is_put_in_our_terms(prefix, word, what):
    error = error_of(Told(f"{prefix}{word} message larger than max (72000028 vs. 67108864)"), "box:1")
    assert isinstance(error, mr.Overloaded)
    assert error.retry_after_s is None
    assert f"the {what} of 72,000,028 bytes is larger than max_message_bytes of the server, 67,108,864" in str(error)
    assert "MEANREV_MAX_MESSAGE_BYTES" in str(error)


def test_other_sentences_stay_as_they_are():
    assert str(error_of(Told("too many calls"), "box:1")) == "too many calls"


@pytest.fixture(scope="module")
def small():
    with mr.serve(max_message_bytes=64 * 1024, grace_s=0) as where:
        yield where


async def test_both_clients_say_it_once(small, monkeypatch):
    refused, after = [], Patience.after

    def followed(self, error, now):
        pause = after(self, error, now)
        refused.extend([pause] * isinstance(error, mr.Overloaded))
        return pause

    monkeypatch.setattr(Patience, "after", followed)
    prices = np.linspace(1.0, 2.0, 20_000)
    with (
        mr.Client(small) as client,
        pytest.raises(mr.Overloaded, match="backtest, fit_ou, scan, stats and sweep send a matrix in parts"),
    ):
        client.log_returns(prices)
    async with mr.AsyncClient(small) as ask:
        with pytest.raises(mr.Overloaded, match="max_message_bytes of the server, 65,536 bytes"):
            await ask.log_returns(prices)
    assert refused == [None, None]


def test_an_answer_that_is_too_large_is_said_to_be_one(small):
    returns = np.random.default_rng(1).normal(size=(5, 100))
    with mr.Client(small) as client, pytest.raises(mr.Overloaded, match=r"the answer of .* bytes is larger than max"):
        client.portfolio_stats(returns)
