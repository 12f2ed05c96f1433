"""A pair's test does not depend on the units of its series, on any twin."""

import numpy as np
import pytest

from gpu_kernels import cointegration
from tests.gpu_kernels.cointegration.series import market

pytestmark = pytest.mark.usefixtures("twin")

FREE = ("adf_statistic", "adf_p_value", "ar1", "theta", "half_life")


@pytest.mark.parametrize("options", [{}, {"autolag": "aic"}, {"lags": 12}])
def test_powers_of_two_of_each_column_change_no_bit(options):
    units = 2.0 ** np.array([0, -43, 30, -100])
    base, found = cointegration.scan(market(1), **options), cointegration.scan(market(1) * units, **options)
    for name in (*FREE, "lags", "status"):
        np.testing.assert_array_equal(getattr(found, name), getattr(base, name), err_msg=name)
    np.testing.assert_array_equal(found.hedge_ratio, base.hedge_ratio * (units[:, None] / units))
    np.testing.assert_array_equal(found.residual_std, base.residual_std * units[:, None])


@pytest.mark.parametrize("log", [True, False])
def test_other_factors_of_each_column_change_the_last_digits_alone(log):
    units = np.array([1e-13, 1e9, 1.0, 1e-6])
    base, found = cointegration.scan(market(2), log=log), cointegration.scan(market(2) * units, log=log)
    for name in FREE:
        np.testing.assert_allclose(getattr(found, name), getattr(base, name), rtol=1e-8, atol=1e-12, err_msg=name)
    np.testing.assert_array_equal(found.status, base.status)


@pytest.mark.parametrize("log", [True, False])
@pytest.mark.parametrize("unit", [1e-13, 1e-6, 1.0, 1e9])
def test_what_is_constant_and_what_a_multiple_do_not_depend_on_the_unit(log, unit):
    rng = np.random.default_rng(0)
    walk = np.exp(0.001 * np.cumsum(rng.normal(size=120)))
    still = 1.0 + 1e-14 * rng.normal(size=120)
    slow = 1.0 + 1e-9 * np.cumsum(rng.normal(size=120))
    prices = np.stack([walk, 1.001 * walk, still, slow], axis=1) * unit
    fit = cointegration.scan(prices, log=log)
    assert fit.constant.tolist() == [False, False, True, False]
    assert fit.status[0, 1] == fit.status[1, 0] == cointegration.COLLINEAR
    assert fit.status[0, 3] == fit.status[3, 0] == cointegration.FITTED


def test_rounding_does_not_decide_whether_a_residual_is_related_to_the_one_before():
    # Both regressions of x on the other give a residual whose b is 0 exactly; scaled, it is so but for rounding.
    y = np.array([3.0, 1, 2, 1, 1, 0]) - 4.0 / 3.0
    x = np.array([1.0, -1, 0, 0, 0, 0])
    x -= x.mean()
    x -= y * (x @ y) / (y @ y)
    rng = np.random.default_rng(1)
    for scale in rng.uniform(0.1, 10, size=100):
        fit = cointegration.scan(np.stack([scale * y, x], axis=1), lags=0)
        assert fit.ar1[0, 1] == pytest.approx(0, abs=1e-13)
        assert np.isnan(fit.theta[0, 1])
