"""The GPU's side of staging and launching, with a stand-in for CuPy."""

import numpy as np
import pytest

from gpu_kernels import device
from tests.gpu_kernels.native import needs_compiler
from tests.gpu_kernels.stand_in import stand

__all__ = ["stand"]


def test_what_goes_up_comes_back(stand):
    values = np.arange(12.0).reshape(3, 4)[:, ::2]
    np.testing.assert_array_equal(device.fetch(device.stage(values)), values)


@needs_compiler
def test_a_launch_has_a_thread_for_every_item(stand):
    prices = device.stage(np.arange(40.0).reshape(2, 20))
    space = [device.empty((2, 5)), device.empty((2, 5)), device.empty((2, 20))]
    device.launch("sweep", "rolling_z", 2, (2, 20, 5, 0, prices, 1e-12, *space))
    assert stand.launches == [("rolling_z", device.BLOCK)]
    assert np.isfinite(device.fetch(space[2])[:, 4:]).all()


def test_too_little_memory_is_said_with_what_helps(stand):
    stand.room = 100
    with pytest.raises(device.OutOfMemory, match="800 bytes") as fault:
        device.stage(np.zeros(100))
    assert "smaller batch" in fault.value.fix
    with pytest.raises(device.OutOfMemory):
        device.empty((100,))


def test_the_device_is_described(stand):
    assert device.describe() == "Stand-in, 16 GiB, sm_90"


def test_without_cupy_the_fault_names_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "cupy", None)
    device._cupy.cache_clear()
    with pytest.raises(device.DeviceFault, match="CuPy is not installed") as fault:
        device.describe()
    assert "meanrev[gpu]" in fault.value.fix
