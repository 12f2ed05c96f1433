"""A few of many components: the subset driver's are those of the whole spectrum, and nothing depends on SciPy."""

import sys

import numpy as np
import pytest
from sklearn.decomposition import PCA

from gpu_kernels import pca
from gpu_kernels.pca import lapack, subset

SHAPES = [(400, 150), (150, 400)]


def market(shape, n_factors=8, seed=0):
    """Factors of clearly different strength, and noise."""
    source = np.random.default_rng(seed)
    factors = source.normal(size=(shape[0], n_factors)) * np.linspace(0.05, 0.01, n_factors)
    return factors @ source.normal(size=(n_factors, shape[1])) + 0.005 * source.normal(size=shape)


def whole(monkeypatch, returns, **options):
    with monkeypatch.context() as patch:
        patch.setattr(subset, "pays", lambda *_: False)
        return pca.fit(returns, **options)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("scaling", pca.SCALINGS)
def test_it_equals_the_whole_spectrum(monkeypatch, shape, scaling):
    assert subset.pays(150, 8)
    returns = market(shape)
    options = {"n_components": 8, "scaling": scaling}
    for found, expected in zip(pca.fit(returns, **options), whole(monkeypatch, returns, **options), strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-9)


@pytest.mark.parametrize("shape", SHAPES)
def test_its_ratios_are_shares_of_the_whole_variance(shape):
    returns = market(shape)
    fitted, peer = pca.fit(returns, n_components=8), PCA(svd_solver="full").fit(returns)
    np.testing.assert_allclose(fitted.explained_variance_ratio, peer.explained_variance_ratio_[:8], atol=1e-12)
    assert fitted.total_variance_explained < 1


@pytest.mark.parametrize("shape", SHAPES)
def test_components_beyond_the_rank_are_orthonormal_with_ratios_of_zero(shape):
    source = np.random.default_rng(1)
    returns = source.normal(size=(shape[0], 3)) @ source.normal(size=(3, shape[1]))
    fitted = pca.fit(returns, n_components=12)
    np.testing.assert_allclose(fitted.components @ fitted.components.T, np.eye(12), atol=1e-10)
    np.testing.assert_array_equal(fitted.explained_variance_ratio[3:], np.zeros(9))
    assert fitted.total_variance_explained == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("scaling", pca.SCALINGS)
def test_the_order_of_the_array_in_memory_changes_nothing(shape, scaling):
    returns = market(shape)
    usual = pca.fit(returns, n_components=8, scaling=scaling)
    for same in (np.asfortranarray(returns), np.repeat(returns, 2, axis=1)[:, ::2], returns[::-1].copy()[::-1]):
        for found, expected in zip(pca.fit(same, n_components=8, scaling=scaling), usual, strict=True):
            np.testing.assert_allclose(found, expected, atol=1e-9)


@pytest.mark.parametrize("size", [1e-9, 1e50])
def test_returns_of_any_size_have_the_same_components(size):
    returns = market((400, 150))
    usual, moved = pca.fit(returns, n_components=4), pca.fit(returns * size, n_components=4)
    np.testing.assert_allclose(moved.components, usual.components, atol=1e-9)


@pytest.mark.parametrize(("n_assets", "kept"), [(99, 1), (150, 16), (150, 150)])
def test_it_is_left_alone_where_it_gains_little(n_assets, kept):
    assert not subset.pays(n_assets, kept)


def test_without_scipy_the_whole_spectrum_serves(monkeypatch):
    returns = market((400, 150))
    expected = whole(monkeypatch, returns, n_components=8)
    monkeypatch.setattr(lapack, "_function", lapack._function.__wrapped__)
    monkeypatch.setattr(lapack, "available", lapack.available.__wrapped__)
    monkeypatch.setitem(sys.modules, "scipy.linalg", None)
    assert repr(pca.fit(returns, n_components=8)) == repr(expected)


def test_functions_of_other_types_are_not_called(monkeypatch):
    returns = market((400, 150))
    expected = whole(monkeypatch, returns, n_components=8)
    monkeypatch.setattr(lapack, "_function", lapack._function.__wrapped__)
    monkeypatch.setattr(lapack, "available", lapack.available.__wrapped__)
    monkeypatch.setitem(lapack._TYPES, "dgemm", "cciiiddididdl")
    assert repr(pca.fit(returns, n_components=8)) == repr(expected)


def wrong_values(gram, kept):
    return np.ones(kept), np.eye(kept, len(gram))


def not_orthogonal(gram, kept):
    values, vectors = PAIRS(gram, kept)
    vectors[0] = vectors[1]
    return np.full_like(values, values[1]), vectors


def no_convergence(*_):
    return None


PAIRS = lapack.largest_pairs


@pytest.mark.parametrize("fault", [wrong_values, not_orthogonal, no_convergence])
def test_a_driver_that_fails_is_found_out(monkeypatch, fault):
    returns = market((400, 150))
    expected = whole(monkeypatch, returns, n_components=8)
    monkeypatch.setattr(lapack, "largest_pairs", fault)
    assert repr(pca.fit(returns, n_components=8)) == repr(expected)
