"""What the weights refuse, and in which words."""

from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gpu_kernels import weights
from gpu_kernels.errors import Degenerate, InvalidInput
from tests.gpu_kernels.twins import CPU, LAYOUTS, on

pytestmark = [pytest.mark.usefixtures("twin"), on(CPU)]

MEANS = [0.01, 0.02, 0.03]
MATRIX = np.diag([0.04, 0.05, 0.06])

BAD = [
    ({"expected_returns": []}, "expected_returns must hold at least one asset"),
    ({"expected_returns": [[0.1]]}, r"expected_returns must have shape \(N,\), got \(1, 1\)"),
    ({"expected_returns": [0.1, np.nan, 0.2]}, r"expected_returns\[1\] must be finite, got nan"),
    ({"expected_returns": ["a", "b", "c"]}, r"expected_returns must be numbers of shape \(N,\)"),
    ({"covariance": np.eye(2)}, r"covariance must have shape \(3, 3\), got \(2, 2\)"),
    ({"covariance": np.ones(3)}, r"covariance must have shape \(N, N\), got \(3,\)"),
    ({"covariance": np.diag([1.0, np.inf, 1.0])}, r"covariance\[1, 1\] must be finite, got inf"),
    ({"covariance": MATRIX + np.eye(3, k=1)}, r"covariance\[0, 1\] must be symmetric: entry \[1, 0\] is 0, got 1.0"),
    (
        {"expected_returns": [0.1, -2e50, 0.2]},
        r"expected_returns\[1\] must be at most 1e\+50 in magnitude, got -2e\+50",
    ),
    (
        {"covariance": np.diag([1.0, 1e300, 1.0])},
        r"covariance\[1, 1\] must be at most 1e\+50 in magnitude, got 1e\+300",
    ),
    ({"covariance": np.diag([1.0, 1.0, 1e-60])}, r"covariance\[2, 2\] must be 0 or at least 1e-50 in .*, got 1e-60"),
    ({"covariance": np.diag([5e-324] * 3)}, r"covariance\[0, 0\] must be 0 or at least 1e-50 in magnitude, got 5e-324"),
    ({"covariance": np.diag([1.0, -1.0, 1.0])}, "covariance must be positive semi-definite: .*, got -1.0"),
    ({"gamma": 0.0}, "gamma must be finite and > 0, got 0.0"),
    ({"gamma": -2.0}, "gamma must be finite and > 0, got -2.0"),
    ({"risk_free_rate": np.nan}, "risk_free_rate must be finite, got nan"),
    ({"gamma": 1e-51}, r"gamma must be between 1e-50 and 1e\+50, got 1e-51"),
    ({"gamma": 1e51}, r"gamma must be between 1e-50 and 1e\+50, got 1e\+51"),
    ({"risk_free_rate": 1e308}, r"risk_free_rate must be at most 1e\+50 in magnitude, got 1e\+308"),
    ({"bounds": (-1e51, None)}, r"bounds must be at most 1e\+50 in magnitude, got -1e\+51"),
    ({"leverage": 1e60}, r"leverage must be at most 1e\+50 in magnitude, got 1e\+60"),
    ({"mode": "short"}, "mode must be one of 'budget', 'unconstrained', 'long_only', got 'short'"),
    ({"bounds": 0.5}, r"bounds must be a pair \(lowest, highest\), got 0.5"),
    ({"bounds": (0.0, 0.5, 1.0)}, r"bounds must be a pair \(lowest, highest\)"),
    ({"bounds": ([0.0, 0.1], None)}, "bounds must be one number or one for each of the 3 assets, got 2"),
    ({"bounds": (np.nan, None)}, "bounds must be finite, got nan"),
    ({"bounds": ([0.0, np.inf, 0.0], 1.0)}, r"bounds\[1\] must be finite, got inf"),
    ({"bounds": (0.5, 0.2)}, r"bounds\[0\] must not have a lowest weight above the highest, 0.2, got 0.5"),
    ({"bounds": (0.0, 0.3)}, "bounds must let the weights sum to 1: the highest must sum to 1 or more, got 0.89"),
    ({"bounds": (0.4, 1.0)}, "bounds must let the weights sum to 1: the lowest must sum to 1 or less, got 1.2"),
    ({"leverage": 0.9}, "leverage must be at least 1, which the other constraints need, got 0.9"),
    ({"leverage": 0.0}, "leverage must be finite and > 0, got 0.0"),
    ({"bounds": ([-0.5] * 3, [-0.2, 2.0, 2.0]), "leverage": 1.3}, "leverage must be at least 1.4"),
    ({"mode": "unconstrained", "bounds": (0.5, 1.0), "leverage": 1.0}, "leverage must be at least 1.5"),
]


