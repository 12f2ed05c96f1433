"""When a stream may be called converged: a test of the unit root that is valid at every tick.

A test at 5 % that is repeated at every tick rejects the unit root of almost every random walk at some time. So the 5 %
are spent over the doublings of the number of pairs, from 30 on: LEVEL/10 in each of the first nine, up to 15,360 pairs,
and then half as much at each doubling as at the one before, which adds up to the whole (alpha spending; Lan and DeMets
1983). Within a doubling a walk looks at its test at every tick. By simulation, the smallest p-value of a doubling is
below x at most LOOKS times as often as the last one, so the test is at the share of the doubling, divided by LOOKS. A
window, or weights that fade, holds as many stretches of n pairs as fit into the ticks of the doubling, each with LOOKS
looks.

References:
    Lan and DeMets (1983), Discrete sequential boundaries for clinical trials, section 2.
"""

import math

__all__ = ["CONVERGENCES", "level"]

CONVERGENCES = ("every_tick", "single_look")
"""At what a stream's test of the unit root has its 5 %: over all ticks together, or at a single one."""

_LEVEL, _FEWEST, _DOUBLINGS = 0.05, 30.0, 9
_LOOKS = 8.0
"""By simulation 7 at these levels, and 12 in the first doubling, where few pairs make p-values too small."""

_MOVING = 8.0
"""As many more looks where old prices leave the estimate: both of its ends move, and its levels are far lower."""


def level(n_seen: float, n_pairs: float) -> float:
    """Return the p-value below which the unit root is rejected at this tick.

    Args:
        n_seen: Prices so far.
        n_pairs: Pairs of the estimate, fewer than the prices with a window or with fading weights.
    """
    doubling = max(0, math.floor(math.log2(max(n_seen, _FEWEST) / _FEWEST)))
    share = _LEVEL / (_DOUBLINGS + 1) * 0.5 ** max(0, doubling - _DOUBLINGS + 1)
    moves = n_seen > n_pairs + 2.0
    return share / (_LOOKS * (_MOVING * n_seen / n_pairs if moves else 1.0))
