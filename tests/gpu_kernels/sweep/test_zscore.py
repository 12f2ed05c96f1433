"""The rolling score keeps its digits: at any level, after a spike, and price by price."""

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gpu_kernels.sweep.zscore import RollingScore, rolling
from tests.naive import sweep as naive

LEVELS = [0.0, 1.0, -1e3, 1e6, 1e9]


def one_by_one(prices, lookback):
    score = RollingScore(lookback)
    return np.array([score.update(price) for price in prices])


def exact(prices, lookback):
    return np.array([math.nan if z is None else float(z) for z in naive.scores(prices, lookback)])


@settings(max_examples=60)
@given(
    st.lists(st.floats(-1e4, 1e4).map(lambda price: round(price, 3)), min_size=1, max_size=60),
    st.integers(2, 12),
)
def test_both_forms_give_the_exact_score_and_the_same_bits(prices, lookback):
    rows = rolling(np.array([prices]), lookback)[0]
    np.testing.assert_allclose(rows, exact(prices, lookback), rtol=0, atol=1e-12)
    np.testing.assert_array_equal(rows, one_by_one(prices, lookback))


@pytest.mark.parametrize("level", LEVELS)
def test_a_level_far_above_the_moves_costs_no_digits(level):
    prices = level + np.random.default_rng(3).normal(size=80).cumsum() * max(1e-3, abs(level) * 1e-9)
    np.testing.assert_allclose(rolling(prices[None], 7)[0], exact(prices.tolist(), 7), rtol=0, atol=1e-12)


@pytest.mark.parametrize("place", range(8, 24))
def test_a_spike_is_forgotten_once_it_has_left_the_window(place):
    calm = 100 + np.random.default_rng(4).normal(size=60) * 1e-6
    spiked = calm.copy()
    spiked[place] = 1e12
    np.testing.assert_array_equal(one_by_one(spiked, 8), rolling(spiked[None], 8)[0])
    np.testing.assert_allclose(rolling(spiked[None], 8)[0], exact(spiked.tolist(), 8), rtol=0, atol=1e-12)


def test_a_constant_window_has_no_score_at_any_level():
    for level in (0.0, 0.1, 1 / 3, -7.7e8):
        assert np.isnan(rolling(np.full((1, 50), level), 5)).all()
        assert np.isnan(one_by_one([level] * 50, 5)).all()


def test_moves_within_rounding_are_no_moves():
    prices = 1e6 + np.tile([0.0, 1e-7], 20)
    assert np.isnan(rolling(prices[None], 6)).all()
    assert np.isfinite(rolling(prices[None] + np.arange(40), 6)[0, 5:]).all()


def test_fewer_prices_than_the_window_have_no_score():
    assert np.isnan(rolling(np.arange(6.0).reshape(2, 3), 4)).all()
    assert np.isnan(one_by_one([1.0, 2.0, 3.0], 4)).all()


def test_huge_prices_overflow_into_no_decision_rather_than_into_a_warning():
    prices = np.array([[1e200, 2e200, 1e200, 3e200]])
    scores = rolling(prices, 2)[0]
    np.testing.assert_array_equal(scores, one_by_one(prices[0].tolist(), 2))
    assert not (np.abs(scores) > 0).any()


@settings(max_examples=40)
@given(st.lists(st.integers(-999, 999), min_size=8, max_size=40), st.integers(0, 8), st.floats(-50, 50))
def test_scores_ignore_level_and_scale_and_mirror_the_sign(steps, power, shift):
    prices = np.cumsum(steps) + 0.5
    assume(np.ptp(prices) > 0)
    scores = rolling(prices[None], 5)
    np.testing.assert_array_equal(rolling(-prices[None], 5), -scores)
    np.testing.assert_array_equal(rolling(prices[None] * 2.0**power, 5), scores)
    np.testing.assert_allclose(rolling(prices[None] + shift, 5), scores, rtol=0, atol=1e-9)
