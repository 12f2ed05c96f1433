"""On every twin, principal components against SciPy's singular values and scikit-learn."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from sklearn.decomposition import PCA

from gpu_kernels import pca
from gpu_kernels.errors import InvalidInput
from tests.gpu_kernels.twins import LAYOUTS, LIBRARIES, on
from tests.naive import pca as naive

pytestmark = [pytest.mark.usefixtures("twin"), on(LIBRARIES)]

SHAPES = [(60, 5), (5, 8), (20, 120), (8, 8), (9, 8), (10, 1), (2, 3)]
TABLES = array_shapes(min_dims=2, max_dims=2, min_side=2, max_side=9).flatmap(
    lambda shape: arrays(np.float64, shape, elements=st.floats(-1, 1, width=32))
)


def draw(n_periods, n_assets, seed=0):
    """Returns whose eigenvalues are well apart: asset i moves about 1.4 times as far as asset i + 1."""
    source = np.random.default_rng(seed)
    turned = np.linalg.qr(source.normal(size=(n_assets, n_assets)))[0]
    scales = 1.4 ** -np.arange(min(n_assets, 30)).repeat(-(-n_assets // 30))[:n_assets]
    return 0.001 + 0.01 * (source.normal(size=(n_periods, n_assets)) * scales) @ turned


def separated(ratios, gap=1e-4):
    """Which components the data determine: their eigenvalue stands apart from its neighbours and from zero."""
    padded = np.concatenate([[np.inf], ratios, [0.0]])
    return np.minimum(padded[:-2] - padded[1:-1], padded[1:-1] - padded[2:]) > gap


@settings(max_examples=60)
@given(TABLES, st.sampled_from(pca.SCALINGS))
def test_it_agrees_with_singular_values(returns, scaling):
    fitted = pca.fit(returns, scaling=scaling)
    ratios, rows = naive.decomposition(returns, scaling)
    np.testing.assert_allclose(fitted.explained_variance_ratio, ratios, atol=1e-12)
    known = np.flatnonzero(separated(ratios, 1e-3))
    for k in known:
        # The sign is that of the largest entry, which may tie.
        assert abs(fitted.components[k] @ rows[k]) == pytest.approx(1.0, abs=1e-9)
    projected = naive.scaled(returns, scaling) @ fitted.components.T
    np.testing.assert_allclose(fitted.transformed, projected, atol=1e-9 * max(1.0, np.abs(projected).max()))


@settings(max_examples=40)
@given(TABLES, st.sampled_from(pca.SCALINGS))
def test_components_are_orthonormal_and_signed(returns, scaling):
    components = pca.fit(returns, scaling=scaling).components
    assert components.shape == (min(returns.shape), returns.shape[1])
    np.testing.assert_allclose(components @ components.T, np.eye(len(components)), atol=1e-10)
    assert np.all(components.max(axis=1) >= -components.min(axis=1))


@settings(max_examples=40)
@given(TABLES, st.sampled_from(pca.SCALINGS))
def test_all_components_together_give_the_scaled_returns_back(returns, scaling):
    fitted = pca.fit(returns, scaling=scaling)
    expected = naive.scaled(returns, scaling)
    size = max(1.0, np.abs(expected).max())
    # An eigenvalue below rounding counts as zero, so its square root may be missing.
    np.testing.assert_allclose(fitted.transformed @ fitted.components, expected, atol=1e-7 * size)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("scaling", pca.SCALINGS)
def test_it_agrees_with_scikit_learn(scaling, shape):
    returns = draw(*shape)
    width = {"none": 1.0, "zscore": returns.std(axis=0, ddof=1), "minmax": np.ptp(returns, axis=0)}[scaling]
    fitted, peer = pca.fit(returns, scaling=scaling), PCA(svd_solver="full").fit(returns / width)
    np.testing.assert_allclose(fitted.explained_variance_ratio, peer.explained_variance_ratio_, atol=1e-9)
    known = separated(peer.explained_variance_ratio_)
    assert known[0]
    rows = np.array([naive.signed(row) for row in peer.components_])
    np.testing.assert_allclose(fitted.components[known], rows[known], atol=1e-9)
    flips = np.sign(np.sum(peer.components_ * rows, axis=1))
    scores = peer.transform(returns / width) * flips
    np.testing.assert_allclose(fitted.transformed[:, known], scores[:, known], atol=1e-9)


def test_nearly_tied_components_span_scikit_learns_subspace():
    source = np.random.default_rng(3)
    orthogonal = np.linalg.qr(source.normal(size=(50, 4)))[0]
    orthogonal = np.linalg.qr(orthogonal - orthogonal.mean(axis=0))[0] * [3.0, 1.0, 1.0 + 1e-13, 0.1]
    fitted, peer = pca.fit(orthogonal), PCA(svd_solver="full").fit(orthogonal)
    np.testing.assert_allclose(
        fitted.components[1:3].T @ fitted.components[1:3], peer.components_[1:3].T @ peer.components_[1:3], atol=1e-9
    )


@pytest.mark.parametrize("shape", [(60, 5), (5, 60)])
@pytest.mark.parametrize("scaling", pca.SCALINGS)
def test_fewer_components_are_the_first_of_all_and_ratios_do_not_change(scaling, shape):
    returns = draw(*shape)
    everything, two = pca.fit(returns, scaling=scaling), pca.fit(returns, n_components=2, scaling=scaling)
    np.testing.assert_array_equal(two.explained_variance_ratio, everything.explained_variance_ratio[:2])
    np.testing.assert_allclose(two.components, everything.components[:2], atol=1e-14)
    np.testing.assert_allclose(two.transformed, everything.transformed[:, :2], atol=1e-14)
    assert two.total_variance_explained == pytest.approx(two.explained_variance_ratio.sum())
    assert everything.total_variance_explained == pytest.approx(1.0)


def test_more_components_than_there_can_be_mean_all():
    assert repr(pca.fit(draw(5, 8), n_components=100)) == repr(pca.fit(draw(5, 8)))


def test_wide_data_have_the_scores_of_the_same_data_in_tall_form():
    """The T x T route and the N x N route agree on data that can go either way."""
    returns = draw(12, 12)
    tall = np.vstack([returns, np.broadcast_to(returns.mean(axis=0), (1, 12))])
    wide = np.hstack([returns, np.zeros((12, 1))])
    by_rows, by_columns = pca.fit(wide), pca.fit(tall)
    np.testing.assert_allclose(by_rows.components[:6, :12], by_columns.components[:6], atol=1e-10)
    np.testing.assert_allclose(
        by_rows.explained_variance_ratio[:6], by_columns.explained_variance_ratio[:6], atol=1e-12
    )


@pytest.mark.parametrize("scaling", pca.SCALINGS)
def test_a_common_scale_and_a_shift_leave_the_components(scaling):
    returns = draw(60, 5)
    usual, moved = pca.fit(returns, scaling=scaling), pca.fit(1000 * returns + 7.0, scaling=scaling)
    np.testing.assert_allclose(moved.components, usual.components, atol=1e-9)
    np.testing.assert_allclose(moved.explained_variance_ratio, usual.explained_variance_ratio, atol=1e-12)


@pytest.mark.parametrize("scaling", ["zscore", "minmax"])
def test_scaling_by_column_forgets_each_columns_unit(scaling):
    returns = draw(60, 5)
    units = np.array([1.0, 1e-3, 1e4, 10.0, 0.5])
    usual, moved = pca.fit(returns, scaling=scaling), pca.fit(returns * units, scaling=scaling)
    np.testing.assert_allclose(moved.components, usual.components, atol=1e-9)
    np.testing.assert_allclose(moved.transformed, usual.transformed, atol=1e-9)


@pytest.mark.parametrize("shape", [(60, 5), (5, 60)])
@pytest.mark.parametrize("scaling", pca.SCALINGS)
def test_a_constant_column_carries_no_weight(scaling, shape):
    returns = draw(*shape)
    returns[:, 2] = 0.125
    fitted = pca.fit(returns, scaling=scaling, n_components=3)
    np.testing.assert_allclose(fitted.components[:, 2], 0.0, atol=1e-15)


@pytest.mark.parametrize("shape", [(9, 4), (4, 9)])
@pytest.mark.parametrize("scaling", pca.SCALINGS)
def test_still_returns_have_ratios_of_zero_and_unit_vectors(scaling, shape):
    fitted = pca.fit(np.full(shape, 0.02), scaling=scaling)
    np.testing.assert_array_equal(fitted.explained_variance_ratio, np.zeros(4))
    np.testing.assert_array_equal(fitted.components, np.eye(4, shape[1]))
    np.testing.assert_array_equal(fitted.transformed, np.zeros((shape[0], 4)))
    assert fitted.total_variance_explained == 0


def test_proportional_assets_have_one_component():
    returns = np.outer(draw(50, 1)[:, 0], [1.0, -2.0, 0.5])
    fitted = pca.fit(returns)
    np.testing.assert_array_equal(fitted.explained_variance_ratio, [1.0, 0.0, 0.0])
    np.testing.assert_allclose(fitted.components[0], np.array([-1.0, 2.0, -0.5]) / np.sqrt(5.25), atol=1e-12)


def test_two_periods_have_one_component_with_variance():
    fitted = pca.fit([[0.0, 0.0, 1.0], [3.0, 4.0, 1.0]])
    np.testing.assert_allclose(fitted.explained_variance_ratio, [1.0, 0.0], atol=1e-15)
    np.testing.assert_allclose(fitted.components[0], [0.6, 0.8, 0.0], atol=1e-15)
    np.testing.assert_allclose(fitted.transformed[:, 0], [-2.5, 2.5])


def test_the_answer_is_the_same_from_run_to_run():
    returns = np.outer(draw(6, 1)[:, 0], np.arange(1.0, 10.0))
    np.testing.assert_array_equal(pca.fit(returns).components, pca.fit(returns.copy()).components)


@LAYOUTS
@pytest.mark.parametrize("scaling", pca.SCALINGS)
def test_any_layout_gives_the_same_and_is_left_alone(scaling, layout):
    returns = draw(20, 4)
    given, expected = layout(returns), pca.fit(returns, scaling=scaling)
    found = pca.fit(given, scaling=scaling)
    for name in ("components", "transformed", "explained_variance_ratio"):
        np.testing.assert_allclose(getattr(found, name), getattr(expected, name), atol=1e-13, err_msg=name)
    np.testing.assert_array_equal(given, returns)


@pytest.mark.parametrize(
    ("returns", "options", "message"),
    [
        ([[0.1, np.nan], [0.2, 0.1]], {}, r"returns\[0, 1\] must be finite, got nan"),
        ([[0.1, 0.1], [np.inf, 0.1]], {}, r"returns\[1, 0\] must be finite, got inf"),
        ([[0.1, 0.1], [1e51, 0.1]], {}, r"returns\[1, 0\] must be at most 1e\+50 in magnitude, got 1e\+51"),
        ([[0.1, 0.2]], {}, r"returns must be \(T, N\) with T >= 2 and N >= 1, got \(1, 2\)"),
        (np.empty((5, 0)), {}, r"returns must be \(T, N\) with T >= 2 and N >= 1, got \(5, 0\)"),
        ([0.1, 0.2], {}, r"returns must have shape \(T, N\), got \(2,\)"),
        (np.eye(3), {"scaling": "robust"}, "scaling must be one of 'none', 'zscore', 'minmax', got 'robust'"),
        (np.eye(3), {"n_components": -1}, "n_components must be >= 0, got -1"),
    ],
)
def test_bad_input_is_named(returns, options, message):
    with pytest.raises(InvalidInput, match=message):
        pca.fit(returns, **options)
