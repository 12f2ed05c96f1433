"""The kernel equals the NumPy twin, lags exactly and floats to rounding, whatever it runs on."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gpu_kernels import cointegration, dispatch
from gpu_kernels.cointegration import driver, host, native
from gpu_kernels.cointegration.grams import gather
from gpu_kernels.ou.dickey_fuller import p_values
from tests.gpu_kernels.cointegration.series import assert_same, directed, market
from tests.gpu_kernels.native import needs_compiler
from tests.gpu_kernels.twins import COMPILED, WIDTHS, by_numpy, lanes, on

pytestmark = needs_compiler


def both(prices, **options):
    return cointegration.scan(prices, **options), by_numpy(cointegration.scan, prices, **options)


@on(COMPILED)
@settings(max_examples=25)
@given(
    seed=st.integers(0, 2**32),
    n_samples=st.sampled_from([28, 31, 33, 100, 257]),
    n_series=st.integers(2, 11),
    most=st.integers(0, 12),
    by_aic=st.booleans(),
    log=st.booleans(),
)
def test_it_equals_the_numpy_twin(twin, seed, n_samples, n_series, most, by_aic, log):
    options = {"autolag": "aic", "max_lags": most} if by_aic else {"lags": most}
    prices = np.exp(market(seed, n_samples, n_series) / 100) if log else market(seed, n_samples, n_series)
    found, expected = both(prices, log=log, **options)
    assert_same(found, expected)


@on(COMPILED)
@pytest.mark.parametrize("most", [32, 33])
def test_more_lags_than_the_kernel_has_space_for_are_the_numpy_twins(twin, most):
    prices = market(3, 200, 3)
    assert_same(*both(prices, lags=most))
    assert_same(*both(prices, autolag="aic", max_lags=most))


@on(WIDTHS)
@pytest.mark.parametrize("rule", [(0, False), (1, False), (4, False), (4, True), (12, True)])
def test_pairs_that_lost_digits_are_told_alike(twin, rule):
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


@on(COMPILED)
@pytest.mark.parametrize("level", [0.0, 1e8])
def test_constants_copies_and_near_copies_stand_apart(twin, level):
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


@pytest.mark.parametrize("rule", [(0, False), (1, False), (2, True), (11, False)])
def test_neither_the_number_of_threads_nor_the_width_changes_a_bit(rule):
    grams, rule = gather(market(2, 60, 21), rule[0]), cointegration.LagRule(*rule)
    apart = ~np.eye(21, dtype=bool)
    runs = set()
    for width, threads in ((2, 1), (4, 2), (8, 7)):
        with lanes(width), dispatch.using("native", threads):
            runs.add(native.fit(grams, rule)[:, apart].tobytes())
    assert len(runs) == 1
