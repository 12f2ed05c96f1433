"""What is launched on a GPU, as far as a stand-in for CuPy can show."""

import numpy as np
import pytest

from gpu_kernels import device, device_pipeline, dispatch, ou
from gpu_kernels.errors import OutOfMemory
from tests.gpu_kernels.native import needs_compiler
from tests.gpu_kernels.stand_in import stand

__all__ = ["stand"]

pytestmark = needs_compiler


def reverting(n_series=4, n_prices=150):
    rng = np.random.default_rng(2)
    prices = np.full((n_series, n_prices), 50.0)
    for t in range(1, n_prices):
        prices[:, t] = 50 + 0.9 * (prices[:, t - 1] - 50) + rng.normal(size=n_series)
    prices[1, 20:25] = np.nan
    prices[2] = 7.0
    return prices


@pytest.mark.parametrize("bias", ou.BIASES)
@pytest.mark.parametrize("lags", [0, 1, 4, 6])
def test_corrections_and_lags_equal_those_of_the_numpy_twin(stand, bias, lags):
    prices = reverting()
    expected = ou.fit(prices, bias=bias, adf_lags=lags)
    with dispatch.using("cuda"):
        found = ou.fit(prices, bias=bias, adf_lags=lags)
    for name in expected._fields:
        ours, theirs = getattr(found, name), getattr(expected, name)
        if isinstance(theirs, tuple):
            assert ours == theirs, name
        else:
            np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-12, err_msg=name)
    assert ("ou_sums", 4 * device.BLOCK) in stand.launches


@pytest.mark.parametrize("bias", ["none", "jackknife"])
def test_series_go_in_halves_where_memory_is_short(stand, bias):
    prices = reverting(n_series=9)
    with dispatch.using("cuda"):
        expected = ou.fit(prices, bias=bias, adf_lags=1)
        stand.launches.clear()
        stand.room = 3 * prices.shape[1] * 8
        found = ou.fit(prices, bias=bias, adf_lags=1)
    assert repr(found) == repr(expected)
    launched = [threads // device.BLOCK for entry, threads in stand.launches if entry == "dickey_fuller"]
    assert sum(launched) == 9
    assert max(launched) <= 3
    assert stand.released


def test_many_series_go_up_once_in_parts(stand, monkeypatch):
    monkeypatch.setattr(device_pipeline, "_PART_BYTES", 150 * 8 * 2)
    monkeypatch.setattr(device_pipeline, "_PART_LANES", 1)
    prices, staged = reverting(n_series=8), []
    stage = device.stage
    monkeypatch.setattr(device, "stage", lambda array: staged.append(array.size) or stage(array))
    expected = ou.fit(prices, bias="jackknife", adf_lags=2)
    with dispatch.using("cuda"):
        found = ou.fit(prices, bias="jackknife", adf_lags=2)
    np.testing.assert_allclose(found.theta, expected.theta, rtol=1e-9)
    assert staged[:4] == [300] * 4


def test_too_little_memory_for_one_series_is_a_device_fault(stand):
    stand.room = 700
    with dispatch.using("cuda"), pytest.raises(OutOfMemory):
        ou.fit(reverting())
