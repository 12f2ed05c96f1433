"""The twin, the single run and the oracle agree on prices of every kind."""

import math

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from gpu_kernels import sweep
from tests.gpu_kernels.sweep.single import options, paths, with_rules
from tests.naive import sweep as naive

TIGHT = {"rtol": 1e-11, "atol": 1e-12}
CENTS = st.integers(50, 20_000).map(lambda cents: cents / 100)
SPREADS = st.integers(-2_000, 2_000).map(lambda cents: cents / 100)


def with_gaps(prices):
    return st.lists(prices | st.just(math.nan), min_size=1, max_size=60).filter(
        lambda drawn: not all(math.isnan(price) for price in drawn)
    )


@st.composite
def cases(draw):
    mode = draw(st.sampled_from(sweep.MODES))
    entry_z = draw(st.floats(0.2, 2.0))
    return {
        "prices": draw(with_gaps(CENTS if mode == "compounding" else SPREADS)),
        "entry_z": entry_z,
        "exit_z": entry_z * draw(st.floats(-1.0, 0.99)),
        "cost": draw(st.sampled_from([0.0, 0.0005, 0.01])),
        "lookback": draw(st.integers(2, 6)),
        "execution_delay": draw(st.integers(0, 3)),
        "mode": mode,
        "initial_capital": draw(st.sampled_from([1.0, 250.0])),
        "periods_per_year": 52.0,
        **draw(options(entry_z)),
    }


def agrees(mine, theirs):
    for name in ("equity", "returns", "position", "zscore", "pnl", "drawdown", "fees"):
        scale = max(1.0, np.max(np.abs(theirs["equity"])))
        np.testing.assert_allclose(getattr(mine, name), theirs[name], rtol=1e-10, atol=1e-12 * scale, err_msg=name)
    for name, value in theirs["final"].items():
        got = getattr(mine.final, name)
        if isinstance(value, int):
            assert got == value, name
        elif name != "sharpe_ratio" or abs(value) < 1e6:
            assert got == pytest.approx(value, rel=1e-10, abs=1e-11 * max(1.0, abs(theirs["final"]["equity"]))), name


@settings(max_examples=150)
@given(cases())
@example({"prices": [0.5, 15.61], "entry_z": 0.5, "exit_z": 0.0, "cost": 0.0, "lookback": 2, "execution_delay": 0})
def test_a_single_run_is_the_oracle_s_with_gaps_in_both_modes_at_every_delay(case):
    theirs = naive.run(**case)
    assume(theirs["closeness"] > 1e-9)
    agrees(with_rules(paths, **case), theirs)


@settings(max_examples=60)
@given(st.data())
def test_every_lane_of_a_grid_is_the_single_run_bit_for_bit(data):
    mode = data.draw(st.sampled_from(sweep.MODES))
    size = data.draw(st.integers(1, 40))
    price = CENTS if mode == "compounding" else SPREADS
    kinds = data.draw(st.lists(st.sampled_from([price, price | st.just(math.nan)]), min_size=3, max_size=3))
    prices = [data.draw(st.lists(kind, min_size=size, max_size=size)) for kind in kinds]
    assume(all(np.isfinite(series).any() for series in prices))
    entry_z, exit_z, cost = [0.7, 1.1, 1.6], [-0.7, 0.0, 1.0], [0.0, 0.01, 0.001]
    shared = {"lookback": data.draw(st.integers(2, 5)), "execution_delay": data.draw(st.integers(0, 3)), "mode": mode}
    rules = sweep.Rules(**shared, **data.draw(options(1.6)))
    grid = sweep.backtest(prices, entry_z, exit_z, cost, rules)
    for series, lane in np.ndindex(3, 3):
        final = paths(prices[series], entry_z[lane], exit_z[lane], cost[lane], rules).final
        for name, value in final._asdict().items():
            assert getattr(grid, name)[series, lane] == value, name


@settings(max_examples=100)
@given(cases())
@example({"prices": [1.0, 1.1, 5.0, 0.9, 30.0, 1.0], "entry_z": 1.0, "exit_z": 0.0, "cost": 0.01, "lookback": 3})
def test_online_equals_the_single_run_bit_for_bit_after_every_bar(case):
    prices = [price for price in case.pop("prices") if not math.isnan(price)]
    thresholds = [case.pop(name) for name in ("entry_z", "exit_z", "cost")]
    whole = paths(prices, *thresholds, sweep.Rules(**case))
    online = sweep.OnlineBacktest(sweep.Rules(**case))
    drawdown = 0.0
    for bar, price in enumerate(prices):
        online.update(price, *thresholds)
        metric = online.metric()
        drawdown = max(drawdown, whole.drawdown[bar])
        assert metric.bar_number == bar + 1
        assert (metric.equity, metric.position) == (whole.equity[bar], whole.position[bar])
        assert metric.daily_return == whole.returns[bar]
        assert metric.max_drawdown == drawdown
        np.testing.assert_equal(metric.zscore, whole.zscore[bar])
    shared = set(metric._fields) & set(whole.final._fields) - {"status"}
    assert {name: getattr(metric, name) for name in shared} == {name: getattr(whole.final, name) for name in shared}
    assert metric.status == sweep.STATUSES[whole.final.status]


@settings(max_examples=80)
@given(cases())
def test_what_was_gained_is_what_was_realized_and_what_is_not_yet(case):
    run = with_rules(paths, **case)
    final, initial = run.final, case["initial_capital"]
    scale = max(1.0, np.max(np.abs(run.equity)))
    assert final.equity - initial == pytest.approx(final.realized_pnl + final.unrealized_pnl, abs=1e-12 * scale)
    assert final.total_costs == pytest.approx(run.fees.sum(), abs=1e-12 * scale)
    assert run.pnl.sum() == pytest.approx(final.equity - initial, abs=1e-11 * scale)
    assert final.avg_profit_per_trade * final.num_trades * initial == pytest.approx(final.realized_pnl, rel=1e-12)


def test_the_oracle_and_the_run_meet_ruin_alike():
    prices = [10.0, 10.2, 9.9, 12.0, 11.9, 40.0, 41.0, 39.0, 20.0, 10.0]
    case = {"prices": prices, "entry_z": 1.2, "exit_z": 0.0, "cost": 0.01, "lookback": 4}
    theirs = naive.run(**case)
    assert theirs["ruined"]
    agrees(with_rules(paths, **case), theirs)
