"""Decisions against the table of rules, and probabilities against quadrature and simulation."""

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.special import dawsn
from scipy.stats import norm

from gpu_kernels import signals, sweep
from gpu_kernels.errors import InvalidInput
from gpu_kernels.signals import first_passage, host
from tests.gpu_kernels.sweep.test_scores import reverting
from tests.naive import signals as naive

# The stationary deviation is 0.5: a price of 101 stands at z = 2.
MODEL = {"theta": 2.0, "mu": 100.0, "sigma": 1.0}
POSITIONS = st.sampled_from(signals.POSITIONS)
THRESHOLDS = st.tuples(st.floats(0.05, 4), st.floats(-1, 0.99)).map(lambda drawn: (drawn[0], drawn[0] * drawn[1]))


def decide(price, entry=1.5, leave=0.0, **options):
    return signals.decide(price, **MODEL, entry_z=entry, exit_z=leave, **options)


@settings(max_examples=200, deadline=None)
@given(st.floats(-50, 50), st.floats(0.01, 50), st.floats(0.01, 20), THRESHOLDS, POSITIONS)
def test_every_decision_is_that_of_the_table(price, theta, sigma, thresholds, position):
    entry, leave = thresholds
    z = naive.zscore(price, theta, 1.0, sigma)
    assume(all(abs(abs(z) - bound) > 1e-9 for bound in (entry, abs(leave))))
    made = signals.decide(price, theta, 1.0, sigma, entry, leave, position=position)
    assert made.zscore == pytest.approx(z, rel=1e-12, abs=1e-15)
    assert made.signal == naive.signal(z, entry, leave, position)
    entered = position == "flat" and made.signal != "hold"
    profit = (abs(z) - leave) * sigma / math.sqrt(2 * theta) if entered else 0.0
    assert made.expected_profit == pytest.approx(profit, rel=1e-11)


@settings(max_examples=100, deadline=None)
@given(st.floats(-6, 6), THRESHOLDS, st.floats(0.01, 4), POSITIONS)
def test_confidence_under_a_stop_is_the_probability_of_first_passage(z, thresholds, beyond, position):
    entry, leave = thresholds
    stop = entry + beyond
    made = decide(100 + z / 2, entry, leave, stop=stop, position=position)
    losing = {"flat": max(abs(made.zscore), entry), "long": -made.zscore, "short": made.zscore}[position]
    assert made.confidence == pytest.approx(naive.exit_probability(losing, leave, stop), abs=1e-11)


@settings(max_examples=100, deadline=None)
@given(st.floats(-8, 8), THRESHOLDS, st.sampled_from([None, 4.5]), POSITIONS)
def test_mirrored_prices_give_the_opposite_decision(z, thresholds, stop, position):
    entry, leave = thresholds
    other = {"flat": "flat", "long": "short", "short": "long"}[position]
    made = signals.decide(z, 0.5, 0.0, 1.0, entry, leave, stop=stop, position=position)
    mirrored = signals.decide(-z, 0.5, 0.0, 1.0, entry, leave, stop=stop, position=other)
    assert mirrored.signal == {"buy": "sell", "sell": "buy", "hold": "hold"}[made.signal]
    assert (mirrored.zscore, mirrored.confidence) == (-made.zscore, made.confidence)
    assert mirrored.expected_profit == made.expected_profit


@settings(max_examples=60, deadline=None)
@given(st.floats(-8, 8), THRESHOLDS, POSITIONS, st.integers(-20, 20), st.floats(0.01, 100))
def test_units_of_price_and_time_do_not_change_the_decision(z, thresholds, position, power, speed):
    unit = 2.0**power
    made, scaled = (
        signals.decide(z * k, t, 0.0, k * math.sqrt(2 * t), *thresholds, position=position, stop=4.5)
        for k, t in ((1.0, 0.5), (unit, speed))
    )
    assume(all(abs(abs(z) - abs(bound)) > 1e-9 for bound in (*thresholds, 4.5)))
    assert (scaled.signal, scaled.rule) == (made.signal, made.rule)
    assert scaled.confidence == pytest.approx(made.confidence, abs=1e-12)
    assert scaled.expected_profit == pytest.approx(unit * made.expected_profit, rel=1e-11, abs=1e-15)


@pytest.mark.parametrize(("leave", "stop"), [(0.0, 2.5), (-1.0, 2.0), (0.5, 3.0)])
def test_confidence_under_a_stop_is_what_a_simulation_finds(leave, stop):
    share = naive.simulated_exit_share(np.random.default_rng(7), 1.5, leave, stop, paths=4_000, step=1e-3)
    made = decide(100.75, 1.5, leave, stop=stop)
    # Three standard deviations of the share, and a hundredth for barriers that are only watched at steps.
    assert made.confidence == pytest.approx(share, abs=0.034)


