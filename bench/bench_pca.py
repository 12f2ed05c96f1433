"""Principal components beside scikit-learn's solvers, for more periods than assets and for fewer."""

import numpy as np
import pytest
from sklearn.decomposition import PCA

from gpu_kernels import pca

KEPT = 10
SHAPES = {"2500x300": (2_500, 300), "250x1000": (250, 1_000)}


def draw(shape):
    """Returns with KEPT factors of clearly different strength, and noise."""
    source = np.random.default_rng(1)
    factors = source.standard_normal((shape[0], KEPT)) * np.linspace(0.05, 0.01, KEPT)
    return factors @ source.standard_normal((KEPT, shape[1])) + 0.01 * source.standard_normal(shape)


DATA = {name: draw(shape) for name, shape in SHAPES.items()}


def by_scikit_learn(returns, solver):
    fitted = PCA(n_components=KEPT, svd_solver=solver, random_state=0)
    scores = fitted.fit_transform(returns)
    return fitted.explained_variance_ratio_, fitted.components_, scores


@pytest.mark.parametrize("name", SHAPES)
def test_both_agree(name):
    fitted = pca.fit(DATA[name], n_components=KEPT)
    ratios, rows, scores = by_scikit_learn(DATA[name], "full")
    flips = np.sign(np.sum(rows * fitted.components, axis=1))
    np.testing.assert_allclose(fitted.explained_variance_ratio, ratios, atol=1e-12)
    np.testing.assert_allclose(fitted.components, rows * flips[:, None], atol=1e-9)
    np.testing.assert_allclose(fitted.transformed, scores * flips, atol=1e-9)


@pytest.mark.benchmark(group="pca, 10 components")
@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("solver", ["meanrev", "peer: scikit-learn auto", "peer: scikit-learn full"])
def test_pca(benchmark, name, solver):
    benchmark.group = f"pca {name}, {KEPT} components"
    if solver == "meanrev":
        benchmark(pca.fit, DATA[name], n_components=KEPT)
    else:
        benchmark(by_scikit_learn, DATA[name], solver.rsplit(" ", 1)[1])
