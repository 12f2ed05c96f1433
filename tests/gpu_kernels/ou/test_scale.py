"""A fit does not depend on the unit of the prices, on any twin or as a stream."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gpu_kernels import ou
from tests.gpu_kernels.ou.irregular_times import fit_irregular

pytestmark = pytest.mark.usefixtures("twin")

TEXTS = ("status", "reason", "bias_note", "n_samples")
IN_PRICES = ("mu", "sigma", "mu_std_error", "sigma_std_error", "mu_lower", "mu_upper")


def series(seed, n_prices=120, n_series=3):
    rng = np.random.default_rng(seed)
    out = np.full((n_series, n_prices), 20.0)
    for t in range(1, n_prices):
        out[:, t] = 20 + np.array([0.3, 0.9, 0.99])[:n_series] * (out[:, t - 1] - 20) + rng.normal(size=n_series)
    out[0, 7:9] = np.nan
    out[-1] -= out[-1].mean()
    return out


def assert_scaled(found, base, scale, rel=0.0):
    """Compare fits or estimates of prices times scale, and of the prices; rel 0 asks for the same bits."""
    n_pairs = np.asarray(base.n_samples) - 1
    for name in base._fields:
        ours, theirs = getattr(found, name), getattr(base, name)
        if name in TEXTS:
            np.testing.assert_array_equal(ours, theirs, err_msg=name)
        elif name == "log_likelihood":
            moved = np.where(np.asarray(theirs) == 0, 0.0, n_pairs * abs(np.log(scale)) + 1)
            assert (np.abs(np.asarray(ours) - theirs) <= 1.01 * moved).all(), name
        else:
            expected = np.asarray(theirs) * (scale if name in IN_PRICES else 1.0)
            np.testing.assert_allclose(ours, expected, rtol=rel, atol=0, err_msg=name)


@settings(max_examples=10)
@given(st.integers(0, 2**32), st.integers(-120, 120), st.sampled_from(ou.BIASES), st.integers(0, 5))
def test_powers_of_two_change_no_bit(seed, power, bias, lags):
    prices, scale = series(seed), 2.0**power
    base, found = (ou.fit(x, bias=bias, adf_lags=lags) for x in (prices, prices * scale))
    assert_scaled(found, base, scale)


@pytest.mark.parametrize("scale", [1e-13, 1e-10, 1e-7, 1e-3, 1e3, 1e9])
@pytest.mark.parametrize("bias", ou.BIASES)
def test_other_factors_change_the_last_digits_alone(scale, bias):
    prices = series(1)
    for lags in (0, 3, 6):
        base, found = (ou.fit(x, bias=bias, adf_lags=lags) for x in (prices, prices * scale))
        assert_scaled(found, base, scale, rel=1e-9)


@pytest.mark.parametrize("options", [{}, {"forgetting": 0.98}, {"window": 50}, {"window": 60, "adf_lags": 1}])
@pytest.mark.parametrize("power", [-43, 30])
def test_streams_do_not_see_the_unit(options, power):
    for row in series(2):
        base, found = ou.OnlineOu(**options), ou.OnlineOu(**options)
        for price in row:
            base.update(price)
            found.update(price * 2.0**power)
        assert_scaled(found.estimate(), base.estimate(), 2.0**power)


@pytest.mark.parametrize("scale", [2.0**-43, 1e-13, 1e9])
def test_uneven_times_do_not_see_the_unit(scale):
    times = np.cumsum(np.random.default_rng(3).exponential(size=120) + 0.01)
    base, found = (fit_irregular(x, times, bias="tang_chen", adf_lags=1) for x in (series(3), series(3) * scale))
    assert_scaled(found, base, scale, rel=1e-7)


@pytest.mark.parametrize("scale", [1e-13, 1e-6, 1e6])
def test_a_tick_on_a_far_level_is_constant_in_any_unit(scale):
    prices = scale * (1 + 2e-16 * np.arange(40) * (-1.0) ** np.arange(40) / 40)
    assert ou.fit([prices]).reason == ("constant series",)
    assert ou.fit([prices * (1 + np.arange(40) % 3 * 1e-9)]).reason != ("constant series",)
