"""On a machine with a GPU: cuda equals the NumPy twin. `make gpu` runs it; elsewhere it is skipped, aloud."""

import numpy as np
import pytest

from gpu_kernels import backend, device, ou, pca, selection, sweep


def _missing():
    try:
        device.describe()
    except device.DeviceFault as fault:
        return str(fault)
    return ""


pytestmark = [pytest.mark.gpu, pytest.mark.skipif(bool(_missing()), reason=f"needs a GPU: {_missing()}")]


def walks(n_series, n_bars, seed=0):
    return 100 * np.exp(np.cumsum(np.random.default_rng(seed).normal(0, 0.02, (n_series, n_bars)), axis=1))


def assert_close(found, expected, exact=()):
    for name in expected._fields:
        ours, theirs = getattr(found, name), getattr(expected, name)
        if isinstance(theirs, tuple) or name in exact:
            assert np.array_equal(ours, theirs), name
        else:
            np.testing.assert_allclose(ours, theirs, rtol=1e-8, atol=1e-9, err_msg=name)


def test_it_is_chosen():
    assert backend.choose("cuda").name == "cuda"


@pytest.mark.parametrize("mode", sweep.MODES)
@pytest.mark.parametrize("delay", [0, 1, 3])
@pytest.mark.parametrize("shape", [(1, 1), (3, 33), (17, 257), (64, 1000)])
def test_sweeps(mode, delay, shape):
    prices = walks(*shape)
    entry, leave = (grid.ravel() for grid in np.meshgrid(np.linspace(0.5, 2.5, 9), np.linspace(-0.4, 0.4, 7)))
    rules = {"mode": mode, "execution_delay": delay}
    expected = sweep.backtest(prices, entry, leave, 1e-3, **rules)
    with selection.using("cuda"):
        found = sweep.backtest(prices, entry, leave, 1e-3, **rules)
    assert_close(found, expected, exact=("num_trades", "position", "status"))


@pytest.mark.parametrize("lags", [0, 1, 4])
@pytest.mark.parametrize("shape", [(1, 4), (5, 31), (100, 257), (1000, 500)])
def test_fits(lags, shape):
    prices = walks(*shape, seed=3)
    expected = ou.fit(prices, adf_lags=lags)
    with selection.using("cuda"):
        found = ou.fit(prices, adf_lags=lags)
    assert_close(found, expected)


@pytest.mark.parametrize("shape", [(300, 40), (40, 300)])
def test_components(shape):
    returns = np.random.default_rng(1).normal(size=shape) * np.linspace(1, 3, shape[1])
    expected = pca.fit(returns, n_components=5)
    with selection.using("cuda"):
        found = pca.fit(returns, n_components=5)
    assert_close(found, expected)
