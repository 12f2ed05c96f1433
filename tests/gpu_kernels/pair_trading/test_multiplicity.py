"""q-values and deflated Sharpe ratios beside statsmodels, the grids' and the oracle's."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from gpu_kernels import cointegration, pair_trading
from gpu_kernels.pair_trading import multiplicity
from gpu_kernels.threshold_grid import deflated
from tests.gpu_kernels.pair_trading.universe import universe
from tests.naive import pair_trading as naive

PROBABILITY = st.one_of(st.floats(0, 1), st.sampled_from([0.0, 0.01, 0.5, 1.0]))


@settings(max_examples=100)
@given(st.lists(PROBABILITY, min_size=1, max_size=30))
def test_q_values_are_those_of_statsmodels_and_of_the_oracle(p_values):
    found = multiplicity.q_values(np.array(p_values))
    # Subnormal numbers have few digits, and the order of product and quotient is each one's own.
    doubled = np.minimum(2 * np.array(p_values), 1)
    np.testing.assert_allclose(found, multipletests(doubled, method="fdr_bh")[1], rtol=1e-12, atol=1e-300)
    np.testing.assert_allclose(found, naive.q_values(p_values), rtol=1e-12, atol=1e-300)


def test_what_was_not_tried_has_no_q_value_and_raises_no_other():
    p_values = np.array([0.01, np.nan, 0.2, np.nan, 0.03])
    found = multiplicity.q_values(p_values)
    np.testing.assert_allclose(found[[0, 2, 4]], multipletests(2 * p_values[[0, 2, 4]], method="fdr_bh")[1])
    assert np.isnan(found[[1, 3]]).all()


def test_a_scans_q_values_are_over_all_unordered_pairs():
    prices = universe(1, n_series=10)
    table = pair_trading.scan(prices, alpha=1.0, lookback=10)
    fit = cointegration.scan(prices[:280], log=True)
    y, x = cointegration.best_direction(fit)
    doubled = np.minimum(2 * fit.adf_p_value[y, x], 1)
    corrected = dict(zip(zip(y, x, strict=True), multipletests(doubled, method="fdr_bh")[1], strict=True))
    assert table.n_pairs == len(corrected) == 45
    theirs = [corrected[pair] for pair in zip(table.y, table.x, strict=True)]
    np.testing.assert_allclose(table.q_value, theirs, rtol=1e-12)


def test_deflated_sharpe_ratios_are_those_of_the_grids_one_by_one():
    rng = np.random.default_rng(3)
    sharpe, skewness, kurtosis = rng.normal(0, 0.1, 9), rng.normal(0, 0.5, 9), rng.uniform(2.5, 9, 9)
    found, distance = multiplicity.deflated(sharpe, skewness, kurtosis, 250)
    benchmark = deflated.expected_maximum(9, float(sharpe.var(ddof=1)))
    for row in range(9):
        moments = (float(skewness[row]), float(kurtosis[row]))
        expected = deflated.probability(float(sharpe[row]), benchmark, 250, *moments)
        assert found[row] == pytest.approx(expected, rel=1e-12)
        assert found[row] == pytest.approx(naive.deflated(sharpe[row], sharpe, 250, *moments), rel=1e-12)
    assert np.argsort(found).tolist() == np.argsort(distance).tolist()


def test_missing_tries_do_not_count():
    sharpe = np.array([0.1, np.nan, 0.05])
    found, _ = multiplicity.deflated(sharpe, np.zeros(3), np.full(3, 3.0), 100)
    alone, _ = multiplicity.deflated(sharpe[[0, 2]], np.zeros(2), np.full(2, 3.0), 100)
    assert np.isnan(found[1])
    np.testing.assert_array_equal(found[[0, 2]], alone)


def test_no_try_and_one_try_have_their_answers():
    none, _ = multiplicity.deflated(np.array([np.nan]), np.array([np.nan]), np.array([np.nan]), 100)
    assert np.isnan(none).all()
    one, _ = multiplicity.deflated(np.array([0.1]), np.array([0.0]), np.array([3.0]), 100)
    assert one[0] == pytest.approx(deflated.probability(0.1, 0.0, 100, 0.0, 3.0))


def test_returns_of_two_values_leave_no_spread_and_no_doubt():
    # sharpe 1, skewness 2, kurtosis 5: the spread is 1 - 2 + 1 = 0.
    found, distance = multiplicity.deflated(np.array([1.0]), np.array([2.0]), np.array([5.0]), 100)
    assert found.tolist() == [1.0]
    assert distance.tolist() == [np.inf]


def test_ratios_beyond_the_last_digit_keep_their_order():
    found, distance = multiplicity.deflated(np.array([3.0, 4.0]), np.zeros(2), np.full(2, 3.0), 5_000)
    assert found.tolist() == [1.0, 1.0]
    assert distance[1] > distance[0]