def test_dawsons_function_agrees_with_scipy():
    points = np.concatenate([np.linspace(-12, 12, 2001), [1e-12, 1e3, 1e6, 1e8, 1e200]])
    np.testing.assert_allclose([host.dawson(float(x)) for x in points], dawsn(points), rtol=1e-13, atol=3e-16)


@pytest.mark.parametrize(
    ("price", "position", "leave", "rule", "signal"),
    [
        (99.25, "flat", 0.0, "enter_long", "buy"),
        (99.26, "flat", 0.0, "hold", "hold"),
        (100.75, "flat", 0.0, "enter_short", "sell"),
        (100.0, "flat", 0.0, "hold", "hold"),
        (100.0, "long", 0.0, "exit_long", "sell"),
        (99.99, "long", 0.0, "hold", "hold"),
        (100.0, "short", 0.0, "exit_short", "buy"),
        (100.01, "short", 0.0, "hold", "hold"),
        (99.75, "long", 0.5, "exit_long", "sell"),
        (100.25, "short", 0.5, "exit_short", "buy"),
        (100.74, "long", -1.5, "hold", "hold"),
        (100.75, "long", -1.5, "exit_long", "sell"),
        (99.25, "short", -1.5, "exit_short", "buy"),
    ],
)
def test_a_threshold_itself_counts_as_reached(price, position, leave, rule, signal):
    made = decide(price, leave=leave, position=position)
    assert (made.rule, made.signal) == (rule, signal)


@pytest.mark.parametrize(
    ("price", "position", "rule", "signal", "confidence"),
    [
        (98.75, "long", "stop_long", "sell", 0.0),
        (101.25, "short", "stop_short", "buy", 0.0),
        (98.75, "flat", "hold", "hold", 0.0),
        (101.25, "flat", "hold", "hold", 0.0),
        (101.25, "long", "exit_long", "sell", 1.0),
    ],
)
def test_a_stop_closes_a_losing_position_and_bars_an_entry(price, position, rule, signal, confidence):
    made = decide(price, stop=2.5, position=position)
    assert (made.rule, made.signal, made.confidence) == (rule, signal, confidence)


def test_waiting_under_a_stop_is_as_sure_as_the_entry_that_it_waits_for():
    assert decide(100.1, stop=3.0).confidence == decide(100.75, stop=3.0).confidence


def test_a_distant_stop_is_never_met():
    assert decide(99.0, stop=1e200).confidence == 1.0


def test_costs_come_off_the_expected_profit_of_an_entry_alone():
    assert decide(99.0, round_trip_cost=0.25).expected_profit == pytest.approx(0.75)
    assert decide(99.0, round_trip_cost=2.0).expected_profit == pytest.approx(-1.0)
    assert decide(99.0, leave=-1.0).expected_profit == pytest.approx(1.5)
    assert decide(99.0, position="long", round_trip_cost=0.25).expected_profit == 0
    assert decide(100.0, round_trip_cost=0.25).expected_profit == 0


def test_without_a_stop_the_confidence_is_the_probability_of_the_exit_within_three_half_lives():
    made = decide(99.0)
    assert made.confidence == decide(99.0, horizon=3 * math.log(2) / MODEL["theta"]).confidence
    assert made.confidence_meaning == "the exit comes within 1.03972 units of time"
    assert decide(99.0, stop=3.0, horizon=1.0).confidence == decide(99.0, stop=3.0).confidence


def test_a_confidence_of_nothing_is_zero_and_says_why():
    assert decide(99.0, horizon=0).confidence_meaning == "there is neither a stop nor a horizon"
    assert decide(97.0, stop=2.5).confidence_meaning == "no trade is opened beyond the stop"
    assert (decide(99.0, horizon=0).confidence, decide(97.0, stop=2.5).confidence) == (0.0, 0.0)


@pytest.mark.parametrize("horizon", [0.3, 3 * math.log(2), 8.0])
def test_the_exit_at_the_mean_comes_within_a_time_as_the_reflection_principle_has_it(horizon):
    made = signals.decide(1.7, 1.0, 0.0, math.sqrt(2.0), 1.5, 0.0, horizon=horizon)
    spread = math.sqrt(1 - math.exp(-2 * horizon))
    assert made.confidence == pytest.approx(2 * norm.cdf(-1.7 * math.exp(-horizon) / spread), abs=1e-12)


