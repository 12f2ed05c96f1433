"""Leung and Li's optimal stopping with a discount rate: where to sell, and where below the mean to buy.

With nu = r/theta, H_nu(z) = int_0^inf u^(nu - 1) exp(z u - u^2/2) du gives F = H_nu(z) and G = H_nu(-z), and a
derivative raises nu by one. Half the round trip's cost, k/2 standardised, is paid at each of the two trades. In units
of the stationary standard deviation, with m = mu/s and y = k/2 - m:

- the sale at b solves z - y = H_nu(z)/H_{nu+1}(z), whose left side less the right increases;
- the purchase at d maximises h/G with h(z) = (b - y) F(z)/F(b) - z - m - k/2, which falls from infinity to -k at b:
  one zero z0, and left of it one root of h' G - h G' = h' H_nu(-z) + h H_{nu+1}(-z).
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpu_kernels import interruption
from gpu_kernels.checks import Floats
from gpu_kernels.errors import Degenerate
from gpu_kernels.thresholds.model import LARGEST_ENTRY, Case

__all__ = ["entry_level", "exit_level", "solve"]


class _Nodes(NamedTuple):
    """Trapezoidal nodes in t for u = exp(t - exp(-t)), which decays double exponentially on the left for any nu."""

    logarithms: Floats
    weights: Floats


def _nodes(step: float) -> _Nodes:
    places = np.arange(-16.0, 4.0, step)
    return _Nodes(places - np.exp(-places), step * (1.0 + np.exp(-places)))


# The peak at u = z is 1/z wide in t.
_COARSE, _FINE = _nodes(1.0 / 24.0), _nodes(1.0 / 64.0)
_FINE_FROM, _FINE_TO = 8.0, 40.0
_BLOCK = 1024

Slope = Callable[[Floats, NDArray[np.intp]], tuple[Floats, Floats]]


class _Moments(NamedTuple):
    """H_nu, H_{nu+1} and H_{nu+2}, each (G,), divided by exp(logarithm)."""

    first: Floats
    second: Floats
    third: Floats
    logarithm: Floats


def solve(case: Case, rate: Floats) -> tuple[Floats, Floats]:
    """Return centre and half-width of the thresholds, each (G,): entry_z = (mu - d)/s, exit_z = (mu - b)/s.

    Raises:
        Degenerate: an entry is missing below the mean, or a threshold lies beyond LARGEST_ENTRY.
    """
    spread = case.spread
    nu, level, half_cost = rate / case.theta, case.mu / spread, 0.5 * case.cost / spread
    sale = exit_level(nu, half_cost - level)
    purchase = entry_level(nu, level, half_cost, sale)
    missing = ~((purchase < 0) & (np.abs(purchase) <= LARGEST_ENTRY) & (np.abs(sale) <= LARGEST_ENTRY))
    if missing.any():
        place = int(np.argmax(missing))
        where = "" if missing.size == 1 else f"entry {place}: "
        message = (
            f"{where}model 'leung_li' has no thresholds here: it would buy {purchase[place]:.4g} and sell "
            f"{sale[place]:.4g} stationary standard deviations from the mean; the purchase must lie below the mean, "
            f"both within {LARGEST_ENTRY:g}"
        )
        raise Degenerate("rate", message)
    return -0.5 * (sale + purchase), 0.5 * (sale - purchase)


def exit_level(nu: Floats, paid: Floats) -> Floats:
    """Return z of the sale, (G,), for nu = r/theta and y = (cost of the sale - mu)/s."""

    def balance(z: Floats, chosen: NDArray[np.intp]) -> tuple[Floats, Floats]:
        h = _moments(nu[chosen], z)
        ratio = h.first / h.second
        return z - paid[chosen] - ratio, h.first * h.third / h.second**2

    start = _moments(nu, paid)
    return _root(balance, paid, paid + start.first / start.second)


def entry_level(nu: Floats, level: Floats, half_cost: Floats, sale: Floats) -> Floats:
    """Return z of the purchase, (G,); level = mu/s, half_cost = k/2, sale as exit_level gives it."""
    top = _moments(nu, sale)
    earned = sale - half_cost + level

    def gain(z: Floats, chosen: NDArray[np.intp]) -> tuple[Floats, Floats, Floats]:
        h = _moments(nu[chosen], z)
        scale = earned[chosen] / top.first[chosen] * np.exp(h.logarithm - top.logarithm[chosen])
        return scale * h.first - z - level[chosen] - half_cost[chosen], scale * h.second - 1.0, scale * h.third

    def loses(z: Floats, chosen: NDArray[np.intp]) -> tuple[Floats, Floats]:
        value, slope, _ = gain(z, chosen)
        return -value, -slope

    def wanes(z: Floats, chosen: NDArray[np.intp]) -> tuple[Floats, Floats]:
        value, slope, curvature = gain(z, chosen)
        g = _moments(nu[chosen], -z)
        return -(slope * g.first + value * g.second) / g.first, -(curvature * g.first - value * g.third) / g.first

    everyone = np.arange(nu.size)
    zero = _root(loses, _left_of(loses, sale, everyone), sale)
    return _root(wanes, _left_of(wanes, zero, everyone), zero)


def _moments(nu: Floats, z: Floats) -> _Moments:
    # Beyond the fine nodes Laplace's leading term stands in: it guides a bracket, and no answer may lie there.
    far = np.maximum(z, _FINE_TO)
    values = np.sqrt(2.0 * np.pi) * far ** (nu - 1.0 + np.arange(3)[:, None])
    for nodes, chosen in ((_COARSE, z < _FINE_FROM), (_FINE, (z >= _FINE_FROM) & (z < _FINE_TO))):
        places = np.flatnonzero(chosen)
        for start in range(0, places.size, _BLOCK):
            interruption.check()
            block = places[start : start + _BLOCK]
            values[:, block] = _integrals(nu[block], z[block], nodes)
    return _Moments(values[0], values[1], values[2], 0.5 * np.maximum(z, 0.0) ** 2)


def _integrals(nu: Floats, z: Floats, nodes: _Nodes) -> Floats:
    # Left of the mean the integrand is concentrated at u ~ 1/|z|, and the nodes are moved there.
    logarithms = nodes.logarithms - np.log(np.maximum(1.0, -z))[:, None]
    u = np.exp(logarithms)
    exponent = nu[:, None] * logarithms + (z[:, None] - 0.5 * u) * u - 0.5 * np.maximum(z, 0.0)[:, None] ** 2
    integrand = np.exp(exponent) * nodes.weights
    return np.stack([integrand.sum(axis=1), (integrand * u).sum(axis=1), (integrand * u * u).sum(axis=1)])


def _left_of(function: Slope, right: Floats, everyone: NDArray[np.intp]) -> Floats:
    """Return places left of a root, by doubling the distance."""
    step = np.ones_like(right)
    for _ in range(60):
        above = function(right - step, everyone)[0] > 0
        if not above.any():
            break
        step[above] *= 2.0
    return np.asarray(right - step)


def _root(function: Slope, low: Floats, high: Floats) -> Floats:
    """Return the roots (G,) of an increasing function in [low, high]: Newton's steps, halving where they leave."""
    low, high = low.copy(), high.copy()
    z = 0.5 * (low + high)
    active = np.arange(z.size)
    for _ in range(200):
        if active.size == 0:
            break
        here = z[active]
        value, slope = function(here, active)
        low[active] = np.where(value < 0, here, low[active])
        high[active] = np.where(value < 0, high[active], here)
        with np.errstate(divide="ignore", invalid="ignore"):
            moved = here - value / slope
        inside = (moved >= low[active]) & (moved <= high[active])
        z[active] = np.where(inside, moved, 0.5 * (low[active] + high[active]))
        settled = np.abs(z[active] - here) <= 4e-16 * np.maximum(1.0, np.abs(here)) + np.where(inside, 1e-9, 0.0)
        active = active[~settled]
    return z
