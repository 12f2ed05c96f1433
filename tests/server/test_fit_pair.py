"""FitPair answers with the operation's own numbers, takes each option, and refuses by name."""

import json

import grpc
import numpy as np
import pytest

from gpu_kernels import engle_granger
from meanrev_wire import codec
from meanrev_wire.research_pb2 import FitPairReply, FitPairRequest
from tests.server.research import universe

PRICES = universe(2)


def asked(address, prices=PRICES, **options):
    """Return the reply of a server to one request."""
    request = codec.encode(FitPairRequest, prices=prices, metadata=json.dumps(options) if options else "")
    with grpc.insecure_channel(address) as channel:
        return FitPairReply.FromString(channel.unary_unary("/meanrev.MeanRevResearch/FitPair")(request, timeout=30))


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"direction": "best"},
        {"lags": 3},
        {"autolag": "aic"},
        {"autolag": "aic", "max_lags": 2},
        {"log": False},
        {"cost": 0.01},
        {"cost": 0.01, "cost_legs": 1},
        {"objective": "profit"},
        {"cost": 100.0},
    ],
    ids=str,
)
def test_the_reply_is_the_operations_result(address, options):
    reply = asked(address, **options)
    expected = engle_granger.fit(PRICES, **options)
    np.testing.assert_allclose(codec.doubles(reply.spread), expected.spread, rtol=1e-9, atol=1e-12)
    for name in expected._fields:
        if name in {"turned", "status", "reason", "lags"}:
            assert getattr(reply, name) == getattr(expected, name), name
        elif name != "spread":
            assert getattr(reply, name) == pytest.approx(getattr(expected, name), rel=1e-9, nan_ok=True), name


def test_the_other_direction_is_said(address):
    ways = [asked(address, PRICES[:, order], direction="best").turned for order in ([0, 1], [1, 0])]
    assert sorted(ways) == [False, True]


def test_unknown_options_are_reported(address):
    assert json.loads(asked(address, lag=2).metadata) == {"ignored_options": ["lag"]}


@pytest.mark.parametrize(
    ("prices", "options", "words"),
    [
        (PRICES[:, :1], {}, "prices must be (T, 2)"),
        (PRICES[:5], {}, "prices must have T >= 6 rows for 1 lags, got 5"),
        (np.where(PRICES[3, 1] == PRICES, np.nan, PRICES), {}, "prices[3, 1] must be finite"),
        (PRICES, {"direction": "both"}, "metadata.direction must be one of"),
        (PRICES, {"lags": 101}, "metadata.lags must be"),
        (PRICES, {"autolag": "bic"}, "metadata.autolag must be one of"),
        (PRICES, {"max_lags": 3}, "metadata.max_lags must be None unless"),
        (PRICES, {"log": 1}, "metadata.log must be true or false"),
        (PRICES, {"cost": -1}, "metadata.cost must be"),
        (PRICES, {"objective": "kelly"}, "metadata.objective must be one of"),
        (PRICES, {"lag": 2, "strict": True}, "metadata.lag is not an option of this method"),
    ],
)
def test_what_breaks_a_rule_is_refused_by_name(address, prices, options, words):
    with pytest.raises(grpc.RpcError) as caught:
        asked(address, prices, **options)
    assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert words in caught.value.details()


def test_a_pair_without_an_answer_is_a_failed_precondition(address):
    with pytest.raises(grpc.RpcError) as caught:
        asked(address, np.column_stack([PRICES[:, 0], np.full(len(PRICES), 5.0)]))
    assert caught.value.code() == grpc.StatusCode.FAILED_PRECONDITION
    assert "prices[:, 1] must vary" in caught.value.details()
