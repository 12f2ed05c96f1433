"""FitJohansen answers with the operation's own numbers, takes each option, and refuses by name."""

import json

import grpc
import numpy as np
import pytest

from gpu_kernels import johansen
from meanrev_wire import codec
from meanrev_wire.research_pb2 import FitJohansenReply, FitJohansenRequest
from tests.server.research import universe

PRICES = universe(4)
NUMBERS = ("trace_rank", "max_eigenvalue_rank", "n_samples", "intercept", "trend", "theta", "mu", "sigma", "half_life")


def asked(address, prices=PRICES, **options):
    """Return the reply of a server to one request."""
    request = codec.encode(FitJohansenRequest, prices=prices, metadata=json.dumps(options) if options else "")
    with grpc.insecure_channel(address) as channel:
        answer = channel.unary_unary("/meanrev.MeanRevResearch/FitJohansen")(request, timeout=30)
        return FitJohansenReply.FromString(answer)


@pytest.mark.parametrize(
    "options", [{}, {"det_order": -1}, {"det_order": 1}, {"lags": 0}, {"lags": 24}, {"log": False}], ids=str
)
def test_the_reply_is_the_operations_result(address, options):
    reply = asked(address, **options)
    expected = johansen.fit(PRICES, **options)
    for name in ("eigenvalues", "trace_statistic", "max_eigenvalue_statistic"):
        np.testing.assert_allclose(codec.doubles(getattr(reply, name)), getattr(expected, name), rtol=1e-9)
    for name in ("vectors", "trace_critical_values", "max_eigenvalue_critical_values"):
        np.testing.assert_allclose(codec.matrix(getattr(reply, name), name), getattr(expected, name), rtol=1e-9)
    np.testing.assert_allclose(codec.doubles(reply.spread), expected.spread, rtol=1e-9, atol=1e-9)
    for name in NUMBERS:
        assert getattr(reply, name) == pytest.approx(getattr(expected, name), rel=1e-9, abs=1e-9), name
    assert (reply.status, reply.reason) == (expected.status, expected.reason)


def test_unknown_options_are_reported(address):
    assert json.loads(asked(address, lag=2).metadata) == {"ignored_options": ["lag"]}


@pytest.mark.parametrize(
    ("prices", "options", "words"),
    [
        (PRICES[:, :1], {}, "prices must be (T, N) with N >= 2"),
        (universe(13), {}, "prices must be (T, N) with N <= 12"),
        (PRICES[:14], {}, "prices must have T >= 15 rows for 4 series, 1 lags and det_order 0, got 14"),
        (np.where(PRICES[3, 1] == PRICES, np.nan, PRICES), {}, "prices[3, 1] must be finite"),
        (PRICES, {"det_order": 2}, "metadata.det_order must be one of"),
        (PRICES, {"lags": 25}, "metadata.lags must be"),
        (PRICES, {"lags": -1}, "metadata.lags must be"),
        (PRICES, {"log": 1}, "metadata.log must be true or false"),
        (PRICES, {"lag": 2, "strict": True}, "metadata.lag is not an option of this method"),
    ],
)
def test_what_breaks_a_rule_is_refused_by_name(address, prices, options, words):
    with pytest.raises(grpc.RpcError) as caught:
        asked(address, prices, **options)
    assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert words in caught.value.details()


@pytest.mark.parametrize(
    ("column", "words"),
    [
        (np.full(len(PRICES), 5.0), "prices[:, 4] must vary"),
        (PRICES[:, 0] * PRICES[:, 2], "prices[:, [0, 2, 4]] must not"),
    ],
    ids=["constant", "product"],
)
def test_series_without_an_answer_are_a_failed_precondition(address, column, words):
    with pytest.raises(grpc.RpcError) as caught:
        asked(address, np.column_stack([PRICES, column]))
    assert caught.value.code() == grpc.StatusCode.FAILED_PRECONDITION
    assert words in caught.value.details()
