"""Principal components do not depend on the unit of the returns."""

import numpy as np
import pytest

from gpu_kernels import pca


def returns(shape, seed=0):
    rng = np.random.default_rng(seed)
    return 0.3 + rng.normal(size=shape) @ (rng.normal(size=(shape[1], shape[1])) * np.arange(1, shape[1] + 1))


@pytest.mark.parametrize("shape", [(60, 4), (4, 9), (300, 120)])
@pytest.mark.parametrize("scaling", pca.SCALINGS)
@pytest.mark.parametrize("scale", [2.0**-43, 2.0**30, 1e-13, 1e-10, 1e9, 1e-200])
def test_ratios_and_components_are_the_same_in_any_unit(shape, scaling, scale):
    base, found = (pca.fit(returns(shape) * unit, n_components=3, scaling=scaling) for unit in (1.0, scale))
    exact = np.log2(scale).is_integer() and shape[1] < 100  # LAPACK's subset driver may scale
    rel = 0.0 if exact else 1e-8
    np.testing.assert_allclose(found.explained_variance_ratio, base.explained_variance_ratio, rtol=rel)
    np.testing.assert_allclose(found.components, base.components, rtol=rel, atol=rel)
    unit = scale if scaling == "none" else 1.0
    size = np.abs(base.transformed).max()
    np.testing.assert_allclose(found.transformed, base.transformed * unit, rtol=rel, atol=rel * size * unit)


@pytest.mark.parametrize("scaling", pca.SCALINGS)
@pytest.mark.parametrize("scale", [1e-13, 1.0, 1e9])
def test_a_column_that_rounding_alone_moves_is_constant_in_any_unit(scaling, scale):
    given = returns((60, 4))
    given[:, 1] = 0.1
    given[::2, 1] += 1e-15
    found = pca.fit(given * scale, scaling=scaling)
    np.testing.assert_allclose(found.components[:3, 1], 0.0, atol=1e-13)
    assert found.explained_variance_ratio[-1] == 0


def test_a_constant_series_keeps_no_share_whatever_stands_beside_it():
    given = returns((60, 3))
    given[:, 0] *= 1e-12
    found = pca.fit(given, scaling="zscore")
    base = pca.fit(given * [1e12, 1.0, 1.0], scaling="zscore")
    np.testing.assert_allclose(found.explained_variance_ratio, base.explained_variance_ratio, rtol=1e-9)
