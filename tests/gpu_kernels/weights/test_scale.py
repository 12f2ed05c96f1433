"""Weights do not depend on the unit of the returns."""

import numpy as np
import pytest

from gpu_kernels import weights
from gpu_kernels.errors import Degenerate
from tests.gpu_kernels.twins import CPU, on

pytestmark = [pytest.mark.usefixtures("twin"), on(CPU)]

SCALES = [2.0**-43, 2.0**30, 1e-13, 1e-10, 1e9]
LIMITS = [{}, {"bounds": (-0.3, 0.6)}, {"leverage": 1.5}]


def problem(seed):
    rng = np.random.default_rng(seed)
    mixed = rng.normal(size=(6, 6))
    return rng.normal(size=6), mixed @ mixed.T / 6 + 0.1 * np.eye(6)


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("mode", weights.MODES)
@pytest.mark.parametrize("limits", LIMITS)
@pytest.mark.parametrize("method", [weights.cara, weights.sharpe])
def test_means_and_deviations_in_another_unit_give_the_same_weights(method, limits, mode, scale):
    if limits and mode == "unconstrained":
        limits = {}
    for seed in range(3):
        means, matrix = problem(seed)
        base = method(means, matrix, gamma=2.0, risk_free_rate=0.1, mode=mode, **limits)
        found = method(
            means * scale, matrix * scale**2, gamma=2.0 / scale, risk_free_rate=0.1 * scale, mode=mode, **limits
        )
        size = np.abs(base.weights).max()
        np.testing.assert_allclose(found.weights, base.weights, rtol=0, atol=1e-10 * size)
        assert found.sharpe_ratio == pytest.approx(base.sharpe_ratio, rel=1e-9)
        assert found.expected_volatility == pytest.approx(base.expected_volatility * scale, rel=1e-9)
        assert (found.status, found.reason) == (base.status, base.reason)


@pytest.mark.parametrize("scale", [1e-13, 1.0, 1e9])
def test_a_singular_covariance_names_the_asset_that_makes_it_so(scale):
    means, matrix = problem(0)
    mixed = np.eye(6)
    mixed[4] = [0.5, 2.0, 0.0, 0.0, 0.0, 0.0]  # asset 4 is made of the first two
    dependent = mixed @ matrix @ mixed.T * scale**2
    idle = matrix * scale**2
    idle[3] = idle[:, 3] = 0.0
    with pytest.raises(Degenerate, match="asset 4 has no variance of its own beside") as caught:
        weights.cara(means * scale, dependent)
    assert caught.value.index == (4, 4)
    with pytest.raises(Degenerate, match=r"singular, as asset 3 has no variance:") as caught:
        weights.sharpe(means * scale, idle)
    assert caught.value.index == (3, 3)