METHODS = pytest.mark.parametrize("method", [weights.cara, weights.sharpe])


@METHODS
@pytest.mark.parametrize(("change", "message"), BAD)
def test_a_broken_rule_is_named(method, change, message):
    arguments = {"expected_returns": MEANS, "covariance": MATRIX} | change
    with pytest.raises(InvalidInput, match=message):
        method(arguments.pop("expected_returns"), arguments.pop("covariance"), **arguments)


@pytest.mark.parametrize("option", [{"bounds": (0.0, 1.0)}, {"leverage": 2.0}])
def test_a_sharpe_ratio_without_a_budget_has_no_scale_for_bounds(option):
    with pytest.raises(InvalidInput, match="mode must be 'budget' or 'long_only' beside bounds or leverage"):
        weights.sharpe(MEANS, MATRIX, mode="unconstrained", **option)


@LAYOUTS
@METHODS
@pytest.mark.parametrize(
    "options", [{"mode": mode} for mode in weights.MODES] + [{"bounds": (np.zeros(3), np.ones(3))}]
)
def test_any_layout_gives_the_same_and_is_left_alone(method, options, layout):
    matrix = MATRIX + 0.01
    means, covariance = layout(np.array(MEANS)), layout(matrix)
    found, expected = method(means, covariance, **options), method(MEANS, matrix, **options)
    np.testing.assert_allclose(found.weights, expected.weights, rtol=1e-14)
    np.testing.assert_array_equal(means, MEANS)
    np.testing.assert_array_equal(covariance, matrix)


def test_rounding_in_the_covariance_is_no_error():
    matrix = MATRIX.copy()
    matrix[0, 1] += 1e-14
    assert np.allclose(weights.cara(MEANS, matrix).weights, weights.cara(MEANS, MATRIX).weights, rtol=1e-10)


def test_a_matrix_of_integers_is_welcome():
    assert weights.cara([1, 2], [[2, 0], [0, 2]]).weights == pytest.approx([0.25, 0.75])


EXTREME = [0.0, -0.0, 1.0, -1.0, 0.02, 5e-324, -5e-324, 1e-200, 1e-50, 1e-25, 1e14, 1e25, 1e50, -1e50]
NUMBERS = st.one_of(st.sampled_from(EXTREME), st.floats(-1e50, 1e50))


@st.composite
def problems(draw):
    n_assets = draw(st.integers(1, 4))
    few = st.lists(NUMBERS, min_size=n_assets, max_size=n_assets)
    widths = np.sqrt(np.abs(draw(few)))
    rows = np.random.default_rng(draw(st.integers(0, 2**32))).normal(size=(draw(st.integers(1, 6)), n_assets))
    matrix = rows.T @ rows
    matrix /= max(1.0, np.abs(matrix).max())
    return np.array(draw(few)), (matrix * widths).T * widths


OPTIONS = st.fixed_dictionaries(
    {"mode": st.sampled_from(weights.MODES), "risk_free_rate": NUMBERS},
    optional={
        "gamma": st.sampled_from([1e-50, 1e-14, 1e14, 1e50]),
        "bounds": st.sampled_from([(0.0, 1.0), (1e-200, None), (-1e50, 1e50), (None, 1.0)]),
        "leverage": st.sampled_from([1.0, 2.0, 1e25, 1e50]),
    },
)


@METHODS
@settings(max_examples=100)
@given(problem=problems(), options=OPTIONS)
def test_numbers_of_any_legal_size_give_finite_weights_or_a_rule(method, problem, options):
    strict = np.errstate(over="raise", divide="raise", invalid="raise")
    with strict, suppress(InvalidInput, Degenerate):
        found = method(*problem, **options)
        assert np.isfinite(found.weights).all()
        assert np.isfinite([found.expected_return, found.expected_volatility, found.sharpe_ratio, found.utility]).all()


@METHODS
def test_nothing_at_all_has_no_weights(method):
    with pytest.raises(Degenerate, match="covariance is singular"):
        method(np.zeros(4), np.zeros((4, 4)), gamma=0.5)


@pytest.mark.parametrize("size", [5e-324, 1e-200, 1e50])
@pytest.mark.parametrize("gamma", [1e-50, 1e50])
def test_the_tangency_portfolio_is_that_of_any_unit(size, gamma):
    found = weights.sharpe([size, size], np.eye(2), gamma=gamma)
    assert found.weights == pytest.approx([0.5, 0.5])
    assert found.status == "optimized"
