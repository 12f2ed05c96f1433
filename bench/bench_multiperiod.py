"""Plans over several periods with costs of trading, beside Clarabel on the same program in sparse form."""

import numpy as np
import pytest

from gpu_kernels import multiperiod
from tests.naive import multiperiod as clarabel_form

GAMMA, COST = 5.0, 1e-3
SHAPES = {"12x20": (12, 20), "12x100": (12, 100), "60x50": (60, 50)}


def draw(shape):
    source = np.random.default_rng(1)
    n_periods, n_assets = shape
    returns = 0.01 * source.standard_normal((n_periods, 3 * n_assets, n_assets))
    covariances = np.einsum("kti,ktj->kij", returns, returns) / (3 * n_assets)
    return 1e-3 * source.standard_normal(shape), covariances


DATA = {name: draw(shape) for name, shape in SHAPES.items()}


def ours(name):
    means, covariances = DATA[name]
    return multiperiod.optimize(means, covariances, gamma=GAMMA, transaction_cost=COST, bounds=(0, 1)).weights


def by_clarabel(name):
    means, covariances = DATA[name]
    size = means.shape[1]
    initial = np.full(size, 1 / size)
    return clarabel_form.plan(means, covariances, GAMMA, COST, initial, np.zeros(size), np.ones(size))


@pytest.mark.parametrize("name", SHAPES)
def test_both_agree(name):
    means, covariances = DATA[name]
    initial = np.full(means.shape[1], 1 / means.shape[1])
    first, second = (
        clarabel_form.objective(weights, means, covariances, GAMMA, COST, initial)
        for weights in (ours(name), by_clarabel(name))
    )
    assert first == pytest.approx(second, rel=1e-9)


@pytest.mark.benchmark(group="multiperiod")
@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("solver", [ours, by_clarabel], ids=["meanrev", "peer: clarabel"])
def test_multiperiod(benchmark, name, solver):
    benchmark.group = f"multiperiod {name}, long only, costs"
    benchmark.pedantic(solver, args=(name,), rounds=3, warmup_rounds=1)
