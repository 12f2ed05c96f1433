"""Plans do not depend on the unit of the returns."""

import numpy as np
import pytest

from gpu_kernels import multiperiod
from gpu_kernels.errors import Degenerate
from tests.gpu_kernels.twins import CPU, on


@on(CPU)
@pytest.mark.parametrize("scale", [2.0**-43, 2.0**30, 1e-13, 1e-10, 1e9])
@pytest.mark.parametrize("mode", multiperiod.MODES)
@pytest.mark.parametrize("cost_model", multiperiod.COST_MODELS)
def test_means_deviations_and_costs_in_another_unit_give_the_same_plan(twin, cost_model, mode, scale):
    options = {"cost_model": cost_model, "mode": mode}
    for seed in range(2):
        rng = np.random.default_rng(seed)
        mixed = rng.normal(size=(5, 5))
        means, matrix = rng.normal(size=(4, 5)), mixed @ mixed.T / 5 + 0.1 * np.eye(5)
        # A cost a unit traded is in the unit of the means, the scale of a variance in that of the risk aversion.
        cost = scale if cost_model == "proportional" else 1.0 / scale
        base = multiperiod.optimize(means, matrix, gamma=2.0, transaction_cost=0.1, **options)
        found = multiperiod.optimize(
            means * scale, matrix * scale**2, gamma=2.0 / scale, transaction_cost=0.1 * cost, **options
        )
        size = np.abs(base.weights).max()
        np.testing.assert_allclose(found.weights, base.weights, rtol=0, atol=1e-9 * size)
        assert found.cumulative_utility == pytest.approx(base.cumulative_utility * scale, rel=1e-8)


def test_a_singular_covariance_names_the_asset_that_makes_it_so():
    matrix = np.diag([1.0, 2.0, 0.0])
    with pytest.raises(Degenerate, match="period 0 is singular, as asset 2 has no variance") as caught:
        multiperiod.optimize(np.ones((2, 3)), matrix, cost_model="quadratic", transaction_cost=0.1)
    assert caught.value.index == (2, 2)
