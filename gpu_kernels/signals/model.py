"""What to do at one price: rules and result.

z = (price - mu) / s with the stationary deviation s = sigma / sqrt(2 theta); e = entry_z and x = exit_z.

- flat: z <= -e "buy" (enter_long); z >= e "sell" (enter_short).
- long: z >= -x "sell" (exit_long).
- short: z <= x "buy" (exit_short).
- otherwise "hold".

With a stop L > e a long position is also closed at z <= -L (stop_long) and a short one at z >= L (stop_short), and
nothing is entered beyond the stop.

An entry is expected to earn (|z| - x) s - round_trip_cost; every other decision 0.

Confidence is the probability that the trade ends well; confidence_meaning says which one it is:

- with a stop, the probability that the process reaches the exit before the stop,
  (erfi(L / sqrt 2) - erfi(u / sqrt 2)) / (erfi(L / sqrt 2) - erfi(x / sqrt 2)), where u is the distance from the mean
  on the losing side: |z| for an entry, -z for a long and z for a short position, e while waiting for an entry;
- without one, the probability that the process reaches the exit from u within the horizon;
- 0 where no trade is open and none would be opened, as beyond the stop, or where no horizon is asked about.
"""

from typing import NamedTuple

__all__ = ["HALF_LIVES", "POSITIONS", "Signal"]

HALF_LIVES = 3.0
"""The horizon of the confidence without a stop, in half-lives, where none is given."""

POSITIONS = ("flat", "long", "short")
"""What may be held when the decision is made."""


class Signal(NamedTuple):
    """A decision at one price.

    Attributes:
        signal: "buy", "sell" or "hold".
        confidence: Probability between 0 and 1.
        zscore: Distance from mu in stationary deviations.
        expected_profit: Of the trade that an entry opens, in units of the price, net of round_trip_cost; 0 otherwise.
        reasoning: One sentence with theta, mu, sigma, z and the rule that fired.
        rule: The rule that fired: "hold", or "enter", "exit" or "stop" with "_long" or "_short".
        confidence_meaning: What confidence is the probability of, or why it is 0.
    """

    signal: str
    confidence: float
    zscore: float
    expected_profit: float
    reasoning: str
    rule: str
    confidence_meaning: str
