"""The GPU's side of staging and launching, with a stand-in for CuPy."""

import numpy as np
import pytest

from gpu_kernels import device
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
    values, vectors = device.spectrum(matrix)
    np.testing.assert_allclose(matrix.T @ matrix @ vectors, vectors * values, atol=1e-10)
    stand.wrong = 1e-6
    with pytest.raises(DeviceFault, match="residual"):
        device.spectrum(matrix)
