"""Every kernel of the sweep gives the same bits at every width of its vectors, and so do the scans that trade by it."""

import numpy as np
import pytest

from gpu_kernels import dispatch, pair_trading, sweep
from tests.gpu_kernels.native import needs_compiler
from tests.gpu_kernels.sweep.ways import assert_same_bits, way
from tests.gpu_kernels.twins import by_numpy, lanes

pytestmark = needs_compiler

WIDTHS = pytest.mark.parametrize("width", [2, 4, 8])
OPTIONS = pytest.mark.parametrize(
    "options", [{}, {"stop": 3.2}, {"borrow": 0.03}, {"stop": 3.2, "borrow": 0.03}], ids=str
)
FIGURES = ("final_equity", "num_trades", "win_rate", "total_costs", "turnover", "best_trade", "worst_trade", "position")
MODES = pytest.mark.parametrize("mode", ["compounding", "unit"])


def walks(n_series, n_bars, gaps=5):
    """Return walks (B, T) with missing bars, and one series that starts late."""
    rng = np.random.default_rng(11)
    prices = 100 * np.exp(np.cumsum(rng.normal(0, 0.01, (n_series, n_bars)), axis=1))
    prices.ravel()[rng.choice(prices.size, gaps * n_series, replace=False)] = np.nan
    prices[0, : n_bars // 3] = np.nan
    return prices


def at_both(width, run):
    """Return what a computation gives at a width, and at another one."""
    with lanes(width):
        found = run()
    with lanes(4 if width == 8 else 8):
        return found, run()


@WIDTHS
@MODES
@OPTIONS
@pytest.mark.parametrize("name", ["dense", "excursions", "chunks"])
def test_sweeps(name, options, mode, width):
    prices, rules = walks(5, 333), sweep.Rules(lookback=12, mode=mode, **options)
    entry, leave = (grid.ravel() for grid in np.meshgrid([0.7, 1.1, 1.6, 2.3], [-0.4, 0.0, 0.3]))
    with way(name):
        found, other = at_both(width, lambda: sweep.backtest(prices, entry, leave, 1e-3, rules))
    assert_same_bits(found, other)
    expected = by_numpy(sweep.backtest, prices, entry, leave, 1e-3, rules)
    np.testing.assert_array_equal(found.num_trades, expected.num_trades)
    np.testing.assert_allclose(found.equity, expected.equity, rtol=1e-10)
    np.testing.assert_allclose(found.sharpe_ratio, expected.sharpe_ratio, rtol=1e-7, atol=1e-10)


@WIDTHS
@MODES
@OPTIONS
def test_moments_and_accounts(options, mode, width):
    prices, rules = walks(11, 300), sweep.Rules(lookback=12, mode=mode, **options)
    entry = np.linspace(0.8, 2.4, 11)
    with dispatch.using("native", 2):
        found, other = at_both(width, lambda: sweep.moments(prices, entry, 0.1, 1e-3, rules))
        assert_same_bits(found, other)
        found, other = at_both(width, lambda: sweep.accounts(prices, entry, 0.1, 1e-3, rules))
    assert_same_bits(found.returns, other.returns)
    for name in FIGURES:
        np.testing.assert_array_equal(getattr(found, name), getattr(other, name), err_msg=name)
    expected = by_numpy(sweep.accounts, prices, entry, 0.1, 1e-3, rules)
    for name in FIGURES:
        np.testing.assert_allclose(getattr(found, name), getattr(expected, name), rtol=1e-9, atol=1e-12, err_msg=name)


@WIDTHS
def test_scans_that_trade(width):
    rng = np.random.default_rng(3)
    common = np.cumsum(rng.normal(size=(400, 1)), axis=0)
    spread = np.zeros((400, 6))
    for t in range(1, 400):
        spread[t] = 0.8 * spread[t - 1] + rng.normal(size=6)
    with dispatch.using("native", 2):
        found, other = at_both(width, lambda: pair_trading.scan(100 + common + spread, lookback=20))
    assert found.n_significant > 0
    for one, two in zip(found, other, strict=True):
        np.testing.assert_array_equal(one, two)
