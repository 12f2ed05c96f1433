"""The GPU's launches give what the NumPy twin gives, as far as a stand-in for CuPy can show."""

import numpy as np
import pytest

from gpu_kernels import device, selection, sweep
from tests.gpu_kernels.native import needs_compiler
from tests.gpu_kernels.stand_in import stand
from tests.gpu_kernels.sweep.test_native import assert_equal, walks

__all__ = ["stand"]

pytestmark = needs_compiler


@pytest.mark.parametrize("mode", sweep.MODES)
@pytest.mark.parametrize(("delay", "gaps"), [(0, False), (1, False), (3, False), (1, True), (3, True)])
def test_it_equals_the_numpy_twin(stand, mode, delay, gaps):
    prices = walks(11, 3, 150)
    if gaps:
        prices[np.random.default_rng(1).random(prices.shape) < 0.1] = np.nan
    arguments = (prices, np.linspace(0.5, 2.5, 9), 0.1, 1e-3)
    rules = {"mode": mode, "execution_delay": delay, "lookback": 12}
    expected = sweep.backtest(*arguments, **rules)
    with selection.using("cuda"):
        found = sweep.backtest(*arguments, **rules)
    assert_equal(found, expected, scale=200.0)
    if not gaps:
        assert [entry for entry, _ in stand.launches] == ["rolling_z", f"sweep_{mode}"]


def test_a_batch_that_does_not_fit_is_run_in_parts(stand):
    prices = walks(3, 5, 100)
    expected = sweep.backtest(prices, 1.0, 0.0, 1e-3)
    stand.room = 2 * (2 * 20 * 16) * 8  # the working space of two series
    with selection.using("cuda"):
        found = sweep.backtest(prices, 1.0, 0.0, 1e-3)
    assert_equal(found, expected, scale=200.0)
    assert stand.released == 2
    assert sum(entry == "sweep_compounding" for entry, _ in stand.launches) == 3


def test_too_little_memory_is_a_device_fault(stand):
    stand.room = 700
    with selection.using("cuda"), pytest.raises(device.OutOfMemory):
        sweep.backtest(walks(1, 2, 100), 1.0, 0.0, 0.0)
