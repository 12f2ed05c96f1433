"""Newton's method for the two thresholds that maximise a growth rate.

One objective covers both cases. With k the cost and f the position, standardised, h the half-width and c the centre of
[x, e], and a bar for the mean of a kernel over that interval,

    G(c, h) = ln(1 - k/(2h) - f v) - p ln v - q ln mean(m),   v = mean(a) + w/h.

v is the variance of a trade over 4h: that of the time in it, and w = k^2/8 for the two fees of half the cost each.
"sharpe": f = 0, p = q = 1/2, which is ln(S) up to a constant. Kelly's growth at a fixed fraction: p = 0, q = 1.
Averages and not integrals stand in it because the leading powers of h cancel in exact arithmetic only.
"""

from collections.abc import Callable
from typing import NamedTuple, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from gpu_kernels import interruption
from gpu_kernels.checks import Floats
from gpu_kernels.thresholds import jets
from gpu_kernels.thresholds.durations import groups, kernels
from gpu_kernels.thresholds.model import LARGEST_ENTRY

__all__ = ["Objective", "Problem", "kernel_means", "maximise", "maximise_along"]

# The steps converge quadratically: one of this size leaves its square.
_CONVERGED = 2e-8
_MOST_STEPS = 100


class Objective(Protocol):
    """What can be maximised: one function of centre and half-width an entry, each method of arrays (G,)."""

    def at(self, chosen: NDArray[np.intp]) -> Self:
        """Return the chosen entries."""

    def value(self, centre: Floats, half: Floats) -> Floats:
        """Return the function, minus infinity outside its domain."""

    def derivatives(self, centre: Floats, half: Floats) -> tuple[Floats, Floats, Floats]:
        """Return the function (G,), its gradient (2, G) by c and h, and its Hessian (3, G) by cc, ch and hh."""


class Problem(NamedTuple):
    """Objectives to maximise, one an entry.

    Attributes:
        cost: (G,) round-trip cost k in stationary standard deviations.
        fees: (G,) w, their share in the variance of a trade; 0 where it is left out.
        fraction: (G,) position f per stationary standard deviation.
        p: (G,) exponent of the variance of a trade.
        q: (G,) exponent of the cycle.
    """

    cost: Floats
    fees: Floats
    fraction: Floats
    p: Floats
    q: Floats

    def at(self, chosen: NDArray[np.intp]) -> "Problem":
        """Return the chosen entries."""
        return Problem(*(values[chosen] for values in self))

    def value(self, centre: Floats, half: Floats) -> Floats:
        """Return G, minus infinity outside its domain."""
        value = np.full_like(half, -np.inf)
        inside = (2.0 * half > self.cost) & (half + np.abs(centre) < LARGEST_ENTRY)
        for chosen, nodes, weights in groups(half, inside):
            part, width = self.at(chosen), half[chosen]
            a, m = (np.vecdot(kernel, weights) for kernel in kernels(centre[chosen, None] + width[:, None] * nodes))
            v = a + part.fees / width
            net = 1.0 - part.cost / (2.0 * width) - part.fraction * v
            profit = np.log(net, out=np.full_like(net, -np.inf), where=net > 0)
            value[chosen] = profit - part.p * np.log(v) - part.q * np.log(m)
        return value

    def derivatives(self, centre: Floats, half: Floats) -> tuple[Floats, Floats, Floats]:
        """Return G (G,), its gradient (2, G) by c and h, and its Hessian (3, G) by cc, ch and hh."""
        means = kernel_means(centre, half)
        means[0][0] += self.fees / half
        means[0][2] -= self.fees / half**2
        means[0][5] += 2.0 * self.fees / half**3
        net = -self.fraction * means[0]
        net[0] += 1.0 - self.cost / (2.0 * half)
        net[2] += self.cost / (2.0 * half**2)
        net[5] -= self.cost / half**3
        total = jets.logarithm(net) - self.p * jets.logarithm(means[0]) - self.q * jets.logarithm(means[1])
        return total[0], total[1:3], total[3:]


def maximise(problem: Objective, centre: Floats, half: Floats) -> tuple[Floats, Floats]:
    """Return centre and half-width of the maximum, each (G,), from a feasible start.

    Newton's steps, halved while they leave the domain or go down, turned uphill where the Hessian is indefinite.
    An entry that has converged is left alone, so that its digits do not depend on its neighbours.
    """

    def moved(first: Floats, second: Floats, width: Floats) -> tuple[Floats, Floats]:
        move = _direction(first, second, width)
        return move, np.maximum(np.abs(move[0]), np.abs(move[1]) / width)

    return _climbed(problem, centre, half, moved)


