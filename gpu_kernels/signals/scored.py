"""The score of the last price of a history, as backtests score it, for a decision that trades no fixed process.

- "rolling": the price against the mean and the deviation of the last `lookback` prices, this one included.
- "online": the price against the autoregression of the prices before it (gpu_kernels.sweep.scores), whose process it
  then is: theta = -ln b and sigma = deviation sqrt(2 theta).
"""

import math
from typing import NamedTuple

import numpy as np

from gpu_kernels import interruption
from gpu_kernels.checks import Floats
from gpu_kernels.errors import InvalidInput
from gpu_kernels.sweep.scores import WARMUP, last_regression
from gpu_kernels.sweep.zscore import RollingScore

__all__ = ["OnlineProcess", "Scored", "online", "rolling"]


class Scored(NamedTuple):
    """The score of one price.

    Attributes:
        zscore: Distance from the mean, in deviations.
        deviation: In units of the price.
        unit: What the deviation is, in words.
    """

    zscore: float
    deviation: float
    unit: str


class OnlineProcess(NamedTuple):
    """The process of the prices before the last one, per bar."""

    theta: float
    mu: float
    sigma: float


def rolling(prices: Floats, lookback: int) -> Scored:
    """Score the last of prices (T,) against the last `lookback` of them; the score has the bits of a backtest's.

    Raises:
        InvalidInput: there are fewer prices, they do not vary, or their squares overflow.
    """
    if prices.size < lookback:
        rule = f"must hold at least {lookback} prices, the lookback of score 'rolling'"
        raise InvalidInput("prices", rule, value=prices.size)
    score, found = RollingScore(lookback), math.nan
    # The score's blocks begin at the first price: the same bits take the same blocks.
    begin = max(0, (prices.size - 1) // lookback - 1) * lookback
    for bar, price in enumerate(prices[begin:].tolist()):
        if not bar % interruption.BETWEEN_LOOKS:
            interruption.check()
        found = score.update(price)
    if math.isnan(found):
        raise InvalidInput("prices", f"must vary within the last {lookback} for score 'rolling'")
    with np.errstate(over="ignore"):
        deviation = float(np.std(prices[-lookback:]))
    if not math.isfinite(deviation):
        rule = "must be so small that their squares are finite for score 'rolling'"
        raise InvalidInput("prices", rule, value=float(np.abs(prices[-lookback:]).max()))
    return Scored(found, deviation, f"the deviation of the last {lookback} prices")


def online(prices: Floats, forgetting: float) -> tuple[Scored, OnlineProcess]:
    """Score the last of prices (T,) by the process of those before it.

    Raises:
        InvalidInput: there are too few of them, or they do not revert.
    """
    found = last_regression(prices, forgetting)
    if found is None:
        rule = f"must hold at least {WARMUP + 2} prices for score 'online', and the earlier ones must revert"
        raise InvalidInput("prices", rule, value=prices.size)
    theta = -math.log(found.slope)
    process = OnlineProcess(theta, found.mean, found.deviation * math.sqrt(2.0 * theta))
    return Scored(found.zscore, found.deviation, "one deviation of the process of the prices before"), process
