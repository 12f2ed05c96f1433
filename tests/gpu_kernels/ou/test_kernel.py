"""The kernels equal the NumPy twin, statuses and counts exactly and floats to rounding, whatever they run on."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gpu_kernels import dispatch, ou
from gpu_kernels.ou import dickey_fuller, driver, host, native, verdicts
from gpu_kernels.ou.sums import Sums, of_batch, of_rows
from tests.gpu_kernels.native import needs_compiler
from tests.gpu_kernels.twins import COMPILED, OWN, WIDTHS, by_numpy, lanes, on

pytestmark = [needs_compiler, pytest.mark.usefixtures("twin")]

EXACT = ("n_samples", "status", "reason", "bias_note")
LENGTHS = [0, 1, 2, 3, 4, 5, 31, 32, 33, 34, 100, 257]


def fits(prices, **options):
    return ou.fit(prices, **options), by_numpy(ou.fit, prices, **options)


def assert_equal(found, expected):
    for name in expected._fields:
        ours, theirs = getattr(found, name), getattr(expected, name)
        if name in EXACT:
            np.testing.assert_array_equal(ours, theirs, err_msg=name)
        else:
            np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-10, err_msg=name)


def reverting(seed, n_series, n_prices, decay=0.9, level=100.0):
    rng = np.random.default_rng(seed)
    noise = rng.normal(size=(n_series, n_prices))
    for t in range(1, n_prices):
        noise[:, t] += decay * noise[:, t - 1]
    return level + noise


@st.composite
def batches(draw):
    """Series of one length: gaps at the head and inside, ticks, constants, lines, offsets."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    n_series, n_prices = draw(st.integers(1, 5)), draw(st.sampled_from(LENGTHS))
    decay = draw(st.sampled_from([-0.5, 0.3, 0.9, 0.99]))
    level = draw(st.sampled_from([0.0, -50.0, 1e4, 1e8]))
    prices = reverting(rng.integers(2**32), n_series, n_prices, decay, level)
    for row in prices:
        kind = draw(
            st.sampled_from(["as it is", "ticks", "constant", "line", "decay", "alone before a decay", "empty"])
        )
        if kind == "ticks":
            row[:] = np.round(4 * row) / 4
        elif kind == "constant":
            row[:] = level + 3.7
        elif kind == "line":
            row[:] = level + np.arange(n_prices)
        elif kind == "decay":
            row[:] = 0.5 ** np.arange(n_prices)
        elif kind == "alone before a decay":
            row[:] = 0.5 ** np.arange(n_prices)
            row[:1], row[1:2] = 1e6, np.nan
        elif kind == "empty":
            row[:] = np.nan
    if draw(st.booleans()):
        gaps = rng.random(prices.shape) < draw(st.sampled_from([0.03, 0.3]))
        prices[gaps] = np.nan
    if draw(st.booleans()):
        prices[:, : int(rng.integers(0, 4))] = np.nan
    return prices


@on([WIDTHS[0], WIDTHS[-1]])
@settings(max_examples=50)
@given(batches())
def test_the_sums_equal_those_of_the_numpy_twin(prices):
    found = of_rows(native.sums(prices))
    with np.errstate(all="ignore"):
        expected = of_batch(prices)
        scales = {
            "lag_mean": np.abs(expected.lag_mean) + np.sqrt(expected.sxx / expected.weight),
            "step_mean": np.sqrt((expected.sxx + expected.sdd) / expected.weight),
            "sxx": expected.sxx,
            "sxd": np.sqrt(expected.sxx * expected.sdd),
            "sdd": expected.sdd,
        }
    for name in ("n_samples", "weight", "weight_squares", "origin", "rounding"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name), err_msg=name)
    for name, scale in scales.items():
        ours, theirs = getattr(found, name), getattr(expected, name)
        np.testing.assert_array_equal(np.isnan(ours), np.isnan(theirs), err_msg=name)
        assert (np.isnan(theirs) | (np.abs(ours - theirs) <= 1e-12 * scale)).all(), name


SXX, SDD = Sums._fields.index("sxx"), Sums._fields.index("sdd")
FINITE = [0.0, 5e-324, 1e-30, 1e-9, 1.0, 1e6, 1e150, 1.7e308]


