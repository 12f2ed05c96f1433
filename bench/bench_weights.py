"""Portfolio weights of a given covariance, beside Clarabel and, where it is installed, PyPortfolioOpt."""

import importlib.util

import clarabel
import numpy as np
import pytest
from scipy import sparse

from gpu_kernels import weights

N = 100
GAMMA = 2.0
RNG = np.random.default_rng(7)
FACTORS = RNG.normal(size=(N, 5)) * 0.006
COVARIANCE = FACTORS @ FACTORS.T + np.diag(RNG.uniform(0.005, 0.02, N) ** 2)
MEANS = 0.3 * RNG.normal(size=N) * np.sqrt(np.diagonal(COVARIANCE)) * 0.1 + 3e-4


def clarabel_program(matrix, q, equality):
    """Minimise 1/2 x'Px + q'x, a'x = 1, x >= 0, built and solved as its users do."""
    options = clarabel.DefaultSettings()
    options.verbose = False
    rows = sparse.csc_matrix(np.vstack([equality[None, :], -np.eye(N)]))
    cones = [clarabel.ZeroConeT(1), clarabel.NonnegativeConeT(N)]
    right = np.concatenate([[1.0], np.zeros(N)])
    return np.array(
        clarabel.DefaultSolver(sparse.csc_matrix(np.triu(matrix)), q, rows, right, cones, options).solve().x
    )


def cara_by_clarabel():
    scale = np.abs(MEANS).max()
    return clarabel_program(GAMMA * COVARIANCE / scale, -MEANS / scale, np.ones(N))


def sharpe_by_clarabel():
    scaled = MEANS / MEANS.max()
    y = clarabel_program(COVARIANCE / np.diagonal(COVARIANCE).max(), np.zeros(N), scaled)
    return y / y.sum()


def frontier(**bounds):
    from pypfopt import EfficientFrontier

    return EfficientFrontier(MEANS, COVARIANCE, **bounds)


def cara_by_pypfopt():
    # PyPortfolioOpt maximises w'm - delta/2 w'Sw.
    return np.array(list(frontier().max_quadratic_utility(risk_aversion=GAMMA).values()))


def sharpe_by_pypfopt():
    return np.array(list(frontier().max_sharpe(risk_free_rate=0.0).values()))


def cara():
    return weights.cara(MEANS, COVARIANCE, gamma=GAMMA, mode="long_only").weights


def sharpe():
    return weights.sharpe(MEANS, COVARIANCE, mode="long_only").weights


CARA = {"meanrev": cara, "peer: clarabel": cara_by_clarabel}
SHARPE = {"meanrev": sharpe, "peer: clarabel": sharpe_by_clarabel}
if importlib.util.find_spec("pypfopt"):
    CARA["peer: PyPortfolioOpt"] = cara_by_pypfopt
    SHARPE["peer: PyPortfolioOpt"] = sharpe_by_pypfopt


def utility(w):
    return w @ MEANS - GAMMA / 2 * w @ COVARIANCE @ w


def ratio(w):
    return w @ MEANS / np.sqrt(w @ COVARIANCE @ w)


@pytest.mark.parametrize(("writers", "objective"), [(CARA, utility), (SHARPE, ratio)], ids=["cara", "sharpe"])
def test_all_reach_the_same_objective_and_ours_the_highest(writers, objective):
    values = {
        name: objective(np.maximum(write(), 0.0) / np.maximum(write(), 0.0).sum()) for name, write in writers.items()
    }
    assert all(value == pytest.approx(values["meanrev"], rel=1e-4) for value in values.values())
    assert all(value <= values["meanrev"] * (1 + 1e-12) for value in values.values())


@pytest.mark.benchmark(group="long-only CARA, N = 100")
@pytest.mark.parametrize("write", CARA.values(), ids=CARA)
def test_long_only_cara(benchmark, write):
    benchmark(write)


@pytest.mark.benchmark(group="long-only Sharpe, N = 100")
@pytest.mark.parametrize("write", SHARPE.values(), ids=SHARPE)
def test_long_only_sharpe(benchmark, write):
    benchmark(write)


@pytest.mark.benchmark(group="tangency, N = 100")
@pytest.mark.parametrize(
    "write",
    [lambda: weights.sharpe(MEANS, COVARIANCE).weights, lambda: np.linalg.inv(COVARIANCE) @ MEANS],
    ids=["meanrev", "peer: a bare inverse, unchecked"],
)
def test_tangency(benchmark, write):
    benchmark(write)


@pytest.mark.benchmark(group="leverage cap 1.6, N = 100")
@pytest.mark.parametrize("method", [weights.cara, weights.sharpe], ids=["cara", "sharpe"])
def test_capped(benchmark, method):
    benchmark(lambda: method(MEANS, COVARIANCE, gamma=GAMMA, leverage=1.6))
