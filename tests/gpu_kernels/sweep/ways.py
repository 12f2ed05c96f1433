"""The ways in which a sweep is run, so that one test holds all of them to the same property."""

from contextlib import contextmanager

import numpy as np
import pytest

from gpu_kernels import dispatch
from gpu_kernels.sweep import device, excursions, long_series
from tests.gpu_kernels.native import needs_compiler

NAMES = ("numpy", "dense", "excursions", "chunks", "cuda", "cuda in chunks")
BACKENDS = {"numpy": "numpy", "cuda": "cuda", "cuda in chunks": "cuda"}
EVERY_WAY = pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[] if name == "numpy" else [needs_compiler]) for name in NAMES]
)
EVERY_TWIN = pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[] if name == "numpy" else [needs_compiler]) for name in ("numpy", "dense", "cuda")],
)


@contextmanager
def way(name):
    """Run sweeps in one way; those of "cuda" need the fixture `stand`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(excursions, "FEWEST_PAIRS", 1 if name == "excursions" else 10**9)
        patch.setattr(long_series, "LEAST_BARS", 1 if "chunks" in name else 10**9)
        patch.setattr(long_series, "CHUNKS", 7)
        patch.setattr(device, "_BARS_A_CHUNK", 7)
        with dispatch.using(BACKENDS.get(name, "native"), 2):
            yield


def assert_same_bits(found, expected, rows=slice(None)):
    """Hold rows of one answer, a named tuple of arrays, to another's bits."""
    for field in expected._fields:
        np.testing.assert_array_equal(getattr(found, field)[rows], getattr(expected, field), err_msg=field)
