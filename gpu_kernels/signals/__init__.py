"""The decision to buy, sell or hold at one price of a mean-reverting series."""

import math

from gpu_kernels.checks import non_negative, one_of, positive
from gpu_kernels.errors import InvalidInput
from gpu_kernels.signals import host
from gpu_kernels.signals.first_passage import LONGEST
from gpu_kernels.signals.model import HALF_LIVES, POSITIONS, Signal
from gpu_kernels.signals.scored import OnlineProcess, Scored, online, rolling

__all__ = [
    "HALF_LIVES",
    "LONGEST",
    "POSITIONS",
    "OnlineProcess",
    "Scored",
    "Signal",
    "decide",
    "online",
    "rolling",
]


def decide(
    price: float,
    theta: float,
    mu: float,
    sigma: float,
    entry_z: float,
    exit_z: float,
    *,
    position: str = "flat",
    round_trip_cost: float = 0.0,
    stop: float | None = None,
    horizon: float | None = None,
    scored: Scored | None = None,
) -> Signal:
    """Decide at one price. Pure: no clock, no state.

    Args:
        price: The last price, in units of X; any sign.
        theta: Speed of reversion per unit of time, > 0.
        mu: Long-run mean, in units of X.
        sigma: Diffusion, in units of X per square root of time, > 0.
        entry_z: Distance from the mean at which a position is opened, in stationary deviations, > 0.
        exit_z: Distance at which it is closed, -entry_z <= exit_z < entry_z: positive exits before the mean, negative
            beyond it.
        position: One of POSITIONS, what is held now.
        round_trip_cost: Cost of opening and closing, in units of X.
        stop: Distance at which a losing position is closed, > entry_z; None for no stop.
        horizon: Without a stop, the time within which the exit is to come, at most LONGEST/theta; 0 for none.
        scored: The price's score where it is not that of the process: what rolling or online returned.

    Returns:
        Signal of Python scalars.

    Raises:
        InvalidInput: an argument is NaN, infinite or outside its range, or the stationary deviation is too small for
            a finite z.

    References:
        Bertram (2010), section 2; Darling and Siegert (1953), theorem 4.1; Ricciardi, Sacerdote and Sato (1984).
    """
    one_of("position", position, POSITIONS)
    place, mean = _finite("price", price), _finite("mu", mu)
    speed, diffusion = positive("theta", theta), positive("sigma", sigma)
    cost = non_negative("round_trip_cost", round_trip_cost)
    distances, within = _distances(entry_z, exit_z, stop), _horizon(horizon, speed)
    zscore, deviation, unit = scored or _of_process(place - mean, speed, diffusion)
    if not math.isfinite(zscore):
        raise InvalidInput("sigma", "must give a stationary deviation on the scale of price - mu", value=sigma)
    rule = host.rule(zscore, distances, position)
    confidence, meaning = host.confidence(zscore, distances, position, (within, speed))
    return Signal(
        signal=host.SIGNALS[rule],
        confidence=confidence,
        zscore=zscore,
        expected_profit=host.expected_profit(zscore, distances, rule, deviation) - (cost if "enter" in rule else 0.0),
        reasoning=f"With theta {speed:.6g}, mu {mean:.10g} and sigma {diffusion:.6g}, price {place:.10g} stands at z "
        f"{zscore:.4f} ({deviation:.6g} is {unit}): {host.because(distances, position, rule)}.",
        rule=rule,
        confidence_meaning=meaning,
    )


def _of_process(distance: float, speed: float, diffusion: float) -> Scored:
    deviation = diffusion / math.sqrt(2.0 * speed)
    return Scored(distance / deviation if deviation > 0 else math.inf, deviation, "one stationary deviation")


def _horizon(horizon: float | None, speed: float) -> float:
    if horizon is None:
        return HALF_LIVES * math.log(2.0) / speed
    if non_negative("horizon", horizon) * speed > LONGEST:
        raise InvalidInput("horizon", f"must be at most {LONGEST:g}/theta = {LONGEST / speed:g}", value=horizon)
    return float(horizon)


def _distances(entry_z: float, exit_z: float, stop: float | None) -> host.Distances:
    entry = positive("entry_z", entry_z)
    if not -entry <= exit_z < entry:
        raise InvalidInput("exit_z", f"must be >= -entry_z and < entry_z = {entry:g}", value=exit_z)
    if stop is not None and not entry < stop < math.inf:
        raise InvalidInput("stop", f"must be finite and > entry_z = {entry:g}", value=stop)
    return host.Distances(entry, float(exit_z), math.inf if stop is None else float(stop))


def _finite(field: str, value: float) -> float:
    if not math.isfinite(value):
        raise InvalidInput(field, "must be finite", value=value)
    return float(value)
