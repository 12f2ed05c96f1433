"""The frozen rule: positions, stops, profits and what is measured of them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gpu_kernels import performance
from meanrev_demo.trading import measure, positions, profits, with_stop

WALKS = st.lists(st.floats(-6, 6), min_size=2, max_size=60).map(np.array)


def by_the_letter(z_score, entry_z, exit_z):
    """The rule of the backtest, one condition at a time."""
    state, states = "flat", []
    for z in z_score:
        if state == "long" and z >= -exit_z:
            state = "flat"
        if state == "short" and z <= exit_z:
            state = "flat"
        if state == "flat" and z <= -entry_z:
            state = "long"
        elif state == "flat" and z >= entry_z:
            state = "short"
        states.append({"flat": 0, "long": 1, "short": -1}[state])
    return np.array(states)


@given(WALKS, st.floats(0.1, 3), st.floats(-1, 0.99))
@settings(max_examples=200)
def test_positions_follow_the_rule_by_the_letter(z_score, entry_z, share):
    exit_z = share * entry_z
    np.testing.assert_array_equal(positions(z_score, entry_z, exit_z), by_the_letter(z_score, entry_z, exit_z))


@given(WALKS)
@settings(max_examples=50)
def test_mirrored_prices_mirror_positions(z_score):
    np.testing.assert_array_equal(positions(-z_score, 1.0, 0.2), -positions(z_score, 1.0, 0.2))


@given(WALKS)
@settings(max_examples=50)
def test_a_stop_only_closes_and_never_holds_beyond_it(z_score):
    held = positions(z_score, 1.0, 0.0)
    kept = with_stop(held, z_score, 4.0)
    assert np.all((kept == held) | (kept == 0))
    assert np.all(-kept * z_score < 4.0)


def test_a_stopped_position_stays_closed_until_its_own_exit():
    z_score = np.array([0.0, -2.0, -5.0, -3.0, -1.0, 0.5, -2.0, -1.0])
    held = positions(z_score, 1.5, 0.0)
    np.testing.assert_array_equal(held, [0, 1, 1, 1, 1, 0, 1, 1])
    np.testing.assert_array_equal(with_stop(held, z_score, 4.0), [0, 1, 0, 0, 0, 0, 1, 1])


def test_a_reversal_on_the_bar_of_the_exit_is_a_new_position():
    z_score = np.array([-2.0, -5.0, 2.0, 1.0])
    held = positions(z_score, 1.5, 0.0)
    np.testing.assert_array_equal(held, [1, 1, -1, -1])
    np.testing.assert_array_equal(with_stop(held, z_score, 4.0), [1, 0, -1, -1])


def test_one_trade_earns_its_move_less_its_cost():
    spread = np.array([1.0, 0.7, 0.9, 1.0, 1.2])
    held = np.array([0.0, 1.0, 1.0, 0.0, 0.0])
    np.testing.assert_allclose(profits(spread, held, 0.02), [0, -0.01, 0.2, 0.09, 0], atol=1e-15)
    np.testing.assert_allclose(profits(spread, held, 0.02, delay=1), [0, 0, -0.01, 0.1, 0.19], atol=1e-15)


def test_a_reversal_pays_for_two_sides():
    assert profits(np.array([1.0, 1.0, 1.0]), np.array([1.0, -1.0, -1.0]), 0.02).sum() == pytest.approx(-0.03)


@given(WALKS)
@settings(max_examples=50)
def test_without_costs_a_constant_position_earns_the_whole_move(spread):
    assert profits(spread, np.ones(spread.size), 0.0).sum() == pytest.approx(spread[-1] - spread[0], abs=1e-12)


def test_what_is_measured():
    result = measure(np.array([0.0, 1.0, -0.5, -0.25, 1.0]), np.array([1.0, 1.0, 0.0, -1.0, 1.0]), 4.0)
    values = [0.0, 1.0, -0.5, -0.25, 1.0]
    mean = sum(values) / 5
    deviation = (sum((value - mean) ** 2 for value in values) / 4) ** 0.5
    assert result.sharpe == pytest.approx(2 * mean / deviation)
    expected = performance.figures([values], periods_per_year=4.0).figures.sharpe_std_error[0]
    assert result.sharpe_std_error == pytest.approx(expected)
    assert result.sharpe_words == f"{result.sharpe:.2f} ± {expected:.2f}"
    assert result.profit == pytest.approx(1.25)
    assert result.max_drawdown == pytest.approx(0.75)
    assert result.trades == 3


def test_a_loss_on_the_first_bar_is_a_drawdown_and_no_profit_has_no_sharpe():
    assert measure(np.array([-1.0, 0.5]), np.zeros(2), 12).max_drawdown == 1
    still = measure(np.zeros(3), np.zeros(3), 12)
    assert still[:1] + still[2:] == (0, 0, 0, 0)
    assert np.isnan(still.sharpe_std_error)
    assert still.sharpe_words == "0.00"
