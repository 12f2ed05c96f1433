"""The kernel on the CPU's vector lanes equals the NumPy twin: lags exactly, floats to rounding."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gpu_kernels import cointegration, dispatch
from gpu_kernels.cointegration import driver, host, native
from gpu_kernels.cointegration.grams import gather
from gpu_kernels.ou.dickey_fuller import p_values
from tests.gpu_kernels.cointegration.series import assert_matches_oracle, assert_same, directed, market
from tests.gpu_kernels.native import needs_compiler

pytestmark = needs_compiler


def both(prices, threads=2, **options):
    expected = cointegration.scan(prices, **options)
    with dispatch.using("native", threads):
        found = cointegration.scan(prices, **options)
    return found, expected


@settings(max_examples=60)
@given(
    seed=st.integers(0, 2**32),
    n_samples=st.sampled_from([28, 31, 33, 100, 257]),
    n_series=st.integers(2, 11),
    most=st.integers(0, 12),
    by_aic=st.booleans(),
    log=st.booleans(),
)
def test_it_equals_the_numpy_twin(seed, n_samples, n_series, most, by_aic, log):
    options = {"autolag": "aic", "max_lags": most} if by_aic else {"lags": most}
    prices = np.exp(market(seed, n_samples, n_series) / 100) if log else market(seed, n_samples, n_series)
    found, expected = both(prices, log=log, **options)
    assert_same(found, expected)


@settings(max_examples=15)
@given(st.integers(0, 2**32), st.integers(2, 5), st.integers(0, 3), st.booleans())
def test_it_equals_the_oracle(seed, n_series, most, by_aic):
    prices = market(seed, 40, n_series)
    options = {"autolag": "aic", "max_lags": most} if by_aic else {"lags": most}
    with dispatch.using("native"):
        assert_matches_oracle(cointegration.scan(prices, **options), prices, lags=most, by_aic=by_aic)


@pytest.mark.parametrize("most", [32, 33])
def test_more_lags_than_the_kernel_knows_are_the_twins(most):
    prices = market(3, 200, 3)
    assert_same(*both(prices, lags=most))
    assert_same(*both(prices, autolag="aic", max_lags=most))


@pytest.mark.parametrize("rule", [(0, False), (1, False), (4, False), (4, True), (12, True)])
def test_pairs_that_lost_digits_are_told_alike(rule):
    rng = np.random.default_rng(7)
    prices = market(7, 80, 6)
    prices[:, 3] = prices[:, 0] + 1e-4 * rng.normal(size=80)
    prices[:, 4] = np.sin(np.arange(80) / 40)
    prices[:, 5] = prices[:, 2] + 1e-9 * np.cumsum(rng.normal(size=80))
    grams, rule = gather(prices, rule[0]), cointegration.LagRule(*rule)
    apart = ~np.eye(6, dtype=bool)
    found, expected = native.fit(grams, rule)[-1], host.fit(grams, rule)[-1]
    assert 4 <= expected[apart].sum() < apart.sum()
    np.testing.assert_array_equal(found[apart], expected[apart])


@pytest.mark.parametrize("level", [0.0, 1e8])
def test_constants_copies_and_near_copies_stand_apart(level):
    prices = market(5, 90, 6)
    prices[:, 3] = 4.0
    prices[:, 4] = 2 * prices[:, 0]
    prices[:, 5] = prices[:, 1] + 1e-5 * np.random.default_rng(1).normal(size=90)
    found, expected = both(prices + level)
    assert set(np.unique(expected.status)) == {
        cointegration.FITTED,
        cointegration.CONSTANT,
        cointegration.COLLINEAR,
        cointegration.ITSELF,
    }
    assert_same(found, expected)


def test_p_values_are_those_of_mackinnons_surface():
    """Its coefficients stand in the kernel a second time."""
    prices = np.concatenate([market(seed, 30, 12) for seed in range(3)], axis=1)
    prices[:, ::5] = 1.2 ** np.arange(30)[:, None] + prices[:, ::5]
    grams = gather(prices, 1)
    rows = native.fit(grams, cointegration.LagRule(1, by_aic=False))
    statistic, found = (rows[driver.NAMES.index(name)] for name in ("adf_statistic", "adf_p_value"))
    apart = [statistic[i, j] for i, j in directed(36)]
    assert min(apart) < -2.62 < max(apart)
    assert max(apart) > 0.92
    for i, j in directed(36):
        assert found[i, j] == pytest.approx(p_values(statistic[[i], j], 2)[0], rel=1e-13)


def test_a_pair_has_the_same_bits_whatever_stands_beside_it():
    """Given the cross products, whose own bits are the BLAS's business."""
    prices, rule = market(2, 60, 11), cointegration.LagRule(3, by_aic=True)
    grams = gather(prices, 3)
    whole = native.fit(grams, rule)
    for i, j in [(0, 1), (5, 2), (10, 9), (3, 10)]:
        two = grams._replace(
            mean=grams.mean[[i, j]],
            levels=np.ascontiguousarray(grams.levels[np.ix_([i, j], [i, j])]),
            steps=np.ascontiguousarray(grams.steps[:, [[i], [j]], [[i, j]]]),
            head=np.ascontiguousarray(grams.head[:, [i, j]]),
            tail=np.ascontiguousarray(grams.tail[:, [i, j]]),
        )
        assert native.fit(two, rule)[:, 0, 1].tobytes() == whole[:, i, j].tobytes()


def test_the_number_of_threads_changes_nothing():
    grams, rule = gather(market(2, 60, 21), 2), cointegration.LagRule(2, by_aic=True)
    apart = ~np.eye(21, dtype=bool)
    runs = []
    for threads in (1, 2, 7):
        with dispatch.using("native", threads):
            runs.append(native.fit(grams, rule)[:, apart].tobytes())
    assert len(set(runs)) == 1


def test_a_read_only_input_is_left_alone():
    prices = market(1, 50)
    prices.flags.writeable = False
    with dispatch.using("native"):
        assert np.isfinite(cointegration.scan(prices).adf_statistic[0, 1])