@pytest.mark.parametrize(("losing", "leave"), [(1.5, 0.5), (1.5, -0.5), (2.0, -2.0), (1.0, 0.95), (3.0, 2.0)])
@pytest.mark.parametrize("horizon", [0.1, 3 * math.log(2)])
def test_the_exit_comes_within_a_time_as_the_backward_equation_has_it(losing, leave, horizon):
    found = first_passage.exit_within(losing, leave, horizon)
    assert found == pytest.approx(naive.exit_within(losing, leave, horizon), abs=4e-4)


@pytest.mark.parametrize(
    ("losing", "leave", "horizon", "expected"),
    [
        (1e200, 0.5, 1.0, 0.0),
        (1e200, -1.0, 1e-300, 0.0),
        (1e18, 1.0, 1e-300, 0.0),
        (1e308, 0.0, 20.0, 0.0),
        (1e12, 1e9, 7.0, 1.0),  # the mean path is at 9.1e8 then
        (1e12, 1e9, 6.9, 0.0),  # and at 1.008e9 then
        (1.0, -1e200, 20.0, 0.0),
        (1.5, 0.0, 0.0, 0.0),  # a horizon below the doubles
        (1.5, 0.5, 5e-324, 0.0),
        (1.5, 0.0, 5e-324, 0.0),
    ],
)
def test_an_exit_far_away_is_reached_or_is_not(losing, leave, horizon, expected):
    assert first_passage.exit_within(losing, leave, horizon) == expected


@pytest.mark.parametrize("horizon", [1e-21, 4.9e-21, 5.1e-21, 1e-18])
@pytest.mark.parametrize("leave", [0.0, 1e-9])
def test_within_a_moment_the_score_is_a_brownian_motion(horizon, leave):
    deviation = math.sqrt(2.0 * horizon)
    found = first_passage.exit_within(leave + 1.25 * deviation, leave, horizon)
    assert found == pytest.approx(2.0 * norm.cdf(-1.25), abs=4e-4)


def test_a_longer_horizon_makes_the_exit_likelier_up_to_certainty():
    sure = [first_passage.exit_within(1.5, -0.5, horizon) for horizon in (0.01, 0.1, 1.0, 5.0, signals.LONGEST)]
    assert sure == sorted(sure)
    assert sure[0] < 1e-6
    assert sure[-1] == pytest.approx(1.0, abs=1e-3)


@pytest.mark.parametrize(
    ("price", "position", "stop", "ending"),
    [
        (99.0, "flat", None, "buy to enter long, as z <= -entry_z = -1.5."),
        (101.0, "flat", None, "sell to enter short, as z >= entry_z = 1.5."),
        (100.0, "flat", None, "hold, flat while |z| is below entry_z = 1.5."),
        (100.0, "flat", 4.0, "hold, flat while |z| is below entry_z = 1.5 or beyond stop = 4."),
        (101.0, "long", None, "sell to exit the long position, as z >= -exit_z = 0."),
        (99.0, "long", None, "hold the long position until z >= -exit_z = 0."),
        (99.0, "long", 4.0, "hold the long position until z >= -exit_z = 0 or z <= -stop = -4."),
        (97.0, "long", 4.0, "sell to stop the long position, as z <= -stop = -4."),
        (99.0, "short", None, "buy to exit the short position, as z <= exit_z = 0."),
        (101.0, "short", None, "hold the short position until z <= exit_z = 0."),
        (101.0, "short", 4.0, "hold the short position until z <= exit_z = 0 or z >= stop = 4."),
        (103.0, "short", 4.0, "buy to stop the short position, as z >= stop = 4."),
    ],
)
def test_the_reasoning_states_the_model_the_distance_and_the_rule(price, position, stop, ending):
    made = decide(price, position=position, stop=stop)
    opening = f"With theta 2, mu 100 and sigma 1, price {price:g} stands at z {made.zscore:.4f} (0.5 is one stationary "
    assert made.reasoning == f"{opening}deviation): {ending}"


