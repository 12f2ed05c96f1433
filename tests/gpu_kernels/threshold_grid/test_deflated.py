"""The deflated Sharpe ratio: the paper's example, the formula in 30 digits, and what it must not do."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gpu_kernels import return_moments, threshold_grid
from gpu_kernels.errors import InvalidInput
from gpu_kernels.threshold_grid import deflated
from tests.naive import threshold_grid as naive

SHARPE, N_BARS, VARIANCE = 2.5 / math.sqrt(250), 1_250, 0.5 / 250


@pytest.mark.parametrize(
    ("n_tries", "skewness", "kurtosis", "published"),
    [(100, -3.0, 10.0, 0.9004), (46, -3.0, 10.0, 0.9505), (88, 0.0, 3.0, 0.9505)],
)
def test_the_papers_example(n_tries, skewness, kurtosis, published):
    """Bailey and Lopez de Prado (2014), "A numerical example": an annual ratio of 2.5 over five years of days."""
    found = threshold_grid.deflated_sharpe(SHARPE, N_BARS, skewness, kurtosis, n_tries, VARIANCE)
    assert round(found, 4) == published


def test_the_papers_expected_maximum():
    assert round(deflated.expected_maximum(100, VARIANCE), 4) == 0.1132


@settings(max_examples=100)
@given(
    sharpe=st.floats(-0.5, 0.5),
    n_bars=st.integers(2, 5_000),
    skewness=st.floats(-3, 3),
    excess=st.floats(0.1, 20),
    n_tries=st.sampled_from([1, 2, 3, 10, 1_000, 1_000_000]),
    variance=st.floats(0, 0.05),
)
def test_it_equals_the_formula_in_30_digits(sharpe, n_bars, skewness, excess, n_tries, variance):
    kurtosis = 1 + skewness**2 + excess
    found = threshold_grid.deflated_sharpe(sharpe, n_bars, skewness, kurtosis, n_tries, variance)
    expected = naive.deflated_sharpe(sharpe, n_bars, skewness, kurtosis, n_tries, variance)
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-300)


def test_more_tries_deflate_more():
    found = [
        threshold_grid.deflated_sharpe(SHARPE, N_BARS, 0.0, 3.0, n, VARIANCE) for n in (1, 2, 5, 20, 100, 1_000_000)
    ]
    assert found == sorted(found, reverse=True)
    assert found[0] > 0.999


def test_the_expected_maximum_is_that_of_drawn_normals():
    drawn = np.random.default_rng(0).normal(0, 0.1, (20_000, 50)).max(axis=1)
    assert deflated.expected_maximum(50, 0.01) == pytest.approx(drawn.mean(), rel=0.02)


def test_returns_of_two_values_have_a_certain_ratio():
    """Their kurtosis is 1 + skewness^2, and the spread of the estimate may be nought."""
    [skewness], [kurtosis] = return_moments.moments(np.array([[0.1, 0.1, 0.1, -0.1]]))
    assert kurtosis == pytest.approx(1 + skewness**2)
    certain = 2.0 / skewness
    kurtosis = 1 + skewness**2
    found = [deflated.probability(certain, benchmark, 10, skewness, kurtosis - 1e-9) for benchmark in (0.0, certain)]
    assert found[1] == 0.5
    assert found[0] in {0.0, 1.0}


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"sharpe": math.nan}, "sharpe must be finite, got nan"),
        ({"skewness": math.inf}, "skewness must be finite, got inf"),
        ({"kurtosis": 1.0}, r"kurtosis must be at least 1 \+ skewness\^2, got 1.0"),
        ({"n_tries": 0}, "n_tries must be >= 1, got 0"),
        ({"n_bars": 1}, "n_bars must be >= 2, got 1"),
        ({"variance": -1.0}, "variance must be finite and >= 0, got -1.0"),
    ],
)
def test_bad_input_is_named(changed, message):
    given = {"sharpe": 0.1, "n_bars": 9, "skewness": 1.0, "kurtosis": 3.0, "n_tries": 4, "variance": 0.1}
    with pytest.raises(InvalidInput, match=message):
        threshold_grid.deflated_sharpe(**given | changed)
