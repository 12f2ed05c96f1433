"""Reading: every legal encoding is accepted, every contradiction is named."""

import struct
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from meanrev_wire import codec, meanrev_pb2
from meanrev_wire.errors import InvalidField, MalformedMessage

PRICES = [1.0, -2.5, float("inf")]


def field(number, wire_type, payload):
    return bytes([number << 3 | wire_type]) + payload


def packed(number, values):
    data = struct.pack(f"<{len(values)}d", *values)
    return field(number, 2, bytes([len(data)]) + data)


def unpacked(number, values):
    return b"".join(field(number, 1, struct.pack("<d", value)) for value in values)


@pytest.mark.parametrize(
    "data",
    [
        packed(2, PRICES),
        unpacked(2, PRICES),
        packed(2, PRICES[:1]) + packed(2, PRICES[1:]),
        packed(2, PRICES[:2]) + unpacked(2, PRICES[2:]),
        field(15, 0, b"\x07") + packed(2, PRICES) + field(14, 2, b"\x03abc"),
        field(4, 2, b"\x02{}") + packed(2, PRICES) + field(3, 2, b"\x03log") + field(1, 2, b"\x01A"),
    ],
    ids=["packed", "unpacked", "split", "mixed", "unknown fields", "out of order"],
)
def test_every_legal_encoding_is_read(data):
    message = codec.decode(meanrev_pb2.ReturnsRequest, data)
    np.testing.assert_array_equal(codec.doubles(message.prices), PRICES)


@pytest.mark.parametrize("data", [b"\xff", packed(2, PRICES)[:-1], field(2, 7, b""), b"\x0a\xff"])
def test_malformed_bytes_are_said_to_be(data):
    with pytest.raises(MalformedMessage, match=rf"the request's {len(data)} bytes are not a valid meanrev.ReturnsReq"):
        codec.decode(meanrev_pb2.ReturnsRequest, data)


@given(st.lists(st.integers(-(2**63), 2**63 - 1)))
def test_integers_are_read_exactly(values):
    message = meanrev_pb2.PriceUpdate(timestamps_ms=values)
    assert codec.integers(message.timestamps_ms).tolist() == values


def test_no_numbers_are_an_empty_array():
    message = meanrev_pb2.PriceUpdate()
    assert codec.doubles(message.prices).shape == (0,)
    assert codec.integers(message.timestamps_ms).shape == (0,)


def test_a_matrix_is_row_major():
    message = meanrev_pb2.Matrix(rows=2, cols=3, values=[1, 2, 3, 4, 5, 6])
    np.testing.assert_array_equal(codec.matrix(message, "m"), [[1, 2, 3], [4, 5, 6]])


@pytest.mark.parametrize(
    ("rows", "cols", "n", "said"),
    [
        (0, 3, 0, r"m.rows must be between 1 and 134217728, got 0"),
        (-1, 3, 3, r"m.rows .* got -1"),
        (3, -(2**31), 3, r"m.cols .* got -2147483648"),
        (2**31 - 1, 2**31 - 1, 1, r"m.rows .* got 2147483647"),
        (2, 2, 3, r"m.values must hold rows \* cols = 4 numbers, got 3"),
        (2, 2, 5, r"m.values must hold rows \* cols = 4 numbers, got 5"),
        (1, 1, 0, r"m.values must hold rows \* cols = 1 numbers, got 0"),
    ],
)
def test_a_matrix_that_contradicts_itself_is_named(rows, cols, n, said):
    with pytest.raises(InvalidField, match=said):
        codec.matrix(meanrev_pb2.Matrix(rows=rows, cols=cols, values=[0.0] * n), "m")


def test_a_matrix_is_given_once():
    with pytest.raises(InvalidField, match=r"m\.values_f32 must be empty where values is set, got 1"):
        codec.matrix(meanrev_pb2.Matrix(rows=1, cols=1, values=[1.0], values_f32=[1.0]), "m")


def test_a_signalling_nan_of_float32_is_read_as_a_nan():
    values = np.array([0x7FA00000], dtype=np.uint32).view(np.float32)
    message = meanrev_pb2.Matrix.FromString(codec.encode(meanrev_pb2.Matrix, rows=1, cols=1, values_f32=values))
    assert np.isnan(codec.matrix(message, "m")).all()
    large = SimpleNamespace(rows=1, cols=1, values=(), values_f32=values)  # as a large message holds it
    assert np.isnan(codec.matrix(large, "m")).all()
