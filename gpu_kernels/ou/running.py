"""The centred sums of a stream, updated and taken back pair by pair.

References:
    West (1979), Updating mean and variance estimates: an improved method, with weights that fade by lambda a pair.
    Chan, Golub and LeVeque (1979), Updating formulae and a pairwise algorithm, equation 2.1: a block joins at once.
"""

import math
from typing import NamedTuple

import numpy as np

from gpu_kernels.checks import Floats
from gpu_kernels.ou.sums import of_series

__all__ = ["ROUNDING", "RunningSums", "StreamSums", "exact"]

ROUNDING = 1e-13
"""Share of sdd that a long run of updates may leave in sse where nothing is left in truth."""

_SHORT = 128
"""Prices that are faster added one by one than as a block."""

_DROP = 1e-4
"""Sums that fall below this share of their peak carry the peak's rounding, and are due for an exact pass."""


class StreamSums(NamedTuple):
    """Sums of one series in plain floats; the fields are those of Sums."""

    n_samples: int
    weight: float
    weight_squares: float
    origin: float
    lag_mean: float
    step_mean: float
    sxx: float
    sxd: float
    sdd: float
    sse: float
    rounding: float


def exact(prices: Floats) -> StreamSums:
    """Sum prices (T,) in one piece."""
    return StreamSums._make(field[0].item() for field in of_series(prices))


class RunningSums:
    """Sums over the pairs of a stream, in constant time a price.

    Args:
        forgetting: Weight lambda of the past at each new pair; 1 forgets nothing.
    """

    __slots__ = (
        "_forgetting",
        "_lag_mean",
        "_last",
        "_n_samples",
        "_origin",
        "_peak",
        "_sdd",
        "_step_mean",
        "_sxd",
        "_sxx",
        "_weight",
        "_weight_squares",
    )

    def __init__(self, forgetting: float = 1.0) -> None:
        self._forgetting = forgetting
        self._n_samples = 0
        self._origin = 0.0
        self._last = math.nan
        self._weight = self._weight_squares = 0.0
        self._lag_mean = self._step_mean = 0.0
        self._sxx = self._sxd = self._sdd = 0.0
        self._peak = (0.0, 0.0)

    def add(self, price: float) -> None:
        """Take the next price; after a NaN no pair is formed."""
        if not math.isnan(price):
            self._n_samples += 1
            if not math.isnan(self._last):
                if not self._weight:
                    self._origin = self._last
                self._pair(self._last - self._origin, price - self._last)
        self._last = price

    def extend(self, prices: Floats) -> None:
        """Take the next prices (T,): as one by one, but for the rounding."""
        if prices.size < _SHORT or self._forgetting != 1.0:
            for price in prices.tolist():
                self.add(price)
            return
        part = exact(np.concatenate(([self._last], prices)))
        self._n_samples += part.n_samples - (not math.isnan(self._last))
        self._last = float(prices[-1])
        if part.weight:
            if not self._weight:
                self._origin = part.origin
            self._join(part)

    def remove(self, oldest: float, second: float) -> None:
        """Take back the oldest price, which the second follows; only where nothing is forgotten."""
        if math.isnan(oldest):
            return
        self._n_samples -= 1
        if math.isnan(second):
            return
        self._peak = (max(self._peak[0], self._sxx), max(self._peak[1], self._sdd))
        left = self._weight - 1.0
        if left <= 0:
            self._clear()
            return
        lag, step = oldest - self._origin, second - oldest
        after_lag, after_step = lag - self._lag_mean, step - self._step_mean
        self._lag_mean -= after_lag / left
        self._step_mean -= after_step / left
        before_lag, before_step = lag - self._lag_mean, step - self._step_mean
        self._weight = self._weight_squares = left
        self._sxx -= before_lag * after_lag
        self._sxd -= before_lag * after_step
        self._sdd -= before_step * after_step

    def restart(self, prices: Floats) -> None:
        """Sum prices (T,) afresh."""
        sums = exact(prices)
        self._n_samples = sums.n_samples
        self._last = float(prices[-1])
        self._clear()
        if sums.weight > 0:
            self._origin = sums.origin
            self._weight = self._weight_squares = sums.weight
            self._lag_mean, self._step_mean = sums.lag_mean, sums.step_mean
            self._sxx, self._sxd, self._sdd = sums.sxx, sums.sxd, sums.sdd
        self._peak = (self._sxx, self._sdd)

    def worn(self) -> bool:
        """Return whether removals have cost digits that an exact pass would bring back."""
        # Written so that NaN, after an overflow has left the window, counts as worn.
        return not (self._sxx >= _DROP * self._peak[0] and self._sdd >= _DROP * self._peak[1])

    def sums(self) -> StreamSums:
        """Return the sums so far."""
        sse = max(0.0, self._sdd - self._sxd * (self._sxd / self._sxx)) if self._sxx > 0 else 0.0
        return StreamSums(
            self._n_samples,
            self._weight,
            self._weight_squares,
            self._origin,
            self._lag_mean,
            self._step_mean,
            self._sxx,
            self._sxd,
            self._sdd,
            sse,
            ROUNDING,
        )

    def _pair(self, lag: float, step: float) -> None:
        keep = self._forgetting
        self._weight = keep * self._weight + 1.0
        self._weight_squares = keep * keep * self._weight_squares + 1.0
        off_lag, off_step = lag - self._lag_mean, step - self._step_mean
        self._lag_mean += off_lag / self._weight
        self._step_mean += off_step / self._weight
        new_step = step - self._step_mean
        self._sxx = keep * self._sxx + off_lag * (lag - self._lag_mean)
        self._sxd = keep * self._sxd + off_lag * new_step
        self._sdd = keep * self._sdd + off_step * new_step

    def _join(self, part: StreamSums) -> None:
        """Add the pairs of another run; nothing is forgotten."""
        total = self._weight + part.weight
        share = part.weight / total
        off_lag = part.origin - self._origin + part.lag_mean - self._lag_mean
        off_step = part.step_mean - self._step_mean
        between = self._weight * share
        self._weight = self._weight_squares = total
        self._lag_mean += share * off_lag
        self._step_mean += share * off_step
        self._sxx += part.sxx + between * off_lag * off_lag
        self._sxd += part.sxd + between * off_lag * off_step
        self._sdd += part.sdd + between * off_step * off_step

    def _clear(self) -> None:
        self._origin = 0.0
        self._weight = self._weight_squares = 0.0
        self._lag_mean = self._step_mean = 0.0
        self._sxx = self._sxd = self._sdd = 0.0