def test_prices_may_be_negative_and_numpy_scalars():
    made = signals.decide(np.float64(-3.0), np.float64(0.5), -1.0, np.float64(1.0), 1.5, -1.5)
    assert made.signal == "buy"
    assert [type(value) for value in made] == [str, float, float, float, str, str, str]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"price": math.nan}, "price must be finite, got nan"),
        ({"mu": math.inf}, "mu must be finite, got inf"),
        ({"theta": 0.0}, "theta must be finite and > 0, got 0.0"),
        ({"sigma": -1.0}, "sigma must be finite and > 0, got -1.0"),
        ({"sigma": 5e-324}, "sigma must give a stationary deviation on the scale of price - mu, got 5e-324"),
        ({"theta": 1e300, "sigma": 1e-300}, "sigma must give a stationary deviation on the scale of price - mu"),
        ({"entry_z": 0.0}, "entry_z must be finite and > 0, got 0.0"),
        ({"exit_z": 1.5}, "exit_z must be >= -entry_z and < entry_z = 1.5, got 1.5"),
        ({"exit_z": -1.6}, "exit_z must be >= -entry_z and < entry_z = 1.5, got -1.6"),
        ({"exit_z": math.nan}, "exit_z must be >= -entry_z and < entry_z = 1.5, got nan"),
        ({"stop": 1.5}, "stop must be finite and > entry_z = 1.5, got 1.5"),
        ({"stop": math.inf}, "stop must be finite and > entry_z = 1.5, got inf"),
        ({"position": "both"}, "position must be one of 'flat', 'long', 'short', got 'both'"),
        ({"round_trip_cost": -0.1}, "round_trip_cost must be finite and >= 0, got -0.1"),
        ({"horizon": -1.0}, "horizon must be finite and >= 0, got -1.0"),
        ({"horizon": 11.0}, "horizon must be at most 20/theta = 10, got 11.0"),
    ],
)
def test_bad_input_is_named(changes, message):
    arguments = {"price": 99.0, **MODEL, "entry_z": 1.5, "exit_z": 0.0} | changes
    with pytest.raises(InvalidInput, match=message):
        signals.decide(**arguments)


HISTORY = reverting(10, 1, 150, seed=3)[0] + 5.0


@pytest.mark.parametrize("n_prices", [20, 21, 39, 40, 41, 77, 150])
def test_a_rolling_score_is_that_of_a_backtest_to_the_bit(n_prices):
    scored = signals.rolling(HISTORY[:n_prices], 20)
    rules = sweep.Rules(lookback=20, mode="unit")
    [expected] = sweep.accounts(HISTORY[None, :n_prices], 1.0, 0.0, 0.0, rules, path=True).paths.zscore
    assert scored.zscore == expected[-1]
    assert scored.deviation == pytest.approx(HISTORY[n_prices - 20 : n_prices].std(), rel=1e-12)


@pytest.mark.parametrize("forgetting", [1.0, 0.97])
def test_an_online_score_is_that_of_a_backtest_and_its_process_gives_it(forgetting):
    scored, process = signals.online(HISTORY, forgetting)
    rules = sweep.Rules(mode="unit", score="online", forgetting=forgetting)
    [expected] = sweep.accounts(HISTORY[None], 1.0, 0.0, 0.0, rules, path=True).paths.zscore
    assert scored.zscore == expected[-1]
    deviation = process.sigma / math.sqrt(2 * process.theta)
    assert (HISTORY[-1] - process.mu) / deviation == pytest.approx(scored.zscore, rel=1e-9)
    assert scored.deviation == pytest.approx(deviation, rel=1e-12)


def test_a_decision_follows_the_score_that_it_is_given():
    scored = signals.Scored(-2.0, 0.3, "the deviation of the last 20 prices")
    made = signals.decide(100.4, **MODEL, entry_z=1.5, exit_z=0.0, scored=scored)  # at z = 0.8 of the process
    assert (made.signal, made.rule, made.zscore) == ("buy", "enter_long", -2.0)
    assert made.expected_profit == pytest.approx(2.0 * 0.3)
    assert "(0.3 is the deviation of the last 20 prices)" in made.reasoning


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda: signals.rolling(HISTORY[:19], 20), "prices must hold at least 20 prices, the lookback"),
        (lambda: signals.rolling(np.ones(30), 20), "prices must vary within the last 20 for score 'rolling'"),
        (lambda: signals.rolling(1e200 * HISTORY, 20), "prices must be so small that their squares are finite"),
        (lambda: signals.online(HISTORY[:31], 1.0), "prices must hold at least 32 prices for score 'online'"),
        (lambda: signals.online(np.arange(80.0), 1.0), "and the earlier ones must revert"),
    ],
)
def test_a_history_without_such_a_score_is_refused(ask, message):
    with pytest.raises(InvalidInput, match=message):
        ask()


def test_the_shortest_history_of_an_online_score_has_one():
    assert math.isfinite(signals.online(HISTORY[:32], 1.0)[0].zscore)
