"""BLAS keeps to the threads that a process allows it, in NumPy's library and in SciPy's."""

import subprocess
import sys

import pytest

from gpu_kernels import blas

PROGRAM = """
from gpu_kernels import blas
assert blas.limit({threads})
import numpy, threadpoolctl
numpy.ones((9, 9)) @ numpy.ones((9, 9))
print([pool["num_threads"] for pool in threadpoolctl.threadpool_info() if pool["user_api"] == "blas"])
"""


@pytest.mark.parametrize("threads", [1, 2])
def test_every_library_is_limited(threads):
    command = [sys.executable, "-c", PROGRAM.format(threads=threads)]
    found = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert found.strip() in {f"[{threads}]", f"[{threads}, {threads}]"}  # one library where both share it


@pytest.mark.parametrize("missing", ["threadpoolctl", "scipy.linalg"])
def test_without_what_it_takes_nothing_is_limited(monkeypatch, missing):
    monkeypatch.setitem(sys.modules, missing, None)
    assert not blas.limit(1)
