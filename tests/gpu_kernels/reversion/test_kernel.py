"""The kernel equals the NumPy twin to 1e-8, and computes again by it where rounding may touch a figure."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gpu_kernels import reversion
from gpu_kernels.reversion import device, host, native
from tests.gpu_kernels.native import needs_compiler
from tests.gpu_kernels.twins import COMPILED, LAYOUTS, OWN, WIDTHS, by_numpy, lanes, on

pytestmark = [needs_compiler, pytest.mark.usefixtures("twin")]

NUMBERS = [name for name in reversion.ReversionTests._fields if name not in {"status", "reason", "n_samples"}]


def assert_equal(found, expected, rows=slice(None)):
    assert (found.status, found.reason) == (expected.status, expected.reason)
    for name in NUMBERS:
        ours, theirs = getattr(found, name)[rows], getattr(expected, name)[rows]
        np.testing.assert_allclose(ours, theirs, rtol=1e-8, atol=1e-10, err_msg=name)


def assert_same_bits(found, expected):
    for name in NUMBERS:
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name), err_msg=name)


def series(seed, n_series, n_prices, level=0.0):
    rng = np.random.default_rng(seed)
    prices, decays = rng.normal(size=(n_series, n_prices)), rng.choice([-0.4, 0.3, 0.9, 0.99, 1.0], n_series)
    for t in range(1, n_prices):
        prices[:, t] += decays * prices[:, t - 1]
    return level + prices + rng.choice([0.0, 0.02, -1.0], (n_series, 1)) * np.arange(n_prices)


@st.composite
def batches(draw):
    """Series of one length: reverting, walks and trends, in ticks, with flat and straight stretches and with a jump."""
    n_prices = draw(st.sampled_from([36, 37, 64, 65, 129, 257]))
    level = draw(st.sampled_from([0.0, -50.0, 1e4, 1e7]))
    prices = series(draw(st.integers(0, 2**32)), draw(st.integers(1, 9)), n_prices, level)
    for row in prices:
        kind = draw(
            st.sampled_from(["as it is", "ticks", "flat stretch", "straight stretch", "jump", "line", "one step"])
        )
        if kind == "ticks":
            row[:] = np.round(4 * row) / 4
        elif kind == "flat stretch":
            row[9:30] = row[9]
        elif kind == "straight stretch":
            row[9:30] = row[9] + 0.125 * np.arange(21)
        elif kind == "jump":
            row[0] += 1e5
        elif kind == "line":
            row[:] = level + np.arange(n_prices)
        elif kind == "one step":
            row[:] = level
            row[20:] += 1.0
    return prices


OPTIONS = st.fixed_dictionaries(
    {
        "trend": st.sampled_from(reversion.TRENDS),
        "adf_lags": st.integers(0, 5),
        "bandwidth": st.one_of(st.none(), st.integers(0, 33)),
        "periods": st.integers(2, 9),
    }
)


@on([*WIDTHS, COMPILED[-1]])
@settings(max_examples=30, deadline=None)
@given(batches(), OPTIONS)
def test_every_figure_is_that_of_the_numpy_twin(prices, options):
    found, expected = reversion.run_tests(prices, **options), by_numpy(reversion.run_tests, prices, **options)
    # The t of a regression without residuals is made of rounding, in the NumPy twin too.
    bent = np.array([np.abs(np.diff(row, 2)).max() > 1e-6 * np.ptp(row) for row in prices])
    assert_equal(found, expected, bent)


@on(WIDTHS)
def test_a_series_has_the_same_bits_alone_and_in_a_batch_at_any_width():
    prices = series(3, 21, 150)
    found = reversion.run_tests(prices, bandwidth=7, periods=3)
    for row in (0, 7, 8, 20):
        alone = reversion.run_tests(prices[[row]], bandwidth=7, periods=3)
        for name in NUMBERS:
            assert getattr(alone, name)[0] == getattr(found, name)[row], name
    with lanes(4):
        assert_same_bits(reversion.run_tests(prices, bandwidth=7, periods=3), found)


@on(COMPILED)
@LAYOUTS
def test_the_layout_of_the_prices_changes_no_bit(layout):
    prices = series(4, 10, 90)
    assert_same_bits(reversion.run_tests(layout(prices)), reversion.run_tests(prices))


@on(OWN)
@pytest.mark.parametrize("scale", [1e-150, 1e-90, 1e120])
def test_prices_near_the_ends_of_doubles_have_the_figures_of_the_numpy_twin(scale):
    prices = series(5, 3, 80)
    with np.errstate(all="ignore"):
        assert_equal(reversion.run_tests(prices * scale), by_numpy(reversion.run_tests, prices * scale))


@on(COMPILED)
def test_the_numpy_twin_computes_what_the_kernel_is_unsure_of_and_nothing_else(monkeypatch):
    prices = series(6, 12, 120)
    prices[2] = np.arange(120.0)  # the steps are all alike
    prices[9, 40:60] = prices[9, 40] + 1e-9 * np.arange(20) ** 2  # steps of a block that rounding touches
    asked, by_host = [], host.figures

    def counted(some, *options):
        asked.append(some)
        return by_host(some, *options)

    monkeypatch.setattr(host, "figures", counted)
    reversion.run_tests(prices)
    (some,) = asked
    np.testing.assert_array_equal(some, prices[[2, 9]])


@on([*OWN, COMPILED[-1]])
def test_lags_that_the_kernel_does_not_have_run_on_the_numpy_twin(monkeypatch):
    for twin in (native, device):
        monkeypatch.setattr(twin, "_measure", None)
    prices = series(7, 2, 60)
    assert_same_bits(reversion.run_tests(prices, adf_lags=5), by_numpy(reversion.run_tests, prices, adf_lags=5))


@on(COMPILED)
def test_more_series_than_items_are_all_tested():
    prices = series(8, 203, 48)
    assert_equal(reversion.run_tests(prices), by_numpy(reversion.run_tests, prices))
