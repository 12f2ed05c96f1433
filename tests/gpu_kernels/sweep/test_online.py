"""The running backtest: its days, its checks, its memory, and thresholds that change."""

import math
import pickle

import numpy as np
import pytest

from gpu_kernels import sweep
from gpu_kernels.errors import InvalidInput

DAY = 86_400_000
PRICES = 100 + 10 * np.sin(np.arange(150.0) / 3)


def run(prices, *, timestamps=None, **options):
    online = sweep.OnlineBacktest(sweep.Rules(lookback=5, **options))
    metrics = []
    for bar, price in enumerate(prices):
        online.update(price, 1.0, 0.0, 0.001, 0 if timestamps is None else timestamps[bar])
        metrics.append(online.metric())
    return metrics


def test_before_the_first_bar_there_are_zeros():
    metric = sweep.OnlineBacktest(sweep.Rules(initial_capital=5.0)).metric()
    assert (metric.bar_number, metric.equity, metric.status) == (0, 5.0, "flat")
    assert math.isnan(metric.zscore)


def test_the_metric_has_plain_numbers_even_for_numpy_prices():
    online = sweep.OnlineBacktest(sweep.Rules(lookback=2))
    for price in PRICES:
        online.update(price, np.float64(0.5), np.float64(0.0), np.float64(0.001), 7)
    assert {type(value) for value in online.metric()} == {int, float, str}


def test_the_daily_return_is_since_the_last_bar_of_the_day_before():
    timestamps = [DAY // 3 * (bar + 1) for bar in range(150)]
    metrics = run(PRICES, timestamps=timestamps)
    days = [stamp // DAY for stamp in timestamps]
    for bar, metric in enumerate(metrics):
        earlier = [metrics[other].equity for other in range(bar) if days[other] < days[bar]]
        assert metric.daily_return == metric.equity / (earlier[-1] if earlier else 1.0) - 1.0
        assert metric.timestamp_ms == timestamps[bar]


def test_in_unit_mode_the_daily_return_is_a_change_over_the_capital():
    timestamps = [DAY // 2 * (bar + 1) for bar in range(150)]
    metrics = run(PRICES - 100, timestamps=timestamps, mode="unit", initial_capital=4.0)
    days = [stamp // DAY for stamp in timestamps]
    last = max(bar for bar in range(150) if days[bar] < days[-1])
    assert metrics[-1].daily_return == (metrics[-1].equity - metrics[last].equity) / 4.0


def test_without_a_timestamp_the_daily_return_is_the_bar_s():
    metrics = run(PRICES)
    assert metrics[40].daily_return == metrics[40].equity / metrics[39].equity - 1.0


def test_after_a_ruin_every_day_is_still():
    prices = [10.0, 10.2, 9.9, 10.1, 12.0, 11.9, 40.0, 1.0, 39.0]
    metrics = run(prices, timestamps=[DAY * (bar + 1) for bar in range(9)])
    assert [metric.status for metric in metrics[6:]] == ["error"] * 3
    assert metrics[6].daily_return < -1
    assert [metric.daily_return for metric in metrics[7:]] == [0.0, 0.0]
    assert metrics[-1].equity == metrics[6].equity


@pytest.mark.parametrize(
    ("bar", "message"),
    [
        ((math.nan, 1.0, 0.0, 0.0), "price must be finite, got nan"),
        ((math.inf, 1.0, 0.0, 0.0), "price must be finite, got inf"),
        ((-1.0, 1.0, 0.0, 0.0), r"price must be > 0 in mode 'compounding' \(mode 'unit' trades spreads\), got -1.0"),
        ((1.0, 0.0, 0.0, 0.0), "entry_z must be finite and > 0, got 0.0"),
        ((1.0, 1.0, 1.0, 0.0), "exit_z must be at least -entry_z and below entry_z, got 1.0"),
        ((1.0, 1.0, math.nan, 0.0), "exit_z must be at least -entry_z and below entry_z, got nan"),
        ((1.0, 1.0, 0.0, -0.1), "cost must be finite and >= 0, got -0.1"),
    ],
)
def test_a_bad_bar_is_refused_and_changes_nothing(bar, message):
    online = sweep.OnlineBacktest(sweep.Rules(lookback=3))
    for price in PRICES[:20]:
        online.update(price, 1.0, 0.0, 0.001)
    before = online.metric()
    with pytest.raises(InvalidInput, match=f"^{message}$"):
        online.update(*bar)
    assert online.metric() == before
    online.update(101.0, 1.0, 0.0, 0.001)
    assert online.metric().bar_number == 21


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"lookback": 1}, "lookback must be >= 2, got 1"),
        ({"execution_delay": -1}, "execution_delay must be >= 0, got -1"),
        ({"mode": "x"}, "mode must be one of 'compounding', 'unit', got 'x'"),
        ({"initial_capital": -1.0}, "initial_capital must be finite and > 0, got -1.0"),
        ({"periods_per_year": 0.0}, "periods_per_year must be finite and > 0, got 0.0"),
    ],
)
def test_options_are_checked_at_the_start(options, message):
    with pytest.raises(InvalidInput, match=f"^{message}$"):
        sweep.OnlineBacktest(sweep.Rules(**options))


def test_a_fill_pays_the_cost_of_its_own_bar():
    online = sweep.OnlineBacktest(sweep.Rules(lookback=4, execution_delay=1))
    for price, cost in zip([1.0, 2.0, 1.0, 2.0, 9.0, 9.0], [0.0, 0.0, 0.0, 0.0, 0.5, 0.01], strict=True):
        online.update(price, 1.2, 0.0, cost)
    assert online.metric().position == -1
    assert online.metric().total_costs == pytest.approx(0.01 / 1.01)


def test_thresholds_may_change_from_bar_to_bar():
    closed, kept = (sweep.OnlineBacktest(sweep.Rules(lookback=4, execution_delay=0)) for _ in range(2))
    for price in [1.0, 2.0, 1.0, 2.0, 9.0]:
        closed.update(price, 1.2, 0.0, 0.0)
        kept.update(price, 1.2, 0.0, 0.0)
    closed.update(9.0, 3.0, 2.0, 0.0)
    kept.update(9.0, 3.0, 0.0, 0.0)
    assert (closed.metric().status, kept.metric().status) == ("flat", "in_trade")


def test_memory_does_not_grow_with_the_bars():
    online = sweep.OnlineBacktest(sweep.Rules(lookback=10, execution_delay=3))
    sizes = []
    for price in np.tile(PRICES, 20):
        online.update(price, 1.0, 0.0, 0.001)
        sizes.append(len(pickle.dumps(online)))
    assert max(sizes[2000:]) <= max(sizes[:1000]) + 16
