"""Progress of a run from what has ended so far. Pure: the caller gives the time."""

import math
from typing import NamedTuple

__all__ = ["Event", "Pace"]

_FIRST = 3
"""Chunks after which there is an estimate of the time left."""

_MEMORY = 0.2
"""Weight of the newest chunk in the mean."""


class Event(NamedTuple):
    """What is known of a stage.

    Attributes:
        stage: "test" or "trade".
        done: Chunks that are in the folder, those of earlier runs included.
        total: Chunks of the stage.
        pairs: Pairs of the chunks that this run has done.
        failed: Chunks that raised, or at which workers ended twice.
        retried: Chunks that were begun again because a worker ended.
        cpu_s: Processor time of the chunks of this run.
        rss_bytes: The most memory that a worker has had.
        eta_s: Seconds left of this stage; NaN where that is not known.
    """

    stage: str
    done: int
    total: int
    pairs: int
    failed: int
    retried: int
    cpu_s: float
    rss_bytes: int
    eta_s: float


class Pace:
    """The speed of a stage: an exponential mean of the seconds that a unit of cost takes."""

    def __init__(self, cost_left: float, now: float) -> None:
        """Begin.

        Args:
            cost_left: Of all chunks that are to be done.
            now: Seconds of any clock that only runs forward.
        """
        self._left, self._last, self._n_ended, self._mean = cost_left, now, 0, math.nan

    def ended(self, cost: float, now: float) -> float:
        """Record a chunk that ended, and return the seconds left; NaN for the first chunks."""
        self._left -= cost
        rate = (now - self._last) / max(cost, 1.0)
        self._last = now
        self._n_ended += 1
        self._mean = rate if self._n_ended == 1 else (1.0 - _MEMORY) * self._mean + _MEMORY * rate
        return self._mean * max(self._left, 0.0) if self._n_ended >= _FIRST else math.nan
