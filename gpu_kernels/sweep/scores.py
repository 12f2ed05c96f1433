"""The scores that a backtest trades: rolling ones, those of a fitted process, or those of a process fitted on the way.

- "rolling": the price against the mean and the deviation of the last `lookback` prices (zscore.py).
- "fixed": (P - mean)/deviation of a process that is known before, such as one fitted on a train part.
- "online": the same with the mean and the stationary deviation of the autoregression of the prices before this one,
  where each price counts `forgetting` times what the next one does. With weighted sums of a price u and the next one v,
  b = Suv/Suu, mean = (v - b u)/(1 - b) of the weighted means, and deviation^2 = (Svv - b Suv)/W/(1 - b^2). There is no
  score before WARMUP transitions, nor where b is not between 0 and 1.

References:
    West (1979), Updating mean and variance estimates: an improved method, Communications of the ACM 22.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from gpu_kernels import interruption
from gpu_kernels.checks import Floats
from gpu_kernels.sweep.model import Rules
from gpu_kernels.sweep.zscore import RollingScore

__all__ = ["WARMUP", "FixedScore", "OnlineScore", "Regression", "last_regression", "process_of", "running", "score"]

WARMUP = 30
"""Transitions between prices before the first score "online"."""

Rolling = Callable[[Floats, int], Floats]


class Regression(NamedTuple):
    """The score "online" of the last price, and the autoregression of those before it.

    Attributes:
        zscore: Of the last price.
        slope: b, between 0 and 1.
        mean: Of the process.
        deviation: Its stationary standard deviation.
    """

    zscore: float
    slope: float
    mean: float
    deviation: float


def score(prices: Floats, rules: Rules, rolling: Rolling) -> Floats:
    """Score every price.

    Args:
        prices: (B, n), finite; of the series that the rules' mean and deviation are of.
        rules: Which score.
        rolling: Makes the rolling ones, as zscore.rolling.

    Returns:
        (B, n) scores, NaN where there is none.
    """
    if rules.score == "rolling":
        return rolling(prices, rules.lookback)
    if rules.score == "fixed":
        with np.errstate(over="ignore", invalid="ignore"):
            return (prices - _numbers(rules.mean)[:, None]) / _numbers(rules.deviation)[:, None]
    return _online(prices, rules.forgetting)


def process_of(rules: Rules, n_series: int) -> tuple[Floats, Floats]:
    """Return mean and deviation of the process of so many series, contiguous (B,) each, for score "fixed"."""
    mean, deviation = (
        np.ascontiguousarray(np.broadcast_to(_numbers(values), n_series)) for values in (rules.mean, rules.deviation)
    )
    return mean, deviation


def running(rules: Rules) -> "RollingScore | FixedScore | OnlineScore":
    """Return the same score for one series, price by price."""
    if rules.score == "rolling":
        return RollingScore(rules.lookback)
    if rules.score == "fixed":
        return FixedScore(float(_numbers(rules.mean)[0]), float(_numbers(rules.deviation)[0]))
    return OnlineScore(rules.forgetting)


class FixedScore:
    """The score of a known process, price by price.

    Args:
        mean: Of the process.
        deviation: Its stationary standard deviation.
    """

    def __init__(self, mean: float, deviation: float) -> None:
        self._mean, self._deviation = mean, deviation

    def update(self, price: float) -> float:
        """Take a finite price and return its score."""
        return (price - self._mean) / self._deviation


class OnlineScore:
    """The score "online", price by price, with the bits of score.

    Args:
        forgetting: Above 0 and at most 1.
    """

    def __init__(self, forgetting: float) -> None:
        self._forgetting = forgetting
        self._fit = _Autoregression(1)

    def update(self, price: float) -> float:
        """Take a finite price and return its score, NaN where there is none."""
        return float(self._fit.update(np.array([price]), self._forgetting)[0])


class _Autoregression:
    """Weighted sums of B series' transitions; prices count from each series' first one, which costs no digits."""

    def __init__(self, n_series: int) -> None:
        self._count = -1
        self._origin, self._last = np.zeros(n_series), np.zeros(n_series)
        self._weight = 0.0
        self._u, self._v, self._suu, self._suv, self._svv = np.zeros((5, n_series))

    @np.errstate(over="ignore", invalid="ignore")  # sums beyond the doubles give no score
    def update(self, prices: Floats, forgetting: float) -> Floats:
        """Score prices (B,) by the transitions before them, and add the one that they end."""
        if self._count < 0:
            self._origin, self._count = prices.copy(), 0
            return np.full(prices.size, math.nan)
        price = prices - self._origin
        found = self._scored(price)
        self._weight = forgetting * self._weight + 1.0
        du, dv = self._last - self._u, price - self._v
        self._u, self._v = self._u + du / self._weight, self._v + dv / self._weight
        rest_v = price - self._v
        self._suu = forgetting * self._suu + du * (self._last - self._u)
        self._suv = forgetting * self._suv + du * rest_v
        self._svv = forgetting * self._svv + dv * rest_v
        self._last, self._count = price, self._count + 1
        return found

    def of_last(self, price: float) -> Regression | None:
        """Score one more price of a single series, and leave the sums as they are; None where it has no score."""
        found = float(self._scored(np.array([price]) - self._origin)[0])
        if math.isnan(found):
            return None
        slope, mean, deviation = self._process()
        return Regression(found, float(slope[0]), float(mean[0] + self._origin[0]), float(deviation[0]))

    def _scored(self, price: Floats) -> Floats:
        if self._count < WARMUP:
            return np.full(price.size, math.nan)
        with np.errstate(divide="ignore", invalid="ignore"):
            slope, mean, deviation = self._process()
            found = (price - mean) / deviation
        known = (slope > 0.0) & (slope < 1.0) & (deviation > 0.0)
        return np.where(known, found, math.nan)

    def _process(self) -> tuple[Floats, Floats, Floats]:
        """Return b, the mean from the origin, and the stationary deviation, (B,) each."""
        slope = self._suv / self._suu
        mean = (self._v - slope * self._u) / (1.0 - slope)
        deviation = np.sqrt((self._svv - slope * self._suv) / self._weight / (1.0 - slope * slope))
        return slope, mean, deviation


def last_regression(prices: Floats, forgetting: float) -> Regression | None:
    """Return the score "online" of the last of finite prices (n,), and its process; None where it has no score."""
    fit = _Autoregression(1)
    for bar, price in enumerate(prices[:-1, None]):
        if not bar % interruption.BETWEEN_LOOKS:
            interruption.check()
        fit.update(price, forgetting)
    return fit.of_last(float(prices[-1]))


def _numbers(values: ArrayLike | None) -> Floats:
    return np.atleast_1d(np.asarray(values, dtype=np.float64))


def _online(prices: Floats, forgetting: float) -> Floats:
    fit, found = _Autoregression(len(prices)), np.empty_like(prices)
    for bar in range(prices.shape[1]):
        if not bar % interruption.BETWEEN_LOOKS:
            interruption.check()
        found[:, bar] = fit.update(prices[:, bar], forgetting)
    return found
