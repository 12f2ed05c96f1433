"""Series that each trade one unit by a pair of their own, all bars at once: no size depends on what was gained before.

The rule is that of settle.py. Whether a trade is open follows from the last bar that opened or closed one. Because of
-entry_z <= exit_z < entry_z, what opens one side closes the other, and no bar both opens and closes the same side.
"""

import numpy as np
from numpy.typing import NDArray

from gpu_kernels.checks import Floats
from gpu_kernels.sweep import settle
from gpu_kernels.sweep.bars import Bars, owed
from gpu_kernels.sweep.model import Rules, ThresholdPairs

__all__ = ["returns", "returns_and_trades"]

Sides = NDArray[np.int8]


def returns_and_trades(
    bars: Bars, scores: Floats, pairs: ThresholdPairs, rules: Rules
) -> tuple[Floats, NDArray[np.int64]]:
    """Run each series against its own pair; bit for bit what Lanes gives.

    Args:
        bars: Of B series without a missing bar.
        scores: (B, T).
        pairs: (B,) each.
        rules: In mode "unit", without a stop, after which an entry would depend on more than the bar itself.

    Returns:
        Returns a bar, (B, T), and the closed round trips, (B,).
    """
    held = _held(scores, pairs, rules.execution_delay)
    turned = np.diff(held, axis=1)
    paid = np.zeros(scores.shape)
    # One fee each for what is closed and what is opened; at the first bar, which has no score, nothing is filled.
    fee = settle.fee(np.ones((1, 1)), np.ones((1, 1)), pairs.cost[:, None], compounding=False)
    np.multiply(fee, np.abs(turned), out=paid[:, 1:])
    trades = np.count_nonzero((turned != 0) & (held[:, :-1] != 0), axis=1)
    costs = owed(bars, rules) if rules.borrow else None
    return returns(held, bars.prices, costs, paid, rules.initial_capital), trades.astype(np.int64)


def returns(held: Floats | Sides, prices: Floats, owed: Floats | None, paid: Floats, initial: float) -> Floats:
    """Return the returns a bar of accounts in mode "unit", of any shape whose last axis is the bars.

    Args:
        held: Quantities held when each bar ends.
        prices: At the end of each bar.
        owed: What borrowing one unit has cost so far; None without a borrow rate.
        paid: Fees of each bar.
        initial: The initial capital.
    """
    gained = np.zeros(paid.shape)
    before, marks, earlier = held[..., :-1], prices[..., 1:], prices[..., :-1]
    if owed is not None:
        before = before.astype(np.float64)
        marks = settle.marked(before, marks, owed[..., 1:])
        earlier = settle.marked(before, earlier, owed[..., :-1])
    np.subtract(marks, earlier, out=gained[..., 1:])
    gained[..., 1:] *= before
    gained -= paid
    return settle.return_of(gained, initial)


def _held(scores: Floats, pairs: ThresholdPairs, delay: int) -> Sides:
    """Return the side held after each bar's fills."""
    leave = pairs.exit_z[:, None]
    wanted = settle.entry_side(scores, pairs.entry_z[:, None])
    decided = _open(wanted > 0, settle.closes(1, scores, leave)) - _open(wanted < 0, settle.closes(-1, scores, leave))
    held = np.zeros_like(decided)
    held[:, delay:] = decided[:, : max(0, decided.shape[1] - delay)]
    return held


def _open(opens: NDArray[np.bool_], closes: NDArray[np.bool_]) -> Sides:
    """Return where a trade is open: 1 from a bar that opens it until one that closes it."""
    bars = np.arange(2, 2 * opens.shape[1] + 2, 2, dtype=np.int32)
    # The last event at or before each bar has the largest number, odd if it opened.
    events = np.where(opens, bars + 1, np.where(closes, bars, 0))
    return (np.maximum.accumulate(events, axis=1) & 1).astype(np.int8)
