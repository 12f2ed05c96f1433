"""Hostile requests over all methods: each is answered or refused by rule, and the server goes on.

`make faults` asks two thousand, and `make test` two hundred.
"""

import json

import grpc
import pytest
from google.protobuf.descriptor import FieldDescriptor
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from meanrev_wire import meanrev_pb2
from tests.server.serving import METHODS, Caller, serving

MANY, FEW = (total // len(METHODS) + 1 for total in (2_000, 200))
ALLOWED = {
    grpc.StatusCode.INVALID_ARGUMENT,
    # Legal questions without an answer: a zero-variance asset, a portfolio that nobody has.
    grpc.StatusCode.FAILED_PRECONDITION,
    grpc.StatusCode.NOT_FOUND,
}
UNFIT = ("Traceback", "Error(", "Exception", "gpu_kernels", "numpy", ".py", "object at 0x")

NUMBERS = st.sampled_from([0.0, -0.0, 1.0, -1.0, 1e-308, 1e308, -1e308, float("nan"), float("inf"), -float("inf")])
DOUBLES = st.one_of(NUMBERS, st.floats(), st.floats(0.01, 10))
INTEGERS = st.one_of(st.integers(-3, 6), st.sampled_from([2**31 - 1, -(2**31), 1000]))
LONGS = st.one_of(st.integers(-3, 10**12), st.sampled_from([2**63 - 1, -(2**63)]))
WORDS = st.one_of(
    st.sampled_from(["", "log", "profit", "sharpe", "kelly", "zscore", "long", "flat"]), st.text(max_size=9)
)
OPTION_NAMES = st.sampled_from(
    [
        "dt",
        "window",
        "forgetting",
        "bias",
        "adf_lags",
        "emit_every",
        "time_unit_ms",
        "stop",
        "f_max",
        "model",
        "rate",
        "cost_unit",
        "legs",
        "lookback",
        "mode",
        "execution_delay",
        "initial_capital",
        "periods_per_year",
        "n_assets",
        "covariance",
        "halflife",
        "bounds",
        "leverage",
        "append",
        "initial_weights",
        "cost_model",
        "rho",
        "levels",
        "transaction_cost",
        "holdings",
        "cash",
        "limits",
        "strict",
        "publish",
        "nonsense",
    ]
)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), INTEGERS, st.floats(allow_nan=False, allow_infinity=False), WORDS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(WORDS, inner, max_size=2)),
    max_leaves=4,
)
METADATA = st.one_of(
    st.just(""),
    st.dictionaries(OPTION_NAMES, VALUES, max_size=3).map(json.dumps),
    st.sampled_from(["{", "[[[[", "NaN", '{"dt": Infinity}', '{"a":' * 40, "\u2028", '{"holdings": {"": 1e308}}']),
    st.text(max_size=20),
)


def values_of(field):
    if field.type == FieldDescriptor.TYPE_MESSAGE:
        return messages(field.message_type)
    if field.name == "metadata":
        return METADATA
    by_type = {
        FieldDescriptor.TYPE_DOUBLE: DOUBLES,
        FieldDescriptor.TYPE_FLOAT: st.floats(width=32),
        FieldDescriptor.TYPE_INT32: INTEGERS,
        FieldDescriptor.TYPE_INT64: LONGS,
        FieldDescriptor.TYPE_STRING: WORDS,
    }
    return by_type[field.type]


def matrices():
    """Mostly consistent ones, so that the maths behind the codec is met too."""

    @st.composite
    def consistent(draw):
        rows, cols = draw(st.integers(1, 8)), draw(st.integers(1, 4))
        elements = draw(st.sampled_from([st.floats(-0.1, 0.1), DOUBLES]))
        values = draw(st.lists(elements, min_size=rows * cols, max_size=rows * cols))
        return meanrev_pb2.Matrix(rows=rows, cols=cols, values=values)

    broken = st.builds(
        meanrev_pb2.Matrix,
        rows=INTEGERS,
        cols=INTEGERS,
        values=st.lists(DOUBLES, max_size=6),
        values_f32=st.lists(st.floats(width=32), max_size=2),
    )
    return st.one_of(consistent(), consistent(), broken)


def messages(descriptor):
    if descriptor.name == "Matrix":
        return matrices()
    fields = {}
    for field in descriptor.fields:
        values = values_of(field)
        fields[field.name] = st.lists(values, max_size=5) if field.is_repeated else values
    return st.fixed_dictionaries({}, optional=fields).map(lambda given: getattr(meanrev_pb2, descriptor.name)(**given))


@pytest.fixture(scope="module")
def server():
    with serving() as address, Caller(address) as call:
        yield call


@pytest.mark.parametrize("name", sorted(METHODS))
@pytest.mark.parametrize("examples", [FEW, pytest.param(MANY, marks=pytest.mark.faults)])
def test_bad_requests_are_refused_by_rule(server, name, examples):
    @settings(max_examples=examples, suppress_health_check=list(HealthCheck), database=None)
    @given(data=st.data())
    def ask_one(data):
        assert_refused_by_rule(server, name, data)

    ask_one()


def assert_refused_by_rule(server, name, data):
    one = messages(METHODS[name].input_type)
    streams = METHODS[name].client_streaming
    broken = st.binary(min_size=1, max_size=30)
    request = data.draw(st.one_of(one, one, one, broken))
    requests = [request, data.draw(one)] if streams and data.draw(st.booleans()) else [request]
    code, said = ask(server, name, requests)
    assert code is None or code in ALLOWED, (code, said)
    assert not any(word in said for word in UNFIT), said
    assert code is None or said
    reply = server("ComputeLogReturns", prices=[1.0, 2.0, 4.0])
    assert reply.n_periods == 2


def ask(server, name, requests):
    """Return the status and its message; a health stream is left after its first reply."""
    try:
        if name == "PortfolioHealthStream":
            stream = server.start(name, requests)
            next(stream)
            stream.cancel()
        else:
            server(name, requests)
    except grpc.RpcError as error:
        return error.code(), error.details()
    return None, ""
