"""On every twin, series without an answer stand apart, and requests without one are refused."""

import numpy as np
import pytest

from gpu_kernels import cointegration
from gpu_kernels.errors import InvalidInput
from tests.gpu_kernels.cointegration.series import NAMES, assert_same, market
from tests.gpu_kernels.twins import LAYOUTS

pytestmark = pytest.mark.usefixtures("twin")


def test_the_diagonal_is_missing():
    fit = cointegration.scan(market(1))
    assert (fit.status.diagonal() == cointegration.ITSELF).all()
    assert (fit.lags.diagonal() == -1).all()
    for name in NAMES:
        assert name == "lags" or np.isnan(getattr(fit, name).diagonal()).all(), name


@pytest.mark.parametrize("level", [0.0, 1.0, 1e8, 1e-8])
def test_a_constant_series_spoils_its_own_pairs_alone(level):
    prices = market(2)
    fit = cointegration.scan(np.insert(prices, 1, level, axis=1))
    others = np.ix_([0, 2, 3, 4], [0, 2, 3, 4])
    kept = fit._replace(**{name: getattr(fit, name)[others] for name in cointegration.PairFigures._fields})
    assert_same(kept, cointegration.scan(prices))
    assert (np.delete(fit.status[1], 1) == cointegration.CONSTANT).all()
    assert (np.delete(fit.status[:, 1], 1) == cointegration.CONSTANT).all()
    assert fit.status[1, 1] == cointegration.ITSELF
    assert np.isnan(fit.hedge_ratio[1]).all()
    assert np.isnan(fit.adf_statistic[:, 1]).all()


@pytest.mark.parametrize("n_constant", [2, 3])
def test_nothing_but_constants_is_an_answer_too(n_constant):
    prices = market(2, 40, 3)
    prices[:, :n_constant] = 7.0
    fit = cointegration.scan(prices)
    assert np.isnan(fit.adf_statistic).all()


@pytest.mark.parametrize("options", [{}, {"autolag": "aic"}])
def test_a_copy_has_a_hedge_ratio_but_no_test(options):
    prices = market(3, 100, 2)
    prices[:, 1] = 3 * prices[:, 0] + 1
    fit = cointegration.scan(prices, **options)
    assert fit.hedge_ratio[1, 0] == pytest.approx(3, rel=1e-14)
    assert fit.intercept[1, 0] == pytest.approx(1, abs=1e-11)
    assert cointegration.STATUSES[fit.status[1, 0]] == "collinear"
    assert fit.lags[0, 1] == -1
    for name in ("adf_statistic", "adf_p_value", "ar1", "theta", "half_life", "residual_std"):
        assert np.isnan(getattr(fit, name)[[0, 1], [1, 0]]).all(), name


def test_tiny_and_huge_prices_are_no_special_case():
    prices = market(4)
    plain = cointegration.scan(prices)
    for unit in (2.0**-160, 2.0**120):
        scaled = cointegration.scan(prices * unit)
        np.testing.assert_array_equal(scaled.adf_statistic, plain.adf_statistic)


def test_a_residual_without_memory_has_no_speed():
    rng = np.random.default_rng(5)
    noise = rng.normal(size=200)
    walk = np.cumsum(rng.normal(size=200))
    prices = np.stack([walk, walk + noise[:] - 0.5 * np.roll(noise, 1)], axis=1)
    fit = cointegration.scan(prices)
    assert fit.ar1[1, 0] < 0
    assert np.isnan(fit.theta[1, 0])
    assert np.isnan(fit.half_life[1, 0])


def test_a_residual_that_runs_away_takes_forever():
    growing = 1.1 ** np.arange(60)
    other = np.sin(np.arange(60.0))
    fit = cointegration.scan(np.stack([growing, other], axis=1))
    assert fit.ar1[0, 1] > 1
    assert fit.theta[0, 1] == 0
    assert fit.half_life[0, 1] == np.inf
    assert fit.adf_p_value[0, 1] == 1


def test_the_fewest_rows_suffice_and_one_less_is_refused():
    prices = market(6, 8, 2)
    assert np.isfinite(cointegration.scan(prices, lags=2).adf_statistic[0, 1])
    with pytest.raises(InvalidInput, match=r"prices must have T >= 8 rows for 2 lags, got 7"):
        cointegration.scan(prices[1:], lags=2)


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        ({(3, 1): np.nan}, {}, r"prices\[3, 1\] must be finite, got nan"),
        ({(0, 2): np.inf}, {}, r"prices\[0, 2\] must be finite, got inf"),
        ({(5, 0): 1e51}, {}, r"prices\[5, 0\] must be at most 1e\+50 in magnitude"),
        ({(4, 2): 0.0}, {"log": True}, r"prices\[4, 2\] must be > 0 with log, got 0.0"),
        ({}, {"lags": -1}, r"lags must be >= 0, got -1"),
        ({}, {"autolag": "bic"}, r"autolag must be None or 'aic', got 'bic'"),
        ({}, {"autolag": "aic", "max_lags": -2}, r"max_lags must be >= 0, got -2"),
        ({}, {"max_lags": 2}, r"max_lags must be None unless autolag is 'aic', got 2"),
        ({}, {"lags": 100}, r"prices must have T >= 204 rows for 100 lags, got 120"),
    ],
)
def test_bad_input_is_named(change, options, message):
    prices = market(7)
    for place, value in change.items():
        prices[place] = value
    with pytest.raises(InvalidInput, match=message):
        cointegration.scan(prices, **options)


@pytest.mark.parametrize(
    ("prices", "message"),
    [
        (np.ones(9), r"prices must have shape \(T, N\), got \(9,\)"),
        (np.ones((9, 1)), r"prices must be \(T, N\) with N >= 2, got \(9, 1\)"),
        ("names", r"prices must be numbers of shape \(T, N\), got 'str'"),
    ],
)
def test_bad_shapes_are_named(prices, message):
    with pytest.raises(InvalidInput, match=message):
        cointegration.scan(prices)


@LAYOUTS
def test_any_layout_gives_the_same_bits_and_is_left_alone(layout):
    prices = market(8)
    given = layout(prices)
    fit, expected = cointegration.scan(given), cointegration.scan(prices)
    for name in cointegration.PairFigures._fields:
        np.testing.assert_array_equal(getattr(fit, name), getattr(expected, name), err_msg=name)
    np.testing.assert_array_equal(given, prices)
