"""Trades between two barriers: the exit x and a stop L, from the entry e, and the optimum given the stop.

With the kernels a and m of durations.py, and integrals M = int_x^e m, K = int_e^L m, A = int_x^e a, B = int_e^L a,

- the scale function, whose derivative is proportional to m, gives the share of trades that end at the exit,
  p = K/(K + M);
- from e to x without a stop takes A, and that is the time T in the trade, and for the share 1 - p the time A + B from
  the stop to x besides: T = p A - (1 - p) B;
- a stopped account waits for |z| < e, which takes B, and then is at an entry again; so trades follow one another every
  T + p (M - A) + (1 - p) B = p M, the wait M - A being the one of durations.py.

The objective is that of growth.py with G(c, h) = ln(net - f v) - p ln v - q ln cycle, where with r = mean(m)/K,
N = 1 + 2 h r and g = L - e

    net = (1 - g r)/N - k/(2h),   v = (mean(a) - B r)/N + w/h,   cycle = mean(m)/N.

References:
    Darling and Siegert (1953), The first passage problem for a continuous Markov process, theorem 4.1.
    Karlin and Taylor (1981), A second course in stochastic processes, section 15.3 (scale and speed).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpu_kernels import interruption
from gpu_kernels.checks import Floats
from gpu_kernels.errors import InvalidInput
from gpu_kernels.thresholds import jets
from gpu_kernels.thresholds.durations import groups, in_trade_and_cycle, kernels
from gpu_kernels.thresholds.growth import Problem, kernel_means, maximise, maximise_along
from gpu_kernels.thresholds.model import LARGEST_ENTRY

__all__ = ["FARTHEST", "Passage", "StoppedProblem", "best", "passage"]

FARTHEST = 37.5
"""A stop beyond it is never met by a process that enters within LARGEST_ENTRY, and its scale leaves the doubles."""

_AT_ONCE = 256
"""Problems that are searched together for a start."""

_SEARCHED = (24, 24)
"""Entries and exits of that search."""


class Passage(NamedTuple):
    """What a stop makes of a trade: (G,) arrays.

    Attributes:
        won: Share of trades that end at the exit.
        lost: Share that end at the stop.
        in_trade: Mean time in a trade, in units of 1/theta.
        trade_time: Mean time from one entry to the next.
    """

    won: Floats
    lost: Floats
    in_trade: Floats
    trade_time: Floats


def passage(centre: Floats, half: Floats, stop: Floats) -> Passage:
    """Return what a stop makes of the trades between two thresholds; all (G,)."""
    inside, cycle = in_trade_and_cycle(centre, half)
    above, scale = _to_stop(centre + half, stop)
    won, lost = scale / (scale + cycle), cycle / (scale + cycle)
    return Passage(won, lost, won * inside - lost * above, won * cycle)


class StoppedProblem(NamedTuple):
    """Objectives to maximise where a stop ends trades, one an entry; a Problem and the stop."""

    free: Problem
    stop: Floats

    def at(self, chosen: NDArray[np.intp]) -> "StoppedProblem":
        """Return the chosen entries."""
        return StoppedProblem(self.free.at(chosen), self.stop[chosen])

    def value(self, centre: Floats, half: Floats) -> Floats:
        """Return G, minus infinity outside its domain."""
        entry, free = centre + half, self.free
        value = np.full_like(half, -np.inf)
        inside = (half > 0) & (entry < self.stop) & (half + np.abs(centre) < LARGEST_ENTRY)
        chosen = np.flatnonzero(inside)
        if not chosen.size:
            return value
        here, width, part = centre[chosen], half[chosen], free.at(chosen)
        mean_a, mean_m = np.empty_like(width), np.empty_like(width)
        for some, nodes, weights in groups(width, np.ones(width.shape, dtype=np.bool_)):
            at = kernels(here[some, None] + width[some, None] * nodes)
            mean_a[some], mean_m[some] = (np.vecdot(kernel, weights) for kernel in at)
        above, scale = _to_stop(entry[chosen], self.stop[chosen])
        ratio = mean_m / scale
        ends = 1.0 + 2.0 * width * ratio
        v = (mean_a - above * ratio) / ends + part.fees / width
        net = (1.0 - (self.stop[chosen] - entry[chosen]) * ratio) / ends - part.cost / (2.0 * width)
        gained = net - part.fraction * v
        good = (gained > 0) & (v > 0)
        with np.errstate(divide="ignore", invalid="ignore"):
            found = np.log(gained) - part.p * np.log(v) - part.q * np.log(mean_m / ends)
        value[chosen] = np.where(good, found, -np.inf)
        return value

    def derivatives(self, centre: Floats, half: Floats) -> tuple[Floats, Floats, Floats]:
        """Return G (G,), its gradient (2, G) by c and h, and its Hessian (3, G) by cc, ch and hh."""
        free, entry = self.free, centre + half
        mean_a, mean_m = kernel_means(centre, half)
        above, scale = _to_stop(entry, self.stop)
        at_a, at_m = kernels(entry)
        ratio = jets.quotient(mean_m, jets.of_sum(scale, -at_m, -entry * at_m))
        waited = jets.of_sum(above, -at_a, 1.0 - entry * at_a)
        gap = jets.of_sum(self.stop - entry, np.full_like(half, -1.0), np.zeros_like(half))
        ends = 2.0 * jets.product(jets.of_half(half), ratio)
        ends[0] += 1.0
        kept = -jets.product(gap, ratio)
        kept[0] += 1.0
        over_half = jets.quotient(jets.constant(half), jets.of_half(half))
        v = jets.quotient(mean_a - jets.product(waited, ratio), ends) + free.fees * over_half
        net = jets.quotient(kept, ends) - 0.5 * free.cost * over_half - free.fraction * v
        cycle = jets.quotient(mean_m, ends)
        total = jets.logarithm(net) - free.p * jets.logarithm(v) - free.q * jets.logarithm(cycle)
        return total[0], total[1:3], total[3:]


@np.errstate(over="ignore", divide="ignore", invalid="ignore")  # a trial beyond the doubles is no optimum
def best(problem: StoppedProblem, start: tuple[Floats, Floats] | None, *, to_mean: bool) -> tuple[Floats, Floats]:
    """Return centre and half-width of the optimum given the stop, each (G,).

    Args:
        problem: What to maximise.
        start: Centre and half-width from which to go, where they are in the domain; a search finds the others.
        to_mean: Whether the exit is the mean; otherwise it is not beyond the opposite entry.

    Raises:
        InvalidInput: no trade between these costs and this stop has a profit.
    """
    centre, half = start if start is not None else (np.full_like(problem.stop, np.inf),) * 2
    inside = np.isfinite(problem.value(centre, half)) if start is not None else np.zeros(half.shape, dtype=np.bool_)
    centre, half = centre.copy(), half.copy()
    away = np.flatnonzero(~inside)
    for first in range(0, away.size, _AT_ONCE):
        interruption.check()
        some = away[first : first + _AT_ONCE]
        centre[some], half[some] = _searched(problem.at(some), to_mean=to_mean)
    _refuse(half, problem.stop, np.arange(half.size))
    if to_mean:
        return maximise_along(problem, centre, half, (1.0, 1.0))
    centre, half = maximise(problem, centre, half)
    beyond = np.flatnonzero(centre < 0)
    if beyond.size:  # the exit would lie beyond the opposite entry, which ends the trade before
        part, zero = problem.at(beyond), np.zeros(beyond.size)
        width, outside = half[beyond].copy(), ~np.isfinite(part.value(zero, half[beyond]))
        if outside.any():
            width[outside] = _searched(part.at(np.flatnonzero(outside)), to_mean=False, straight=True)[1]
            _refuse(width, problem.stop, beyond)
        centre[beyond], half[beyond] = maximise_along(part, zero, width, (0.0, 1.0))
    return centre, half


def _refuse(half: Floats, stop: Floats, places: NDArray[np.intp]) -> None:
    """Refuse the first of some processes, by their places among all, that has no thresholds with a profit."""
    missing = places[np.isnan(half)]
    if missing.size:
        place = int(missing[0])
        rule = "must leave a trade with a profit at this cost: a wider stop or a lower cost does"
        raise InvalidInput("stop", rule, value=float(stop[place]), index=None if stop.size == 1 else place)


def _searched(problem: StoppedProblem, *, to_mean: bool, straight: bool = False) -> tuple[Floats, Floats]:
    """Return the best of a grid of thresholds, NaN where none of them has a profit."""
    n_problems = problem.stop.size
    n_entries, n_exits = (400, 1) if to_mean or straight else _SEARCHED
    share = (np.arange(n_entries) + 0.5) / n_entries
    entry = np.minimum(problem.stop, LARGEST_ENTRY)[:, None] * share
    across = np.zeros(1) if to_mean else np.full(1, -1.0) if straight else np.linspace(-1.0, 0.95, n_exits)
    entries = np.repeat(entry, n_exits, axis=1)
    exits = entries * np.tile(across, n_entries)
    every = problem.at(np.repeat(np.arange(n_problems), n_entries * n_exits))
    centre, half = (0.5 * (entries + exits)).reshape(-1), (0.5 * (entries - exits)).reshape(-1)
    value = every.value(centre, half).reshape(n_problems, -1)
    place = np.arange(n_problems) * value.shape[1] + value.argmax(axis=1)
    known = np.isfinite(value.max(axis=1))
    return np.where(known, centre[place], np.nan), np.where(known, half[place], np.nan)


def _to_stop(entry: Floats, stop: Floats) -> tuple[Floats, Floats]:
    """Return int_e^L a and int_e^L m, each (G,)."""
    half = 0.5 * (np.minimum(stop, FARTHEST) - entry)
    waited, scale = np.empty_like(half), np.empty_like(half)
    for chosen, nodes, weights in groups(half, np.ones(half.shape, dtype=np.bool_)):
        width = half[chosen, None]
        a, m = kernels(entry[chosen, None] + width * (1.0 + nodes))
        waited[chosen], scale[chosen] = (2.0 * half[chosen] * np.vecdot(kernel, weights) for kernel in (a, m))
    return waited, scale