@st.composite
def drawn_sums(draw):
    """Sums of every kind of series, the verdicts' other arguments, and numbers at the ends of what sums can be."""
    n_series = draw(st.integers(1, 70))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    n_pairs = rng.integers(0, 200, n_series).astype(float)
    faded = rng.choice([1.0, 0.7], n_series)
    sxx = rng.choice([1e-3, 1.0, 1e4], n_series) * rng.uniform(0.1, 1.0, n_series) * n_pairs
    slope = rng.choice([-1.5, -1.0, -0.9, -0.2, -0.03, -1e-14, 0.0, 0.5], n_series) * rng.uniform(0.5, 1.0, n_series)
    sse = rng.choice([0.0, 1e-31, 1e-8, 1.0, 20.0], n_series) * rng.uniform(0.1, 1.0, n_series) * sxx
    fields = [
        n_pairs + rng.integers(1, 3, n_series),
        n_pairs,
        faded * n_pairs,
        rng.choice([0.0, -50.0, 1e8], n_series),
        rng.normal(size=n_series),
        0.1 * rng.normal(size=n_series),
        sxx,
        slope * sxx,
        sse + slope**2 * sxx,
        sse,
        np.full(n_series, draw(st.sampled_from([1e-28, 1e-13]))),
    ]
    for row in draw(st.lists(st.integers(0, n_series - 1), max_size=4)):
        for field in draw(st.lists(st.integers(3, 9), max_size=2)):
            overflows = [math.inf, math.nan] if field in {SXX, SDD} else []
            fields[field][row] = draw(st.sampled_from(FINITE + overflows))
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        beyond = np.isinf(fields[SXX + 1] / fields[SXX]) & np.isfinite(fields[SXX + 1]) & (fields[SXX] != 0)
    fields[SXX][beyond] = 1.0  # no prices have a sum of products so far above their sum of squares
    statistic = rng.normal(-3.0, 3.0, n_series)
    statistic[rng.random(n_series) < 0.2] = draw(st.sampled_from([math.nan, math.inf, -math.inf, -1e3, 9.0]))
    halves = rng.uniform(-0.1, 1.0, (n_series, 2))
    halves[rng.random(n_series) < 0.2, 1] = math.nan
    return np.array(fields), statistic if draw(st.booleans()) else None, halves


@on(OWN)
@settings(max_examples=400)
@given(drawn_sums(), st.sampled_from(ou.BIASES), st.sampled_from([1.0, 1 / 252, 60.0]))
def test_verdicts_equal_those_of_the_numpy_twin(drawn, bias, dt):
    rows, statistic, halves = drawn
    halves = halves if bias == "jackknife" else None
    found = verdicts.of_rows(native.judge(rows, dt, bias, statistic, halves), bias)
    assert_equal(found, host.from_sums(of_rows(rows), dt, bias, statistic=statistic, halves=halves))


