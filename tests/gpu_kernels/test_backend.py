"""Each implementation is tried, and the best that works is taken, with its reason."""

import numpy as np
import pytest

from gpu_kernels import backend, device, rehearsal, sweep
from gpu_kernels.errors import CacheError, CompileError, DeviceFault, InvalidInput, KernelError
from tests.gpu_kernels.native import needs_compiler
from tests.gpu_kernels.stand_in import stand
from tests.gpu_kernels.test_twins import unused

__all__ = ["stand"]


@pytest.fixture(autouse=True)
def afresh():
    probes = (backend._numpy, backend._native, backend._cuda)
    for each in probes:
        each.cache_clear()
    yield
    for each in probes:
        each.cache_clear()


def test_numpy_always_runs():
    assert backend.choose("numpy").name == "numpy"
    assert np.__version__ in backend.choose("numpy").reason


@needs_compiler
def test_compiled_kernels_come_before_numpy():
    found = {probe.name: probe for probe in backend.probe()}
    assert list(found) == ["cuda", "native", "numpy"]
    assert found["native"].usable
    if not found["cuda"].usable:
        chosen = backend.choose()
        assert chosen.name == "native"
        assert "no cuda: " in chosen.reason


def test_without_a_compiler_numpy_runs_and_says_why(monkeypatch):
    def none():
        raise CompileError("no C++ compiler on the PATH", "install a C++ compiler")

    monkeypatch.setattr(backend, "maker", none)
    chosen = backend.choose()
    assert chosen.name in {"numpy", "cuda"}
    with pytest.raises(KernelError, match=r"'native' cannot run here: no C\+\+ compiler.*install a C\+\+ compiler"):
        backend.choose("native")


def test_a_gpu_that_is_asked_for_and_missing_is_an_error_and_never_something_else(monkeypatch):
    def none():
        raise DeviceFault("no CUDA driver", "install the NVIDIA driver")

    monkeypatch.setattr(device, "describe", none)
    with pytest.raises(KernelError, match="'cuda' cannot run here: no CUDA driver; install the NVIDIA driver"):
        backend.choose("cuda")


@pytest.mark.parametrize("name", ["native", "cuda"])
def test_a_kernel_cache_that_cannot_be_used_is_the_reason_and_not_the_compiler(monkeypatch, name):
    def refuse(*_):
        raise CacheError(
            "the kernel cache /cache cannot be made: Read-only file system",
            "let kernel_cache name another folder",
            "the kernel cache cannot be made: Read-only file system",
        )

    monkeypatch.setattr(backend, "maker", refuse)
    monkeypatch.setattr(device, "describe", refuse)
    with pytest.raises(KernelError, match=f"'{name}' cannot run here: the kernel cache .*; let kernel_cache name"):
        backend.choose(name)
    chosen = backend.choose()
    assert chosen.name == "numpy"
    assert f"no {name}: the kernel cache /cache cannot be made: Read-only file system" in chosen.reason
    assert f"no {name}: the kernel cache cannot be made: Read-only file system" in chosen.public
    assert "/cache" not in chosen.public
    assert f"no {name}: the kernel cache /cache cannot be made: Read-only file system; let kernel_cache" in "".join(
        chosen.missing
    )


def test_an_nvrtc_that_is_missing_is_a_reason_too(monkeypatch):
    def refuse():
        raise CompileError("NVRTC is not installed", "pip install it")

    monkeypatch.setattr(device, "describe", refuse)
    with pytest.raises(KernelError, match="'cuda' cannot run here: NVRTC is not installed; pip install"):
        backend.choose("cuda")


def test_an_implementation_that_computes_wrongly_is_not_used(monkeypatch):
    right = sweep.backtest

    def wrong(*arguments, **options):
        answer = right(*arguments, **options)
        return answer._replace(cumulative_return=answer.cumulative_return + 1e-6)

    monkeypatch.setattr(sweep, "backtest", wrong)
    with pytest.raises(KernelError, match="no backend passes its self-test"):
        backend.choose()


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(InvalidInput, match="'auto', 'cuda', 'native', 'numpy', got 'gpu'"):
        backend.choose("gpu")


@needs_compiler
def test_a_gpu_is_used_once_every_operation_that_it_computes_has_answered_as_numpy_does(stand):
    assert backend.choose("cuda").name == "cuda"
    entries = {entry for entry, _ in stand.launches}
    assert {
        "sweep_compounding",
        "moments_compounding",
        "ou_sums",
        "ou_verdicts",
        "reversion_tests",
        "pairs_1",
    } <= entries


def test_the_self_test_reaches_every_twin_on_a_gpu():
    with unused() as left:
        assert rehearsal.disagreement("numpy") == ""
    assert [name for name, twins in left.items() if twins.device is not None] == []


@needs_compiler
@pytest.mark.parametrize(
    ("entry", "operation"),
    [
        ("sweep_compounding", "sweep.backtest"),
        ("moments_compounding", "sweep.moments"),
        ("ou_verdicts", "ou.fit"),
        ("reversion_tests", "reversion.run_tests"),
        ("pairs_1", "cointegration.scan"),
    ],
)
def test_a_kernel_that_computes_wrongly_has_the_gpu_passed_over(stand, monkeypatch, entry, operation):
    launch = device.launch

    def wrong(kernel, name, items, arguments):
        launch(kernel, name, items, arguments)
        if name == entry:
            arguments[-1].values *= 1.0 + 1e-5

    monkeypatch.setattr(device, "launch", wrong)
    assert rehearsal.disagreement("cuda") == f"the self-test's {operation} differs from that of NumPy"
    chosen = backend.choose("auto")
    assert chosen.name == "native"
    assert "no cuda: " in chosen.reason


@needs_compiler
def test_a_solver_that_is_not_installed_has_the_gpu_passed_over(stand, monkeypatch):
    def missing(_):
        raise ImportError("libcusolver.so.12")

    monkeypatch.setattr(stand.linalg, "eigh", missing)
    with pytest.raises(KernelError, match=r"'cuda' cannot run here: a library of CUDA is missing: libcusolver\.so\.12"):
        backend.choose("cuda")
