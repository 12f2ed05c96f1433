"""What `make gpu` measures runs from end to end: a slip in the benchmark shall not cost time on a GPU."""

import math
from types import SimpleNamespace

import pytest

gpu = pytest.importorskip("bench.gpu", reason="needs the checkout, and this run has the wheel alone")

from tests.gpu_kernels.native import needs_compiler  # noqa: E402 - after the skip
from tests.gpu_kernels.stand_in import stand  # noqa: E402

__all__ = ["stand"]

SIZES = gpu.Sizes(
    1,
    sweep=(4, 40),
    long=60,
    fits=(6, 50),
    components=(30, 12),
    stack=(2, 20, 12),
    market=(60, 5),
)


@needs_compiler
def test_every_row_is_measured(stand):
    clock = SimpleNamespace(record=lambda: None, synchronize=lambda: None)
    stand.cuda.Event = lambda: clock
    stand.cuda.get_elapsed_time = lambda *_: 1.0
    found = list(gpu.rows(SIZES))
    assert len({row.work for row in found}) == len(found)
    assert all(math.isfinite(row.seconds) and row.seconds > 0 for row in found)
    assert all(math.isfinite(row.others) and (row.others > 0) == bool(row.beside) for row in found)
    assert {row.work.split()[0] for row in found} == {"sweep", "moments", "ou", "pca", "pairs"}
