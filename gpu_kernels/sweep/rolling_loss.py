"""What score "rolling" is expected to cost where its lookback has few half-lives.

The rolling mean follows the price, so that a window of few half-lives removes the deviations that a mean-reversion rule
trades. It trades more often too, so that it loses the more the higher the costs are. By the round-trip cost in
stationary deviations and the lookback in half-lives, rolling_loss.csv has the Sharpe ratio of the rolling score as a
share of that of score "fixed" with the same thresholds, and the standard error of the share.
bench/rolling_loss_table.py simulates it: true processes with a half-life of 20 bars, the thresholds of the highest
Sharpe ratio for the cost, fills one bar after the decision. A share below 0 is a loss. docs/calibration.md has further
half-lives.
"""

import math
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from gpu_kernels import ou
from gpu_kernels.checks import Floats

__all__ = ["COSTS", "FEWEST_HALF_LIVES", "kept_share", "lookback_note", "lookback_notes"]

COSTS = (0.02, 0.1, 0.3)
"""Round-trip costs of the table, in stationary deviations."""

FEWEST_HALF_LIVES = 10.0
"""A lookback of fewer half-lives has a note."""


def kept_share(half_lives: float, cost: float) -> float:
    """Return the share of the fixed score's Sharpe ratio that the rolling one has, interpolated in both logarithms.

    Args:
        half_lives: The lookback in half-lives, above 0; outside the table its first or last entry counts.
        cost: Of a round trip in stationary deviations, above 0; outside COSTS their first or last entry counts, so that
            above them the share is at most this one.
    """
    lookbacks, shares = _table()
    at_costs = [float(np.interp(math.log(half_lives), np.log(lookbacks), column)) for column in shares]
    return float(np.interp(math.log(cost), np.log(COSTS), at_costs))


def lookback_note(lookback: int, half_life: float, interval: tuple[float, float] | None = None) -> str:
    """Return the warning about a rolling score, "" where its lookback is long enough or no half-life is known.

    Args:
        lookback: Prices in the window.
        half_life: In bars; infinite or NaN where the prices are not known to revert.
        interval: The ends of its 95 % interval.
    """
    if not 0 < half_life < math.inf or lookback >= FEWEST_HALF_LIVES * half_life:
        return ""
    losses = [f"{100.0 * (1.0 - kept_share(lookback / half_life, cost)):.0f} %" for cost in COSTS]
    around = "" if interval is None else f" (95 %: {interval[0]:.3g} to {interval[1]:.3g})"
    enough = _shown(FEWEST_HALF_LIVES * half_life)
    return (
        f"score 'rolling' over {lookback} bars has {lookback / half_life:.2g} half-lives of {half_life:.3g} bars"
        f"{around}; in simulations with as many, its Sharpe ratio is {losses[0]}, {losses[1]} and {losses[2]} below "
        f"that of score 'fixed' at round-trip costs of {COSTS[0]}, {COSTS[1]} and {COSTS[2]} stationary deviations, "
        f"and further below at higher costs: take a lookback of {enough} bars or more, or another score"
    )


def lookback_notes(prices: Floats, lookbacks: ArrayLike) -> list[str]:
    """Return the note on each series, whose half-life is estimated without bias from the prices that are traded.

    Args:
        prices: (B, T), NaN where a bar is missing.
        lookbacks: One, or (B,); 0 for a series without a rolling score.
    """
    fit = ou.fit(prices, bias="median_unbiased")
    ends = zip(fit.half_life_lower.tolist(), fit.half_life_upper.tolist(), strict=True)
    windows = np.broadcast_to(np.asarray(lookbacks), len(prices)).tolist()
    return [
        lookback_note(lookback, half_life, interval) if lookback else ""
        for lookback, half_life, interval in zip(windows, fit.half_life.tolist(), ends, strict=True)
    ]


def _shown(bars: float) -> str:
    return str(math.ceil(bars)) if bars < 1e7 else f"{bars:.3g}"


@cache
def _table() -> tuple[Floats, Floats]:
    """Return the lookbacks in half-lives (L,), and the shares (C, L), one row a cost."""
    path = Path(__file__).with_name("rolling_loss.csv")
    rows = np.loadtxt(path, delimiter=",", skiprows=1, ndmin=2).reshape(len(COSTS), -1, 4)
    return rows[0, :, 1], rows[:, :, 2]