@on(OWN)
@settings(max_examples=100)
@given(drawn_sums(), st.sampled_from(ou.BIASES))
def test_a_series_alone_gets_the_bits_of_its_verdict(drawn, bias):
    rows, statistic, halves = drawn
    with dispatch.using("native", 3):
        whole = native.judge(rows, 0.5, bias, statistic, halves)
    for row in {0, rows.shape[1] // 2, rows.shape[1] - 1}:
        one = np.ascontiguousarray(rows[:, [row]])
        alone = native.judge(one, 0.5, bias, None if statistic is None else statistic[[row]], halves[[row]])
        np.testing.assert_array_equal(alone[:, 0], whole[:, row])


@on(COMPILED)
@settings(max_examples=60)
@given(batches(), st.sampled_from(ou.BIASES), st.sampled_from([1.0, 1 / 252]))
def test_a_fit_equals_that_of_the_numpy_twin(prices, bias, dt):
    assert_equal(*fits(prices, bias=bias, dt=dt))


@on(COMPILED)
@settings(max_examples=50)
@given(batches(), st.integers(1, 5))
def test_the_dickey_fuller_test_equals_that_of_the_numpy_twin(prices, lags):
    assert_equal(*fits(prices, adf_lags=lags))


@on(WIDTHS)
@pytest.mark.parametrize("lags", [1, 2, 3, 4])
@pytest.mark.parametrize("level", [0.0, 1e8])
def test_dickey_fuller_values_have_ten_digits(lags, level):
    prices = reverting(lags, 40, 257, 0.95, level)
    prices[3, 100] = np.nan
    found = native.statistics(prices, lags)
    assert found == pytest.approx(dickey_fuller.statistics(prices, lags), rel=1e-10)


@on(WIDTHS)
def test_nearly_dependent_columns_are_left_to_the_numpy_twin():
    prices = np.sin(np.arange(200) / 50)[None] + 1e-6 * reverting(1, 3, 200, 0.5, 0.0)
    found = native.statistics(prices, 2)
    assert np.isposinf(found).all()
    found[0] = -3.0
    expected = dickey_fuller.statistics(prices, 2)
    assert np.isfinite(expected).all()
    assert driver._settled(prices, 2, found).tolist() == [-3.0, *expected[1:]]


@on(COMPILED)
def test_a_price_alone_before_a_decay_costs_no_digits():
    prices = np.array([1e6, np.nan, *5 * 0.5 ** np.arange(30)])[None]
    found, expected = fits(prices)
    assert expected.reason == ("deterministic series: no noise is left to estimate",)
    assert_equal(found, expected)


@on(COMPILED)
def test_a_line_with_little_noise_keeps_its_digits():
    """Its residual sum is a billionth of the sums that it is the difference of."""
    exact = 5.0 * 0.9 ** np.arange(80)
    prices = exact + 1e-6 * np.random.default_rng(0).normal(size=(6, 80))
    found, expected = fits(prices)
    assert expected.status == ("converged",) * 6
    np.testing.assert_allclose(found.sigma, expected.sigma, rtol=1e-8)


@on(COMPILED)
@pytest.mark.parametrize("place", [0, 1, 50, 98, 99])
@pytest.mark.parametrize("gaps", [[], [49, 51], [0], [1, 97, 98]])
@pytest.mark.parametrize("infinity", [math.inf, -math.inf])
def test_an_infinite_price_is_told_of_its_series_wherever_it_stands(place, gaps, infinity):
    prices = reverting(8, 3, 100)
    prices[1, gaps] = math.nan
    prices[1, place] = infinity
    found, expected = fits(prices, adf_lags=2, bias="jackknife")
    assert (found.status[1], found.reason[1]) == ("error", f"the price {infinity} at row {place} is infinite")
    assert_equal(found, expected)


@on(COMPILED)
@pytest.mark.parametrize("n_prices", [1, 2, 3])
def test_infinite_prices_of_short_series_are_told(n_prices):
    found, expected = fits(np.full((2, n_prices), math.inf))
    assert found.reason == ("the price inf at row 0 is infinite",) * 2
    assert_equal(found, expected)


@on(COMPILED)
@pytest.mark.parametrize("huge", [1e160, 1.7e308])
def test_prices_whose_squares_overflow_are_told_alike(huge):
    prices = huge * np.array([[1.0, -1.0] * 20, [0.5, -1.0] * 20, [1e-300, 2e-300] * 20])
    found, expected = fits(prices, adf_lags=1)
    assert expected.reason[0].startswith("the prices are too large")
    assert_equal(found, expected)


@on(WIDTHS)
@pytest.mark.parametrize("options", [{}, {"adf_lags": 1}, {"adf_lags": 4}, {"bias": "jackknife"}])
def test_a_batch_gives_the_bits_of_its_members(options):
    prices = reverting(2, 9, 101)
    prices[1], prices[2, 3], prices[3, 5:], prices[4, :2], prices[5, -1] = 7.0, np.nan, np.nan, np.nan, np.nan
    whole = ou.fit(prices, **options)
    for row in range(len(prices)):
        assert ou.single(ou.fit(prices[[row]], **options)) == ou.single(whole, row)


@on(OWN)
@pytest.mark.parametrize("options", [*({"adf_lags": lags} for lags in range(5)), {"bias": "jackknife"}])
@pytest.mark.parametrize("n_prices", [5, 33, 257, 1003])
def test_neither_the_order_of_series_nor_the_number_of_threads_nor_the_width_changes_a_bit(options, n_prices):
    prices = reverting(4, 11, n_prices)
    prices[3, n_prices // 2] = np.nan
    prices[5] = np.arange(n_prices) + 1e-7 * prices[5]  # its residuals are summed again
    runs = []
    for width, threads, order in ((2, 1, 1), (4, 2, -1), (8, 3, 1)):
        with lanes(width), dispatch.using("native", threads):
            runs.append(ou.fit(prices[::order], **options))
    for name in ou.OuFit._fields:
        first, second, third = (getattr(run, name) for run in runs)
        np.testing.assert_array_equal(first, second[::-1], err_msg=name)
        np.testing.assert_array_equal(first, third, err_msg=name)
