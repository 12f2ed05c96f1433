"""Trades that a stop may end: every figure, the optimum given the stop, and orders that fill later."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gpu_kernels import thresholds
from gpu_kernels.errors import Degenerate, InvalidInput
from tests.naive import thresholds as naive

UNIT_SIGMA = np.sqrt(2.0)  # theta 1 and this make s = 1


def unit(cost, entry, leave, **options):
    return thresholds.evaluate(1.0, 0.0, UNIT_SIGMA, cost, entry, leave, **options)


def best(cost, stop, **options):
    return thresholds.optimal(1.0, 0.0, UNIT_SIGMA, cost, stop=stop, **options)


def test_a_stop_halves_the_profit_and_the_time_of_a_common_trade():
    found = unit(0.1, 1.0, -0.5, stop=2.0)
    assert found.return_per_trade == pytest.approx(0.5826583325, rel=1e-9)
    assert found.holding_time == pytest.approx(0.9637480785, rel=1e-9)
    earlier = unit(0.1, 1.0, -0.5, stop=2.0, stop_changes="win_rate")
    assert (round(float(earlier.return_per_trade), 3), round(float(earlier.holding_time), 3)) == (1.4, 1.686)
    assert earlier.win_rate == pytest.approx(float(found.win_rate), rel=1e-13)


@given(entry=st.floats(0.1, 4), share=st.floats(-1, 0.9), beyond=st.floats(0.05, 4), cost=st.floats(0, 1))
@settings(max_examples=15, deadline=None)
def test_every_figure_is_that_of_the_process_with_two_barriers(entry, share, beyond, cost):
    leave, stop = share * entry, entry + beyond
    found = unit(cost, entry, leave, stop=stop)
    earned, inside, cycle = naive.stopped(cost, entry, leave, stop)
    assert found.return_per_trade == pytest.approx(earned, rel=1e-8, abs=1e-9)
    assert found.holding_time == pytest.approx(inside, rel=1e-8)
    assert found.trade_time == pytest.approx(cycle, rel=1e-8)
    assert found.rate == pytest.approx(earned / cycle, rel=1e-7, abs=1e-9)
    if share > -1:
        assert found.sharpe == pytest.approx(naive.stopped_sharpe(cost, entry, leave, stop), rel=1e-7, abs=1e-9)


@pytest.mark.parametrize("stop", [37.0, 38.0, 1e6])
def test_a_stop_that_is_never_met_changes_nothing(stop):
    found, free = unit(0.2, 1.3, -0.4, stop=stop), unit(0.2, 1.3, -0.4)
    for name in thresholds.Thresholds._fields[:9]:
        assert getattr(found, name) == pytest.approx(float(getattr(free, name)), rel=1e-12)


def test_a_stop_at_the_entry_always_strikes_and_keeps_the_digits_of_short_trades():
    found = unit(0.0, 2.0, -1.0, stop=2.0 + 1e-9)
    assert found.win_rate == pytest.approx(naive.win_rate(2.0, -1.0, 2.0 + 1e-9), rel=1e-6)
    assert found.holding_time == pytest.approx(naive.occupied(2.0, -1.0, 2.0 + 1e-9), rel=1e-6)


def test_simulated_trades_agree_within_their_errors():
    cost, entry, leave, stop, dt = 0.1, 1.0, -0.5, 2.0, 0.005
    profits, inside, between = naive.simulate_cycles(cost, entry, leave, stop, dt, n_paths=8000, seed=8)
    found = unit(cost, entry, leave, stop=stop, dt=dt)
    expected = (found.return_per_trade, found.holding_time * dt, found.trade_time)
    for value, sample in zip(expected, (profits, inside, between), strict=True):
        assert abs(sample.mean() - value) < 3.5 * sample.std() / np.sqrt(sample.size)
    # The figures without the stop are far off.
    free = unit(cost, entry, leave, dt=dt)
    assert profits.mean() < 0.5 * free.return_per_trade
    assert inside.mean() < 0.7 * free.holding_time * dt


@pytest.mark.parametrize(("cost", "stop"), [(0.05, 1.2), (0.3, 2.5)])
def test_sharpe_given_a_stop_is_the_best_that_a_search_finds(cost, stop):
    found = best(cost, stop)

    def objective(entry, leave):
        return naive.stopped_sharpe(cost, entry, leave, stop) if entry < stop else -np.inf

    start = (float(found.entry_z) * 0.97, float(found.exit_z) + 0.04)
    value, entry, leave = naive.best_two(objective, start)
    assert found.sharpe == pytest.approx(value, rel=1e-7)
    assert (found.entry_z, found.exit_z) == pytest.approx((entry, leave), abs=1e-3)


OPTIONS = [
    ({"objective": "sharpe"}, "sharpe"),
    ({"objective": "profit"}, "rate"),
    ({"objective": "profit", "model": "to_mean"}, "rate"),
    ({"objective": "kelly"}, "growth"),
    ({"objective": "kelly", "f_max": 0.1}, "growth"),
]


@pytest.mark.parametrize(("options", "field"), OPTIONS, ids=str)
def test_no_neighbour_of_the_optimum_given_a_stop_does_better(options, field):
    cost, stop = np.meshgrid([0.01, 0.1, 0.4], [2.2, 3.0, 5.0], indexing="ij")
    found = best(cost, stop, **options)
    width = found.entry_z - found.exit_z
    fixed = options.get("model") == "to_mean"
    for up, down in [(1, 0), (-1, 0)] if fixed else [(1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, -1), (1, -1)]:
        entry, leave = found.entry_z + 0.01 * up * width, found.exit_z + 0.01 * down * width
        other = unit(cost, entry, np.maximum(leave, -entry), stop=stop)
        if field == "growth":
            variance = (other.rate / other.sharpe) ** 2
            value = found.fraction * other.rate - 0.5 * found.fraction**2 * variance
        else:
            value = getattr(other, field)
        assert np.all(value < getattr(found, field) * (1 + 1e-12))


def test_the_optimum_given_a_distant_stop_is_the_one_without():
    for objective in thresholds.OBJECTIVES:
        near, free = (
            best(0.2, 30.0, objective=objective),
            thresholds.optimal(1.0, 0.0, UNIT_SIGMA, 0.2, objective=objective),
        )
        assert near.entry_z == pytest.approx(float(free.entry_z), rel=1e-7)
        assert near.exit_z == pytest.approx(float(free.exit_z), rel=1e-6, abs=1e-7)


def test_the_optimum_at_bars_trades_where_the_continuous_one_with_the_stop_as_bars_see_it_does():
    dt = 0.01
    shift = thresholds.BAR_SHIFT * np.sqrt(2 * dt)
    barred, plain = best(0.2, 3.0, dt=dt), best(0.2, 3.0 + shift)
    assert barred.entry_z == pytest.approx(plain.entry_z - shift, rel=1e-12)
    assert barred.holding_time * dt == pytest.approx(float(plain.holding_time), rel=1e-12)
    # After a stop bars see the path inside the entries, and at one again, a little later.
    assert plain.trade_time < barred.trade_time < 1.02 * plain.trade_time
    again = unit(0.2, barred.entry_z, barred.exit_z, stop=3.0, dt=dt)
    assert again.sharpe == pytest.approx(float(barred.sharpe), rel=1e-12)


def test_a_process_with_a_stop_gets_in_a_batch_what_it_gets_alone():
    stop = np.array([2.0, 2.5, 1.4, 6.0])
    together = best(0.1, stop)
    for place in range(stop.size):
        alone = best(0.1, stop[place])
        assert [float(values[place]) for values in together[:9]] == [float(values) for values in alone[:9]]


@given(delay=st.floats(0, 1), cost=st.floats(0.01, 0.5), stop=st.sampled_from([None, 3.0]))
@settings(max_examples=20, deadline=None)
def test_a_delay_leaves_of_each_gross_profit_what_the_reversion_leaves(delay, cost, stop):
    entry, leave = 1.2, -0.3
    late, now = unit(cost, entry, leave, stop=stop, delay=delay), unit(cost, entry, leave, stop=stop)
    gross = (now.return_per_trade + cost) * np.exp(-delay)
    assert late.return_per_trade == pytest.approx(gross - cost, rel=1e-12, abs=1e-14)
    assert (late.holding_time, late.trade_time) == (now.holding_time, now.trade_time)
    try:
        optimum = thresholds.optimal(1.0, 0.0, UNIT_SIGMA, cost, stop=stop, delay=delay)
    except Degenerate:
        return
    for moved in (0.97, 1.03):
        again = unit(cost, moved * optimum.entry_z, optimum.exit_z, stop=stop, delay=delay)
        assert again.sharpe < optimum.sharpe


def test_a_stop_that_leaves_no_room_is_refused_however_small_it_is():
    with pytest.raises(InvalidInput, match="stop"):
        thresholds.optimal(0.05, 0.0, 2.0, 0.1, stop=1e-308)
