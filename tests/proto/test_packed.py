"""The hand-written writer's bytes are protobuf's own, whatever the fields hold."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from meanrev_wire import codec, meanrev_pb2

FLOATS = st.floats(width=64, allow_nan=False)
VECTORS = hnp.arrays(np.float64, st.integers(0, 30), elements=FLOATS)
MATRICES = hnp.arrays(np.float64, st.tuples(st.integers(1, 5), st.integers(1, 5)), elements=FLOATS)
LONGS = hnp.arrays(np.int64, st.integers(0, 30), elements=st.integers(-(2**63), 2**63 - 1))
TEXTS = st.text(max_size=20)


def matrix(values):
    return meanrev_pb2.Matrix(rows=values.shape[0], cols=values.shape[1], values=values.reshape(-1).tolist())


@given(VECTORS, FLOATS, st.integers(-(2**31), 2**31 - 1), TEXTS)
def test_numbers_and_text(values, number, count, text):
    written = codec.encode(
        meanrev_pb2.ReturnsResponse, log_returns=values, mean_return=number, n_periods=count, metadata=text
    )
    own = meanrev_pb2.ReturnsResponse(
        log_returns=values.tolist(), mean_return=number, n_periods=count, metadata=text
    ).SerializeToString()
    assert written == own


@given(VECTORS, MATRICES, MATRICES, FLOATS)
def test_matrices(ratios, components, transformed, total):
    written = codec.encode(
        meanrev_pb2.PcaResponse,
        explained_variance_ratio=ratios,
        components=components,
        transformed=transformed,
        total_variance_explained=total,
    )
    own = meanrev_pb2.PcaResponse(
        explained_variance_ratio=ratios.tolist(),
        components=matrix(components),
        transformed=matrix(transformed),
        total_variance_explained=total,
    ).SerializeToString()
    assert written == own


@given(st.lists(st.tuples(VECTORS, TEXTS, FLOATS), max_size=4), LONGS)
def test_messages_in_messages_and_signed_integers(entries, times):
    written = codec.encode(
        meanrev_pb2.MultiperiodResponse,
        weights_sequence=[{"weights": weights, "status": text, "utility": number} for weights, text, number in entries],
        rebalance_times=times,
    )
    own = meanrev_pb2.MultiperiodResponse(
        weights_sequence=[
            meanrev_pb2.WeightsOutput(weights=weights.tolist(), status=text, utility=number)
            for weights, text, number in entries
        ],
        rebalance_times=times.tolist(),
    ).SerializeToString()
    assert written == own


@given(hnp.arrays(np.float32, st.tuples(st.integers(1, 4), st.integers(1, 4)), elements=st.floats(width=32)))
def test_single_precision_travels_as_such_and_returns_exactly(values):
    written = codec.encode(meanrev_pb2.PcaRequest, returns_matrix=values, n_components=2)
    message = codec.decode(meanrev_pb2.PcaRequest, written)
    assert len(message.returns_matrix.values) == 0
    read = codec.matrix(message.returns_matrix, "returns_matrix")
    assert read.dtype == np.float64
    np.testing.assert_array_equal(read, values.astype(np.float64))


@settings(max_examples=50)
@given(MATRICES)
def test_what_is_written_is_read_back_bit_by_bit(values):
    for array in (values, np.asfortranarray(values), values[::-1, ::-1][::-1, ::-1], values.astype(">f8")):
        written = codec.encode(meanrev_pb2.PcaRequest, returns_matrix=array)
        read = codec.matrix(codec.decode(meanrev_pb2.PcaRequest, written).returns_matrix, "returns_matrix")
        assert read.tobytes() == values.tobytes()


def test_a_read_only_array_is_written():
    values = np.arange(6.0).reshape(2, 3)
    values.flags.writeable = False
    assert codec.encode(meanrev_pb2.PcaRequest, returns_matrix=values)


@pytest.mark.parametrize(
    ("fields", "said"),
    [({"returns_matrix": np.zeros(3)}, "takes a matrix"), ({"returns_matrix": np.zeros((1, 2, 3))}, "takes a matrix")],
)
def test_a_wrong_shape_is_named(fields, said):
    with pytest.raises(TypeError, match=said):
        codec.encode(meanrev_pb2.PcaRequest, **fields)
