"""Where a function of one variable stops rising, for many functions at once."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from gpu_kernels import interruption
from gpu_kernels.checks import Floats

__all__ = ["last_rise"]

_TOLERANCE = 1e-13
_LARGEST_ROUNDS = 100

Slope = Callable[[NDArray[np.intp], Floats], Floats]


def last_rise(
    slope: Slope, start: Floats, lowest: Floats, highest: Floats
) -> tuple[Floats, NDArray[np.bool_], NDArray[np.bool_]]:
    """Walk uphill from start until the slope turns, then close in on the turn.

    Args:
        slope: Derivative of the functions `chosen` (indices) at their places.
        start: (B,) first places.
        lowest: (B,) lower ends.
        highest: (B,) upper ends.

    Returns:
        The places, and whether the function still falls away from the lower end or rises at the upper one.

    References:
        Chandrupatla (1997), A new hybrid quadratic/bisection algorithm for finding the zero of a nonlinear function
        without using derivatives.
    """
    inside, outside, f_inside, f_outside = _bracket(slope, start, lowest, highest)
    stuck = ~(np.sign(f_inside) * np.sign(f_outside) < 0)
    at_foot = stuck & (f_outside < 0)
    at_top = stuck & (f_outside > 0)
    place = outside.copy()
    chosen = np.flatnonzero(~stuck)
    if chosen.size:
        ends = (inside[chosen], outside[chosen], f_inside[chosen], f_outside[chosen])
        place[chosen] = _close_in(slope, chosen, *ends)
    return place, at_foot, at_top


def _bracket(slope: Slope, start: Floats, lowest: Floats, highest: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    inside, outside = start.copy(), start.copy()
    f_inside = slope(np.arange(start.size), start)
    f_outside = f_inside.copy()
    way = np.sign(f_inside)
    walking, reach = np.flatnonzero(way != 0), 0.25
    while walking.size:
        interruption.check()
        inside[walking], f_inside[walking] = outside[walking], f_outside[walking]
        farther = np.clip(outside[walking] + way[walking] * reach, lowest[walking], highest[walking])
        outside[walking], f_outside[walking] = farther, slope(walking, farther)
        at_end = (farther == lowest[walking]) | (farther == highest[walking])
        walking = walking[(np.sign(f_outside[walking]) == way[walking]) & ~at_end]
        reach *= 2.0
    return inside, outside, f_inside, f_outside


def _close_in(slope: Slope, chosen: NDArray[np.intp], b: Floats, a: Floats, fb: Floats, fa: Floats) -> Floats:
    """Find the zeros between a and b; names as in the paper."""
    c, fc = a.copy(), fa.copy()
    t = np.full(a.size, 0.5)
    best = np.where(np.abs(fa) < np.abs(fb), a, b)
    live = np.arange(a.size)
    for _ in range(_LARGEST_ROUNDS):
        interruption.check()
        x = a[live] + t[live] * (b[live] - a[live])
        fx = slope(chosen[live], x)
        same = np.sign(fx) == np.sign(fa[live])
        c[live], fc[live] = np.where(same, a[live], b[live]), np.where(same, fa[live], fb[live])
        b[live], fb[live] = np.where(same, b[live], a[live]), np.where(same, fb[live], fa[live])
        a[live], fa[live] = x, fx
        best[live] = np.where(np.abs(fa[live]) < np.abs(fb[live]), a[live], b[live])
        width = np.abs(b[live] - a[live])
        limit = 0.5 * _TOLERANCE * np.maximum(1.0, np.abs(best[live])) / width
        going = (limit < 0.5) & (fx != 0)
        t[live] = _portion(a[live], b[live], c[live], fa[live], fb[live], fc[live], limit)
        live = live[going]
        if not live.size:
            break
    return best


def _portion(a: Floats, b: Floats, c: Floats, fa: Floats, fb: Floats, fc: Floats, limit: Floats) -> Floats:
    """Return where between a and b to look next: by the inverse parabola where it is safe, else halfway."""
    xi, phi = (a - b) / (c - b), (fa - fb) / (fc - fb)
    safe = (phi**2 < xi) & ((1.0 - phi) ** 2 < 1.0 - xi)
    parabola = fa / (fb - fa) * (fc / (fb - fc)) + (c - a) / (b - a) * (fa / (fc - fa)) * (fb / (fc - fb))
    portion = np.where(safe & np.isfinite(parabola), parabola, 0.5)
    return np.clip(portion, np.minimum(limit, 0.5), 1.0 - np.minimum(limit, 0.5))
