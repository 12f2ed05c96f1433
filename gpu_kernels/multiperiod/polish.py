"""Solves for the trades and bounds that an interior point has found, as equalities, which takes its rounding away.

Near the optimum an interior point multiplies differences of nearly equal weights by slacks' huge inverses. Once it is
known which weights are not traded and which stand at a bound, the optimum is a program with equalities alone, and the
method of multipliers (Bertsekas 1982, chapter 2) solves it to rounding with moderate factors: few solves with one
factor. A wrong guess shows in the signs of its solution, which make the next guess (the primal-dual active set method:
Hintermueller, Ito and Kunisch 2003, section 2). The best point met is kept, so that an attempt costs time alone.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpu_kernels import interruption
from gpu_kernels.checks import Floats
from gpu_kernels.multiperiod.banded import BandedSystem, differences_transposed
from gpu_kernels.weights.interior import Optimum, residual

__all__ = ["polished"]

_PENALTY = 1e3
"""Times the largest curvature: it costs three digits of sixteen, and each step divides the error by as much, or less
where a weight is not traded for many periods."""
_STEPS = 30
_NOTHING = 1e-15
_GUESSES = 10


class _State(NamedTuple):
    """A point with signed multipliers.

    Attributes:
        weights: (J, N).
        y: (J,) multipliers of the budgets.
        force: (J, N) of trades: the cost with the trade's sign, or what keeps a weight from being traded.
        bound: (J, N) of bounds, negative where below.
    """

    weights: Floats
    y: Floats
    force: Floats
    bound: Floats


class _Program(NamedTuple):
    """The program in the weights' shape; see polished.

    Attributes:
        system: P, A and G.
        slope: (J, N) minus the means.
        cost: Of a unit traded.
        budget: (J,) what the weights sum to.
        lower: (J, N) bounds, -inf where there is none.
        upper: (J, N).
        start: (J, N) where the first block trades from, then zeros.
        stiffness: Largest curvature, which compares weights with forces.
    """

    system: BandedSystem
    slope: Floats
    cost: float
    budget: Floats
    lower: Floats
    upper: Floats
    start: Floats
    stiffness: float

    def trades(self, weights: Floats) -> Floats:
        """Return w_j - w_{j-1}."""
        moved: Floats = np.diff(weights, axis=0, prepend=0.0) - self.start
        return moved

    def guess(self, at: _State) -> NDArray[np.int8]:
        """Return (2, J, N) signs: of the trades, 0 where there is none; of the bounds stood at, 0 off them."""
        pressed = at.force + self.stiffness * self.trades(at.weights)
        traded = np.sign(pressed) * (np.abs(pressed) > self.cost)
        above = at.bound + self.stiffness * (at.weights - self.upper) > 0
        below = at.bound + self.stiffness * (at.weights - self.lower) < 0
        return np.array([traded, above.astype(np.float64) - below], dtype=np.int8)

    def solved(self, at: _State, guess: NDArray[np.int8]) -> _State:
        """Solve with the guess as equalities, from at.

        Where constraints depend on one another many multipliers fit: those nearest to the given ones keep their signs.
        """
        traded, side = guess
        penalty = _PENALTY * self.stiffness
        held = np.where(side != 0, penalty, 0.0)
        limit = np.select([side > 0, side < 0], [self.upper, self.lower], 0.0)
        still = np.where((traded == 0) & self.system.costly, penalty, 0.0)
        solve = self.system.eliminated(held, np.concatenate([still, np.zeros_like(still[:1])]))
        weights, y = at.weights, at.y
        force, bound = np.where(still > 0, at.force, self.cost * traded), np.where(held > 0, at.bound, 0.0)
        for _ in range(_STEPS):
            interruption.check()
            pull = bound + held * (weights - limit) + y[:, None] + self.slope
            push = force + still * self.trades(weights)
            bent = np.matmul(self.system.curvature, weights[:, :, None])[:, :, 0]
            change, shift = solve(-bent - pull - differences_transposed(push), self.budget - weights.sum(axis=1))
            weights, y = weights + change, y + shift
            bound = bound + held * (weights - limit)
            force = force + still * self.trades(weights)
            if np.max(np.abs(change)) <= _NOTHING * np.max(np.abs(weights)):
                break
        return _State(weights, y, force, bound)

    def point(self, at: _State) -> tuple[Floats, Floats, Floats]:
        """Return x, y and z of the whole program, multipliers of the wrong sign cut off."""
        flat = at.bound.reshape(-1)
        x = at.weights.reshape(-1)
        z = [np.maximum(-flat[self.system.below], 0.0), np.maximum(flat[self.system.above], 0.0)]
        if self.system.costly:
            x = np.concatenate([x, np.abs(self.trades(at.weights)).reshape(-1)])
            z += [np.maximum(0.5 * (self.cost + sign * at.force), 0.0).reshape(-1) for sign in (1.0, -1.0)]
        return x, at.y, np.concatenate(z)


def polished(system: BandedSystem, q: Floats, b: Floats, h: Floats, found: Optimum, tolerance: float) -> Optimum:
    """Return the optimum for the active set of `found` or one near it, or `found` where none is better.

    Args:
        system: P, A and G, in any units.
        q: (n,) linear term: minus the means, then the cost of trading.
        b: (J,) budgets.
        h: (k,) right-hand side of the inequalities: bounds, then where trades start from, with both signs.
        found: What the interior-point method returned.
        tolerance: Stop below this residual.
    """
    program, at = _program(system, q, b, h), _state(system, found)
    best, before = found, None
    for _ in range(_GUESSES):
        interruption.check()
        guess = program.guess(at)
        if before is not None and np.array_equal(guess, before):
            break
        at, before = program.solved(at, guess), guess
        x, y, z = program.point(at)
        reached = residual(system, q, b, h, x, y, z)
        if reached < best.residual:
            best = Optimum(x, y, z, reached, found.iterations)
        if best.residual <= tolerance or not np.isfinite(reached):
            break
    return best


def _program(system: BandedSystem, q: Floats, b: Floats, h: Floats) -> _Program:
    blocks, size, _ = system.curvature.shape
    below, above, start, _ = system.rows(h)
    lower, upper = np.full(blocks * size, -np.inf), np.full(blocks * size, np.inf)
    lower[system.below], upper[system.above] = -below, above
    shape = blocks, size
    slope, cost = q[: blocks * size].reshape(shape), float(q[-1]) if system.costly else 0.0
    stiffness = float(np.max(np.abs(system.curvature))) or 1.0
    return _Program(system, slope, cost, b, lower.reshape(shape), upper.reshape(shape), start, stiffness)


def _state(system: BandedSystem, found: Optimum) -> _State:
    blocks, size, _ = system.curvature.shape
    below, above, rise, fall = system.rows(found.inequality)
    bound = np.zeros(blocks * size)
    bound[system.below] -= below
    bound[system.above] += above
    weights = found.x[: blocks * size].reshape(blocks, size)
    return _State(weights, found.equality, rise - fall, bound.reshape(blocks, size))
