"""Skewness and kurtosis beside plain sums, and at scales whose fourth powers are no doubles."""

import numpy as np
import pytest

from gpu_kernels import return_moments
from tests.naive import threshold_grid as naive

RETURNS = np.random.default_rng(1).standard_t(5, (3, 60))


def test_they_are_those_of_plain_sums():
    skewness, kurtosis = return_moments.moments(RETURNS)
    for row, values in enumerate(RETURNS.tolist()):
        assert (skewness[row], kurtosis[row]) == pytest.approx(naive.moments(values), rel=1e-12)


@pytest.mark.parametrize("scale", [1e-200, 1e150])
def test_they_know_no_unit(scale):
    np.testing.assert_allclose(return_moments.moments(RETURNS * scale), return_moments.moments(RETURNS), rtol=1e-12)


def test_what_does_not_vary_has_none():
    skewness, kurtosis = return_moments.moments(np.full((2, 4), [[0.0], [0.1]]))
    assert skewness.tolist() == [0.0, 0.0]
    assert kurtosis.tolist() == [3.0, 3.0]
