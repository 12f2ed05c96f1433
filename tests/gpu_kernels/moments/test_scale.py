"""Moments do not depend on the unit of the returns."""

import numpy as np
import pytest

from gpu_kernels import moments
from gpu_kernels.errors import Degenerate

SCALES = [2.0**-43, 2.0**30, 1e-13, 1e-10, 1e-4, 1e9, 1e-49, 1e-140]


def returns(seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(0.1, 1.0, size=(80, 4)) @ rng.normal(size=(4, 4))


def exactness(scale):
    return 0.0 if np.log2(scale).is_integer() else 1e-9


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("method", moments.METHODS)
def test_a_covariance_is_in_units_squared(scale, method):
    base, found = (moments.covariance(returns() * unit, method=method) for unit in (1.0, scale))
    rel = exactness(scale)
    np.testing.assert_allclose(found.mean, base.mean * scale, rtol=rel)
    np.testing.assert_allclose(found.matrix, base.matrix * scale**2, rtol=rel)
    assert found.shrinkage == pytest.approx(base.shrinkage, rel=1e-9)
    assert (found.method, found.fallback) == (base.method, base.fallback)


@pytest.mark.parametrize("scale", SCALES)
def test_a_portfolio_has_the_same_shape_and_ratios(scale):
    base, found = (moments.portfolio_stats(returns(1) * unit, [0.5, -0.2, 0.4, 0.3]) for unit in (1.0, scale))
    rel = exactness(scale)
    for name in ("skewness", "kurtosis", "correlation", "sharpe_ratio"):
        np.testing.assert_allclose(getattr(found, name), getattr(base, name), rtol=rel, err_msg=name)
    for name in ("mean_return", "std_return", "marginal_contrib", "value_at_risk", "expected_shortfall"):
        np.testing.assert_allclose(getattr(found, name), getattr(base, name) * scale, rtol=rel, err_msg=name)


@pytest.mark.parametrize("scale", SCALES)
def test_a_constant_column_is_one_in_any_unit(scale):
    constant = returns(2)
    constant[:, 2] = 0.1
    constant[::2, 2] += 1e-15
    with pytest.raises(Degenerate, match="asset 2 has no variance") as caught:
        moments.covariance(constant * scale)
    assert caught.value.index == (0, 2)
    found = moments.portfolio_stats(constant * scale)
    assert (found.correlation[2, [0, 1, 3]] == 0).all()
    assert found.correlation[2, 2] == 1


@pytest.mark.parametrize("scale", SCALES)
def test_a_hedge_that_cancels_to_rounding_has_no_ratio(scale):
    first = np.random.default_rng(3).normal(size=60) * scale
    found = moments.portfolio_stats(np.column_stack([first, 3.0 * first]), [0.3, -0.1])
    assert (found.std_return, found.sharpe_ratio, found.skewness) == (0, 0, 0)


def test_returns_whose_deviation_is_below_the_doubles_have_no_ratio():
    found = moments.portfolio_stats(5e-324 * np.array([[1.0], [2.0], [1.0], [1.0], [1.0], [1.0]]), [1.0])
    assert (found.std_return, found.sharpe_ratio, found.skewness) == (0, 0, 0)
    assert np.isnan(found.sharpe_std_error)
