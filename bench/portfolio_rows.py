"""The targets' rows of principal components and portfolios, each beside its peer."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from bench.rows import THREADS, Row, native, once, seconds
from gpu_kernels import dispatch


def portfolios() -> list[Row]:
    rng = np.random.default_rng(3)
    returns = rng.normal(size=(2_500, 500)) * 0.01 + rng.normal(size=(2_500, 1)) * 0.01
    panels = [rng.normal(5e-4, 0.01, (1_000, 100)) @ (np.eye(100) + 0.05) for _ in range(100)]
    return [*_components(returns), *_tangencies(panels), *_long_only(panels[0]), *_plans()]


def _components(returns: np.ndarray) -> list[Row]:
    from sklearn.decomposition import PCA
    from threadpoolctl import threadpool_limits

    from gpu_kernels import pca

    # BLAS uses one thread for both, as in a server beside another computation, because the peer leaves spinning threads
    # behind.
    with threadpool_limits(1, user_api="blas"):
        ours, theirs = seconds(
            lambda: pca.fit(returns, n_components=10),
            lambda: PCA(n_components=10, svd_solver="covariance_eigh").fit_transform(returns),
        )
    work = "pca 2,500 x 500, 10 components"
    return [Row(work, ours, "scikit-learn covariance_eigh", theirs, 1.2, "one BLAS thread each")]


def _tangencies(panels: list[np.ndarray]) -> list[Row]:
    from pypfopt import EfficientFrontier
    from threadpoolctl import threadpool_limits

    from bench.bench_weights import of_returns_by_skfolio
    from gpu_kernels import moments, weights

    def tangency(panel: np.ndarray) -> np.ndarray:
        with dispatch.using("native"):
            found = moments.covariance(panel)
            return weights.sharpe(found.mean, found.matrix).weights

    def by_pypfopt() -> None:
        for panel in panels[:3]:
            EfficientFrontier(panel.mean(axis=0), np.cov(panel.T), weight_bounds=(-1, 1)).max_sharpe(risk_free_rate=0.0)

    earned = [panels[0] @ found for found in (tangency(panels[0]), of_returns_by_skfolio(panels[0], "budget"))]
    ours, theirs = (each.mean() / each.std() for each in earned)
    np.testing.assert_allclose(ours, theirs, rtol=1e-4)
    # One problem per thread, as for calls that arrive together, with BLAS as the server limits it.
    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(THREADS) as pool:
        alone, together = seconds(lambda: [tangency(panel) for panel in panels], lambda: [*pool.map(tangency, panels)])
    pypfopt = once(by_pypfopt) / 3 * 100
    skfolio = once(lambda: [of_returns_by_skfolio(panel, "budget") for panel in panels[:3]]) / 3 * 100
    work = "tangency, 100 of N = 100, T = 1,000"
    return [
        Row(work, together, "PyPortfolioOpt", pypfopt, 30, "3 of 100, scaled; ours on two threads"),
        Row(work, alone, "PyPortfolioOpt", pypfopt, 30, "3 of 100, scaled; ours on one thread"),
        Row(work, together, "skfolio", skfolio, 30, "3 of 100, scaled; ours on two threads"),
    ]


def _long_only(panel: np.ndarray) -> list[Row]:
    from pypfopt import EfficientFrontier

    from gpu_kernels import moments, weights

    estimate = moments.covariance(panel)

    def frontier() -> EfficientFrontier:
        return EfficientFrontier(estimate.mean, estimate.matrix)

    def utility() -> object:
        return weights.cara(estimate.mean, estimate.matrix, mode="long_only")

    def ratio() -> object:
        return weights.sharpe(estimate.mean, estimate.matrix, mode="long_only")

    cara, sharpe, their_cara, their_sharpe = seconds(
        native(utility, 1),
        native(ratio, 1),
        lambda: frontier().max_quadratic_utility(risk_aversion=1.0),
        lambda: frontier().max_sharpe(risk_free_rate=0.0),
    )
    return [
        Row("long-only sharpe, N = 100", sharpe, "PyPortfolioOpt max_sharpe", their_sharpe, 100),
        Row("long-only utility, N = 100", cara, "PyPortfolioOpt quadratic utility", their_cara, 30),
    ]


def _plans() -> list[Row]:
    from bench.bench_multiperiod import cvxportfolio_backtest, ours_small

    [plan] = seconds(native(ours_small))
    days = cvxportfolio_backtest()
    return [
        Row("a plan, H = 3, N = 10", plan, "cvxportfolio", float(np.nanmedian(days)), 20, "its policy's part of a day")
    ]
