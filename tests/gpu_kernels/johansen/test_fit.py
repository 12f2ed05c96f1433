"""Johansen's test against its oracle, statsmodels' coint_johansen, and its own invariances."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.tsa.vector_ar.vecm import coint_johansen

from gpu_kernels import johansen, ou
from tests.gpu_kernels.twins import CPU, LAYOUTS, on
from tests.naive import johansen as naive

pytestmark = [pytest.mark.usefixtures("twin"), on(CPU)]

STATISTICS = ("eigenvalues", "trace_statistic", "max_eigenvalue_statistic")


def draw(seed=1, n_bars=300, n_series=3, rank=1, drift=0.0):
    """Log prices of random walks, the first `rank` of which are the mean of the others but for what reverts."""
    source = np.random.default_rng(seed)
    walks = 4 + np.cumsum(source.normal(drift, 0.01, (n_bars, n_series)), axis=0)
    for column in range(rank):
        u = np.zeros(n_bars)
        for t in range(1, n_bars):
            u[t] = 0.8 * u[t - 1] + source.normal(0, 0.01)
        walks[:, column] = walks[:, rank:].mean(axis=1) + u
    return walks


LEVELS = draw()
PRICES = np.exp(LEVELS)


def close(found, expected, name):
    scale = np.abs(expected).max()
    np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-10 * scale, err_msg=name)


@settings(max_examples=8, deadline=None)
@given(
    seed=st.integers(0, 1000),
    n_series=st.integers(2, 4),
    det_order=st.sampled_from(johansen.DET_ORDERS),
    lags=st.integers(0, 3),
    log=st.booleans(),
)
def test_it_agrees_with_the_oracle(seed, n_series, det_order, lags, log):
    prices = np.exp(draw(seed, 60, n_series))
    found = johansen.fit(prices, det_order=det_order, lags=lags, log=log)
    expected = naive.fit(prices, det_order, lags, log)
    for name in (*STATISTICS, "vectors", "spread", "n_samples", "intercept", "trend"):
        close(getattr(found, name), expected[name], name)
    if found.status == "ok":
        for name in ("theta", "sigma", "half_life"):
            assert getattr(found, name) == pytest.approx(expected[name], rel=1e-7), name
        assert found.mu == pytest.approx(expected["mu"], rel=1e-7, abs=1e-8)


@pytest.mark.parametrize("log", [True, False])
@pytest.mark.parametrize("lags", [1, 2, 7])
@pytest.mark.parametrize("det_order", [-1, 0, 1])
@pytest.mark.parametrize("n_series", [2, 3, 5, 12])
def test_it_agrees_with_statsmodels(n_series, det_order, lags, log):
    prices = np.exp(draw(n_series, 400, n_series, n_series // 2) - 4)
    found = johansen.fit(prices, det_order=det_order, lags=lags, log=log)
    theirs = coint_johansen(np.log(prices) if log else prices, det_order, lags)
    close(found.eigenvalues, theirs.eig, "eigenvalues")
    close(found.trace_statistic, theirs.trace_stat, "trace_statistic")
    close(found.max_eigenvalue_statistic, theirs.max_eig_stat, "max_eigenvalue_statistic")
    vectors = theirs.evec.T * np.where(theirs.evec.T[:, :1] < 0, -1, 1)
    np.testing.assert_allclose(found.vectors, vectors, atol=1e-8 * np.abs(vectors).max())
    np.testing.assert_array_equal(found.trace_critical_values, theirs.trace_stat_crit_vals)
    np.testing.assert_array_equal(found.max_eigenvalue_critical_values, theirs.max_eig_stat_crit_vals)


def test_series_that_nearly_give_each_other_keep_their_digits():
    """The oracle has 50 digits; the inverses of moments in statsmodels lose most here, on some CPUs all."""
    twin = LEVELS[:80, 1] + 1e-7 * LEVELS[:80, 2]
    levels = np.column_stack([LEVELS[:80, 0], LEVELS[:80, 1], twin])
    found, expected = johansen.fit(levels, log=False), naive.fit(levels, 0, 1)
    close(found.trace_statistic, expected["trace_statistic"], "trace_statistic")
    try:
        theirs = coint_johansen(levels, 0, 1).trace_stat
    except np.linalg.LinAlgError:
        return
    assert np.abs(theirs / expected["trace_statistic"] - 1).max() > 1e-5


@pytest.mark.parametrize("size", [1e-8, 2e-11])
def test_eigenvalues_near_one_keep_the_digits_of_their_distance_from_it(size):
    wave = np.sin(0.1 * np.arange(80)) + size * np.random.default_rng(1).normal(size=80)
    levels = np.column_stack([wave + LEVELS[:80, 1], LEVELS[:80, 1]])
    found, expected = johansen.fit(levels, log=False), naive.fit(levels, 0, 1)
    assert 1 - 1e-9 < found.eigenvalues[0] <= 1
    close(found.max_eigenvalue_statistic, expected["max_eigenvalue_statistic"], "max_eigenvalue_statistic")


@pytest.mark.parametrize("det_order", [-1, 0, 1])
def test_the_vectors_are_normalised_by_what_the_lags_leave_of_the_levels(det_order):
    """With no lags and det_order 0 that is the second moment of the levels before, around their mean."""
    found = johansen.fit(PRICES, det_order=det_order, lags=0)
    before = LEVELS[:-1]
    if det_order == 1:
        bars = np.arange(len(LEVELS))
        before = (LEVELS - np.stack([np.polyval(np.polyfit(bars, c, 1), bars) for c in LEVELS.T], axis=1))[:-1]
    if det_order >= 0:
        before = before - before.mean(axis=0)
    moments = before.T @ before / len(before)
    np.testing.assert_allclose(found.vectors @ moments @ found.vectors.T, np.eye(3), atol=1e-9)
    assert (found.vectors[:, 0] > 0).all()


@pytest.mark.parametrize("factor", [1e6, 1e-6, 1e40, 1e-40])
@pytest.mark.parametrize(("det_order", "log"), [(-1, False), (0, False), (1, False), (0, True), (1, True)])
def test_the_unit_of_a_column_does_not_matter(det_order, log, factor):
    scaled = PRICES * np.array([1.0, factor, 1.0])
    found = johansen.fit(scaled, det_order=det_order, log=log)
    expected = johansen.fit(PRICES, det_order=det_order, log=log)
    for name in (*STATISTICS, "spread"):
        close(getattr(found, name), getattr(expected, name), name)
    weights = found.vectors if log else found.vectors * np.array([1.0, factor, 1.0])
    close(weights, expected.vectors, "vectors")
    assert found.half_life == pytest.approx(expected.half_life, rel=1e-8)


@pytest.mark.parametrize("power", [-100, 100])
def test_prices_of_another_unit_have_the_same_bits(power):
    found = johansen.fit(PRICES * 2.0**power, log=False)
    expected = johansen.fit(PRICES, log=False)
    for name in (*STATISTICS, "trace_rank", "max_eigenvalue_rank", "spread"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name), err_msg=name)


def test_an_offset_of_every_column_moves_the_intercept_alone():
    found = johansen.fit(PRICES + np.array([5.0, -3.0, 100.0]), log=False)
    expected = johansen.fit(PRICES, log=False)
    for name in (*STATISTICS, "vectors", "spread"):
        close(getattr(found, name), getattr(expected, name), name)
    assert found.intercept != pytest.approx(expected.intercept, rel=1e-3)


def test_the_order_of_the_columns_does_not_matter():
    order = [2, 0, 1]
    found, expected = johansen.fit(PRICES[:, order]), johansen.fit(PRICES)
    for name in STATISTICS:
        close(getattr(found, name), getattr(expected, name), name)
    close(np.abs(found.vectors), np.abs(expected.vectors[:, order]), "vectors")


@LAYOUTS
def test_the_layout_in_memory_does_not_matter(layout):
    found, expected = johansen.fit(layout(PRICES)), johansen.fit(PRICES)
    for name in (*STATISTICS, "vectors", "spread"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name), err_msg=name)


def test_long_series_are_reduced_block_by_block(monkeypatch):
    """Blocks of few rows give what one block gives."""
    whole = johansen.fit(PRICES, lags=3)
    monkeypatch.setattr("gpu_kernels.johansen.host._ENTRIES", 1)
    for name in (*STATISTICS, "vectors"):
        close(getattr(johansen.fit(PRICES, lags=3), name), getattr(whole, name), name)


@pytest.mark.parametrize("det_order", [-1, 0, 1])
def test_the_spread_is_the_first_combination_and_its_process_is_fitted(det_order):
    found = johansen.fit(PRICES, det_order=det_order)
    bars = np.arange(len(LEVELS))
    expected = LEVELS @ found.vectors[0] - found.intercept - found.trend * bars
    np.testing.assert_allclose(found.spread, expected, atol=1e-9)
    if det_order >= 0:
        assert abs(found.spread.mean()) < 1e-10
    if det_order == 1:
        assert abs(np.polyfit(bars, found.spread, 1)[0]) < 1e-12
    process = ou.single(ou.fit(found.spread[None]))
    for name in ("theta", "mu", "sigma", "half_life"):
        assert getattr(found, name) == getattr(process, name), name
    assert (found.status, found.reason) == ("ok", "")


def test_a_spread_that_is_no_process_says_so():
    """The first combination jumps from one side to the other, as no Ornstein-Uhlenbeck process does."""
    jumps = 0.1 * (-1.0) ** np.arange(300) + 0.01 * np.sin(np.arange(300) ** 2)
    found = johansen.fit(np.column_stack([LEVELS[:, 1] + jumps, LEVELS[:, 1]]), lags=0, log=False)
    assert found.status == "no_process"
    assert found.reason.startswith("the spread is no Ornstein-Uhlenbeck process: ")
    assert np.isnan([found.theta, found.mu, found.sigma, found.half_life]).all()
    assert found.trace_rank >= 1


def sequence(statistic, critical):
    """The usual procedure: from rank 0 on, the first hypothesis that its critical value does not reject."""
    for r, (value, bound) in enumerate(zip(statistic, critical, strict=True)):
        if value <= bound:
            return r
    return len(statistic)


@pytest.mark.parametrize("seed", range(12))
def test_the_rank_is_the_first_that_is_not_rejected(seed):
    found = johansen.fit(draw(seed, 200, 4, seed % 4), log=False)
    assert found.trace_rank == sequence(found.trace_statistic, found.trace_critical_values[:, 1])
    largest = found.max_eigenvalue_statistic, found.max_eigenvalue_critical_values[:, 1]
    assert found.max_eigenvalue_rank == sequence(*largest)


def test_no_rank_is_accepted_of_series_that_all_revert():
    found = johansen.fit(np.random.default_rng(1).normal(size=(300, 3)), log=False)
    assert (found.trace_rank, found.max_eigenvalue_rank) == (3, 3)


def test_each_rank_is_found_in_long_series():
    found = [johansen.fit(draw(3, 4000, 4, rank, drift=0.01), log=False) for rank in range(4)]
    assert [each.trace_rank for each in found] == [0, 1, 2, 3]
    assert [each.max_eigenvalue_rank for each in found] == [0, 1, 2, 3]


def test_the_critical_values_belong_to_random_walks_that_drift():
    """With many bars the trace test rejects 5 % of them; 400 draws give 2.9 to 7.1 % in 19 of 20 cases."""
    rejected = [
        johansen.fit(draw(seed, 600, 3, 0, drift=0.01), lags=0, log=False).trace_rank > 0 for seed in range(400)
    ]
    assert 0.02 < np.mean(rejected) < 0.08
