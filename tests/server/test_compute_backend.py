"""The maths runs in this process unless a GPU or the setting asks for a child."""

import os

import psutil
import pytest

from gpu_kernels import backend
from gpu_kernels import compile as kernels
from gpu_kernels.backend import Backend, Probe
from gpu_kernels.cpu_levels import features, widest
from gpu_kernels.dispatch import Selection
from gpu_kernels.errors import KernelError
from meanrev_server import compute_backend
from meanrev_server.config import Settings
from tests.gpu_kernels.native import needs_compiler


def placed(**settings):
    return compute_backend.choose(Settings(**settings), lambda: None)


def children():
    return [child for child in psutil.Process().children() if "meanrev_worker" in " ".join(child.cmdline())]


def test_without_a_gpu_it_is_this_process():
    found = placed(backend="numpy", kernel_threads=3)
    assert found.selection == Selection("numpy", 3)
    assert found.fleet is None
    assert not children()


def test_a_child_computes_where_the_setting_says_so():
    found = placed(backend="numpy", kernel_threads=3, worker="process")
    try:
        assert found.backend == found.fleet.backend == Backend("numpy", found.backend.reason)
        assert found.selection == Selection("numpy", 3, found.fleet.run)
        assert [child.pid for child in children()] == [found.fleet.workers[0].pid]
    finally:
        found.fleet.close()
    assert not children()


@needs_compiler
def test_kernels_have_the_lanes_that_the_setting_says_here_and_in_a_child():
    width = widest(features().split())  # the CPU's own, which is compiled in any case
    assert placed(backend="numpy", lanes=width).fleet is None
    assert kernels._lanes == [width]
    found = placed(backend="native", lanes=width, worker="process")
    try:
        assert f" for {width} lanes" in found.backend.reason
    finally:
        found.fleet.close()


@pytest.mark.parametrize(("blas", "compute", "expected"), [(0, 2, 4), (0, 3, 2), (0, 16, 1), (5, 2, 5)])
def test_matrix_products_share_the_cpus(monkeypatch, blas, compute, expected):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: range(8))
    assert compute_backend.blas_threads(Settings(blas_threads=blas, compute_threads=compute)) == expected


def test_a_gpu_is_looked_for_in_a_child_which_leaves_where_it_finds_none(monkeypatch):
    monkeypatch.setattr(compute_backend, "find_spec", lambda name: name == "cupy")
    monkeypatch.setattr(backend, "_cuda", lambda: pytest.fail("this process must not look"))
    found = placed()
    assert found.fleet is None
    assert "no cuda: " in found.backend.reason
    assert found.selection.backend == found.backend.name
    assert not children()


@needs_compiler
def test_beside_a_gpu_the_processors_kernels_compute_what_it_does_not(monkeypatch):
    monkeypatch.setattr(backend, "choose_on", lambda *_: Backend("cuda", "a stand-in"))
    found = placed(worker="thread", kernel_threads=3)
    assert found.selection == Selection("cuda", 3, lanes=True)
    monkeypatch.setitem(backend._PROBES, "native", lambda: Probe("native", usable=False, reason="no compiler"))
    assert placed(worker="thread", kernel_threads=3).selection == Selection("cuda", 3)


@pytest.mark.parametrize("worker", ["auto", "thread", "process"])
def test_a_gpu_that_is_asked_for_and_missing_is_said_by_whoever_looked(worker):
    with pytest.raises(KernelError, match="backend 'cuda' cannot run here"):
        placed(backend="cuda", worker=worker)
    assert not children()
