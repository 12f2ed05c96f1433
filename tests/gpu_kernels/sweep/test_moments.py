"""The moments kernel equals the NumPy twin, and a series alone has the bits that it has in a batch."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gpu_kernels import dispatch, sweep
from tests.gpu_kernels.native import needs_compiler
from tests.gpu_kernels.sweep.single import options
from tests.gpu_kernels.sweep.test_native import walks

pytestmark = needs_compiler


def with_kernel(*arguments, threads=2, **rules):
    with dispatch.using("native", threads):
        return sweep.moments(*arguments, sweep.Rules(**rules))


@settings(max_examples=100)
@given(
    seed=st.integers(0, 2**32),
    n_series=st.integers(1, 11),
    n_bars=st.sampled_from([1, 2, 3, 5, 31, 33, 100, 257]),
    lookback=st.integers(2, 30),
    delay=st.integers(0, 3),
    mode=st.sampled_from(sweep.MODES),
    volatility=st.sampled_from([0.001, 0.02, 0.5]),
    gaps=st.booleans(),
    more=options(2.5),
)
def test_it_equals_the_numpy_twin(seed, n_series, n_bars, lookback, delay, mode, volatility, gaps, more):
    rng = np.random.default_rng(seed)
    prices = walks(seed, n_series, n_bars, volatility)
    if gaps:
        prices[rng.random(prices.shape) < 0.1] = np.nan
    entry = rng.uniform(0.2, 2.5, n_series)
    arguments = (prices, entry, -entry + rng.random(n_series) * 1.9 * entry, rng.choice([0.0, 1e-3, 0.05], n_series))
    rules = {"lookback": lookback, "execution_delay": delay, "mode": mode, "initial_capital": 3.0, **more}
    np.testing.assert_allclose(
        with_kernel(*arguments, **rules), sweep.moments(*arguments, sweep.Rules(**rules)), rtol=1e-10, atol=1e-10
    )


@pytest.mark.parametrize("mode", sweep.MODES)
@pytest.mark.parametrize("gaps", [False, True])
def test_companions_and_threads_change_no_bit(mode, gaps):
    prices, entry = walks(2, 13, 300), np.linspace(0.5, 2.5, 13)
    if gaps:
        prices[np.random.default_rng(1).random(prices.shape) < np.linspace(0, 0.3, 13)[:, None]] = np.nan
    whole = with_kernel(prices, entry, 0.1, 1e-3, mode=mode, threads=3)
    for series in range(13):
        alone = with_kernel(prices[[series]], entry[series], 0.1, 1e-3, mode=mode, threads=1)
        assert (whole.skewness[series], whole.kurtosis[series]) == (alone.skewness[0], alone.kurtosis[0])


def test_ruin_is_met_alike():
    prices = np.array([[10.0, 11, 10, 11, 10, 30, 200, 150, 10, 11, 10, 11]] * 3)
    arguments = (prices, [0.5, 0.9, 3.0], [0.0, 0.5, 0.0], 0.01)
    rules = {"lookback": 4, "execution_delay": 0}
    assert (sweep.backtest(*arguments, sweep.Rules(**rules)).status == sweep.ERROR).any()
    np.testing.assert_allclose(
        with_kernel(*arguments, **rules), sweep.moments(*arguments, sweep.Rules(**rules)), rtol=1e-10
    )


def test_fourth_powers_do_not_leave_the_doubles():
    prices = np.cumsum(np.random.default_rng(4).normal(size=(3, 200)), axis=1)
    found, scaled = (with_kernel(each, 1.0, 0.0, 0.0, mode="unit") for each in (prices, prices * 1e100))
    np.testing.assert_allclose(scaled, found, rtol=1e-10)


def test_series_that_never_trade_do_not_vary():
    found = with_kernel(walks(1, 5, 60), 50.0, 0.0, 0.0)
    assert (found.skewness.tolist(), found.kurtosis.tolist()) == ([0.0] * 5, [3.0] * 5)
