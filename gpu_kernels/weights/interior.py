"""A primal-dual interior-point method for convex quadratic programs of any shape.

Minimise 1/2 x'Px + q'x subject to A x = b and G x <= h. With slacks s = h - G x and multipliers y, z the optimum has

    P x + q + A'y + G'z = 0,   A x = b,   s >= 0,   z >= 0,   s z = 0,

and Mehrotra's predictor and corrector (1992; Nocedal and Wright 2006, algorithm 16.4) follow s z = t to t = 0. Each
iteration solves (P + G'DG) dx + A'dy = r with D = z/s. Only that solve depends on the problem's structure, so a System
does it. Ten to twenty-five iterations reach rounding, whatever the data.
"""

from collections.abc import Callable
from typing import NamedTuple, Protocol

import numpy as np

from gpu_kernels import interruption
from gpu_kernels.checks import Floats

__all__ = ["SHARP", "Optimum", "Solve", "System", "minimise", "residual"]

SHARP = 1e-13
"""Residual up to which an answer is as good as rounding allows, with some hundred variables."""

MOST_ITERATIONS = 60
PATIENCE = 8
"""Iterations without progress before giving up."""

_FAR = 1e-6
"""Residual above which a falling gap is progress too: relative to terms that shrink, the residual may rise at first."""

_CAUTION = 0.5
"""Share of the mean product z s that a cautious step aims at."""

_CLOSEST = 1.0 - 1e-8
"""Largest share of the way to the boundary that a step goes: a slack of exactly zero has no D."""

Solve = Callable[[Floats, Floats], tuple[Floats, Floats]]


class System(Protocol):
    """The matrices of a program, as products and one solve; x has n entries, A has m rows, G has k."""

    def hessian(self, x: Floats) -> Floats:
        """Return P x, (n,)."""

    def equalities(self, x: Floats) -> Floats:
        """Return A x, (m,)."""

    def equalities_transposed(self, y: Floats) -> Floats:
        """Return A'y, (n,)."""

    def inequalities(self, x: Floats) -> Floats:
        """Return G x, (k,)."""

    def inequalities_transposed(self, z: Floats) -> Floats:
        """Return G'z, (n,)."""

    def factor(self, scale: Floats) -> Solve:
        """Factor for D = scale (k,), and return the solve of (P + G'DG) dx + A'dy = r, A dx = t from (r, t)."""


class Optimum(NamedTuple):
    """Where the method stopped.

    Attributes:
        x: (n,) the best point met.
        equality: (m,) multipliers y.
        inequality: (k,) multipliers z >= 0.
        residual: Largest violation of the optimality conditions, each relative to the size of its terms.
        iterations: Newton steps taken.
    """

    x: Floats
    equality: Floats
    inequality: Floats
    residual: float
    iterations: int


class _Point(NamedTuple):
    """An iterate and its residuals: stationarity, equalities, inequalities."""

    x: Floats
    y: Floats
    z: Floats
    s: Floats
    dual: Floats
    primal: Floats
    slack: Floats
    residual: float

    @property
    def gap(self) -> float:
        """z's, which bounds how far the objective is from its optimum once the other residuals vanish."""
        return float(self.z @ self.s)


def minimise(
    system: System, q: Floats, b: Floats, h: Floats, *, tolerance: float = 1e-14, cautious: bool = True
) -> Optimum:
    """Solve a convex quadratic program.

    Args:
        system: P, A and G.
        q: (n,) linear term.
        b: (m,) right-hand side of the equalities; m may be 0.
        h: (k,) right-hand side of the inequalities; k may be 0.
        tolerance: Stop below this residual; without it, where rounding lets no step improve any more.
        cautious: Go back towards the centre where steps bring nothing, which ends their circles, but only where the
            program has an inside.

    Returns:
        The best point met. Where the program is infeasible or unbounded, its residual stays large.
    """
    measure = _Measure(system, q, b, h)
    point = best = _start(measure)
    gap = best.gap
    taken = stalled = 0
    while best.residual > tolerance and taken < MOST_ITERATIONS and stalled < PATIENCE:
        interruption.check()
        point = _step(measure, point, cautious=cautious and stalled % 2 == 1)
        taken += 1
        if not np.isfinite(point.residual) or np.min(point.s, initial=1.0) <= 0.0:
            break
        closer = best.residual > _FAR and point.gap < 0.9 * gap
        stalled = 0 if closer or point.residual < 0.9 * best.residual else stalled + 1
        gap = min(gap, point.gap)
        best = min(best, point, key=lambda candidate: candidate.residual)
    return Optimum(best.x, best.y, best.z, best.residual, taken)


