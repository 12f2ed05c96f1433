"""What given thresholds earn: quadrature, simulation, stops and bars."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gpu_kernels import thresholds
from tests.naive import thresholds as naive

UNIT_SIGMA = np.sqrt(2.0)  # theta 1 and this make s = 1


def unit(cost, entry, leave, **options):
    return thresholds.evaluate(1.0, 0.0, UNIT_SIGMA, cost, entry, leave, **options)


@given(entry=st.floats(0.05, 5), share=st.floats(-0.99, 0.95), cost=st.floats(0, 3))
@settings(max_examples=60, deadline=None)
def test_every_field_is_the_one_of_its_definition(entry, share, cost):
    leave = share * entry
    found = unit(cost, entry, leave)
    inside, cycle = naive.times(entry, leave)
    earned = entry - leave - cost
    assert found.holding_time == pytest.approx(inside, rel=1e-10)
    assert found.trade_time == pytest.approx(cycle, rel=1e-10)
    assert found.cycle_time == found.trade_time
    assert found.return_per_trade == pytest.approx(earned, rel=1e-12, abs=1e-14)
    assert found.rate == pytest.approx(earned / cycle, rel=1e-10, abs=1e-14)
    assert found.sharpe == pytest.approx(naive.sharpe(cost, entry, leave), rel=1e-10, abs=1e-14)
    assert (float(found.entry_z), float(found.exit_z), float(found.win_rate)) == (entry, leave, 1.0)
    assert np.isnan(found.fraction)
    assert np.isnan(found.growth)


def test_a_rule_that_is_always_in_the_market_completes_a_cycle_in_two_trades():
    found = unit(0.1, 1.2, -1.2)
    assert found.holding_time == found.trade_time
    assert found.cycle_time == 2 * found.trade_time


@pytest.mark.parametrize("options", [{"objective": name} for name in thresholds.OBJECTIVES], ids=str)
def test_the_optimum_evaluates_to_its_own_fields(options):
    best = thresholds.optimal(3.0, 10.0, 0.7, 0.05, stop=6.0, **options)
    again = thresholds.evaluate(3.0, 10.0, 0.7, 0.05, best.entry_z, best.exit_z, stop=6.0)
    for name in thresholds.Thresholds._fields[:9]:
        assert getattr(again, name) == pytest.approx(float(getattr(best, name)), rel=1e-12)


@given(entry=st.floats(0.1, 4), share=st.floats(-1, 0.9), beyond=st.floats(0.05, 6))
@settings(max_examples=25, deadline=None)
def test_the_win_rate_is_the_probability_of_the_exit_before_the_stop(entry, share, beyond):
    leave, stop = share * entry, entry + beyond
    found = unit(0.1, entry, leave, stop=stop)
    assert found.win_rate == pytest.approx(naive.win_rate(entry, leave, stop), rel=1e-11)


def test_a_stop_far_beyond_the_doubles_never_strikes_and_one_at_the_entry_always_does():
    assert unit(0.1, 2.0, -2.0, stop=1e6).win_rate == 1.0
    assert unit(0.1, 2.0, -2.0, stop=2.0 + 1e-12).win_rate == pytest.approx(0.0, abs=1e-11)


def test_a_simulation_watched_at_bars_earns_what_the_shifted_formulas_say():
    cost, entry, leave, dt = 0.2, 1.1, -0.2, 0.02
    trades, profit, bars = naive.simulate(cost, entry, leave, dt, n_paths=2000, n_bars=4000, seed=5)
    found = unit(cost, entry, leave, dt=dt)
    time = 2000 * 4000 * dt
    assert found.bar_shift == "applied"
    assert found.trade_time == pytest.approx(time / trades, rel=0.01)
    assert found.return_per_trade == pytest.approx(profit / trades, rel=0.01)
    assert found.holding_time == pytest.approx(bars / trades, rel=0.015)
    # Without the shift the formulas are far off, so the tolerance above proves something.
    assert abs(unit(cost, entry, leave).trade_time * trades / time - 1) > 0.1


@pytest.mark.parametrize("options", [{"objective": name} for name in thresholds.OBJECTIVES], ids=str)
def test_bars_move_the_returned_thresholds_inward_and_nothing_else(options):
    theta, dt = 0.5, 0.01
    given = {"stop": 5.0, "stop_changes": "win_rate", **options}
    plain = thresholds.optimal(theta, 0.0, 1.0, 0.3, **given)
    barred = thresholds.optimal(theta, 0.0, 1.0, 0.3, dt=dt, **given)
    shift = thresholds.BAR_SHIFT * np.sqrt(2 * theta * dt)
    assert barred.entry_z == pytest.approx(plain.entry_z - shift, rel=1e-14)
    assert barred.exit_z == pytest.approx(plain.exit_z + shift, rel=1e-14)
    assert barred.holding_time == pytest.approx(plain.holding_time / dt, rel=1e-14)
    assert barred[5:7] == plain[5:7]
    lost = plain.return_per_trade + 0.3 - (barred.return_per_trade + 0.3)
    assert lost == pytest.approx(-np.expm1(-0.25 * theta * dt) * (plain.return_per_trade + 0.3), rel=1e-9)
    assert barred.win_rate > plain.win_rate
    assert (plain.bar_shift, barred.bar_shift) == ("", "applied")
    levels = barred.entry_z, barred.exit_z
    again = thresholds.evaluate(theta, 0.0, 1.0, 0.3, *levels, stop=5.0, stop_changes="win_rate", dt=dt)
    for name in thresholds.Thresholds._fields[:9]:
        assert getattr(again, name) == pytest.approx(float(getattr(barred, name)), rel=1e-11)


def test_bars_that_are_too_coarse_leave_the_thresholds_alone_and_say_so():
    plain = thresholds.optimal(0.5, 0.0, 1.0, 0.3, stop=5.0)
    coarse = thresholds.optimal(0.5, 0.0, 1.0, 0.3, stop=5.0, dt=np.array([5.0, 0.01]))
    assert coarse.bar_shift == ("not applied", "applied")
    assert coarse.entry_z[0] == pytest.approx(float(plain.entry_z), rel=1e-14)
    assert coarse.win_rate[0] == pytest.approx(float(plain.win_rate), rel=1e-14)
    assert coarse.holding_time[0] == pytest.approx(plain.holding_time / 5.0, rel=1e-14)


def test_a_loss_making_pair_is_answered_with_negative_numbers():
    found = unit(5.0, 1.0, -1.0)
    assert (found.return_per_trade, found.rate < 0, found.sharpe < 0) == (-3.0, True, True)


@pytest.mark.parametrize(("entry", "leave", "seed"), [(1.4, -0.6, 3), (1.2, -1.2, 4)])
def test_the_variance_of_a_simulated_equity_includes_that_of_the_costs(entry, leave, seed):
    cost, dt = 1.0, 0.016
    changes = naive.changes_of_equity(cost, entry, leave, dt, n_paths=1200, n_bars=2000, seed=seed)[500:]
    found = unit(cost, entry, leave, dt=dt, delay=dt)
    # The account begins flat, so the first bars are left out.
    deviation = found.rate / found.sharpe
    assert changes.std() / np.sqrt(dt) == pytest.approx(float(deviation), rel=0.01)
    plain = unit(cost, entry, leave, dt=dt, delay=dt, cost_variance=False)
    assert changes.std() / np.sqrt(dt) > 1.03 * plain.rate / plain.sharpe


@pytest.mark.parametrize("at_once", [True, False])
@pytest.mark.parametrize(("entry", "leave"), [(1.1, 0.1), (1.2, -1.2)])
def test_a_simulation_at_coarse_bars_has_the_promised_sharpe_ratio(entry, leave, at_once):
    cost, dt = 0.3, 0.07
    changes = naive.changes_of_equity(cost, entry, leave, dt, 3000, 1100, seed=6, at_once=at_once)[100:]
    found = unit(cost, entry, leave, dt=dt, delay=0.0 if at_once else dt)
    ratios = changes.mean() / changes.std() / np.sqrt(dt), changes.mean() / dt
    assert ratios == pytest.approx((float(found.sharpe), float(found.rate)), rel=0.01)
    # Without what bars change beyond the levels the rate is far off, so the tolerance above proves something.
    shift = thresholds.BAR_SHIFT * np.sqrt(2 * dt)
    plain = unit(cost, entry + shift, leave - shift, delay=0.0 if at_once else dt)
    assert abs(plain.rate / ratios[1] - 1) > 0.015
