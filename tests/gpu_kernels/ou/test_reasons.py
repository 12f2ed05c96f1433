"""The reason that a fit gives is the one that holds, on every twin."""

import itertools
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gpu_kernels import ou
from gpu_kernels.ou import dickey_fuller, scalar
from gpu_kernels.ou.running import exact
from tests.gpu_kernels.ou.irregular_times import fit_irregular

pytestmark = pytest.mark.usefixtures("twin")

NAN = float("nan")
STAIRS = [3.0, 4, 4, 5, 6, 7, 6, 6, 7, 8, 9, 12, 10]
HILL = [1.0, 2, 3, 4, 3, 2]

CONSTANT = "constant series"
APART = "constant series, as far as prices have neighbours and are not forgotten"
ONCE = "all prices that another one follows are equal, so that there is nothing to regress the steps on"
FEW, FEW_PAIRS = "fewer than 4 prices", "fewer than 3 pairs of neighbouring prices"
UNRELATED = "no OU process has b <= 0: neighbouring prices are unrelated, or alternate about the mean"
EXACT_TEST = "the regression of the Dickey-Fuller test fits without error, so that it has no t value"
DEPENDENT = "the regressors of the Dickey-Fuller test depend on one another, so that it has no t value"
FEW_EQUATIONS = "too few pairs for the lags of the Dickey-Fuller test"


def noise(n_prices, decay=0.5, seed=0):
    rng = np.random.default_rng(seed)
    out = np.zeros(n_prices)
    for t in range(1, n_prices):
        out[t] = decay * out[t - 1] + rng.normal()
    return out


@pytest.mark.parametrize("scale", [1.0, 2.0**-43, 1e9])
@pytest.mark.parametrize(
    ("prices", "reason"),
    [
        ([5.0] * 40, CONSTANT),
        ([0.1] * 40, CONSTANT),
        ([5.0] * 40 + [9.0], ONCE),
        ([0.1] * 40 + [0.3], ONCE),
        ([5.0, 5, 5, 9, NAN, 5, 5, 5, 9], ONCE),
        ([5.0] * 40 + [NAN, 9.0], APART),
        ([5.0, 6.0, 7.0], FEW),
        ([5.0, NAN, 6.0, NAN, 7.0, NAN, 8.0], FEW_PAIRS),
        ([3.0, 1, 2, 1, 1, 0], UNRELATED),
    ],
)
def test_each_has_its_own(prices, reason, scale):
    prices = np.array(prices) * scale
    found = ou.single(ou.fit([prices]))
    stream = ou.OnlineOu()
    for price in prices:
        stream.update(price)
    streamed = stream.estimate()
    assert found.reason == reason
    assert streamed.reason == reason
    assert scalar.estimate(exact(prices), 1.0, "none").reason == reason


def test_a_price_that_stood_still_before_one_jump_says_so_and_then_is_fitted():
    stream = ou.OnlineOu()
    stream.extend([7.0] * 50)
    assert stream.estimate().reason == CONSTANT
    stream.update(8.0)
    assert stream.estimate().reason == ONCE
    stream.update(8.0)
    stream.update(7.5)
    assert stream.estimate().status == "updating"


def test_forgetting_is_named_where_it_leaves_too_little():
    for forgetting, count in ((0.3, 3), (0.9, 30)):
        stream = ou.OnlineOu(forgetting=forgetting)
        stream.extend(noise(1000))
        assert stream.estimate().reason == f"forgetting leaves the weight of fewer than {count} pairs"


