"""Large messages, parsed in parts: what comes out is what protobuf's own parse gives."""

import numpy as np
import pytest
from google.protobuf.message import DecodeError
from hypothesis import given
from hypothesis import strategies as st

from meanrev_wire import codec, large, meanrev_pb2, research_pb2
from meanrev_wire.errors import InvalidField, MalformedMessage
from meanrev_wire.packed import _varint


@pytest.fixture(autouse=True)
def _small_parts(monkeypatch):
    monkeypatch.setattr(large, "PART_BYTES", 16)


def same(found, expected):
    """Compare every field of a message, parsed apart or not."""
    for field in expected.DESCRIPTOR.fields:
        here, there = getattr(found, field.name), getattr(expected, field.name)
        if field.type != field.TYPE_MESSAGE:
            assert list(here) == list(there) if field.is_repeated else here == there, field.name
        elif field.is_repeated:
            assert len(here) == len(there)
            assert all(map(same, here, there))
        else:
            assert found.HasField(field.name) == expected.HasField(field.name)
            assert same(here, there)
    return True


def field(number, kind, payload=b""):
    return _varint(number << 3 | kind) + (_varint(len(payload)) + payload if kind == 2 else payload)


numbers = st.lists(st.floats(allow_nan=False), max_size=9)
stamps = st.lists(st.integers(-(2**63), 2**63 - 1), max_size=9)
matrices = st.builds(
    lambda values, narrow: meanrev_pb2.Matrix(rows=1, cols=len(values), values=values, values_f32=narrow),
    numbers,
    st.lists(st.floats(width=32, allow_nan=False), max_size=9),
)
names = st.lists(st.text(max_size=20), max_size=4)
messages = st.one_of(
    st.builds(lambda p, t: meanrev_pb2.PriceUpdate(asset_id="A", prices=p, timestamps_ms=t), numbers, stamps),
    st.builds(lambda m, n, t: research_pb2.MatrixChunk(block=m, columns=n, timestamps_ms=t), matrices, names, stamps),
    st.builds(
        lambda ms, e: meanrev_pb2.MultiperiodRequest(returns_sequence=ms, expected_returns=e, gamma=2.0),
        st.lists(matrices, max_size=3),
        numbers,
    ),
    st.builds(
        lambda p, t: meanrev_pb2.SignalRequest(
            price_history=meanrev_pb2.PriceHistory(prices=p, timestamps_ms=t), metadata="{}"
        ),
        numbers,
        stamps,
    ),
)


@given(messages)
def test_a_message_is_read_as_protobuf_reads_it(message):
    assert same(large.parse(type(message), message.SerializeToString()), message)


@given(
    st.lists(st.builds(lambda p, t: meanrev_pb2.PriceUpdate(prices=p, timestamps_ms=t), numbers, stamps), max_size=4)
)
def test_fields_that_come_several_times_are_joined_in_their_order(parts):
    data = b"".join(part.SerializeToString() for part in parts)
    whole = meanrev_pb2.PriceUpdate.FromString(data)
    assert same(large.parse(meanrev_pb2.PriceUpdate, data), whole)
    inner = b"".join(field(1, 2, part.SerializeToString()) for part in parts)
    assert same(large.parse(meanrev_pb2.SignalRequest, inner), meanrev_pb2.SignalRequest.FromString(inner))


PRICES, LISTED = np.arange(40.0), np.arange(40)


@pytest.mark.parametrize(
    "data",
    [
        b"".join(field(6, 1, PRICES[i : i + 1].tobytes()) for i in range(40)),
        field(6, 2, PRICES[:20].tobytes()) + field(6, 1, PRICES[20:21].tobytes()) + field(6, 2, PRICES[21:].tobytes()),
        b"".join(field(7, 0, _varint(i)) for i in range(40)),
        field(7, 2, bytes(range(20))) + field(7, 0, b"\x14") + field(7, 2, bytes(range(21, 40))),
        field(6, 0, b"\x05") + field(6, 2, PRICES.tobytes()),  # a field of another kind, which protobuf passes over
        field(99, 2, bytes(64)) + field(6, 2, PRICES.tobytes()) + field(98, 5, bytes(4)) + field(97, 0, b"\x80\x01"),
        field(99, 3) + field(1, 0, b"\x01") + field(99, 4) + field(6, 2, PRICES.tobytes()),
    ],
    ids=["unpacked", "mixed", "unpacked integers", "mixed integers", "another kind", "unknown fields", "a group"],
)
def test_every_legal_encoding_is_read(data):
    assert same(large.parse(meanrev_pb2.PriceUpdate, data), meanrev_pb2.PriceUpdate.FromString(data))


