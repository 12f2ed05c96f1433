"""Metadata that is meant as options and cannot be read is refused by its field, and never an internal error."""

import grpc
import pytest

from gpu_kernels import threshold_grid
from gpu_kernels.errors import InvalidInput
from meanrev_server.research.tasks import sweep_thresholds
from meanrev_wire import meanrev_pb2, research_pb2
from tests.server.serving import Caller, serving

NINES = "9" * 5000

ODD = {
    "a whole number of 5,000 digits": f'{{"lookback": {NINES}}}',
    "the same, strict": f'{{"lookback": {NINES}, "strict": true}}',
    "a fraction beyond float64": '{"cost": 1e999}',
    "NaN": '{"cost": NaN}',
    "Infinity": '{"cost": -Infinity}',
    "a key twice": '{"lookback": 20, "lookback": 30}',
    "17 levels": '{"note": ' + "[" * 16 + "]" * 16 + "}",
    "more than 64 KiB": '{"note": "' + "x" * 65536 + '"}',
    "a lone surrogate": r'{"note": "\ud800"}',
    "no end": '{"lookback": 20',
    "something behind the end": '{"lookback": 20} x',
    "a comma too many": '{"lookback": 20,}',
    "a byte-order mark inside": '{\ufeff"lookback": 20}',
}


@pytest.fixture(scope="module")
def address():
    with serving() as address:
        yield address


@pytest.mark.parametrize("oddity", ODD)
def test_a_call_is_refused_with_the_field(address, oddity):
    with Caller(address) as call, pytest.raises(grpc.RpcError) as refusal:
        call("BacktestWithCosts", prices=[1.0, 2.0, 3.0], metadata=ODD[oddity])
    assert refusal.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert refusal.value.details().startswith("metadata")


RANGES = ["0:1:1E-99999999", "2:2:1E-99999999", "0:1:1e-7", "-1E99999999:1:1", "1e-300:1:1", "0:1:0." + "0" * 60 + "1"]


@pytest.mark.parametrize("axis", ["entry", "exit", "cost"])
@pytest.mark.parametrize("text", [*RANGES, "0:1:1e-5" + "0" * 40])
def test_a_range_is_refused_with_the_option(address, axis, text):
    chunk = research_pb2.MatrixChunk(
        columns=["KO"], total_rows=3, block=meanrev_pb2.Matrix(rows=3, cols=1, values=[1.0, 2.0, 3.0])
    )
    chunk.metadata = f'{{"{axis}": "{text}"}}'
    with grpc.insecure_channel(address) as channel, pytest.raises(grpc.RpcError) as refusal:
        list(
            channel.stream_stream("/meanrev.MeanRevResearch/SweepThresholds")(
                iter([chunk.SerializeToString()]), timeout=60
            )
        )
    assert refusal.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert refusal.value.details().startswith(f"metadata.{axis}")


def test_a_grid_is_sized_before_its_ranges_are_expanded(monkeypatch):
    """Two ranges of a million points take 40 bytes of a request, and a second of a thread."""

    def expanded(text):
        raise AssertionError(f"{text} was expanded")

    monkeypatch.setattr(threshold_grid, "grid", expanded)
    chosen = sweep_thresholds.SweepOptions(entry="1:1000000:1", exit="0:999999:1")
    with pytest.raises(InvalidInput, match="cells must be at most 1000000, got 1000000000000"):
        sweep_thresholds.TASK.check(chosen)
