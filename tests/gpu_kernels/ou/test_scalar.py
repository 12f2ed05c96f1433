import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gpu_kernels import ou
from gpu_kernels.ou import scalar
from gpu_kernels.ou.running import exact

PRICE = st.integers(-6, 6) | st.floats(-100, 100) | st.just(math.nan)


def assert_twins(prices, dt, bias):
    found = scalar.estimate(exact(np.array(prices)), dt, bias)
    expected = ou.single(ou.fit([prices], dt=dt, bias=bias))
    for name, value in found._asdict().items():
        if isinstance(value, str):
            assert value == getattr(expected, name), name
        else:
            assert value == pytest.approx(getattr(expected, name), rel=1e-9, abs=1e-12), name


@settings(max_examples=150, deadline=None)
@given(st.lists(PRICE, max_size=45), st.sampled_from([1.0, 1 / 252, 60.0]), st.sampled_from(["none", "tang_chen"]))
def test_plain_floats_and_arrays_give_the_same_estimate(prices, dt, bias):
    assert_twins(prices, dt, bias)


@pytest.mark.parametrize(
    "prices",
    [
        [],
        [1.0] * 9,
        [1e200, -1e200, 3.0, 1e200, 5.0],
        list(5 + 8 * 0.5 ** np.arange(12)),
        list(np.arange(20.0)),
        [1.0, 2.0, 4.0, 8.0, 17.0, 33.0],
        [1.0, -1.2, 1.1, -0.9, 1.0, -1.1, 0.8],
        [127.0, 0.0, 0.0, 0.0, 0.0, 0.0],
        [0.0, 0.0, 1.192092896e-07, math.nan, -10.0, 0.0],
    ],
)
@pytest.mark.parametrize("bias", ["none", "tang_chen"])
def test_the_edges_are_the_same(prices, bias):
    assert_twins(prices, 0.5, bias)


def test_a_correction_that_leaves_nothing_is_the_same():
    for walk in np.random.default_rng(0).normal(size=(40, 60)).cumsum(axis=1):
        assert_twins(walk.tolist(), 1.0, "tang_chen")


def test_r_squared_keeps_its_digits_where_the_steps_cancel_the_levels():
    # By hand, with e = 2^-23: the second prices of the pairs (0, 0), (0, e) and (-10, 0) have Syy = 2 e^2 / 3, and the
    # mean of those after 0 leaves SSE = e^2 / 2.
    prices = [0.0, 0.0, 2.0**-23, math.nan, -10.0, 0.0]
    assert ou.single(ou.fit([prices])).r_squared == pytest.approx(0.25, rel=1e-6)
