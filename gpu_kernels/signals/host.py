"""The scalar twin of the decision: rules, probability and words."""

import math
from typing import NamedTuple

from gpu_kernels.signals.first_passage import exit_within

__all__ = ["SIGNALS", "Distances", "because", "confidence", "dawson", "exit_probability", "expected_profit", "rule"]

SIGNALS = {
    "enter_long": "buy",
    "enter_short": "sell",
    "exit_long": "sell",
    "exit_short": "buy",
    "stop_long": "sell",
    "stop_short": "buy",
    "hold": "hold",
}
"""The signal of each rule."""

STEP = 0.25
"""Of Rybicki's sum, whose error of exp(-(pi / (2 STEP))^2) is below 1e-17 here."""


class Distances(NamedTuple):
    """Distances from the mean in stationary deviations; stop is inf where there is none."""

    entry: float
    exit: float
    stop: float


def rule(zscore: float, distances: Distances, position: str) -> str:
    """Return the name of the rule that fires; see the model."""
    if position == "flat":
        if not distances.entry <= abs(zscore) < distances.stop:
            return "hold"
        return "enter_long" if zscore < 0 else "enter_short"
    losing = -zscore if position == "long" else zscore
    if losing <= distances.exit:
        return f"exit_{position}"
    return f"stop_{position}" if losing >= distances.stop else "hold"


def expected_profit(zscore: float, distances: Distances, fired: str, deviation: float) -> float:
    """Return what an entry earns on its way to the exit, before costs; 0 for other rules."""
    return (abs(zscore) - distances.exit) * deviation if fired.startswith("enter") else 0.0


def confidence(zscore: float, distances: Distances, position: str, horizon: tuple[float, float]) -> tuple[float, str]:
    """Return the probability that the trade ends well, and what it is the probability of.

    Args:
        zscore: Of the price.
        distances: Of the rule.
        position: What is held.
        horizon: A time, 0 for none, and theta.
    """
    losing = {"flat": max(abs(zscore), distances.entry), "long": -zscore, "short": zscore}[position]
    if distances.stop < math.inf:
        if position == "flat" and losing >= distances.stop:
            return 0.0, "no trade is opened beyond the stop"
        return exit_probability(losing, distances), "the exit comes before the stop"
    within, theta = horizon
    if within == 0.0:
        return 0.0, "there is neither a stop nor a horizon"
    return exit_within(losing, distances.exit, within * theta), f"the exit comes within {within:.6g} units of time"


def exit_probability(losing: float, distances: Distances) -> float:
    """Return the probability of reaching the exit before the stop from `losing` deviations on the losing side.

    Both differences of erfi are multiplied by exp(-stop^2/2), so that a distant stop does not overflow.
    """
    if losing <= distances.exit:
        return 1.0
    if losing >= distances.stop:
        return 0.0
    top = dawson(distances.stop / math.sqrt(2.0))
    above, below = (
        top - math.exp((at - distances.stop) * (at + distances.stop) / 2.0) * dawson(at / math.sqrt(2.0))
        for at in (losing, distances.exit)
    )
    return min(1.0, max(0.0, above / below))


def dawson(x: float) -> float:
    """Return Dawson's function exp(-x^2) times the integral of exp(t^2) from 0 to x, to 1e-15 absolute.

    References:
        Rybicki (1989), Dawson's integral and the sampling theorem, equation 9.
    """
    if abs(x) > 1e6:
        return 0.5 / x
    nearest = 2 * round((x / STEP - 1.0) / 2.0) + 1
    odd = range(nearest - 26, nearest + 27, 2)
    return math.fsum(math.exp(-((x - n * STEP) ** 2)) / n for n in odd) / math.sqrt(math.pi)


def because(distances: Distances, position: str, fired: str) -> str:
    """Put the rule that fired into words."""
    entry, stop = f"{distances.entry:.6g}", f"{distances.stop:.6g}"
    # Adding zero keeps an exit at the mean from being written as -0.
    above, below = f"-exit_z = {0.0 - distances.exit:.6g}", f"exit_z = {distances.exit + 0.0:.6g}"
    stopped = distances.stop < math.inf
    if fired == "hold":
        return {
            "flat": f"hold, flat while |z| is below entry_z = {entry}" + stopped * f" or beyond stop = {stop}",
            "long": f"hold the long position until z >= {above}" + stopped * f" or z <= -stop = -{stop}",
            "short": f"hold the short position until z <= {below}" + stopped * f" or z >= stop = {stop}",
        }[position]
    return {
        "enter_long": f"buy to enter long, as z <= -entry_z = -{entry}",
        "enter_short": f"sell to enter short, as z >= entry_z = {entry}",
        "exit_long": f"sell to exit the long position, as z >= {above}",
        "exit_short": f"buy to exit the short position, as z <= {below}",
        "stop_long": f"sell to stop the long position, as z <= -stop = -{stop}",
        "stop_short": f"buy to stop the short position, as z >= stop = {stop}",
    }[fired]
