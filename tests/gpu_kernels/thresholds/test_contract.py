"""What thresholds accepts and refuses, and the cost of a round trip."""

import numpy as np
import pytest

from gpu_kernels import thresholds
from gpu_kernels.errors import Degenerate, InvalidInput

GOOD = {"theta": 1.0, "mu": 0.0, "sigma": 1.0, "cost": 0.1}
LEUNG_LI = {"objective": "profit", "model": "leung_li", "rate": 0.05}

REFUSED = [
    ({"theta": 0.0}, "theta must be > 0, got 0.0"),
    ({"theta": [1.0, -2.0]}, r"theta\[1\] must be > 0, got -2.0"),
    ({"theta": [[1.0, 1.0], [np.nan, 1.0]]}, r"theta\[1, 0\] must be finite, got nan"),
    ({"sigma": -1.0}, "sigma must be > 0, got -1.0"),
    ({"sigma": np.inf}, "sigma must be finite, got inf"),
    ({"mu": np.nan}, "mu must be finite, got nan"),
    ({"mu": "high"}, "mu must be a number or an array of numbers, got 'str'"),
    ({"cost": -0.1}, "cost must be >= 0, got -0.1"),
    ({"cost": 0.0}, "cost must be > 0: without a cost no optimum exists, got 0.0"),
    ({"cost": 1e3}, "cost must be at most 30 stationary standard deviations .*, got 1000.0"),
    ({"cost": 1e-13}, "cost must be at least 1e-12 stationary standard deviations .*, got 1e-13"),
    ({"cost": [0.1, 0.2, 22.0]}, r"cost\[2\] must be at most 30"),
    ({"theta": [1.0, 2.0], "mu": [1.0, 2.0, 3.0]}, r"arguments must broadcast to one shape, got 'theta \(2,\)"),
    ({"objective": "fame"}, "objective must be one of 'profit', 'sharpe', 'kelly', got 'fame'"),
    ({"model": "random"}, "model must be one of 'reversal', 'to_mean', 'leung_li', got 'random'"),
    ({"model": "to_mean"}, "model must be 'reversal' for objective 'sharpe', got 'to_mean'"),
    ({"f_max": 1.0}, "f_max applies to objective 'kelly' only"),
    ({"objective": "kelly", "f_max": 0.0}, "f_max must be > 0, got 0.0"),
    ({"rate": 0.1}, "rate goes with model 'leung_li', which needs it, and with no other"),
    ({"objective": "profit", "model": "leung_li"}, "rate goes with model 'leung_li', which needs it"),
    (LEUNG_LI | {"rate": 0.0}, "rate must be > 0, got 0.0"),
    (LEUNG_LI | {"rate": 1e3}, "rate must be between 1e-05 and 100 times theta, got 1000.0"),
    (LEUNG_LI | {"rate": 1e300, "theta": 1e-20}, "rate must be between 1e-05 and 100 times theta"),
    (LEUNG_LI | {"mu": -1.0}, "mu must be >= 0 for model 'leung_li', which is about a price, got -1.0"),
    ({"dt": 0.0}, "dt must be > 0, got 0.0"),
    ({"stop": -1.0}, "stop must be > 0, got -1.0"),
    ({"stop": 1.0, "stop_changes": "win_rate"}, "stop must lie above the entry threshold, got 1.0"),
    ({"stop": 5.0, "stop_changes": "none"}, "stop_changes must be one of 'all', 'win_rate', got 'none'"),
    ({"delay": -1.0}, "delay must be >= 0, got -1.0"),
    (LEUNG_LI | {"delay": 1.0}, "delay does not go with model 'leung_li', which trades at once"),
    ({"stop": np.inf}, "stop must be finite, got inf"),
    ({"theta": 1e-300, "sigma": 1e200}, r"sigma must leave sigma/sqrt\(2 theta\) within the doubles, got 1e\+200"),
    ({"theta": 1e-310, "sigma": 1e-155, "cost": 1.0}, "theta must leave holding_time within the doubles"),
]


@pytest.mark.parametrize(("change", "message"), REFUSED, ids=lambda value: value if isinstance(value, str) else "")
def test_a_bad_request_is_told_what_is_wrong(change, message):
    with pytest.raises(InvalidInput, match=message):
        thresholds.optimal(**(GOOD | change))


EVALUATE_REFUSED = [
    ({"entry_z": 0.0}, "entry_z must be > 0, got 0.0"),
    ({"entry_z": 40.0}, "entry_z must be at most 36, the shift for bars included, got 40.0"),
    ({"dt": 1e308, "theta": 5.0}, "entry_z must be at most 36"),
    ({"entry_z": 35.9, "exit_z": 0.0, "dt": 1.0}, "entry_z must be at most 36"),
    ({"exit_z": 1.5}, "exit_z must be >= -entry_z and < entry_z, got 1.5"),
    ({"exit_z": [0.0, -1.6]}, r"exit_z\[1\] must be >= -entry_z and < entry_z, got -1.6"),
    ({"stop": 1.5}, "stop must lie above the entry threshold, got 1.5"),
    ({"cost": -1.0}, "cost must be >= 0"),
]


