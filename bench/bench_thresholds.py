"""Optimal thresholds of many processes, beside a search by scipy.optimize on the same integrals.

A thousand processes for the product; the peer solves PEER_SETS of them, so its row counts for 1,000/PEER_SETS times as
much.
"""

import math

import numpy as np
import pytest
import scipy.special
from scipy.integrate import quad
from scipy.optimize import minimize, minimize_scalar

from gpu_kernels import thresholds

SETS, PEER_SETS = 1_000, 10
GENERATOR = np.random.default_rng(1)
THETA = GENERATOR.uniform(0.5, 50, SETS)
SIGMA = GENERATOR.uniform(0.1, 2, SETS)
COST = SIGMA / np.sqrt(2 * THETA) * GENERATOR.uniform(0.01, 1.0, SETS)


def standardised(theta, sigma, cost):
    return cost / (sigma / math.sqrt(2 * theta))


def peer_profit(theta, sigma, cost):
    k = standardised(theta, sigma, cost)

    def lost(entry):
        return -(2 * entry - k) / (math.pi * scipy.special.erfi(entry / math.sqrt(2)))

    return minimize_scalar(lost, bounds=(1e-3, 10), method="bounded", options={"xatol": 1e-10}).x


def peer_sharpe(theta, sigma, cost):
    k = standardised(theta, sigma, cost)

    def lost(levels):
        entry, leave = levels
        if entry - leave <= k or abs(leave) > entry:
            return math.inf
        fall = quad(lambda t: scipy.special.erfcx(t / math.sqrt(2)), leave, entry)[0] * math.sqrt(math.pi / 2)
        rise = quad(lambda t: math.exp(t * t / 2) * math.erf(t / math.sqrt(2)), abs(leave), entry)[0]
        return -(entry - leave - k) / math.sqrt(2 * fall * (fall + math.sqrt(math.pi / 2) * rise))

    return minimize(lost, (1.3 + 0.4 * k, -0.3 * k), method="Nelder-Mead", options={"xatol": 1e-7, "fatol": 1e-12}).x


def by_product(objective, **options):
    return thresholds.optimal(THETA, 0.0, SIGMA, COST, objective=objective, **options)


def by_peer(solve):
    return [solve(*process) for process in zip(THETA[:PEER_SETS], SIGMA[:PEER_SETS], COST[:PEER_SETS], strict=True)]


def test_product_and_peer_agree():
    assert by_product("profit").entry_z[:PEER_SETS] == pytest.approx(by_peer(peer_profit), abs=1e-6)
    result, found = by_product("sharpe"), by_peer(peer_sharpe)
    assert result.entry_z[:PEER_SETS] == pytest.approx([levels[0] for levels in found], abs=1e-4)
    assert result.exit_z[:PEER_SETS] == pytest.approx([levels[1] for levels in found], abs=1e-4)


@pytest.mark.benchmark(group="profit thresholds")
@pytest.mark.parametrize(
    "solve",
    [lambda: by_product("profit"), lambda: by_peer(peer_profit)],
    ids=[f"meanrev, {SETS} sets", f"peer: scipy minimize_scalar, {PEER_SETS} sets"],
)
def test_profit(benchmark, solve):
    benchmark(solve)


@pytest.mark.benchmark(group="sharpe thresholds")
@pytest.mark.parametrize(
    "solve",
    [
        lambda: by_product("sharpe"),
        lambda: by_product("kelly"),
        lambda: by_product("kelly", f_max=0.1),
        lambda: by_peer(peer_sharpe),
    ],
    ids=[
        f"meanrev, {SETS} sets",
        f"meanrev kelly, {SETS} sets",
        f"meanrev capped kelly, {SETS} sets",
        f"peer: scipy minimize on quad, {PEER_SETS} sets",
    ],
)
def test_sharpe(benchmark, solve):
    benchmark(solve)
