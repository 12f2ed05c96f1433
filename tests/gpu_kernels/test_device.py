"""The GPU's side of staging and launching, with a stand-in for CuPy."""

import numpy as np
import pytest

from gpu_kernels import device, device_pipeline
from gpu_kernels.errors import DeviceFault, OutOfMemory
from gpu_kernels.sweep.driver import score_space
from tests.gpu_kernels.native import needs_compiler
from tests.gpu_kernels.stand_in import stand

__all__ = ["stand"]


def test_what_goes_up_comes_back(stand):
    values = np.arange(12.0).reshape(3, 4)[:, ::2]
    np.testing.assert_array_equal(device.fetch(device.stage(values)), values)


@needs_compiler
def test_a_launch_has_a_thread_for_every_item(stand):
    prices = device.stage(np.arange(40.0).reshape(2, 20))
    room = score_space(2, 20, 5, 2)  # for as many lanes as any machine has
    space, scores = device.empty(room), device.empty((2, 20))
    device.launch("sweep/zscore", "rolling_z", room[0], (2, 20, 5, 0, room[0], prices, 1e-12, space, scores))
    assert stand.launches == [("rolling_z", device.BLOCK)]
    assert np.isfinite(device.fetch(scores)[:, 4:]).all()


def test_too_little_memory_is_said_with_what_helps(stand):
    stand.room = 100
    with pytest.raises(OutOfMemory, match="800 bytes") as fault:
        device.stage(np.zeros(100))
    assert "smaller batch" in fault.value.fix
    with pytest.raises(OutOfMemory):
        device.empty((100,))


def test_the_device_is_described(stand):
    assert device.describe() == "Stand-in, 16 GiB, sm_90"


def test_without_cupy_the_fault_names_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "cupy", None)
    device._cupy.cache_clear()
    with pytest.raises(DeviceFault, match="CuPy is not installed") as fault:
        device.describe()
    assert "pip install '.[gpu]'" in fault.value.fix


def test_one_device_and_a_part_of_its_memory_are_used(stand):
    device.limit(1, 0.5)
    assert (stand.used, stand.limit) == (1, 0.5)
    with pytest.raises(DeviceFault, match="there is no device 2") as fault:
        device.limit(2, 0.5)
    assert fault.value.fix == "name one of 0 to 1"


def test_a_spectrum_is_checked_by_its_residual(stand):
    matrix = np.random.default_rng(0).normal(size=(30, 5))
    for kept in (5, 2):
        values, vectors = device.spectrum(matrix, kept)
        assert vectors.shape == (5, kept)
        np.testing.assert_allclose(matrix.T @ matrix @ vectors, vectors * values[-kept:], atol=1e-10)
    stand.wrong = 1e-6
    with pytest.raises(DeviceFault, match="residual"):
        device.spectrum(matrix, 5)


def illegal_access(stand):
    stand.RawKernel("", "stray")((1,), (1,), (0,))


@pytest.mark.parametrize(
    "use",
    [
        lambda held: device.stage(np.ones(3)),
        lambda held: device.empty((3,)),
        device.fetch,
        lambda held: device_pipeline.in_parts(3, 1, lambda part: held[part]),
    ],
    ids=["stage", "empty", "fetch", "in_parts"],
)
def test_an_error_that_stays_with_the_gpu_is_a_device_fault_wherever_it_is_met(stand, use):
    held = device.stage(np.ones(3))
    illegal_access(stand)
    with pytest.raises(DeviceFault, match="cudaErrorIllegalAddress") as fault:
        use(held)
    assert not isinstance(fault.value, OutOfMemory)
    assert "start this process again" in fault.value.fix


@pytest.mark.parametrize("error", ["driver", "runtime"])
def test_a_launch_that_cuda_refuses_is_a_device_fault(stand, monkeypatch, error):
    def refuse(*_):
        raise {"driver": stand.cuda.driver.CUDADriverError, "runtime": stand.cuda.runtime.CUDARuntimeError}[error](
            "no image"
        )

    monkeypatch.setattr(device, "_function", refuse)
    with pytest.raises(DeviceFault, match="the GPU reports no image"):
        device.launch("ou", "ou_sums", 1, ())


def test_a_solver_that_is_not_installed_is_said_with_what_brings_it(stand, monkeypatch):
    def missing(_):
        raise ImportError("libcusolver.so.12: cannot open shared object file")

    monkeypatch.setattr(stand.linalg, "eigh", missing)
    with pytest.raises(DeviceFault, match="a library of CUDA is missing: libcusolver") as fault:
        device.spectrum(np.eye(3), 3)
    assert "pip install" in fault.value.fix
