"""The GPU's spectrum gives the NumPy twin's components, as far as a stand-in for CuPy can show."""

import numpy as np
import pytest

from gpu_kernels import dispatch, pca
from tests.gpu_kernels.stand_in import stand

__all__ = ["stand"]


@pytest.mark.parametrize("shape", [(40, 6), (6, 40), (5, 5)])
@pytest.mark.parametrize("scaling", pca.SCALINGS)
def test_it_equals_the_numpy_twin(stand, shape, scaling):
    returns = np.random.default_rng(5).normal(size=shape) * np.linspace(1, 3, shape[1])
    expected = pca.fit(returns, n_components=3, scaling=scaling)
    with dispatch.using("cuda"):
        found = pca.fit(returns, n_components=3, scaling=scaling)
    for name in expected._fields:
        np.testing.assert_allclose(getattr(found, name), getattr(expected, name), atol=1e-10, err_msg=name)
