"""Solves once more with the trades and bounds that an interior point has found, which takes its rounding away.

Near the optimum an interior point multiplies differences of nearly equal weights by slacks' huge inverses. Once it is
known which weights are not traded and which stand at a bound, the optimum is a program with equalities alone, and the
method of multipliers (Bertsekas 1982, chapter 2) solves it to rounding with moderate factors: few solves with one
factor. A wrong guess only costs the attempt: the better of the two points is kept.
"""

from typing import NamedTuple

import numpy as np

from gpu_kernels.checks import Floats
from gpu_kernels.multiperiod.banded import BandedSystem, differences_transposed
from gpu_kernels.weights.interior import Optimum, residual

__all__ = ["polished"]

_PENALTY = 1e3
"""Against curvatures of at most about 1: each step divides the error by as much, and costs three digits of sixteen."""
_STEPS = 8


class _Guess(NamedTuple):
    """What holds with equality: penalties, the values held to, and multipliers to start from.

    Attributes:
        held: (J, N) penalty where a weight stands at a bound, else 0.
        limit: (J, N) that bound.
        bound: (J, N) multipliers of bounds, positive where above.
        coupling: (J + 1, N) penalty where a weight is not traded, else 0.
        start: (J, N) where the first block trades from, then zeros.
        force: (J, N) multipliers of trades: the cost with the trade's sign, or what keeps it from being traded.
    """

    held: Floats
    limit: Floats
    bound: Floats
    coupling: Floats
    start: Floats
    force: Floats


def polished(system: BandedSystem, q: Floats, b: Floats, h: Floats, found: Optimum) -> Optimum:
    """Return the optimum for the active set of `found`, or `found` where that is no better.

    Args:
        system: P, A and G, in units where their largest entry is about 1.
        q: (n,) linear term: minus the means, then the cost of trading.
        b: (J,) budgets.
        h: (k,) right-hand side of the inequalities: bounds, then where trades start from, with both signs.
        found: What the interior-point method returned.
    """
    blocks, size, _ = system.curvature.shape
    guess = _guess(system, q, h, found)
    means = q[: blocks * size].reshape(blocks, size)
    weights, y = found.x[: blocks * size].reshape(blocks, size), found.equality
    solve = system.eliminated(guess.held, guess.coupling)
    bound, force, coupling = guess.bound, guess.force, guess.coupling[:blocks]
    for _ in range(_STEPS):
        pull = bound + guess.held * (weights - guess.limit)
        push = force + coupling * (_trades(weights) - guess.start)
        slope = np.matmul(system.curvature, weights[:, :, None])[:, :, 0] + means + pull + y[:, None]
        change, shift = solve(-slope - differences_transposed(push), b - weights.sum(axis=1))
        weights, y = weights + change, y + shift
        bound = bound + guess.held * (weights - guess.limit)
        force = force + coupling * (_trades(weights) - guess.start)
    flat = bound.reshape(-1)
    x, z = weights.reshape(-1), [np.maximum(-flat[system.below], 0.0), np.maximum(flat[system.above], 0.0)]
    if system.costly:
        x = np.concatenate([x, np.abs(_trades(weights) - guess.start).reshape(-1)])
        z += [np.maximum(0.5 * (q[-1] + side * force), 0.0).reshape(-1) for side in (1.0, -1.0)]
    multipliers = np.concatenate(z)
    reached = residual(system, q, b, h, x, y, multipliers)
    return Optimum(x, y, multipliers, reached, found.iterations) if reached < found.residual else found


def _guess(system: BandedSystem, q: Floats, h: Floats, found: Optimum) -> _Guess:
    """Take as equalities those rows whose multiplier exceeds their slack.

    Where constraints depend on one another many multipliers fit: those nearest to the interior ones keep their signs.
    """
    blocks, size, _ = system.curvature.shape
    multipliers = system.rows(found.inequality)
    active = system.rows((found.inequality > h - system.inequalities(found.x)).astype(np.float64))
    values = system.rows(h)
    held, limit, bound = np.zeros((3, blocks * size))
    for side, (places, sign) in enumerate(((system.below, -1.0), (system.above, 1.0))):
        chosen = active[side] > 0
        held[places[chosen]] = _PENALTY
        limit[places[chosen]] = sign * values[side][chosen]
        bound[places[chosen]] = sign * multipliers[side][chosen]
    rise, fall = active[2:]
    still = rise * fall
    force = np.where(still > 0, multipliers[2] - multipliers[3], q[-1] * (rise - fall) if system.costly else 0.0)
    shape = blocks, size
    coupling = np.concatenate([_PENALTY * still, np.zeros((1, size))])
    return _Guess(held.reshape(shape), limit.reshape(shape), bound.reshape(shape), coupling, values[2], force)


def _trades(weights: Floats) -> Floats:
    return np.diff(weights, axis=0, prepend=0.0)
