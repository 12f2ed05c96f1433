"""What is left after filtering may be nothing; a bad series is told why, and leaves the others as they are."""

import numpy as np
import pytest

from gpu_kernels import sweep
from tests.gpu_kernels.stand_in import stand
from tests.gpu_kernels.sweep.test_native import walks
from tests.gpu_kernels.sweep.ways import EVERY_TWIN, EVERY_WAY, assert_same_bits, way

__all__ = ["stand"]

ENTRY, EXIT = (axis.ravel() for axis in np.meshgrid([0.7, 1.1, 1.6], [-0.5, 0.0, 0.4]))
NAN_FIELDS = ("cumulative_return", "sharpe_ratio", "max_drawdown", "win_rate", "total_costs", "equity")


def untradable():
    prices = walks(1, 3, 60)
    prices[0] = np.nan
    prices[1, 17] = 0.0
    prices[2, 5], prices[2, 40] = -3.5, np.nan
    return prices


@EVERY_WAY
def test_a_batch_without_a_tradable_series_is_nan(stand, name):
    with way(name):
        found = sweep.backtest(untradable(), ENTRY, EXIT, 1e-3)
    for field in NAN_FIELDS:
        assert np.isnan(getattr(found, field)).all(), field
    assert (found.status == sweep.ERROR).all()
    assert not found.num_trades.any()
    assert not found.position.any()


@EVERY_WAY
@pytest.mark.parametrize(("n_series", "n_pairs"), [(0, 9), (3, 0), (0, 0)])
def test_no_series_or_no_pair_is_an_empty_answer(stand, name, n_series, n_pairs):
    with way(name):
        found = sweep.backtest(walks(1, n_series, 60), ENTRY[:n_pairs], EXIT[:n_pairs], np.full(n_pairs, 1e-3))
    assert {values.shape for values in found} == {(n_series, n_pairs)}


@EVERY_WAY
@pytest.mark.parametrize("gaps", [False, True])
@pytest.mark.parametrize("delay", [1, 3])
def test_bad_series_leave_the_others_bit_for_bit(stand, name, gaps, delay):
    good = walks(2, 3, 150)
    if gaps:
        good[np.random.default_rng(2).random(good.shape) < 0.1] = np.nan
    bad = np.full((3, 150), 100.0)
    bad[:, :60] = untradable()
    mixed = np.empty((6, 150))
    mixed[1::2], mixed[::2] = good, bad
    rules = {"lookback": 10, "execution_delay": delay}
    with way(name):
        found = sweep.backtest(mixed, ENTRY, EXIT, 1e-3, sweep.Rules(**rules))
        for series in range(3):
            alone = sweep.backtest(good[[series]], ENTRY, EXIT, 1e-3, sweep.Rules(**rules))
            assert_same_bits(found, alone, [2 * series + 1])
    # A series without a price in its first 60 bars is as good as any: it begins later.
    assert (found.status[[2, 4]] == sweep.ERROR).all()
    assert (found.status[0] != sweep.ERROR).all()


@EVERY_TWIN
def test_moments_without_a_tradable_series_are_nan(stand, name):
    with way(name):
        assert np.isnan(sweep.moments(untradable(), 1.0, 0.0, 1e-3)).all()
        assert sweep.moments(np.empty((0, 5)), 1.0, 0.0, 1e-3).skewness.shape == (0,)


@EVERY_WAY
@pytest.mark.parametrize("lookback", [61, 1_000_000])
def test_a_window_that_no_series_fills_trades_nothing(stand, name, lookback):
    """The working space of a window of a million prices would be hundreds of megabytes."""
    prices = walks(3, 2, 60)
    with way(name):
        found = sweep.backtest(prices, ENTRY, EXIT, 1e-3, sweep.Rules(lookback=lookback))
        moments = sweep.moments(prices, 1.0, 0.0, 1e-3, sweep.Rules(lookback=lookback))
    assert (found.equity == 1.0).all()
    assert (found.status == sweep.FLAT).all()
    assert not found.sharpe_ratio.any()
    np.testing.assert_array_equal(moments, [[0.0, 0.0], [3.0, 3.0]])


@EVERY_WAY
def test_a_single_price_is_a_backtest_of_one_bar(stand, name):
    prices = np.full((2, 30), np.nan)
    prices[0, 11], prices[1, 29] = 5.0, 7.0
    with way(name):
        found = sweep.backtest(prices, ENTRY, EXIT, 1e-3, sweep.Rules(lookback=2))
        moments = sweep.moments(prices, 1.0, 0.0, 1e-3, sweep.Rules(lookback=2))
    assert (found.equity == 1.0).all()
    assert not found.sharpe_ratio.any()
    np.testing.assert_array_equal(moments, [[0.0, 0.0], [3.0, 3.0]])


def test_a_reason_names_price_row_and_way_out():
    assert sweep.reasons(untradable(), "compounding") == [
        "no finite price",
        "the price 0.0 at row 17 is not positive; mode 'unit' trades such a series",
        "the price -3.5 at row 5 is not positive; mode 'unit' trades such a series",
    ]
    assert sweep.reasons(untradable(), "unit") == ["no finite price", "", ""]
    assert "at row 117 " in sweep.reasons(untradable(), "compounding", 100)[1]
