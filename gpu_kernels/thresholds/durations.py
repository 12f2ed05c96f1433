"""Mean times of the standardised process dz = -z dt + sqrt(2) dW between thresholds, in units of 1/theta.

With a(t) = sqrt(pi/2) erfcx(t/sqrt 2) and m(t) = sqrt(pi/2) exp(t^2/2), the mean time to fall from e to x is
A = int_x^e a, and the mean time from one entry to the next is C = int_x^e m: the time A in the trade and the wait
int_|x|^e (m - a) for the next entry at +e or -e add up to it, because m - a is odd.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpu_kernels.checks import Floats
from gpu_kernels.thresholds.special import erfcx, erfi, exp_square

__all__ = ["Rule", "groups", "in_trade_and_cycle", "kernels"]

_ROOT_HALF = float(np.sqrt(0.5))
_ROOT_HALF_PI = float(np.sqrt(0.5 * np.pi))


class Rule(NamedTuple):
    """A Gauss-Legendre rule and the half-widths it is exact to rounding for.

    Attributes:
        above: Half-widths above this one.
        until: Half-widths up to this one.
        nodes: (Q,) on [-1, 1].
        weights: (Q,), sum 1.
    """

    above: float
    until: float
    nodes: Floats
    weights: Floats


def _rule(above: float, until: float, size: int) -> Rule:
    nodes, weights = np.polynomial.legendre.leggauss(size)
    return Rule(above, until, nodes, 0.5 * weights)


# exp(t^2/2) over a half-width h has Chebyshev coefficients I_j(h^2/4): a rule of Q nodes is exact to degree 2 Q - 1.
_RULES = (_rule(0.0, 1.5, 16), _rule(1.5, 4.0, 32), _rule(4.0, np.inf, 128))


def groups(half: Floats, wanted: NDArray[np.bool_]) -> Iterator[tuple[NDArray[np.intp], Floats, Floats]]:
    """Yield, for each rule needed, the places of the wanted half-widths (G,) it serves, its nodes and its weights."""
    for rule in _RULES:
        chosen = np.flatnonzero(wanted & (half > rule.above) & (half <= rule.until))
        if chosen.size:
            yield chosen, rule.nodes, rule.weights


def kernels(t: Floats) -> tuple[Floats, Floats]:
    """Return a(t) and m(t) of any shape, |t| <= 36."""
    scaled = _ROOT_HALF * t
    grown = exp_square(scaled)
    return _ROOT_HALF_PI * erfcx(scaled, grown), _ROOT_HALF_PI * grown


def in_trade_and_cycle(centre: Floats, half: Floats) -> tuple[Floats, Floats]:
    """Return A and C between x = centre - half and e = centre + half, all (G,).

    The thresholds come as centre and half-width because e - x loses its digits where a tiny cost makes them close.
    """
    in_trade, cycle = np.empty_like(half), np.empty_like(half)
    straight = centre == 0.0
    cycle[straight] = in_trade[straight] = np.pi * erfi(_ROOT_HALF * half[straight])
    for chosen, nodes, weights in groups(half, ~straight):
        a, m = kernels(centre[chosen, None] + half[chosen, None] * nodes)
        # Row by row: a product with a matrix sums in another order when it has other rows.
        in_trade[chosen] = 2.0 * half[chosen] * np.vecdot(a, weights)
        cycle[chosen] = 2.0 * half[chosen] * np.vecdot(m, weights)
    return in_trade, cycle
