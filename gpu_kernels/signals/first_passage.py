"""How likely an Ornstein-Uhlenbeck process reaches a level within a time, from its first-passage density.

In units of 1/theta and of the stationary deviation, z(t) = e^-t (u + W(e^2t - 1)) with a Brownian motion W, so z falls
from u to x when W first meets the curve b(s) = u - x sqrt(1 + s), s = e^2t - 1. With phi_v the density of N(0, v), the
density g of that time solves

    g(s) = (b(s)/s - b'(s)) phi_s(b(s)) - int_0^s ((b(s) - b(r))/(s - r) - b'(s)) phi_{s-r}(b(s) - b(r)) g(r) dr,

whose kernel is bounded, and 0 where the level is the mean. Nodes that are even in log s resolve it from the first time
at which there is anything to the last; the result has four digits.

References:
    Ricciardi, Sacerdote and Sato (1984), On an integral equation for first-passage-time probability densities,
    Journal of Applied Probability 21, section 3; Durbin (1985), The first-passage density of a continuous Gaussian
    process to a general boundary, Journal of Applied Probability 22.
"""

import math

import numpy as np

__all__ = ["LONGEST", "exit_within"]

LONGEST = 20.0
"""Horizons up to this many times 1/theta; the nodes would be too far apart beyond it."""

_NODES = 128

_BROWNIAN = 1e-20
"""Within a time so short, times 2 theta, z is a Brownian motion to the last digit, and the nodes might underflow."""

_FAR = 1e8
"""An exit so many deviations from the mean is reached when the mean path reaches it: the noise is 1e-8 of that."""


def exit_within(losing: float, leave: float, horizon: float) -> float:
    """Return the probability that z, which is `losing` now, falls to `leave` within a time.

    Args:
        losing: Deviations on the losing side.
        leave: The exit.
        horizon: In units of 1/theta, at most LONGEST; 0 where so short a time is below the doubles.
    """
    last = math.expm1(2.0 * horizon)
    squared = (losing - leave) * (losing - leave)  # infinite where ** would raise OverflowError
    if losing > leave and last < _BROWNIAN:
        return math.erfc((losing - leave) / math.sqrt(2.0 * last)) if last > 0 else 0.0
    if losing <= leave or squared <= 1e-10 * min(1.0, last):  # so near that it comes, to five digits
        return 1.0
    if leave == 0.0:
        return math.erfc(losing * math.exp(-horizon) / math.sqrt(-2.0 * math.expm1(-2.0 * horizon)))
    if abs(leave) > _FAR:
        return float(losing * math.exp(-horizon) <= leave)
    begin = min(squared / 60.0, 0.25 * last)
    steps = np.linspace(math.log(begin), math.log(last), _NODES)
    s, width = np.exp(steps), steps[1] - steps[0]
    root = np.sqrt(1.0 + s)
    curve, slope = losing - leave * root, -0.5 * leave / root
    with np.errstate(over="ignore", invalid="ignore"):  # of a curve so far away that the weight is 0
        weight = np.exp(-0.5 * curve * curve / s)
        density = np.where(weight > 0, (curve / s - slope) * weight / np.sqrt(2.0 * np.pi * s), 0.0)
    between = np.maximum(s[:, None] - s[None, :], 0.0)
    chord = -leave / (root[:, None] + root[None, :])
    scale = np.sqrt(2.0 * np.pi * np.where(between > 0, between, 1.0))
    kernel = np.where(between > 0, (chord - slope[:, None]) * np.exp(-0.5 * chord * chord * between) / scale, 0.0)
    density = s * np.linalg.solve(np.eye(_NODES) + kernel * s * width, density)
    return min(1.0, max(0.0, float(width * (density.sum() - 0.5 * (density[0] + density[-1])))))