LEGAL = research_pb2.MatrixChunk(
    block=meanrev_pb2.Matrix(rows=8, cols=5, values=PRICES), columns=["name"] * 9, timestamps_ms=LISTED + 2**40
).SerializeToString()


@given(st.integers(0, len(LEGAL) - 1), st.integers(0, 255), st.booleans())
def test_what_protobuf_refuses_is_refused_and_nothing_else(place, byte, cut):
    data = LEGAL[:place] if cut else LEGAL[:place] + bytes([byte]) + LEGAL[place + 1 :]
    try:
        expected = research_pb2.MatrixChunk.FromString(data)
    except DecodeError:
        with pytest.raises(DecodeError):
            large.parse(research_pb2.MatrixChunk, data)
    else:
        assert same(large.parse(research_pb2.MatrixChunk, data), expected)


def test_a_message_that_ends_within_a_field_is_not_completed_by_the_next_one():
    data = field(1, 2, field(3, 2, PRICES.tobytes()) + b"\x08") + field(1, 2, b"\x05")
    with pytest.raises(MalformedMessage, match=r"are not a valid meanrev\.MatrixChunk message"):
        codec.decode_large(research_pb2.MatrixChunk, data)


def test_a_text_that_cannot_be_cut_has_a_limit(monkeypatch):
    monkeypatch.setattr(large, "MAX_TEXT_BYTES", 100)
    history = meanrev_pb2.PriceHistory(asset_id="a" * 101)
    data = meanrev_pb2.SignalRequest(price_history=history).SerializeToString()
    with pytest.raises(InvalidField, match=r"price_history\.asset_id must take at most 100 bytes, got 101"):
        codec.decode_large(meanrev_pb2.SignalRequest, data)


def test_the_arrays_of_a_large_message_are_its_numbers():
    values = np.random.default_rng(1).normal(size=(5, 4))
    for given_values in (values, values.astype(np.float32)):
        chunk = codec.decode_large(research_pb2.MatrixChunk, codec.encode(research_pb2.MatrixChunk, block=given_values))
        read = codec.matrix(chunk.block, "block")
        assert np.array_equal(read, given_values)
        assert read.flags.writeable
        assert read.flags.aligned


def test_protobuf_gets_small_parts_and_gives_the_lock_back_between_them(monkeypatch):
    monkeypatch.setattr(large, "PART_BYTES", 256 * 1024)
    sizes, joined = [], large._joined

    def noted(pieces):
        for part in joined(pieces):
            sizes.append(len(part))
            yield part

    monkeypatch.setattr(large, "_joined", noted)
    data = meanrev_pb2.PriceUpdate(timestamps_ms=np.full(1_000_000, 2**62)).SerializeToString()
    codec.decode_large(meanrev_pb2.PriceUpdate, data)
    assert sum(sizes) >= len(data)
    assert max(sizes) <= 257 * 1024


class Left(Exception):
    """The caller has gone."""


def test_a_parse_ends_soon_after_its_caller_has_gone(monkeypatch):
    monkeypatch.setattr(large, "PART_BYTES", 40_000)  # two parts, which are too few checks
    data, checks = codec.encode(research_pb2.PublishPricesRequest, asset_ids=["A"] * 20_000), []

    def leave():
        checks.append(1)
        if len(checks) == 3:
            raise Left

    with pytest.raises(Left):
        codec.decode_large(research_pb2.PublishPricesRequest, data, leave)
