"""Chunks of a matrix join, or are refused with the chunk that does not."""

import grpc
import pytest

from meanrev_wire import meanrev_pb2
from tests.server.research import NAMES, PRICES, Research, chunks
from tests.server.serving import serving


def broken(change):
    parts = chunks(PRICES, 100, columns=NAMES, stamps=range(400), total=400)
    return change(parts) or parts


def drop(parts):
    return [parts[0], *parts[2:]]


def double(parts):
    return [parts[0], parts[1], parts[1], *parts[2:]]


def swap(parts):
    return [parts[0], parts[2], parts[1], parts[3]]


def narrow(parts):
    parts[1].block.CopyFrom(meanrev_pb2.Matrix(rows=100, cols=4, values=[0.0] * 400))


def beyond(parts):
    parts[0].total_rows = 350


def short(parts):
    return parts[:3]


def unstamped(parts):
    del parts[2].timestamps_ms[:]


def twice(parts):
    parts[0].columns[1] = "A"


def unnamed(parts):
    del parts[0].columns[3:]


def other_options(parts):
    parts[2].metadata = '{"dt": 2}'


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (drop, r"chunk[1].row_offset must be 100, where the chunk before ended (rows are missing before it), got 200"),
        (
            double,
            r"chunk[2].row_offset must be 200, where the chunk before ended (these rows have come already), got 100",
        ),
        (swap, r"chunk[1].row_offset must be 100"),
        (narrow, r"chunk[1].block.cols must be 5, as in chunk[0], got 4"),
        (beyond, r"chunk[3].block.rows must not lead beyond total_rows = 350"),
        (short, r"total_rows must be what the chunks hold, 300, got 400"),
        (unstamped, r"chunk[2].timestamps_ms must hold 100 timestamps"),
        (twice, r"columns must differ from each other, got 'A'"),
        (unnamed, r"columns must hold 5 names, or none, got 3"),
        (other_options, r"chunk[2].metadata must be empty or as in chunk[0]"),
        (lambda _: [], r"block must be sent in at least one chunk"),
    ],
    ids=lambda value: getattr(value, "__name__", "") if callable(value) else "",
)
def test_chunks_that_do_not_join_are_refused(ask, change, said):
    parts = [] if change.__name__ == "<lambda>" else broken(change)
    with pytest.raises(grpc.RpcError) as refused:
        ask("FitOu", parts)
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert said in refused.value.details()


def test_a_matrix_that_is_too_large_is_refused_before_it_is_whole():
    with serving(max_matrix_bytes=8 * 5 * 250) as address, Research(address) as ask:
        with pytest.raises(grpc.RpcError) as refused:
            ask("FitOu", chunks(PRICES, 100))
        assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert "MEANREV_MAX_MATRIX_BYTES" in refused.value.details()
