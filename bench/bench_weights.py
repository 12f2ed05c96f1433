"""Portfolio weights of a given covariance, and of returns, beside Clarabel, PyPortfolioOpt and skfolio.

PyPortfolioOpt and skfolio are in the peers set, and are left out if they are not installed. Everything runs on one
thread; the rows "numpy" and "native" are the two twins of the operation.
"""

import importlib.util
import warnings

import clarabel
import numpy as np
import pytest
from scipy import sparse
from threadpoolctl import threadpool_limits

from gpu_kernels import cholesky, dispatch, moments, weights
from gpu_kernels.weights import native

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


def natively(write):
    def chosen():
        with dispatch.using("native"):
            return write()

    return chosen


def twins(write):
    return {"meanrev: numpy": write, "meanrev: native": natively(write)}


CARA = twins(cara) | {"peer: clarabel": cara_by_clarabel}
SHARPE = twins(sharpe) | {"peer: clarabel": sharpe_by_clarabel}
TANGENCY = twins(lambda: weights.sharpe(MEANS, COVARIANCE).weights)


def of_returns(returns, mode):
    estimate = moments.covariance(returns)
    return weights.sharpe(estimate.mean, estimate.matrix, mode=mode).weights


def of_returns_natively(returns, mode):
    with dispatch.using("native"):
        return of_returns(returns, mode)


def of_returns_by_pypfopt(returns, mode):
    import pandas as pd
    from pypfopt import EfficientFrontier, expected_returns, risk_models

    table = pd.DataFrame(returns)
    means = expected_returns.mean_historical_return(table, returns_data=True, compounding=False)
    matrix = risk_models.sample_cov(table, returns_data=True)
    # In mode "budget" it gets bounds that do not bind, because without bounds it stops before the optimum.
    frontier = EfficientFrontier(means, matrix, weight_bounds=(0, 1) if mode == "long_only" else (-10, 10))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # on some problems its solver doubts its own answer
        return np.array(list(frontier.max_sharpe(risk_free_rate=0.0).values()))


def of_returns_by_skfolio(returns, mode):
    from skfolio.optimization import MeanRisk, ObjectiveFunction

    least, most = (0.0, 1.0) if mode == "long_only" else (-10.0, 10.0)
    model = MeanRisk(ObjectiveFunction.MAXIMIZE_RATIO, min_weights=least, max_weights=most)
    return model.fit(returns).weights_


RETURNS = 0.01 * RNG.normal(size=(100, 1_000, N)) + 0.008 * RNG.normal(size=(100, 1_000, 1)) + 5e-4
RETURNS += 3e-4 * RNG.normal(size=(100, 1, N))
FROM_RETURNS = {"meanrev: numpy": of_returns, "meanrev: native": of_returns_natively}
if importlib.util.find_spec("pypfopt"):
    FROM_RETURNS["peer: PyPortfolioOpt"] = of_returns_by_pypfopt
    CARA["peer: PyPortfolioOpt"] = cara_by_pypfopt
    SHARPE["peer: PyPortfolioOpt"] = sharpe_by_pypfopt
if importlib.util.find_spec("skfolio"):
    FROM_RETURNS["peer: skfolio"] = of_returns_by_skfolio


def utility(w):
    return w @ MEANS - GAMMA / 2 * w @ COVARIANCE @ w


def ratio(w):
    return w @ MEANS / np.sqrt(w @ COVARIANCE @ w)


@pytest.mark.parametrize(("writers", "objective"), [(CARA, utility), (SHARPE, ratio)], ids=["cara", "sharpe"])
def test_all_reach_the_same_objective_and_ours_the_highest(writers, objective):
    values = {
        name: objective(np.maximum(write(), 0.0) / np.maximum(write(), 0.0).sum()) for name, write in writers.items()
    }
    assert all(value == pytest.approx(values["meanrev: native"], rel=1e-4) for value in values.values())
    assert all(value <= values["meanrev: native"] * (1 + 1e-12) for value in values.values())


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
    [*TANGENCY.values(), lambda: np.linalg.inv(COVARIANCE) @ MEANS],
    ids=[*TANGENCY, "peer: a bare inverse, unchecked"],
)
def test_tangency(benchmark, write):
    benchmark(write)


@pytest.mark.benchmark(group="long-only CARA, 100 problems of N = 100 in one launch")
def test_a_batch(benchmark):
    means, matrices = np.tile(MEANS / GAMMA, (100, 1)), np.tile(COVARIANCE, (100, 1, 1))
    found = benchmark(lambda: native.solve(means, np.ones_like(means), matrices, True))
    assert all(found.settles(k) for k in range(100))


@pytest.mark.parametrize("mode", ["budget", "long_only"])
def test_weights_of_returns_reach_the_same_ratio_and_ours_the_highest(mode):
    for returns in RETURNS[:2]:
        earned = [returns @ write(returns, mode) for write in FROM_RETURNS.values()]
        ours, *others = (each.mean() / each.std(ddof=1) for each in earned)
        assert all(ours * (1 - 1e-4) <= other <= ours * (1 + 1e-12) for other in others)


@pytest.mark.parametrize("mode", ["budget", "long_only"])
@pytest.mark.parametrize("name", FROM_RETURNS)
def test_weights_of_returns(benchmark, name, mode):
    benchmark.group = f"weights of the highest Sharpe ratio, {mode}, from returns: 100 problems of 1,000 x 100"
    rounds = 1 if name.startswith("peer") else 10
    benchmark.pedantic(lambda: [FROM_RETURNS[name](returns, mode) for returns in RETURNS], rounds=rounds)


@pytest.mark.benchmark(group="leverage cap 1.6, N = 100")
@pytest.mark.parametrize("method", [weights.cara, weights.sharpe], ids=["cara", "sharpe"])
def test_capped(benchmark, method):
    benchmark(lambda: method(MEANS, COVARIANCE, gamma=GAMMA, leverage=1.6))


def by_lapack(matrix):
    return np.linalg.cholesky(matrix)


@pytest.mark.benchmark
@pytest.mark.parametrize("size", [1_200, 2_400, 4_000])
@pytest.mark.parametrize("factor", [cholesky.factor, by_lapack], ids=["meanrev", "peer: LAPACK"])
def test_large_factor(benchmark, factor, size):
    """A factor that an interrupt ends within some milliseconds, beside one call that nothing ends."""
    benchmark.group = f"Cholesky factor of {size:,} unknowns"
    rows = np.random.default_rng(size).normal(size=(size + 10, size))
    matrix = rows.T @ rows / size
    with threadpool_limits(1):
        benchmark.pedantic(factor, args=(matrix,), rounds=5, warmup_rounds=1)
