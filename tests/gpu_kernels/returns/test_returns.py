"""Returns against fifty digits, pandas and their own algebra."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gpu_kernels import returns
from gpu_kernels.errors import InvalidInput
from tests.naive import returns as naive

KINDS = st.sampled_from(returns.KINDS)
SERIES = arrays(np.float64, st.integers(2, 12), elements=st.floats(1e-30, 1e30))
PRICES = 100 * np.exp(np.random.default_rng(2).normal(scale=0.01, size=(300, 4)).cumsum(axis=0))


@settings(max_examples=150, deadline=None)
@given(SERIES, KINDS)
def test_a_series_agrees_with_fifty_digits(prices, kind):
    computed, exact = returns.compute(prices, kind=kind), naive.series(prices, kind)
    np.testing.assert_allclose(computed.returns, exact, rtol=2e-15, atol=0)
    assert computed.n_periods == len(prices) - 1


@settings(max_examples=100, deadline=None)
@given(arrays(np.float64, st.integers(2, 12), elements=st.floats(50, 150)), KINDS)
def test_moments_agree_with_fifty_digits(prices, kind):
    computed, exact = returns.compute(prices, kind=kind), naive.series(prices, kind)
    assert computed.mean == pytest.approx(naive.mean(exact), abs=1e-15)
    assert computed.std == pytest.approx(naive.std(exact), abs=1e-15)


@settings(max_examples=100, deadline=None)
@given(st.floats(1e-3, 1e9), st.floats(-1e-9, 1e-9))
def test_small_moves_keep_their_digits(price, move):
    prices = np.array([price, price * (1 + move)])
    for kind in returns.KINDS:
        expected = naive.series(prices, kind)[0]
        # The quotient p1 / p0 alone would leave an absolute error of 1e-16 and hence six digits of a move of 1e-10.
        assert returns.compute(prices, kind=kind).returns[0] == pytest.approx(expected, rel=1e-14, abs=0)


@settings(max_examples=60, deadline=None)
@given(SERIES, st.integers(-30, 30), KINDS)
def test_the_unit_of_the_price_does_not_matter(prices, power, kind):
    np.testing.assert_array_equal(
        returns.compute(prices * 2.0**power, kind=kind).returns, returns.compute(prices, kind=kind).returns
    )


@settings(max_examples=60, deadline=None)
@given(arrays(np.float64, st.integers(2, 12), elements=st.floats(10, 1000)))
def test_log_returns_add_up_and_simple_returns_compound(prices):
    whole = prices[-1] / prices[0]
    assert returns.compute(prices).returns.sum() == pytest.approx(math.log(whole), abs=1e-13)
    assert np.prod(1 + returns.compute(prices, kind="simple").returns) == pytest.approx(whole, rel=1e-13)


def test_it_agrees_with_pandas():
    frame = pd.DataFrame(PRICES)
    np.testing.assert_allclose(
        returns.compute(PRICES, kind="simple").returns, frame.pct_change().to_numpy()[1:], atol=1e-15
    )
    logs = frame.apply(np.log).diff().to_numpy()[1:]
    computed = returns.compute(PRICES)
    np.testing.assert_allclose(computed.returns, logs, atol=1e-14)
    assert computed.mean == pytest.approx(logs.mean(), rel=1e-11)
    assert computed.std == pytest.approx(logs.std(ddof=1), rel=1e-11)


@pytest.mark.parametrize("kind", returns.KINDS)
def test_columns_are_the_series_side_by_side(kind):
    side_by_side = returns.compute(PRICES, kind=kind)
    for column, prices in zip(side_by_side.returns.T, PRICES.T, strict=True):
        np.testing.assert_array_equal(column, returns.compute(prices, kind=kind).returns)
    assert side_by_side.returns.shape == (299, 4)
    assert side_by_side.n_periods == 299


def test_a_fall_to_almost_nothing_keeps_its_log_return():
    assert returns.compute([1e9, 1e-9]).returns[0] == pytest.approx(-18 * math.log(10), rel=1e-15)
    assert returns.compute([1e9, 1e-9], kind="simple").returns[0] == -1


@pytest.mark.parametrize("kind", returns.KINDS)
def test_a_change_beyond_float64_is_refused(kind):
    with pytest.raises(InvalidInput, match="prices must not change by a factor so large that their returns overflow"):
        returns.compute([1e-300, 1e300], kind=kind)


@pytest.mark.parametrize("kind", returns.KINDS)
@pytest.mark.parametrize(
    ("prices", "shape"), [([], (0,)), ([5.0], (0,)), (np.empty((0, 3)), (0, 3)), (np.ones((1, 3)), (0, 3))]
)
def test_fewer_than_two_prices_give_nothing_and_zeros(prices, shape, kind):
    computed = returns.compute(prices, kind=kind)
    assert computed.returns.shape == shape
    assert computed[1:] == (0.0, 0.0, 0)


def test_one_return_has_no_deviation():
    computed = returns.compute([100.0, 110.0])
    assert computed.mean == pytest.approx(math.log(1.1), rel=1e-14)
    assert (computed.std, computed.n_periods) == (0.0, 1)


def test_still_prices_have_returns_of_zero():
    assert returns.compute([3.0, 3.0, 3.0])[1:] == (0.0, 0.0, 2)


@pytest.mark.parametrize("prices", [[1, 2, 4], (1.0, 2.0, 4.0), np.array([1, 2, 4], dtype=np.float32)])
def test_any_sequence_of_numbers_is_accepted(prices):
    np.testing.assert_array_equal(returns.compute(prices, kind="simple").returns, [1.0, 1.0])


def test_a_read_only_view_is_left_alone():
    prices = PRICES[::2, 1]
    prices.flags.writeable = False
    kept = prices.copy()
    returns.compute(prices)
    np.testing.assert_array_equal(prices, kept)


@pytest.mark.parametrize(
    ("prices", "kind", "message"),
    [
        ([1.0, 0.0], "log", r"prices\[1\] must be finite and > 0 for log returns, got 0.0"),
        ([1.0, 2.0, -3.0], "simple", r"prices\[2\] must be finite and > 0 for simple returns, got -3.0"),
        ([math.nan], "log", r"prices\[0\] must be finite and > 0 for log returns, got nan"),
        ([1.0, math.inf], "log", r"prices\[1\] must be finite and > 0 for log returns, got inf"),
        ([[1.0, 2.0], [1.0, -2.0]], "log", r"prices\[1, 1\] must be finite and > 0 for log returns, got -2.0"),
        (1.0, "log", r"prices must have shape \(T,\) or \(T, N\), got \(\)"),
        (np.ones((2, 2, 2)), "log", r"prices must have shape \(T,\) or \(T, N\), got \(2, 2, 2\)"),
        (["a"], "log", r"prices must be numbers of shape \(T,\) or \(T, N\), got 'list'"),
        ([1.0, 2.0], "net", "kind must be one of 'log', 'simple', got 'net'"),
    ],
)
def test_bad_input_is_named(prices, kind, message):
    with pytest.raises(InvalidInput, match=message):
        returns.compute(prices, kind=kind)


@pytest.mark.parametrize("kind", returns.KINDS)
@pytest.mark.parametrize("scale", [2.0**-43, 2.0**30, 1e-13, 1e9])
def test_the_unit_of_the_prices_changes_no_return(kind, scale):
    prices = np.exp(np.cumsum(np.random.default_rng(0).normal(0, 0.02, size=(60, 3)), axis=0))
    base, found = (returns.compute(prices * unit, kind=kind) for unit in (1.0, scale))
    rel = 0.0 if np.log2(scale).is_integer() else 1e-9
    np.testing.assert_allclose(found.returns, base.returns, rtol=rel, atol=rel * 1e-4)
    assert (found.mean, found.std) == pytest.approx((base.mean, base.std), rel=max(rel, 1e-15))
