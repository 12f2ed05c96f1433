"""Covariance estimators against exact sums and scikit-learn."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.covariance import OAS, LedoitWolf

from gpu_kernels import moments
from gpu_kernels.errors import Degenerate, InvalidInput
from tests.naive import moments as naive

PEERS = {"ledoit_wolf": LedoitWolf, "oas": OAS}
SHAPES = [(50, 5), (5, 8), (300, 20), (10, 1), (2, 3), (40, 40)]


def draw(n_periods, n_assets, seed=0):
    source = np.random.default_rng(seed)
    mixing = source.normal(size=(n_assets, n_assets))
    return 0.001 + 0.01 * source.normal(size=(n_periods, n_assets)) @ mixing


def varied(shape):
    """Returns of every column at least a little spread, so that no asset counts as constant."""
    values = arrays(np.float64, shape, elements=st.floats(-1, 1, width=32))
    return values.map(lambda drawn: drawn + np.linspace(-0.3, 0.2, shape[0])[:, None] ** np.arange(1, shape[1] + 1))


@settings(max_examples=40, deadline=None)
@given(varied((7, 3)))
def test_sample_covariance_agrees_with_exact_fractions(returns):
    fitted = moments.covariance(returns)
    np.testing.assert_allclose(fitted.mean, [naive.mean(column) for column in returns.T], atol=1e-15)
    if not fitted.fallback:
        np.testing.assert_allclose(fitted.matrix, naive.sample(returns), rtol=1e-12, atol=1e-15)


@settings(max_examples=60, deadline=None)
@given(
    varied((8, 3)),
    st.tuples(*3 * [st.sampled_from([0.0, 0.01, 1.0, -30.0, 1e6])]),
    st.tuples(*3 * [st.sampled_from([1e-9, 1e-3, 1.0, 1e20])]),
)
def test_levels_far_from_zero_cost_no_digits_but_those_of_the_entries(returns, levels, sizes):
    returns = (returns + levels) * sizes
    fitted = moments.covariance(returns)
    size = np.sqrt(np.diagonal(naive.sample(returns)))
    lost = np.finfo(float).eps * np.abs(returns).max(axis=0)
    assert (np.abs(fitted.mean - [naive.mean(column) for column in returns.T]) <= 4 * lost).all()
    if not fitted.fallback:
        gap = np.abs(fitted.matrix - naive.sample(returns))
        assert (gap <= 1e-14 * np.outer(size, size) + 8 * (np.outer(lost, size) + np.outer(size, lost))).all()


@pytest.mark.parametrize("place", [(0, 0), (17, 2), (49, 4)])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e308, 2e50, -2e50])
def test_no_strange_entry_hides_in_the_sums(place, value):
    returns = draw(50, 5)
    returns[place] = value
    if np.isnan(value):
        assert moments.covariance(returns).dropped_rows == 1
    else:
        with pytest.raises(InvalidInput, match=rf"returns\[{place[0]}, {place[1]}\]"):
            moments.covariance(returns)


@settings(max_examples=40, deadline=None)
@given(varied((9, 2)), st.floats(0.5, 500))
def test_ewma_agrees_with_plain_sums(returns, halflife):
    fitted = moments.covariance(returns, method="ewma", halflife=halflife)
    if not fitted.fallback:
        np.testing.assert_allclose(fitted.matrix, naive.ewma(returns, halflife), rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("method", PEERS)
def test_shrinkage_agrees_with_scikit_learn(method, shape):
    returns = draw(*shape)
    fitted, peer = moments.covariance(returns, method=method), PEERS[method]().fit(returns)
    np.testing.assert_allclose(fitted.matrix, peer.covariance_, rtol=1e-9, atol=1e-9 * np.abs(peer.covariance_).max())
    assert fitted.shrinkage == pytest.approx(peer.shrinkage_, abs=1e-9)
    assert fitted.method == method
    assert not fitted.fallback


def test_ewma_agrees_with_pandas():
    returns = draw(200, 4)
    peer = pd.DataFrame(returns).ewm(halflife=20).cov().loc[199].to_numpy()
    np.testing.assert_allclose(moments.covariance(returns, method="ewma", halflife=20).matrix, peer, rtol=1e-9)


def test_ewma_with_a_long_memory_is_the_sample_covariance():
    returns = draw(50, 4)
    slow = moments.covariance(returns, method="ewma", halflife=1e9)
    np.testing.assert_allclose(slow.matrix, moments.covariance(returns).matrix, rtol=1e-6)


@pytest.mark.parametrize("method", moments.METHODS)
def test_scaling_returns_scales_means_and_covariance(method):
    returns = draw(60, 5)
    one, ten = moments.covariance(returns, method=method), moments.covariance(10 * returns, method=method)
    np.testing.assert_allclose(ten.mean, 10 * one.mean, rtol=1e-12)
    np.testing.assert_allclose(ten.matrix, 100 * one.matrix, rtol=1e-11)
    assert ten.shrinkage == pytest.approx(one.shrinkage, abs=1e-12)


@pytest.mark.parametrize("method", moments.METHODS)
def test_shifting_returns_shifts_means_alone(method):
    returns = draw(60, 5)
    one, far = moments.covariance(returns, method=method), moments.covariance(returns + 3.0, method=method)
    np.testing.assert_allclose(far.mean, one.mean + 3.0, rtol=1e-12)
    np.testing.assert_allclose(far.matrix, one.matrix, rtol=1e-9, atol=1e-15)


@pytest.mark.parametrize("method", moments.METHODS)
def test_a_matrix_is_symmetric_and_positive_semi_definite(method):
    matrix = moments.covariance(draw(60, 12), method=method).matrix
    np.testing.assert_array_equal(matrix, matrix.T)
    assert np.linalg.eigvalsh(matrix)[0] > 0


def test_too_few_rows_fall_back_to_ledoit_wolf_and_say_so():
    returns = draw(5, 5)
    fitted = moments.covariance(returns)
    assert (fitted.method, fitted.fallback) == ("ledoit_wolf", "5 rows are too few for 5 assets")
    np.testing.assert_array_equal(fitted.matrix, moments.covariance(returns, method="ledoit_wolf").matrix)


def test_twin_assets_fall_back_to_ledoit_wolf_and_say_so():
    returns = draw(50, 3)
    returns[:, 2] = returns[:, 0]
    fitted = moments.covariance(returns)
    assert (fitted.method, fitted.fallback) == ("ledoit_wolf", "the condition number exceeds 1e+10")
    assert np.linalg.cond(fitted.matrix) < 1e10


def test_a_vanishing_half_life_falls_back_too():
    fitted = moments.covariance(draw(50, 3), method="ewma", halflife=1e-3)
    assert fitted.method == "ledoit_wolf"
    assert fitted.fallback


def test_rows_with_nan_are_dropped_and_counted():
    returns = draw(50, 3)
    holed = np.insert(returns, [0, 20, 50], [np.nan, 0.1, 0.1], axis=0)
    fitted, whole = moments.covariance(holed), moments.covariance(returns)
    assert (fitted.dropped_rows, fitted.n_periods) == (3, 50)
    np.testing.assert_array_equal(fitted.matrix, whole.matrix)


def test_a_read_only_array_is_left_alone():
    returns = draw(30, 3)
    kept = returns.copy()
    returns.flags.writeable = False
    for method in moments.METHODS:
        moments.covariance(returns, method=method)
    np.testing.assert_array_equal(returns, kept)


@pytest.mark.parametrize("method", ["sample", "ewma"])
def test_an_asset_without_variance_is_named(method):
    returns = draw(30, 3)
    returns[:, 1] = 0.25
    with pytest.raises(Degenerate, match="asset 1 has no variance"):
        moments.covariance(returns, method=method)


def test_shrinkage_accepts_one_still_asset_but_not_all_of_them():
    returns = draw(30, 3)
    returns[:, 1] = 0.25
    fitted = moments.covariance(returns, method="ledoit_wolf")
    assert fitted.matrix[1, 1] > 0
    with pytest.raises(Degenerate, match="asset 0"):
        moments.covariance(np.ones((30, 3)), method="ledoit_wolf")


@pytest.mark.parametrize(
    ("returns", "options", "message"),
    [
        ([[0.1, np.inf], [0.2, 0.1]], {}, r"returns\[0, 1\] must not be infinite, got inf"),
        ([[0.1, 1e60], [0.2, 0.1]], {}, r"returns\[0, 1\] must be at most 1e\+50 in magnitude, got 1e\+60"),
        (
            [[0.1, np.nan], [0.2, 0.1]],
            {},
            r"returns\[0, 1\] must have at least 2 rows without NaN: asset 1 has 1 of 2 returns",
        ),
        ([0.1, 0.2], {}, r"returns must have shape \(T, N\), got \(2,\)"),
        (np.empty((3, 0)), {}, r"returns must have at least one column, got \(3, 0\)"),
        ([["a", "b"]], {}, r"returns must be numbers of shape \(T, N\), got 'list'"),
        (np.eye(3), {"method": "robust"}, "covariance must be one of 'sample', .*'ewma', got 'robust'"),
        (np.eye(3), {"halflife": 3.0}, "halflife applies to covariance 'ewma' only, got 3.0"),
        (np.eye(3), {"method": "ewma", "halflife": 0.0}, "halflife must be finite and > 0, got 0.0"),
        (np.eye(3), {"method": "ewma", "halflife": 5e-324}, r"halflife must be between 1e-50 and 1e\+50, got 5e-324"),
    ],
)
def test_bad_input_is_named(returns, options, message):
    with pytest.raises(InvalidInput, match=message):
        moments.covariance(returns, **options)