@pytest.mark.parametrize("scale", [1.0, 1e-13, 1e9])
@pytest.mark.parametrize(
    ("prices", "lags", "reason"),
    [
        (np.tile(STAIRS, 10), 20, EXACT_TEST),
        (np.tile(STAIRS, 10), 13, EXACT_TEST),
        (np.tile(HILL, 15), 3, EXACT_TEST),
        (np.tile(HILL, 15), 4, EXACT_TEST),
        (noise(40), 19, FEW_EQUATIONS),
        (noise(40), 60, FEW_EQUATIONS),
        # Steps came too late to be lagged by four.
        (np.array([100.0] * 40 + [101.0, 100.8, 100.9]), 4, DEPENDENT),
    ],
)
def test_the_dickey_fuller_test_says_why_it_has_no_t(prices, lags, reason, scale):
    found = ou.single(ou.fit([prices * scale], adf_lags=lags))
    assert found.reason == reason
    assert (found.adf_statistic, found.adf_p_value) == (0, 1)


def test_what_has_no_t_is_told_apart():
    two = np.array([np.tile(HILL, 15), noise(90)])
    assert dickey_fuller.statistics(two, 3)[0] == np.inf
    assert np.isfinite(dickey_fuller.statistics(two, 3)[1])
    assert np.isnan(dickey_fuller.statistics(two[:, :8], 3)).all()


def test_rounding_does_not_decide_whether_prices_are_unrelated():
    # b is 0 exactly, and to either side of it by rounding once scaled or moved.
    rng = np.random.default_rng(0)
    base = np.array([3.0, 1, 2, 1, 1, 0])
    prices = rng.uniform(0.1, 10, size=(500, 1)) * base + rng.uniform(-1, 1, size=(500, 1))
    assert set(ou.fit(prices).reason) == {UNRELATED}
    streams = [ou.OnlineOu() for _ in prices]
    for stream, row in zip(streams, prices, strict=True):
        stream.extend(row)
    assert {stream.estimate().reason for stream in streams} == {UNRELATED}
    assert {scalar.estimate(exact(row), 1.0, "none").reason for row in prices} == {UNRELATED}


def test_over_uneven_times_a_single_jump_at_the_end_has_its_reason():
    found = fit_irregular([[5.0] * 20 + [9.0], [5.0] * 21], np.arange(21.0) ** 1.5)
    assert found.reason == (ONCE, CONSTANT)


def true_reason(prices):
    """What holds of prices that are small integers, in exact arithmetic; "" where 0 < b < 1."""
    known = [price for price in prices if price is not None]
    pairs = [(a, b - a) for a, b in itertools.pairwise(prices) if a is not None and b is not None]
    if len(known) < 4:
        return FEW
    if len(pairs) < 3:
        return FEW_PAIRS
    lag_mean, step_mean = (Fraction(sum(column), len(pairs)) for column in zip(*pairs, strict=True))
    sxx = sum((lag - lag_mean) ** 2 for lag, _ in pairs)
    sxd = sum((lag - lag_mean) * (step - step_mean) for lag, step in pairs)
    sdd = sum((step - step_mean) ** 2 for _, step in pairs)
    if sxx == 0:
        return ONCE if sdd else CONSTANT if len(pairs) == len(known) - 1 else APART
    if sdd - sxd * sxd / sxx == 0:
        return "deterministic series: no noise is left to estimate"
    if sxd / sxx >= 0:
        return "unit root: the estimate does not revert to a mean"
    return UNRELATED if sxd / sxx <= -1 else ""


@settings(max_examples=80)
@given(
    st.lists(st.sampled_from([0, 1, 2, 3, 5, None]), max_size=12),
    st.sampled_from([1.0, 0.1, 1 / 3, 2.0**-43, 1e-13, 1e9]),
    st.sampled_from([0.0, 1.0, -7.0, 1000.0]),
)
def test_the_condition_of_each_reason_holds(whole, scale, level):
    prices = np.array([NAN if price is None else (price + level) * scale for price in whole])
    expected = true_reason(whole)
    found = ou.single(ou.fit([prices]))
    for one in (found, scalar.estimate(exact(prices), 1.0, "none")):
        if expected:
            assert one.reason == expected
        else:
            assert one.status in {"updating", "converged"}
            assert one.theta > 0
