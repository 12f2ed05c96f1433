"""BLAS keeps to the threads that a process allows it, in NumPy's library and in SciPy's."""

import subprocess
import sys

import pytest
import threadpoolctl

from meanrev_worker import blas

PROGRAM = """
from meanrev_worker import blas
assert blas.limit({threads})
import sys, threadpoolctl
from gpu_kernels.pca import lapack
assert "scipy" not in sys.modules
assert lapack.available()
print([pool["num_threads"] for pool in threadpoolctl.threadpool_info() if pool["user_api"] == "blas"])
"""


@pytest.mark.parametrize("threads", [1, 2])
def test_every_library_is_limited(threads):
    command = [sys.executable, "-c", PROGRAM.format(threads=threads)]
    found = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert found.strip() in {f"[{threads}]", f"[{threads}, {threads}]"}  # one library where both share it


def test_without_what_it_takes_nothing_that_is_loaded_is_limited(monkeypatch):
    for name in blas._VARIABLES:
        monkeypatch.setenv(name, "7")
    monkeypatch.setitem(sys.modules, "threadpoolctl", None)
    before = threadpoolctl.threadpool_info()
    assert not blas.limit(1)
    assert threadpoolctl.threadpool_info() == before
