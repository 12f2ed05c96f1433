"""Encoding and decoding of arrays, beside a plain copy of the same bytes and beside protobuf's own containers."""

import numpy as np
import pytest

from meanrev_wire import codec
from meanrev_wire.meanrev_pb2 import Matrix, PcaRequest

VALUES = np.random.default_rng(1).normal(size=(1_000, 100))
MESSAGE = codec.encode(PcaRequest, returns_matrix=VALUES, n_components=3)


def by_protobuf():
    matrix = Matrix(rows=VALUES.shape[0], cols=VALUES.shape[1], values=VALUES.reshape(-1))
    return PcaRequest(returns_matrix=matrix, n_components=3).SerializeToString()


def test_both_writers_agree():
    assert by_protobuf() == MESSAGE
    assert np.array_equal(codec.matrix(codec.decode(PcaRequest, MESSAGE).returns_matrix, "returns_matrix"), VALUES)


@pytest.mark.benchmark(group="encode 1e5 doubles")
@pytest.mark.parametrize(
    "write",
    [lambda: codec.encode(PcaRequest, returns_matrix=VALUES, n_components=3), by_protobuf, VALUES.copy],
    ids=["meanrev", "peer: protobuf", "peer: memcpy"],
)
def test_encode(benchmark, write):
    benchmark(write)


@pytest.mark.benchmark(group="decode 1e5 doubles")
@pytest.mark.parametrize(
    "read",
    [
        lambda: codec.matrix(codec.decode(PcaRequest, MESSAGE).returns_matrix, "returns_matrix"),
        lambda: np.fromiter(PcaRequest.FromString(MESSAGE).returns_matrix.values, dtype=np.float64),
        VALUES.copy,
    ],
    ids=["meanrev", "peer: protobuf, element by element", "peer: memcpy"],
)
def test_decode(benchmark, read):
    benchmark(read)
