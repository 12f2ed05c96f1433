"""The set a portfolio must lie in: lo <= w <= hi, 1'w = 1 where there is a budget, sum|w| <= L.

The portfolio nearest to nothing, w0 = clip(0, lo, hi), has the least sum|w| of all within the bounds. A budget then
asks for a net change 1 - 1'w0, all of it upwards or all of it downwards at best, so that sum|w| is at least
sum|w0| + |1 - 1'w0|.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from gpu_kernels.checks import Floats
from gpu_kernels.errors import InvalidInput

__all__ = ["Bounds", "Region", "region"]

Bounds = Sequence[ArrayLike | None]
"""The lowest and the highest weights, each one number, (N,) numbers, or None."""

_TOUCHING = 1e-12
"""Share of the sums below which a constraint that leaves no room counts as met: N times 1/N need not be 1."""


class Region(NamedTuple):
    """A non-empty set of portfolios.

    Attributes:
        low: (N,) lowest weights, -inf for none.
        high: (N,) highest weights, +inf for none.
        budget: Whether the weights sum to 1.
        leverage: Largest sum of |w|, +inf for none.
    """

    low: Floats
    high: Floats
    budget: bool
    leverage: float

    @property
    def constrained(self) -> bool:
        """Whether there is an inequality."""
        return bool(self.capped or np.isfinite(self.low).any() or np.isfinite(self.high).any())

    @property
    def capped(self) -> bool:
        """Whether sum|w| has a cap."""
        return bool(np.isfinite(self.leverage))

    @property
    def endless(self) -> bool:
        """Whether some weights have no lowest and others no highest, so that purchases may grow with sales."""
        return bool(not self.capped and np.isneginf(self.low).any() and np.isposinf(self.high).any())

    def uncapped(self) -> "Region":
        """Return the region without the cap."""
        return self._replace(leverage=np.inf)

    def within_cap(self, weights: Floats) -> bool:
        """Return whether weights keep the cap."""
        return float(np.abs(weights).sum()) <= self.leverage

    def highest(self, values: Floats) -> float:
        """Return the largest v'w of the region, which must have a budget.

        Buying in the order of falling v and selling in the order of rising v is optimal, and the amount sold a
        one-dimensional concave problem, piecewise linear, with its optimum where a purchase or a sale ends.

        Args:
            values: (N,) v.
        """
        bounded = self._implied()
        start = np.clip(0.0, bounded.low, bounded.high)
        net = 1.0 - float(start.sum())
        room = self.leverage - float(np.abs(start).sum())
        buy, bought = _in_order(values, bounded.high - start, descending=True)
        sell, sold = _in_order(values, start - bounded.low, descending=False)
        last = min(float(sell[-1]), float(buy[-1]) - net, 0.5 * (room - net))
        first = max(0.0, -net)
        amounts = np.concatenate([[first, last], sell, buy - net])
        amounts = np.clip(amounts, first, max(first, last))
        gains = np.interp(amounts + net, buy, bought) - np.interp(amounts, sell, sold)
        return float(values @ start + gains.max())

    def _implied(self) -> "Region":
        """Return the same region with every bound finite that the budget or the cap implies."""
        cap = self.leverage
        low, high = np.maximum(self.low, -cap), np.minimum(self.high, cap)
        if np.isfinite(high).all():
            low = np.maximum(low, 1.0 - (high.sum() - high))
        elif np.isfinite(low).all():
            high = np.minimum(high, 1.0 - (low.sum() - low))
        return Region(low, np.maximum(low, high), self.budget, cap)


def region(low: Floats, high: Floats, *, budget: bool, leverage: float) -> Region:
    """Return the region, with bounds tightened where the constraints leave no choice.

    A quadratic program's inequalities must leave room; those that meet exactly are turned into fixed weights here.

    Args:
        low: (N,) lowest weights, none above its highest.
        high: (N,) highest weights.
        budget: Whether the weights sum to 1.
        leverage: Largest sum of |w|.

    Raises:
        InvalidInput: no portfolio satisfies the constraints; the rule names them.
    """
    if budget:
        below, above = _beyond_one(low), -_beyond_one(high)
        if above > 0:
            rule = "must let the weights sum to 1: the highest must sum to 1 or more"
            raise InvalidInput("bounds", rule, value=float(high.sum()))
        if below > 0:
            rule = "must let the weights sum to 1: the lowest must sum to 1 or less"
            raise InvalidInput("bounds", rule, value=float(low.sum()))
        low, high = (high if above == 0 else low), (low if below == 0 else high)
    start = np.clip(0.0, low, high)
    net = 1.0 - float(start.sum()) if budget else 0.0
    needed = float(np.abs(start).sum()) + abs(net)
    if leverage < needed * (1.0 - _TOUCHING):
        raise InvalidInput(
            "leverage", f"must be at least {needed:.6g}, which the other constraints need", value=leverage
        )
    if leverage <= needed * (1.0 + _TOUCHING):
        # Every trade then goes one way, and the cap always holds.
        low, high = (start if net >= 0 else low), (start if net <= 0 else high)
        leverage = np.inf
    return Region(low, high, budget, leverage)


def _beyond_one(bound: Floats) -> float:
    """Return by how much a bound's sum exceeds 1, negative where it falls short, 0 where they differ by rounding."""
    beyond = float(bound.sum()) - 1.0
    touching = _TOUCHING * max(1.0, float(np.abs(bound).sum()))
    return 0.0 if abs(beyond) <= touching < np.inf else beyond


def _in_order(values: Floats, amounts: Floats, *, descending: bool) -> tuple[Floats, Floats]:
    """Return running amounts and their running value, from (0, 0), best first."""
    order = np.argsort(-values if descending else values, kind="stable")
    total = np.concatenate([[0.0], np.cumsum(amounts[order])])
    return total, np.concatenate([[0.0], np.cumsum((values * amounts)[order])])