def residual(system: System, q: Floats, b: Floats, h: Floats, x: Floats, y: Floats, z: Floats) -> float:
    """Return the largest violation of the optimality conditions at (x, y, z), each relative to the size of its terms.

    Args:
        system: P, A and G.
        q: (n,) linear term.
        b: (m,) right-hand side of the equalities.
        h: (k,) right-hand side of the inequalities.
        x: (n,) point.
        y: (m,) multipliers of the equalities.
        z: (k,) multipliers of the inequalities, not negative.
    """
    return _Measure(system, q, b, h).point(x, y, z, z).residual


class _Measure(NamedTuple):
    system: System
    q: Floats
    b: Floats
    h: Floats

    def point(self, x: Floats, y: Floats, z: Floats, s: Floats) -> _Point:
        """Return an iterate with its residuals."""
        curved, pulled = self.system.hessian(x), self.system.equalities_transposed(y)
        pushed = self.system.inequalities_transposed(z)
        dual = curved + self.q + pulled + pushed
        primal = self.system.equalities(x) - self.b
        rows = self.system.inequalities(x)
        slack = rows + s - self.h
        force = max(_largest(curved), _largest(self.q), _largest(pulled), _largest(pushed), 1e-300)
        length = max(1.0, _largest(x))
        over = max(0.0, float(np.max(rows - self.h, initial=0.0)))
        gap = float(np.max(np.abs(z * (self.h - rows)), initial=0.0))
        residual = max(_largest(dual) / force, _largest(primal) / length, over / length, gap / (force * length))
        return _Point(x, y, z, s, dual, primal, slack, residual)


def _start(measure: _Measure) -> _Point:
    """Start where the slacks are smallest in the mean, moved inside the cone (Vandenberghe 2010, section 5.3)."""
    system, q, b, h = measure
    x, y = system.factor(np.ones_like(h))(system.inequalities_transposed(h) - q, b)
    slack = h - system.inequalities(x)
    return measure.point(x, y, _inside(-slack), _inside(slack))


def _inside(values: Floats) -> Floats:
    short = float(np.max(-values, initial=-np.inf))
    return values if short < 0 else values + (1.0 + short)


def _step(measure: _Measure, at: _Point, *, cautious: bool) -> _Point:
    """Go on from a point; `cautious` after a step that brought nothing, which makes room for the next one.

    Products z s of very different size let no step go far, and predictors from such points can take turns for ever. A
    program without an inside has no centre to go back to, so that caution is for every other step in vain only.
    """
    system = measure.system
    scale = at.z / at.s
    solve = system.factor(scale)

    def direction(product: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        pushed = system.inequalities_transposed((at.z * at.slack - product) / at.s)
        dx, dy = solve(-at.dual - pushed, -at.primal)
        ds = -at.slack - system.inequalities(dx)
        return dx, dy, -(product + at.z * ds) / at.s, ds

    _, _, dz, ds = direction(at.z * at.s)
    length = min(1.0, _reach(at.s, ds), _reach(at.z, dz))
    mean = float(at.z @ at.s) / max(1, at.s.size)
    aimed = float((at.z + length * dz) @ (at.s + length * ds)) / max(1, at.s.size)
    centre = (aimed / mean) ** 3 * mean if mean > 0 else 0.0
    corrector = 0.0 if cautious else length**2
    centre = max(centre, _CAUTION * mean) if cautious else centre
    # A corrector for a step that is not taken in full would overshoot, and can cycle (Cartis 2009; Colombo and Gondzio
    # 2008): it counts as far as the predictor reached.
    dx, dy, dz, ds = direction(at.z * at.s + corrector * dz * ds - centre)
    stay = min(max(0.995, 1.0 - mean), _CLOSEST)
    length = min(1.0, stay * min(_reach(at.s, ds), _reach(at.z, dz)))
    return measure.point(at.x + length * dx, at.y + length * dy, at.z + length * dz, at.s + length * ds)


def _reach(values: Floats, change: Floats) -> float:
    """Return how far values may move along change before one of them reaches zero, infinite where none does."""
    falling = change < 0
    with np.errstate(over="ignore"):
        return float(np.min(values[falling] / -change[falling], initial=np.inf))


def _largest(values: Floats) -> float:
    return float(np.max(np.abs(values), initial=0.0))
