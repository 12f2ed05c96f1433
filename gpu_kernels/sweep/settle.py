"""What happens to an account at a bar: decision, fill, mark and ruin. settle.h is the same for the kernels.

Each function takes floats, of one account whose prices arrive one by one, or arrays, of accounts side by side, and
gives the same bits for both. The state is kept twice, in ledger.py and in lanes.py: a NumPy array of one number takes
ten times as long as a float, and a loop over floats a hundred times as long as an array.
units.py keeps no state: one unit without a stop is traded for all bars at once.
"""

import math
from typing import Any, TypeVar

from gpu_kernels.checks import Floats
from gpu_kernels.sweep.model import RUIN

__all__ = [
    "accrued",
    "closes",
    "decide",
    "entry_side",
    "fall",
    "fee",
    "floor",
    "marked",
    "return_of",
    "size",
    "unrealized",
]

N = TypeVar("N", float, Floats)


def decide(side: Any, halted: Any, score: Any, entry_z: Any, exit_z: Any, stop: Any) -> tuple[Any, Any]:
    """Take the exit and the stop first, then, if flat, the entry; a missing score changes nothing.

    Args:
        side: -1, 0 or 1.
        halted: Whether a trade was stopped, and no score inside the entry levels has been seen since.
        score: NaN where there is none.
        entry_z: As in ThresholdPairs.
        exit_z: As in ThresholdPairs.
        stop: As in Rules.

    Returns:
        The new side, and whether the account is halted now.
    """
    leaving, wanted = closes(side, score, exit_z), entry_side(score, entry_z)
    if stop < math.inf:
        stopped = ((side > 0) & (score <= -stop)) | ((side < 0) & (score >= stop))
        leaving = leaving | stopped
        halted = (halted | stopped) > (abs(score) < entry_z)  # of truth values, a > b is "a and not b"
        wanted = wanted * (1 - halted)
    kept = side * (1 - leaving)
    return kept + (kept == 0) * wanted, halted


def closes(side: Any, score: Any, exit_z: Any) -> Any:
    """Return whether a score closes a trade of a side, a stop aside."""
    return ((side > 0) & (score >= -exit_z)) | ((side < 0) & (score <= exit_z))


def entry_side(score: Any, entry_z: Any) -> Any:
    """Return the side on which a flat account that is not halted opens a trade, 0 for none."""
    return 1 * (score <= -entry_z) - 1 * (score >= entry_z)


def accrued(price: N, rate: float) -> N:
    """Return what borrowing one unit costs for a bar that begins at a price."""
    return rate * abs(price)


def marked(quantity: N, price: N, owed: N) -> N:
    """Return what a position is marked at: a short one owes what borrowing a unit has cost since the series began.

    Differences of a short position's marks are its loss, its borrowing included.
    """
    return price + owed * (quantity < 0)


def size(base: N, price: N, cost: N) -> N:
    """Return the quantity that the whole equity buys, its fee included."""
    return base / ((1.0 + cost) * price)


def fee(quantity: N, price: N, cost: N, *, compounding: bool) -> N:
    """Return the fee of a fill."""
    return cost * abs(quantity) * price if compounding else cost


def unrealized(quantity: N, mark: N, entry_mark: N, entry_fee: N) -> N:
    """Return the pnl of what is held, net of its entry fee."""
    return quantity * (mark - entry_mark) - entry_fee


def floor(base: N) -> N:
    """Return the value at or below which a trade has ruined an account that stood at `base` before it."""
    return RUIN * base


def fall(value: N, peak: N, initial: float, *, compounding: bool) -> N:
    """Return the drawdown of a value from its peak."""
    return 1.0 - value / peak if compounding else (peak - value) / initial


def return_of(change: N, initial: float) -> N:
    """Return a bar's return in mode "unit"."""
    return change / initial
