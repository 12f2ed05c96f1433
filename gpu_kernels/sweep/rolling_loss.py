"""What score "rolling" is expected to cost where its lookback has few half-lives.

The rolling mean follows the price, so that a window of few half-lives removes the deviations that a mean-reversion rule
trades. rolling_loss.csv has, by the lookback in half-lives, the Sharpe ratio of the rolling score as a share of that
of score "fixed" with the same thresholds, and the standard error of the share. bench/rolling_loss_table.py simulates
it: true processes with a half-life of 20 bars, the thresholds of the highest Sharpe ratio for a round-trip cost of 0.1
stationary deviations, fills one bar after the decision. A share below 0 is a loss. docs/calibration.md has further
half-lives and costs.
"""

import math
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from gpu_kernels import ou
from gpu_kernels.checks import Floats

__all__ = ["FEWEST_HALF_LIVES", "kept_share", "lookback_note", "lookback_notes"]

FEWEST_HALF_LIVES = 10.0
"""A lookback of fewer half-lives has a note."""


def kept_share(half_lives: float) -> float:
    """Return the share of the fixed score's Sharpe ratio that the rolling one has, interpolated in the logarithm.

    Args:
        half_lives: The lookback in half-lives, above 0; outside the table its first or last entry counts.
    """
    lookbacks, shares = _table()
    return float(np.interp(math.log(half_lives), np.log(lookbacks), shares))


def lookback_note(lookback: int, half_life: float, interval: tuple[float, float] | None = None) -> str:
    """Return what to beware of in a rolling score, "" where its lookback is long enough or no half-life is known.

    Args:
        lookback: Prices in the window.
        half_life: In bars; infinite or NaN where the prices are not known to revert.
        interval: The ends of its 95 % interval.
    """
    if not 0 < half_life < math.inf or lookback >= FEWEST_HALF_LIVES * half_life:
        return ""
    loss = 100.0 * (1.0 - kept_share(lookback / half_life))
    around = "" if interval is None else f" (95 %: {interval[0]:.3g} to {interval[1]:.3g})"
    enough = _shown(FEWEST_HALF_LIVES * half_life)
    return (
        f"score 'rolling' over {lookback} bars has {lookback / half_life:.2g} half-lives of {half_life:.3g} bars"
        f"{around}; in simulations with as many, its Sharpe ratio is {loss:.0f} % below that of score 'fixed': take a "
        f"lookback of {enough} bars or more, or another score"
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
    """Return the lookbacks in half-lives, and the shares."""
    path = Path(__file__).with_name("rolling_loss.csv")
    rows = np.loadtxt(path, delimiter=",", skiprows=1, ndmin=2)
    return rows[:, 0], rows[:, 1]
