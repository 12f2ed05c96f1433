"""p_best of a scan's pairs: null universes in groups, and what was found of them before."""

from collections import OrderedDict
from collections.abc import Callable
from hashlib import blake2b
from threading import Lock
from typing import NamedTuple

import numpy as np

from gpu_kernels.checks import Floats
from gpu_kernels.dispatch import Twins
from gpu_kernels.pair_trading import null_host, null_native
from gpu_kernels.pair_trading.model import ScanRules
from gpu_kernels.pair_trading.null_universes import Recipe, recipe_of, shares

__all__ = ["NULL_TWINS", "Compared", "compare"]

_AT_ONCE = 1 << 18
"""Levels of the null universes of a group: some 2 MB."""

_KEPT = 64
"""Searches whose null universes are kept; a search with 1,000 of them takes 8 kB."""

NULL_TWINS = Twins(host=null_host.best, native=null_native.best, covers=null_native.covers)

_found: OrderedDict[bytes, Floats] = OrderedDict()
_lock = Lock()


class Compared(NamedTuple):
    """What the null universes say of pairs.

    Attributes:
        p_best: (P,) NaN where a pair was not traded, and everywhere without null universes.
        n_universes: Null universes that they were compared with; 0 for none.
        reason: Why there are none; "" where there are, or where the rules have none.
    """

    p_best: Floats
    n_universes: int
    reason: str


def compare(levels: Floats, ranks: Floats, rules: ScanRules, report: Callable[[int], None]) -> Compared:
    """Compare pairs with the best of null universes.

    Args:
        levels: (N, n) train part of the columns that vary.
        ranks: (P,) what the pairs are ranked by; NaN for a pair that was not traded.
        rules: What all pairs share, the null universes included.
        report: Called with the universes that are done after each group.
    """
    if rules.null_universes == 0:
        return Compared(np.full(ranks.size, np.nan), 0, rules.null_reason)
    if np.isnan(ranks).all():
        report(rules.null_universes)
        return Compared(np.full(ranks.size, np.nan), 0, "no pair was traded, so that there is nothing to compare")
    return Compared(shares(ranks, _best(levels, rules, report)), rules.null_universes, "")


def _best(levels: Floats, rules: ScanRules, report: Callable[[int], None]) -> Floats:
    """Return what the best pair of each null universe is ranked by, (B,)."""
    by_test = rules.rank_by == "p_value"
    starts = not by_test and not rules.log and rules.cost is None
    recipe = recipe_of(levels, rules.null_kind, rules.seed, starts=starts, free=by_test or rules.cost == 0)
    name = _name(recipe, rules)
    with _lock:
        known = _found.get(name, np.zeros(0))
    report(min(known.size, rules.null_universes))
    size = max(1, _AT_ONCE // levels.size)
    parts = [known[: rules.null_universes]]
    for start in range(parts[0].size, rules.null_universes, size):
        stop = min(start + size, rules.null_universes)
        parts.append(NULL_TWINS.run(recipe, start, stop, rules))
        report(stop)
    best = np.concatenate(parts)
    if best.size > known.size:
        _keep(name, best)
    return best


def _keep(name: bytes, best: Floats) -> None:
    with _lock:
        _found[name] = best
        _found.move_to_end(name)
        while len(_found) > _KEPT:
            _found.popitem(last=False)


def _name(recipe: Recipe, rules: ScanRules) -> bytes:
    """Return a hash of all that the best pairs of null universes depend on, but their number."""
    read: tuple[object, ...] = (rules.lags, rules.rank_by, rules.null_kind, rules.seed)
    if rules.rank_by != "p_value":
        window = rules.lookback if rules.score == "rolling" else 0
        costs = (rules.log, rules.cost, rules.cost_legs)
        read = (*read, rules.alpha, *costs, rules.objective, rules.score, window, rules.bias)
    hashed = blake2b(repr((*read, recipe.n_bars, recipe.start.size)).encode(), digest_size=32)
    for array in (recipe.start, recipe.deviation, recipe.steps):
        hashed.update(np.ascontiguousarray(array).data.cast("B") if array.size else b"")
    return hashed.digest()
