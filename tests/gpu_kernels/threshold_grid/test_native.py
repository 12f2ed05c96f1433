"""With compiled kernels the choices are those of the NumPy twin, and the figures equal to rounding."""

import numpy as np
import pytest

from gpu_kernels import dispatch, threshold_grid
from gpu_kernels.sweep import Rules
from tests.gpu_kernels.native import needs_compiler

pytestmark = needs_compiler

PRICES = 100 * np.exp(np.cumsum(np.random.default_rng(9).normal(0, 0.02, (3, 160)), axis=1))


@pytest.mark.parametrize("mode", threshold_grid.MODES)
def test_fine_grids_choose_alike(mode):
    """Many cells of a fine grid trade alike, and differ by the rounding of one kernel or another."""
    cells = threshold_grid.expand(
        threshold_grid.grid("0.5:2:0.05"), threshold_grid.grid("-0.4:0.4:0.05"), [0.0, 0.001], [6, 15]
    )
    shape = (31, 17, 2, 2)
    found = []
    for backend in ("numpy", "native"):
        with dispatch.using(backend, 2):
            metrics = threshold_grid.sweep(PRICES, cells, Rules(mode=mode))
            choice = threshold_grid.choose(metrics, cells, shape, 160, Rules(mode=mode), prices=PRICES)
            found.append(
                (
                    metrics,
                    choice,
                    threshold_grid.walk_forward(PRICES, cells, Rules(mode=mode), train=60, test=40, purge=5),
                )
            )
    (metrics, choice, steps), (native_metrics, native_choice, native_steps) = found
    for one, other in zip(metrics, native_metrics, strict=True):
        np.testing.assert_allclose(other, one, rtol=1e-8, atol=1e-8)
    np.testing.assert_array_equal(native_choice.best, choice.best)
    np.testing.assert_allclose(native_choice.deflated_sharpe, choice.deflated_sharpe, rtol=1e-6)
    np.testing.assert_allclose(native_choice.plateau_value, choice.plateau_value, rtol=1e-8)
    for step, native_step in zip(steps, native_steps, strict=True):
        assert native_step[:6] == step[:6]
        np.testing.assert_allclose(native_step[6:11], step[6:11], rtol=1e-7, atol=1e-8)
        assert native_step[11:13] == step[11:13] == ("ok", "")
        np.testing.assert_allclose(native_step[13:15], step[13:15], rtol=1e-7, atol=1e-8)
        assert native_step[15:] == step[15:]