def maximise_along(
    problem: Objective, centre: Floats, half: Floats, along: tuple[float, float]
) -> tuple[Floats, Floats]:
    """Return the maximum on a line through a feasible start, as maximise does, each (G,).

    Args:
        problem: What to maximise.
        centre: Of the start.
        half: Of the start.
        along: What moves: centre and half-width a unit of the line.
    """
    by_c, by_h = along

    def moved(first: Floats, second: Floats, width: Floats) -> tuple[Floats, Floats]:
        (c, h), (cc, ch, hh) = first, second
        slope, bend = by_c * c + by_h * h, by_c * by_c * cc + 2.0 * by_c * by_h * ch + by_h * by_h * hh
        step = slope / np.where(bend < 0, -bend, np.maximum(np.abs(bend), np.abs(slope) / width))
        step = np.clip(step, -0.5 * width, 0.5 * width)
        return np.stack([by_c * step, by_h * step]), np.abs(step) / width

    return _climbed(problem, centre, half, moved)


def _climbed(
    problem: Objective, centre: Floats, half: Floats, moved: Callable[[Floats, Floats, Floats], tuple[Floats, Floats]]
) -> tuple[Floats, Floats]:
    """Return where steps no longer move a start.

    Args:
        problem: What to maximise.
        centre: Of the start.
        half: Of the start.
        moved: Returns the step (2, G) and its size (G,) from gradient, Hessian and half-width.
    """
    centre, half = centre.copy(), half.copy()
    active = np.arange(half.size)
    for _ in range(_MOST_STEPS):
        interruption.check()
        if active.size == 0:
            break
        part, here, width = problem.at(active), centre[active], half[active]
        value, first, second = part.derivatives(here, width)
        move, size = moved(first, second, width)
        here, width = _walk(part, here, width, value, move)
        centre[active], half[active] = here, width
        active = active[~(size < _CONVERGED)]
    return centre, half


def _direction(first: Floats, second: Floats, width: Floats) -> Floats:
    """Return the Newton step (2, G), in units where the half-width is 1 where it has to be turned uphill."""
    cc, ch, hh = second
    determinant = cc * hh - ch * ch
    newton = np.stack([ch * first[1] - hh * first[0], ch * first[0] - cc * first[1]])
    concave = (cc < 0) & (determinant > 0)
    safe = np.where(concave, determinant, 1.0)
    uphill = np.stack([first[0] / (np.abs(cc) + np.abs(ch)), first[1] / (np.abs(hh) + np.abs(ch))])
    move = np.where(concave, newton / safe, uphill)
    limit = np.stack([np.full_like(width, 0.5), 0.5 * width])
    return np.asarray(move / np.maximum(1.0, np.max(np.abs(move) / limit, axis=0)))


def _walk(problem: Objective, centre: Floats, half: Floats, value: Floats, move: Floats) -> tuple[Floats, Floats]:
    length = np.ones_like(half)
    # A step within rounding of the top may seem to go down by an ulp or so of the value.
    floor = value - 1e-13 * np.maximum(1.0, np.abs(value))
    small = np.max(np.abs(move) / np.stack([np.ones_like(half), half]), axis=0) < 1e-6
    for _ in range(30):
        interruption.check()
        if small.all():
            break
        trial = problem.value(centre + length * move[0], half + length * move[1])
        bad = ~(trial >= floor) & ~small
        if not bad.any():
            break
        length[bad] *= 0.5
    return centre + length * move[0], half + length * move[1]


def kernel_means(centre: Floats, half: Floats) -> Floats:
    """Return the means of a and of m over the interval with their derivatives, (2, 6, G) in the order of jets.py."""
    means = np.empty((2, 6, half.size))
    for chosen, nodes, weights in groups(half, np.ones(half.shape, dtype=np.bool_)):
        t = centre[chosen, None] + half[chosen, None] * nodes
        a, m = kernels(t)
        moments = np.stack([weights, weights * nodes, weights * nodes**2])
        slope = t * a - 1.0
        means[0][:, chosen] = _moments(a, slope, a + t * slope, moments)
        means[1][:, chosen] = _moments(m, t * m, (1.0 + t * t) * m, moments)
    return means


def _moments(value: Floats, slope: Floats, curvature: Floats, moments: Floats) -> Floats:
    """Return the mean of a kernel over the interval and its derivatives by c, h, cc, ch and hh, (6, G).

    Every sum is a row's own, in one order whatever the number of rows, which a matrix product does not promise.
    """
    return np.concatenate(
        [
            np.vecdot(value, moments[:1, None]),
            np.vecdot(slope, moments[:2, None]),
            np.vecdot(curvature, moments[:, None]),
        ]
    )