@pytest.mark.parametrize(("change", "message"), EVALUATE_REFUSED)
def test_bad_thresholds_are_told_what_is_wrong(change, message):
    with pytest.raises(InvalidInput, match=message):
        thresholds.evaluate(**(GOOD | {"entry_z": 1.5, "exit_z": 0.0} | change))


@pytest.mark.parametrize("cost", [30.1, 1e2, 1e3, 1e6, 1e300])
@pytest.mark.parametrize("objective", thresholds.OBJECTIVES)
def test_an_enormous_cost_is_refused_rather_than_answered_with_infinity(objective, cost):
    with pytest.raises(InvalidInput, match="cost must be at most 30"):
        thresholds.optimal(1.0, 0.0, np.sqrt(2.0), cost, objective=objective)


def test_a_discount_that_outruns_the_reversion_has_no_entry_and_says_so():
    with pytest.raises(Degenerate, match=r"entry 1: model 'leung_li' has no thresholds here: it would buy -\d+"):
        thresholds.optimal(1.0, [1.0, 500.0], 1.0, 0.1, objective="profit", model="leung_li", rate=1.0)


def test_a_stop_that_leaves_no_profit_says_so():
    with pytest.raises(InvalidInput, match=r"stop\[1\] must leave a trade with a profit at this cost: .*, got 1.5"):
        thresholds.optimal(1.0, 0.0, np.sqrt(2.0), 0.5, stop=[3.0, 1.5])


def test_numbers_give_scalars_and_arrays_give_their_broadcast_shape():
    assert all(np.shape(values) == () for values in thresholds.optimal(**GOOD)[:-1])
    result = thresholds.optimal([[1.0], [2.0]], 0.0, [1.0, 2.0, 3.0], 0.1, dt=0.01)
    assert all(values.shape == (2, 3) for values in result[:-1])
    assert result.bar_shift == ("applied",) * 6


def test_no_processes_give_no_answers():
    for objective in thresholds.OBJECTIVES:
        result = thresholds.optimal(np.empty(0), 0.0, 1.0, 0.1, objective=objective)
        assert all(values.shape == (0,) for values in result[:-1])
        assert result.bar_shift == ()


def test_read_only_arrays_are_read():
    arrays = {name: np.full(3, value) for name, value in GOOD.items()}
    for values in arrays.values():
        values.flags.writeable = False
    for options in ({"objective": "profit"}, {"objective": "sharpe"}, {"objective": "kelly", "f_max": 0.1}, LEUNG_LI):
        assert thresholds.optimal(**arrays, **options).entry_z.shape == (3,)
    assert thresholds.evaluate(**arrays, entry_z=1.0, exit_z=0.0).entry_z.shape == (3,)


def test_results_are_the_callers_own():
    entry = np.array([1.0, 2.0])
    result = thresholds.evaluate(**GOOD, entry_z=entry, exit_z=0.0)
    result.entry_z[0] = 7.0
    result.exit_z[0] = 7.0
    assert entry.tolist() == [1.0, 2.0]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"transaction_cost": 0.25}, 0.25),
        ({"transaction_cost": 0.25, "mu": 100.0, "legs": 3}, 0.25),
        ({"transaction_cost": 0.001, "unit": "per_side_fraction", "mu": 100.0}, 0.2),
        ({"transaction_cost": 0.001, "unit": "per_side_fraction", "mu": -100.0, "legs": 2}, 0.4),
        ({"transaction_cost": 0.001, "unit": "per_side_fraction", "mu": 4.6, "log_prices": True}, 0.002),
        ({"transaction_cost": 0.001, "unit": "per_side_fraction", "log_prices": True, "legs": 2}, 0.004),
        ({"transaction_cost": 0.0}, 0.0),
    ],
)
def test_a_quoted_cost_becomes_the_cost_of_a_round_trip(arguments, expected):
    assert thresholds.round_trip_cost(**arguments) == pytest.approx(expected, rel=1e-15)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"transaction_cost": -1.0}, "transaction_cost must be finite and >= 0, got -1.0"),
        ({"transaction_cost": np.nan}, "transaction_cost must be finite and >= 0, got nan"),
        ({"transaction_cost": 1.0, "unit": "bps"}, "unit must be one of 'absolute', 'per_side_fraction', got 'bps'"),
        ({"transaction_cost": 1.0, "unit": "per_side_fraction"}, "mu must be finite and not 0 .*, got 0.0"),
        ({"transaction_cost": 1.0, "unit": "per_side_fraction", "mu": np.nan}, "mu must be finite and not 0"),
        ({"transaction_cost": 1.0, "unit": "per_side_fraction", "mu": 1.0, "legs": 0}, "legs must be >= 1, got 0"),
    ],
)
def test_a_bad_quote_is_told_what_is_wrong(arguments, message):
    with pytest.raises(InvalidInput, match=message):
        thresholds.round_trip_cost(**arguments)


def test_a_delay_that_leaves_nothing_of_a_deviation_is_refused():
    with pytest.raises(InvalidInput, match="cost must be at most"):
        thresholds.optimal(1.0, 0.0, 1.0, 0.1, delay=1e6)
